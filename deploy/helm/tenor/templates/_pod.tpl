{{/*
A pod, from:
  root      the chart's own scope
  role      worker, learner, sink, alerts, workload, console or setup
  values    that role's values
  needs     of kafka, topics, registry, clickhouse, http, decisions, routes, state, traces, teams
  task      its user in ClickHouse: migrate, sink or console
*/}}

{{- define "tenor.podMetadata" -}}
{{- $v := .root.Values -}}
labels:
  {{- toYaml (mergeOverwrite (dict) $v.commonLabels $v.podLabels .values.podLabels (include "tenor.selector" . | fromYaml) (dict "app.kubernetes.io/part-of" "tenor" "app.kubernetes.io/version" .root.Chart.AppVersion)) | nindent 2 }}
{{- $annotations := ternary dict (dict "kubectl.kubernetes.io/default-container" .role) (eq .role "setup") -}}
{{- if and (has "decisions" .needs) $v.protocols.inline -}}
{{- $_ := set $annotations "checksum/protocols" (sha256sum $v.protocols.inline) -}}
{{- end -}}
{{- if and (has "routes" .needs) $v.alerts.routes.inline -}}
{{- $_ := set $annotations "checksum/routes" (sha256sum $v.alerts.routes.inline) -}}
{{- end }}
{{- with mergeOverwrite (dict) $v.podAnnotations .values.podAnnotations $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "tenor.podSpec" -}}
{{- $v := .root.Values -}}
serviceAccountName: {{ if eq .role "setup" }}{{ include "tenor.setupServiceAccount" .root }}{{ else }}{{ include "tenor.serviceAccount" .root }}{{ end }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with $v.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with default $v.priorityClassName .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  {{- toYaml $v.podSecurityContext | nindent 2 }}
{{- with .values.terminationGracePeriodSeconds }}
terminationGracePeriodSeconds: {{ . }}
{{- end }}
{{- with default $v.nodeSelector .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with default $v.tolerations .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- include "tenor.affinity" . }}
{{- include "tenor.spread" . }}
volumes:
  {{- include "tenor.volumes" . | nindent 2 }}
{{- end -}}

{{/* Roles of several pods keep them apart; null leaves it to us, {} to nobody. */}}
{{- define "tenor.affinity" -}}
{{- if not (kindIs "invalid" .values.affinity) }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- else if has .role (list "worker" "sink" "console") }}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- include "tenor.selector" . | nindent 14 }}
{{- end }}
{{- end -}}

{{- define "tenor.spread" -}}
{{- if not (kindIs "invalid" .values.topologySpreadConstraints) }}
{{- with .values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- else if has .role (list "worker" "sink" "console") }}
topologySpreadConstraints:
  - topologyKey: topology.kubernetes.io/zone
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "tenor.selector" . | nindent 8 }}
{{- end }}
{{- end -}}

{{- define "tenor.volumes" -}}
{{- $v := .root.Values -}}
- name: tmp
  emptyDir:
    sizeLimit: 256Mi
{{- with include "tenor.secretFiles" . | fromJsonArray }}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- toYaml . | nindent 6 }}
{{- end }}
{{- with include "tenor.certificateFiles" . | fromJsonArray }}
- name: certificates
  projected:
    defaultMode: 0440
    sources:
      {{- toYaml . | nindent 6 }}
{{- end }}
{{- if and (has "decisions" .needs) (or $v.protocols.inline $v.protocols.configMap) }}
- name: protocols
  configMap:
    name: {{ default (printf "%s-protocols" (include "tenor.fullname" .root)) $v.protocols.configMap }}
    items: [{key: {{ ternary "protocols.yaml" $v.protocols.key (ne $v.protocols.inline "") }}, path: protocols.yaml}]
{{- end }}
{{- if has "routes" .needs }}
- name: routes
  configMap:
    name: {{ default (printf "%s-routes" (include "tenor.fullname" .root)) $v.alerts.routes.configMap }}
    items: [{key: {{ ternary "routes.yaml" $v.alerts.routes.key (ne $v.alerts.routes.inline "") }}, path: routes.yaml}]
{{- end }}
{{- if and (has "state" .needs) (not $v.worker.persistence.enabled) }}
- name: state
  emptyDir: {}
{{- end }}
{{- with concat $v.extraVolumes .values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "tenor.mounts" -}}
{{- $v := .root.Values -}}
- {name: tmp, mountPath: /tmp}
{{- if include "tenor.secretFiles" . | fromJsonArray }}
- {name: secrets, mountPath: /run/secrets/tenor, readOnly: true}
{{- end }}
{{- if include "tenor.certificateFiles" . | fromJsonArray }}
- {name: certificates, mountPath: /etc/tenor/certificates, readOnly: true}
{{- end }}
{{- if and (has "decisions" .needs) (or $v.protocols.inline $v.protocols.configMap) }}
- {name: protocols, mountPath: /etc/tenor/protocols, readOnly: true}
{{- end }}
{{- if has "routes" .needs }}
- {name: routes, mountPath: /etc/tenor/routes, readOnly: true}
{{- end }}
{{- if has "state" .needs }}
- {name: state, mountPath: /var/lib/tenor}
{{- end }}
{{- with concat $v.extraVolumeMounts .values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* A container of ours; `name` and `args` besides what a pod has. */}}
{{- define "tenor.container" -}}
name: {{ .name }}
image: {{ include "tenor.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
args: {{ .args | toJson }}
env:
  {{- include "tenor.env" . | trim | nindent 2 }}
{{- with include "tenor.envFrom" . }}
envFrom:
  {{- . | nindent 2 }}
{{- end }}
{{- with .values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml .root.Values.securityContext | nindent 2 }}
volumeMounts:
  {{- include "tenor.mounts" . | nindent 2 }}
{{- end -}}

{{- define "tenor.probe" -}}
{{- toYaml (mergeOverwrite (dict "httpGet" (dict "path" .path "port" "http")) .times) -}}
{{- end -}}

{{/* The pod template of a role that stays. */}}
{{- define "tenor.template" -}}
{{- $container := merge (dict "name" .role "args" (list .role)) . -}}
metadata:
  {{- include "tenor.podMetadata" . | nindent 2 }}
spec:
  {{- include "tenor.podSpec" . | nindent 2 }}
  {{- with .values.initContainers }}
  initContainers:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - {{ include "tenor.container" $container | nindent 6 | trim }}
      ports:
        - {name: http, containerPort: {{ .root.Values.http.port }}, protocol: TCP}
      startupProbe:
        {{- include "tenor.probe" (dict "path" (ternary "/ready" "/healthz" (eq .role "worker")) "times" .values.startupProbe) | nindent 8 }}
      livenessProbe:
        {{- include "tenor.probe" (dict "path" "/healthz" "times" .values.livenessProbe) | nindent 8 }}
      readinessProbe:
        {{- include "tenor.probe" (dict "path" "/ready" "times" .values.readinessProbe) | nindent 8 }}
    {{- with .values.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

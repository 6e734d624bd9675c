{{/* What each role needs, in one place. Workers, learner and workload do not speak to ClickHouse, the setup job has no token. */}}
{{- define "tenor.role" -}}
{{- $needs := dict
  "worker" (list "kafka" "registry" "http" "decisions" "state" "traces")
  "learner" (list "kafka" "registry" "http" "decisions")
  "sink" (list "kafka" "registry" "clickhouse" "http")
  "alerts" (list "kafka" "registry" "http" "routes")
  "workload" (list "kafka" "registry" "http" "teams")
  "console" (list "kafka" "registry" "clickhouse" "http")
-}}
{{- dict "role" .role "needs" (index $needs .role) "task" .role | toJson -}}
{{- end -}}

{{/* Roles that run, as JSON. */}}
{{- define "tenor.running" -}}
{{- $found := list "worker" -}}
{{- range $role := list "learner" "sink" "alerts" "workload" "console" -}}
{{- if (index $.Values $role).enabled -}}{{- $found = append $found $role -}}{{- end -}}
{{- end -}}
{{- $found | toJson -}}
{{- end -}}

{{/* A Deployment; `strategy` and `replicas` besides. */}}
{{- define "tenor.deployment" -}}
{{- $pod := mergeOverwrite (include "tenor.role" . | fromJson) (dict "root" .root "values" .values) -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "tenor.metadata" $pod | nindent 2 }}
spec:
  replicas: {{ .replicas }}
  revisionHistoryLimit: 3
  strategy:
    {{- toYaml .strategy | nindent 4 }}
  selector:
    matchLabels:
      {{- include "tenor.selector" $pod | nindent 6 }}
  template:
    {{- include "tenor.template" $pod | nindent 4 }}
{{- end -}}

{{/* Limits evictions of a role. */}}
{{- define "tenor.budget" -}}
{{- with .values.podDisruptionBudget -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "tenor.metadata" $ | nindent 2 }}
spec:
  {{- if kindIs "invalid" .minAvailable }}
  maxUnavailable: {{ .maxUnavailable }}
  {{- else }}
  minAvailable: {{ .minAvailable }}
  {{- end }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "tenor.selector" $ | nindent 6 }}
{{- end -}}
{{- end -}}

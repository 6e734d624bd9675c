{{- define "tenor.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* 40 characters: a StatefulSet's pods and hooks add theirs, and a label holds 63. */}}
{{- define "tenor.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "tenor.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "tenor.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "tenor.selector" -}}
app.kubernetes.io/name: {{ include "tenor.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .role }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{- define "tenor.labels" -}}
{{ include "tenor.selector" . }}
app.kubernetes.io/part-of: tenor
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name (.root.Chart.Version | replace "+" "_") }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* metadata of everything but pods: name, namespace, labels. */}}
{{- define "tenor.metadata" -}}
name: {{ .name | default (printf "%s-%s" (include "tenor.fullname" .root) .role) }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "tenor.labels" . | nindent 2 }}
{{- end -}}

{{- define "tenor.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "tenor.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "tenor.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* The hook runs before the release's own account is there, so it has one of its own. */}}
{{- define "tenor.setupServiceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- printf "%s-setup" (include "tenor.serviceAccount" .) -}}
{{- else -}}
{{- include "tenor.serviceAccount" . -}}
{{- end -}}
{{- end -}}

{{- define "tenor.workersMost" -}}
{{- default (int .root.Values.partitions) (int .scaler.maxReplicas) -}}
{{- end -}}

{{/* Ports of a list of host:port, each once, as JSON. */}}
{{- define "tenor.ports" -}}
{{- $ports := list -}}
{{- range . -}}
{{- $ports = append $ports (regexFind "[0-9]+$" . | int) -}}
{{- end -}}
{{- $ports | uniq | toJson -}}
{{- end -}}

{{/* Port of a URL. */}}
{{- define "tenor.urlPort" -}}
{{- $parts := urlParse . -}}
{{- $port := regexFind ":[0-9]+$" $parts.host | trimPrefix ":" -}}
{{- default (ternary "443" "80" (eq $parts.scheme "https")) $port -}}
{{- end -}}

{{- define "tenor.consoleUrl" -}}
{{- $ingress := .Values.console.ingress -}}
{{- if .Values.alerts.consoleUrl -}}
{{- .Values.alerts.consoleUrl -}}
{{- else if and $ingress.enabled $ingress.hosts -}}
{{- /* Without a certificate of its own TLS ends before it: allowPlainHttp. People type https either way. */ -}}
{{- printf "https://%s" (first $ingress.hosts) -}}
{{- end -}}
{{- end -}}

{{/* What goes out of a role: DNS, and the ports of what it needs. */}}
{{- define "tenor.egress" -}}
{{- $v := .root.Values -}}
{{- $n := $v.networkPolicy -}}
{{- $rules := list (dict "ports" (list 53) "to" nil "udp" true) -}}
{{- if has "kafka" .needs -}}
  {{- $ports := concat (include "tenor.ports" $v.kafka.brokers | fromJsonArray) $n.kafkaPorts | uniq -}}
  {{- $rules = append $rules (dict "ports" $ports "to" $n.kafkaTo) -}}
  {{- if eq $v.kafka.sasl.mechanism "OAUTHBEARER" -}}
    {{- $rules = append $rules (dict "ports" (list (include "tenor.urlPort" $v.kafka.sasl.tokenUrl)) "to" nil) -}}
  {{- end -}}
{{- end -}}
{{- if and (has "registry" .needs) $v.registry.url -}}
  {{- $rules = append $rules (dict "ports" (list (include "tenor.urlPort" $v.registry.url)) "to" nil) -}}
{{- end -}}
{{- if has "clickhouse" .needs -}}
  {{- $ports := list $v.clickhouse.port -}}
  {{- if $v.clickhouse.httpPort -}}{{- $ports = append $ports $v.clickhouse.httpPort -}}{{- end -}}
  {{- $rules = append $rules (dict "ports" $ports "to" $n.clickhouseTo) -}}
{{- end -}}
{{- if has "routes" .needs -}}
  {{- $rules = append $rules (dict "ports" $n.alertsPorts "to" $n.alertsTo) -}}
{{- end -}}
{{- if and (has "traces" .needs) $v.otlp.endpoint -}}
  {{- $rules = append $rules (dict "ports" (list (include "tenor.urlPort" $v.otlp.endpoint)) "to" nil) -}}
{{- end -}}
{{- range $rules }}
- ports:
    {{- range .ports }}
    - {protocol: TCP, port: {{ . | int }}}
    {{- end }}
    {{- if .udp }}
    - {protocol: UDP, port: 53}
    {{- end }}
  {{- with .to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- with $n.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* A NetworkPolicy of a role; `ingress` are its rules. */}}
{{- define "tenor.networkPolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "tenor.metadata" . | nindent 2 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  podSelector:
    matchLabels:
      {{- include "tenor.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- with .from }}
  ingress:
    - ports:
        - {protocol: TCP, port: http}
      from:
        {{- toYaml . | nindent 8 }}
  {{- end }}
  egress:
    {{- include "tenor.egress" . | trim | nindent 4 }}
{{- end -}}

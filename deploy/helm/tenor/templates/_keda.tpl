{{/* KEDA's words for Kafka's mechanisms. */}}
{{- define "tenor.kedaMechanism" -}}
{{- get (dict "PLAIN" "plaintext" "SCRAM-SHA-256" "scram_sha256" "SCRAM-SHA-512" "scram_sha512" "OAUTHBEARER" "oauthbearer") . -}}
{{- end -}}

{{/* Whether KEDA must be told how to log in, and by which object. */}}
{{- define "tenor.triggerAuthentication" -}}
{{- $tls := .Values.kafka.tls -}}
{{- if .Values.worker.keda.existingTriggerAuthentication -}}
{{- .Values.worker.keda.existingTriggerAuthentication -}}
{{- else if or .Values.kafka.sasl.mechanism $tls.ca.configMap $tls.ca.secret $tls.clientCertSecret -}}
{{- printf "%s-worker" (include "tenor.fullname" .) -}}
{{- end -}}
{{- end -}}

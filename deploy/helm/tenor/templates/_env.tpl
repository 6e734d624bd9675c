{{/* Environment of a container: what it needs of the values, then `settings`, then extraEnv. */}}

{{- define "tenor.text" -}}
{{- if kindIs "string" . -}}{{- . -}}{{- else -}}{{- . | toJson -}}{{- end -}}
{{- end -}}

{{- define "tenor.var" -}}
- name: {{ index . 0 }}
  value: {{ include "tenor.text" (index . 1) | quote }}
{{ end -}}

{{- define "tenor.env" -}}
{{- $v := .root.Values -}}
{{- $secrets := "/run/secrets/tenor" -}}
{{- $certificates := "/etc/tenor/certificates" -}}
{{ include "tenor.var" (list "HOME" "/tmp") }}
{{- if has "kafka" .needs }}
{{- include "tenor.var" (list "TENOR_BROKERS" (join "," $v.kafka.brokers)) }}
{{- include "tenor.var" (list "TENOR_PARTITIONS" $v.partitions) }}
{{- with $v.kafka.topicPrefix }}{{ include "tenor.var" (list "TENOR_TOPIC_PREFIX" .) }}{{ end }}
{{- with $v.kafka.tls }}
{{- if .enabled }}{{ include "tenor.var" (list "TENOR_KAFKA_TLS" true) }}{{ end }}
{{- if or .ca.configMap .ca.secret }}{{ include "tenor.var" (list "TENOR_KAFKA_CA_FILE" (printf "%s/kafka-ca.pem" $certificates)) }}{{ end }}
{{- if .clientCertSecret }}
{{- include "tenor.var" (list "TENOR_KAFKA_CERT_FILE" (printf "%s/kafka-cert.pem" $certificates)) }}
{{- include "tenor.var" (list "TENOR_KAFKA_KEY_FILE" (printf "%s/kafka-key.pem" $certificates)) }}
{{- end }}
{{- end }}
{{- with $v.kafka.sasl }}
{{- if .mechanism }}{{ include "tenor.var" (list "TENOR_KAFKA_SASL" .mechanism) }}{{ end }}
{{- if eq .mechanism "OAUTHBEARER" }}
{{- include "tenor.var" (list "TENOR_KAFKA_TOKEN_URL" .tokenUrl) }}
{{- include "tenor.var" (list "TENOR_KAFKA_CLIENT_ID" .clientId) }}
{{- include "tenor.var" (list "TENOR_KAFKA_CLIENT_SECRET_FILE" (printf "%s/kafka-client-secret" $secrets)) }}
{{- with .tokenScope }}{{ include "tenor.var" (list "TENOR_KAFKA_TOKEN_SCOPE" .) }}{{ end }}
{{- if or .tokenCa.configMap .tokenCa.secret }}{{ include "tenor.var" (list "TENOR_KAFKA_TOKEN_CA_FILE" (printf "%s/kafka-token-ca.pem" $certificates)) }}{{ end }}
{{- else if .mechanism }}
{{- include "tenor.var" (list "TENOR_KAFKA_USER" .username) }}
{{- include "tenor.var" (list "TENOR_KAFKA_PASSWORD_FILE" (printf "%s/kafka-password" $secrets)) }}
{{- end }}
{{- end }}
{{- end }}
{{- if has "topics" .needs }}{{ include "tenor.var" (list "TENOR_REPLICATION" $v.kafka.replication) }}{{ end }}
{{- if and (has "registry" .needs) $v.registry.url }}
{{- include "tenor.var" (list "TENOR_REGISTRY_URL" $v.registry.url) }}
{{- with $v.registry.username }}
{{- include "tenor.var" (list "TENOR_REGISTRY_USER" .) }}
{{- include "tenor.var" (list "TENOR_REGISTRY_PASSWORD_FILE" (printf "%s/registry-password" $secrets)) }}
{{- end }}
{{- if or $v.registry.ca.configMap $v.registry.ca.secret }}{{ include "tenor.var" (list "TENOR_REGISTRY_CA_FILE" (printf "%s/registry-ca.pem" $certificates)) }}{{ end }}
{{- end }}
{{- if has "clickhouse" .needs }}
{{- with $v.clickhouse }}
{{- include "tenor.var" (list "TENOR_CLICKHOUSE_HOST" .host) }}
{{- include "tenor.var" (list "TENOR_CLICKHOUSE_PORT" .port) }}
{{- include "tenor.var" (list "TENOR_CLICKHOUSE_HTTP_PORT" .httpPort) }}
{{- include "tenor.var" (list "TENOR_CLICKHOUSE_DATABASE" .database) }}
{{- if .tls.enabled }}{{ include "tenor.var" (list "TENOR_CLICKHOUSE_SECURE" true) }}{{ end }}
{{- if or .tls.ca.configMap .tls.ca.secret }}{{ include "tenor.var" (list "TENOR_CLICKHOUSE_CA_FILE" (printf "%s/clickhouse-ca.pem" $certificates)) }}{{ end }}
{{- include "tenor.var" (list "TENOR_CLICKHOUSE_USER" (get (include "tenor.clickhouseLogin" (dict "root" $.root "task" $.task) | fromJson) "username")) }}
{{- if .passwords }}{{ include "tenor.var" (list "TENOR_CLICKHOUSE_PASSWORD_FILE" (printf "%s/clickhouse-password" $secrets)) }}{{ end }}
{{- end }}
{{- end }}
{{- if has "http" .needs }}
{{- include "tenor.var" (list "TENOR_HTTP_HOST" "0.0.0.0") }}
{{- include "tenor.var" (list "TENOR_HTTP_PORT" $v.http.port) }}
{{- include "tenor.var" (list "TENOR_HTTP_TOKEN_FILE" (printf "%s/http-token" $secrets)) }}
{{- end }}
{{- if has "decisions" .needs }}
{{- include "tenor.var" (list "TENOR_DECISION__SALT_FILE" (printf "%s/salt" $secrets)) }}
{{- if or $v.protocols.inline $v.protocols.configMap }}{{ include "tenor.var" (list "TENOR_PROTOCOLS_FILE" "/etc/tenor/protocols/protocols.yaml") }}{{ end }}
{{- end }}
{{- if has "routes" .needs }}
{{- include "tenor.var" (list "TENOR_ALERT_ROUTES" "/etc/tenor/routes/routes.yaml") }}
{{- with include "tenor.consoleUrl" .root }}{{ include "tenor.var" (list "TENOR_CONSOLE_URL" .) }}{{ end }}
{{- end }}
{{- if has "state" .needs }}
{{- with $v.worker.staticMembership }}
{{- if .enabled }}
- name: TENOR_INSTANCE
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{ include "tenor.var" (list "TENOR_SESSION_TIMEOUT_S" .sessionTimeoutSeconds) }}
{{- end }}
{{- end }}
{{- end }}
{{- if has "teams" .needs }}{{ include "tenor.var" (list "TENOR_WORKLOAD__ENABLED" true) }}{{ end }}
{{- if and (has "traces" .needs) $v.otlp.endpoint }}
{{- include "tenor.var" (list "TENOR_OTLP_ENDPOINT" $v.otlp.endpoint) }}
{{- include "tenor.var" (list "TENOR_OTLP_SHARE" $v.otlp.share) }}
{{- if $v.otlp.tokenKey }}{{ include "tenor.var" (list "TENOR_OTLP_TOKEN_FILE" (printf "%s/otlp-token" $secrets)) }}{{ end }}
{{- end }}
{{- range $name, $value := $v.settings }}
{{- if kindIs "map" $value }}
{{- range $one, $number := $value }}{{ include "tenor.var" (list (printf "TENOR_%s__%s" (upper $name) (upper $one)) $number) }}{{ end }}
{{- else }}{{ include "tenor.var" (list (printf "TENOR_%s" (upper $name)) $value) }}
{{- end }}
{{- end }}
{{- with concat $v.extraEnv .values.extraEnv }}
{{- toYaml . }}
{{- end }}
{{- end -}}

{{/* Sources of further variables; those of the routes are for alerts alone. */}}
{{- define "tenor.envFrom" -}}
{{- $sources := concat .root.Values.extraEnvFrom .values.extraEnvFrom -}}
{{- if and (has "routes" .needs) .root.Values.alerts.variablesSecret -}}
{{- $sources = append $sources (dict "secretRef" (dict "name" .root.Values.alerts.variablesSecret)) -}}
{{- end -}}
{{- with $sources -}}
{{ toYaml . }}
{{- end -}}
{{- end -}}

{{/* What a role is given in files, as JSON lists of sources of a projected volume. Secrets are named, never held. */}}

{{- define "tenor.secretName" -}}
{{- default .root.Values.existingSecret .own -}}
{{- end -}}

{{- define "tenor.file" -}}
{{- $source := dict "name" .name "items" (list (dict "key" .key "path" .path)) -}}
{{- dict .kind $source | toJson -}}
{{- end -}}

{{/* User, Secret and key of a task in ClickHouse. */}}
{{- define "tenor.clickhouseLogin" -}}
{{- $all := .root.Values.clickhouse -}}
{{- $own := index $all.users .task -}}
{{- $secret := coalesce $own.existingSecret $all.existingSecret .root.Values.existingSecret -}}
{{- dict "username" (default $all.username $own.username) "secret" (default "" $secret) "key" (default $all.passwordKey $own.passwordKey) | toJson -}}
{{- end -}}

{{- define "tenor.secretFiles" -}}
{{- $v := .root.Values -}}
{{- $found := list -}}
{{- $sasl := $v.kafka.sasl -}}
{{- if and (has "kafka" .needs) $sasl.mechanism -}}
  {{- $name := include "tenor.secretName" (dict "root" .root "own" $sasl.existingSecret) -}}
  {{- if eq $sasl.mechanism "OAUTHBEARER" -}}
    {{- $found = append $found (include "tenor.file" (dict "kind" "secret" "name" $name "key" $sasl.clientSecretKey "path" "kafka-client-secret") | fromJson) -}}
  {{- else -}}
    {{- $found = append $found (include "tenor.file" (dict "kind" "secret" "name" $name "key" $sasl.passwordKey "path" "kafka-password") | fromJson) -}}
  {{- end -}}
{{- end -}}
{{- if and (has "registry" .needs) $v.registry.username -}}
  {{- $name := include "tenor.secretName" (dict "root" .root "own" $v.registry.existingSecret) -}}
  {{- $found = append $found (include "tenor.file" (dict "kind" "secret" "name" $name "key" $v.registry.passwordKey "path" "registry-password") | fromJson) -}}
{{- end -}}
{{- if and (has "clickhouse" .needs) $v.clickhouse.passwords -}}
  {{- $login := include "tenor.clickhouseLogin" (dict "root" .root "task" .task) | fromJson -}}
  {{- $found = append $found (include "tenor.file" (dict "kind" "secret" "name" $login.secret "key" $login.key "path" "clickhouse-password") | fromJson) -}}
{{- end -}}
{{- if has "http" .needs -}}
  {{- $name := include "tenor.secretName" (dict "root" .root "own" $v.http.existingSecret) -}}
  {{- $found = append $found (include "tenor.file" (dict "kind" "secret" "name" $name "key" $v.http.tokenKey "path" "http-token") | fromJson) -}}
{{- end -}}
{{- if has "decisions" .needs -}}
  {{- $name := include "tenor.secretName" (dict "root" .root "own" $v.salt.existingSecret) -}}
  {{- $found = append $found (include "tenor.file" (dict "kind" "secret" "name" $name "key" $v.salt.key "path" "salt") | fromJson) -}}
{{- end -}}
{{- if and (has "traces" .needs) $v.otlp.tokenKey -}}
  {{- $name := include "tenor.secretName" (dict "root" .root "own" $v.otlp.existingSecret) -}}
  {{- $found = append $found (include "tenor.file" (dict "kind" "secret" "name" $name "key" $v.otlp.tokenKey "path" "otlp-token") | fromJson) -}}
{{- end -}}
{{- $found | toJson -}}
{{- end -}}

{{/* CA certificates, and our own. */}}
{{- define "tenor.certificateFiles" -}}
{{- $v := .root.Values -}}
{{- $cas := list -}}
{{- if has "kafka" .needs -}}
  {{- $cas = append $cas (dict "ca" $v.kafka.tls.ca "path" "kafka-ca.pem") -}}
  {{- $cas = append $cas (dict "ca" $v.kafka.sasl.tokenCa "path" "kafka-token-ca.pem") -}}
{{- end -}}
{{- if has "registry" .needs -}}{{- $cas = append $cas (dict "ca" $v.registry.ca "path" "registry-ca.pem") -}}{{- end -}}
{{- if has "clickhouse" .needs -}}{{- $cas = append $cas (dict "ca" $v.clickhouse.tls.ca "path" "clickhouse-ca.pem") -}}{{- end -}}
{{- $found := list -}}
{{- range $cas -}}
  {{- if .ca.configMap -}}
    {{- $found = append $found (include "tenor.file" (dict "kind" "configMap" "name" .ca.configMap "key" .ca.key "path" .path) | fromJson) -}}
  {{- else if .ca.secret -}}
    {{- $found = append $found (include "tenor.file" (dict "kind" "secret" "name" .ca.secret "key" .ca.key "path" .path) | fromJson) -}}
  {{- end -}}
{{- end -}}
{{- with $v.kafka.tls.clientCertSecret -}}
  {{- if has "kafka" $.needs -}}
    {{- $items := list (dict "key" "tls.crt" "path" "kafka-cert.pem") (dict "key" "tls.key" "path" "kafka-key.pem") -}}
    {{- $found = append $found (dict "secret" (dict "name" . "items" $items)) -}}
  {{- end -}}
{{- end -}}
{{- $found | toJson -}}
{{- end -}}

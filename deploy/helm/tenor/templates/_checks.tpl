{{/* Each check gives a JSON list of sentences: what is wrong, and what to do. */}}

{{- define "tenor.checks.required" -}}
{{- $found := list -}}
{{- if not .Values.image.repository -}}
  {{- $found = append $found "image.repository is empty: build deploy/Dockerfile, push it to a registry of yours and name it" -}}
{{- end -}}
{{- if not .Values.kafka.brokers -}}
  {{- $found = append $found "kafka.brokers is empty: name the bootstrap servers, as kafka.brokers={kafka-1:9092}" -}}
{{- end -}}
{{- if not (include "tenor.secretName" (dict "root" . "own" .Values.http.existingSecret)) -}}
  {{- $found = append $found "no Secret has the HTTP token, without which nothing is served beyond loopback: set existingSecret or http.existingSecret (README.md: Secrets)" -}}
{{- end -}}
{{- if not (include "tenor.secretName" (dict "root" . "own" .Values.salt.existingSecret)) -}}
  {{- $found = append $found "no Secret has the key of the lottery: set existingSecret or salt.existingSecret (README.md: Secrets)" -}}
{{- end -}}
{{- if and .Values.protocols.inline .Values.protocols.configMap -}}
  {{- $found = append $found "protocols.inline and protocols.configMap are both set: leave one" -}}
{{- end -}}
{{- $found | toJson -}}
{{- end -}}

{{- define "tenor.checks.workers" -}}
{{- $found := list -}}
{{- $w := .Values.worker -}}
{{- $partitions := int .Values.partitions -}}
{{- if and $w.keda.enabled $w.hpa.enabled -}}
  {{- $found = append $found "worker.keda and worker.hpa are both enabled, and would fight over the replicas: leave one" -}}
{{- end -}}
{{- if and (gt (int $w.replicas) $partitions) (not (or $w.keda.enabled $w.hpa.enabled)) -}}
  {{- $found = append $found (printf "worker.replicas is %d, and there are %d partitions: the others would never be ready; set at most %d" (int $w.replicas) $partitions $partitions) -}}
{{- end -}}
{{- range $name := list "keda" "hpa" -}}
  {{- $scaler := index $w $name -}}
  {{- if $scaler.enabled -}}
    {{- $most := include "tenor.workersMost" (dict "root" $ "scaler" $scaler) | int -}}
    {{- if gt $most $partitions -}}
      {{- $found = append $found (printf "worker.%s.maxReplicas is %d, and there are %d partitions: set at most %d, or 0 for as many" $name $most $partitions $partitions) -}}
    {{- end -}}
    {{- if gt (int $scaler.minReplicas) $most -}}
      {{- $found = append $found (printf "worker.%s.minReplicas is %d, more than the %d it may be at most" $name (int $scaler.minReplicas) $most) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if and $w.keda.enabled (not $w.keda.topics) -}}
  {{- $found = append $found "worker.keda.topics is empty: KEDA would have nothing to look at" -}}
{{- end -}}
{{- if and $w.hpa.enabled (not (dig "requests" "cpu" "" (default dict $w.resources))) -}}
  {{- $found = append $found "worker.hpa needs worker.resources.requests.cpu: it scales on a share of it" -}}
{{- end -}}
{{- range $name := list "worker" "sink" "console" -}}
  {{- $budget := (index $.Values $name).podDisruptionBudget -}}
  {{- $max := not (kindIs "invalid" $budget.maxUnavailable) -}}
  {{- $min := not (kindIs "invalid" $budget.minAvailable) -}}
  {{- if and $budget.enabled (eq $max $min) -}}
    {{- $found = append $found (printf "%s.podDisruptionBudget takes one of maxUnavailable and minAvailable: set the other to null" $name) -}}
  {{- end -}}
{{- end -}}
{{- if hasKey .Values.settings "session_timeout_s" -}}
  {{- if $w.staticMembership.enabled -}}
    {{- $found = append $found "settings.session_timeout_s would be overridden: set worker.staticMembership.sessionTimeoutSeconds" -}}
  {{- end -}}
{{- end -}}
{{- $found | toJson -}}
{{- end -}}

{{- define "tenor.checks.kafka" -}}
{{- $found := list -}}
{{- $tls := .Values.kafka.tls -}}
{{- $sasl := .Values.kafka.sasl -}}
{{- $oauth := eq $sasl.mechanism "OAUTHBEARER" -}}
{{- if not $tls.enabled -}}
  {{- if or $tls.ca.configMap $tls.ca.secret $tls.clientCertSecret -}}
    {{- $found = append $found "kafka.tls names certificates, but is not enabled: set kafka.tls.enabled=true" -}}
  {{- end -}}
  {{- if has $sasl.mechanism (list "PLAIN" "OAUTHBEARER") -}}
    {{- $found = append $found (printf "%s without TLS would send the secret in clear: set kafka.tls.enabled=true, or log in by SCRAM" $sasl.mechanism) -}}
  {{- end -}}
{{- end -}}
{{- if $sasl.mechanism -}}
  {{- if not (include "tenor.secretName" (dict "root" . "own" $sasl.existingSecret)) -}}
    {{- $found = append $found "kafka.sasl has no Secret: set existingSecret or kafka.sasl.existingSecret" -}}
  {{- end -}}
  {{- if and $oauth (not (and $sasl.tokenUrl $sasl.clientId)) -}}
    {{- $found = append $found "OAUTHBEARER needs kafka.sasl.tokenUrl and kafka.sasl.clientId" -}}
  {{- end -}}
  {{- if and (not $oauth) (not $sasl.username) -}}
    {{- $found = append $found (printf "%s needs kafka.sasl.username" $sasl.mechanism) -}}
  {{- end -}}
{{- end -}}
{{- if and $sasl.username (or $oauth (not $sasl.mechanism)) -}}
  {{- $found = append $found "kafka.sasl.username is set, but kafka.sasl.mechanism is none that uses it: PLAIN or SCRAM" -}}
{{- end -}}
{{- if and (or $sasl.tokenUrl $sasl.clientId) (not $oauth) -}}
  {{- $found = append $found "kafka.sasl.tokenUrl and clientId are for OAUTHBEARER: set kafka.sasl.mechanism to it, or leave them out" -}}
{{- end -}}
{{- if and $oauth $sasl.tokenUrl (not (hasPrefix "https://" $sasl.tokenUrl)) -}}
  {{- $found = append $found "kafka.sasl.tokenUrl must be https: the client's secret goes there" -}}
{{- end -}}
{{- with .Values.registry -}}
  {{- if and (not .url) (or .username .ca.configMap .ca.secret) -}}
    {{- $found = append $found "registry has a login or CA, but no registry.url" -}}
  {{- end -}}
  {{- if and .url .username (not (hasPrefix "https://" .url)) -}}
    {{- $found = append $found "registry.url must be https: the password goes there" -}}
  {{- end -}}
  {{- if and .username (not (include "tenor.secretName" (dict "root" $ "own" .existingSecret))) -}}
    {{- $found = append $found "registry has no Secret: set existingSecret or registry.existingSecret" -}}
  {{- end -}}
{{- end -}}
{{- range list (dict "at" "kafka.tls.ca" "ca" $tls.ca) (dict "at" "kafka.sasl.tokenCa" "ca" $sasl.tokenCa) (dict "at" "registry.ca" "ca" .Values.registry.ca) (dict "at" "clickhouse.tls.ca" "ca" .Values.clickhouse.tls.ca) -}}
  {{- if and .ca.configMap .ca.secret -}}
    {{- $found = append $found (printf "%s names a ConfigMap and a Secret: leave one" .at) -}}
  {{- end -}}
{{- end -}}
{{- $found | toJson -}}
{{- end -}}

{{- define "tenor.checks.clickhouse" -}}
{{- $found := list -}}
{{- $c := .Values.clickhouse -}}
{{- $tasks := list -}}
{{- if .Values.sink.enabled }}{{ $tasks = append $tasks "sink" }}{{ end -}}
{{- if .Values.console.enabled }}{{ $tasks = append $tasks "console" }}{{ end -}}
{{- if .Values.setup.migrate }}{{ $tasks = append $tasks "migrate" }}{{ end -}}
{{- if and $tasks (not $c.host) -}}
  {{- $found = append $found (printf "clickhouse.host is empty, and %s need it: name it, or disable them" (join ", " $tasks)) -}}
{{- end -}}
{{- if $c.passwords -}}
  {{- range $tasks -}}
    {{- if not (get (include "tenor.clickhouseLogin" (dict "root" $ "task" .) | fromJson) "secret") -}}
      {{- $found = append $found (printf "no Secret has the ClickHouse password of %s: set existingSecret or clickhouse.existingSecret, or clickhouse.passwords=false" .) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if and (not $c.tls.enabled) (or $c.tls.ca.configMap $c.tls.ca.secret) -}}
  {{- $found = append $found "clickhouse.tls names a CA, but is not enabled: set clickhouse.tls.enabled=true" -}}
{{- end -}}
{{- $found | toJson -}}
{{- end -}}

{{- define "tenor.checks.console" -}}
{{- $found := list -}}
{{- $ingress := .Values.console.ingress -}}
{{- if $ingress.enabled -}}
  {{- if not .Values.console.enabled -}}
    {{- $found = append $found "console.ingress leads to a console that is not enabled" -}}
  {{- end -}}
  {{- if not $ingress.hosts -}}
    {{- $found = append $found "console.ingress.hosts is empty: name the host people type" -}}
  {{- end -}}
  {{- if not (or $ingress.tlsSecret $ingress.allowPlainHttp) -}}
    {{- $found = append $found "console.ingress has no certificate, and the token would be sent in clear: set console.ingress.tlsSecret, or allowPlainHttp where TLS ends before it" -}}
  {{- end -}}
{{- end -}}
{{- $found | toJson -}}
{{- end -}}

{{- define "tenor.checks.alerts" -}}
{{- $found := list -}}
{{- with .Values.alerts -}}
  {{- if and .routes.inline .routes.configMap -}}
    {{- $found = append $found "alerts.routes.inline and alerts.routes.configMap are both set: leave one" -}}
  {{- end -}}
  {{- if and .enabled (not .routes.inline) (not .routes.configMap) -}}
    {{- $found = append $found "alerts is enabled, but there are no routes: set alerts.routes.inline or alerts.routes.configMap" -}}
  {{- end -}}
  {{- if and (not .enabled) (or .routes.inline .routes.configMap) -}}
    {{- $found = append $found "alerts.routes are set, but nobody delivers: set alerts.enabled=true" -}}
  {{- end -}}
{{- end -}}
{{- $found | toJson -}}
{{- end -}}

{{- define "tenor.checks.otlp" -}}
{{- $found := list -}}
{{- with .Values.otlp -}}
  {{- if and (not .endpoint) (or .tokenKey .existingSecret) -}}
    {{- $found = append $found "otlp has a token, but no collector: set otlp.endpoint" -}}
  {{- end -}}
  {{- if and .endpoint .tokenKey (not (hasPrefix "https://" .endpoint)) -}}
    {{- $found = append $found "otlp.endpoint must be https: the token goes there" -}}
  {{- end -}}
  {{- if and .endpoint .existingSecret (not .tokenKey) -}}
    {{- $found = append $found "otlp.existingSecret is set, but no key of it: set otlp.tokenKey" -}}
  {{- end -}}
  {{- if and .tokenKey (not (include "tenor.secretName" (dict "root" $ "own" .existingSecret))) -}}
    {{- $found = append $found "no Secret has the collector's token: set existingSecret or otlp.existingSecret" -}}
  {{- end -}}
{{- end -}}
{{- $found | toJson -}}
{{- end -}}

{{/* Numbers that nobody counts by are as much a mistake as a role that is told not to work. */}}
{{- define "tenor.checks.workload" -}}
{{- $found := list -}}
{{- $numbers := default dict .Values.settings.workload -}}
{{- if hasKey $numbers "enabled" -}}
  {{- $found = append $found (printf "settings.workload.enabled would be overridden: leave it out, and set workload.enabled=%t" $numbers.enabled) -}}
{{- else if and $numbers (not .Values.workload.enabled) -}}
  {{- $found = append $found "settings.workload is set, but nobody counts: set workload.enabled=true (docs/operators.md)" -}}
{{- end -}}
{{- $found | toJson -}}
{{- end -}}

{{/* A variable of ours that came by extraEnv would pass the schema by, and could contradict what is set here. */}}
{{- define "tenor.checks.environment" -}}
{{- $found := list -}}
{{- $places := dict "extraEnv" .Values.extraEnv -}}
{{- range list "worker" "learner" "sink" "alerts" "workload" "console" "setup" -}}
  {{- $_ := set $places (printf "%s.extraEnv" .) (index $.Values .).extraEnv -}}
{{- end -}}
{{- range $place, $variables := $places -}}
  {{- range $variables -}}
    {{- if hasPrefix "TENOR_" .name -}}
      {{- $found = append $found (printf "%s sets %s: settings of Tenor stand under settings, or in a section of their own" $place .name) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- $found | toJson -}}
{{- end -}}

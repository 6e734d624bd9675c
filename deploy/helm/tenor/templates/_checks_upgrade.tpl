{{/*
What the release left in the cluster, beside what would follow it. Only an install or upgrade can look; a template
rendered offline finds nothing, and refuses nothing.
*/}}
{{- define "tenor.checks.upgrade" -}}
{{- $found := list -}}
{{- $name := printf "%s-worker" (include "tenor.fullname" .) -}}
{{- $running := lookup "apps/v1" "StatefulSet" .Release.Namespace $name -}}
{{- if $running -}}
  {{- $were := default dict $running.metadata.annotations -}}
  {{- $ours := index .Chart.Annotations "tenor/state-format" -}}
  {{- $theirs := default $ours (index $were "tenor/state-format") -}}
  {{- if and (ne $theirs $ours) (ne .Values.upgrade.acceptStateFormat $ours) -}}
    {{- $found = append $found (printf "the workers keep state in the format %s, and this version reads %s: they would refuse it and stand still; see UPGRADING.md, then set upgrade.acceptStateFormat=%s" $theirs $ours $ours) -}}
  {{- end -}}
  {{- $partitions := default (.Values.partitions | toString) (index $were "tenor/partitions") -}}
  {{- if and (ne $partitions (.Values.partitions | toString)) (ne (int .Values.upgrade.acceptPartitions) (int .Values.partitions)) -}}
    {{- $found = append $found (printf "the topics were made with %s partitions, and partitions is %d: conversations that are open would go elsewhere than their state; see UPGRADING.md, then set upgrade.acceptPartitions=%d" $partitions (int .Values.partitions) (int .Values.partitions)) -}}
  {{- end -}}
{{- end -}}
{{- $found | toJson -}}
{{- end -}}

{{/* Up at once, down slowly: every change of the number moves partitions, and all workers pause for it. */}}
{{- define "tenor.behaviour" -}}
scaleUp:
  stabilizationWindowSeconds: 0
  policies:
    - {type: Percent, value: 100, periodSeconds: 60}
scaleDown:
  stabilizationWindowSeconds: {{ .scaleDownStabilizationSeconds }}
  policies:
    - {type: Pods, value: 1, periodSeconds: {{ .scaleDownPeriodSeconds }}}
{{- end -}}

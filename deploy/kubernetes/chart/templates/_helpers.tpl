{{- define "rateguard.name" -}}
{{- if contains "rateguard" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-rateguard" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "rateguard.selector" -}}
app.kubernetes.io/name: rateguard
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "rateguard.labels" -}}
{{ include "rateguard.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "rateguard.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}{{ else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "rateguard.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "rateguard.name" .) }}{{ else }}{{ .Values.serviceAccount.name | default "default" }}{{ end }}
{{- end }}

{{- /* The kubelet speaks HTTP without a certificate of its own. */ -}}
{{- define "rateguard.probe" -}}
{{- if .root.Values.tls.clientAuthority -}}
tcpSocket: {port: http}
{{- else -}}
httpGet: {path: {{ .path }}, port: http{{ if .root.Values.tls.existingSecret }}, scheme: HTTPS{{ end }}}
{{- end }}
{{- end }}

{{- /* What Deployment and StatefulSet have in common. */ -}}
{{- define "rateguard.pod" -}}
metadata:
  labels:
    {{- include "rateguard.labels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "rateguard.serviceAccount" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  # preStop, then the drain, then the time to write the counters.
  terminationGracePeriodSeconds: {{ add .Values.preStopSeconds .Values.drainSeconds 15 }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    seccompProfile: {type: RuntimeDefault}
  topologySpreadConstraints:
    {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ $key }}
      whenUnsatisfiable: {{ $.Values.spread }}
      labelSelector:
        matchLabels:
          {{- include "rateguard.selector" $ | nindent 10 }}
    {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: rateguard
      image: {{ include "rateguard.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [serve, --config, /etc/rateguard/rateguard.yaml{{ if .Values.persistence.enabled }}, --data, /var/lib/rateguard{{ end }}]
      env:
        - {name: RATEGUARD_HTTP, value: "0.0.0.0:{{ .Values.ports.http }}"}
        - {name: RATEGUARD_GRPC, value: "0.0.0.0:{{ .Values.ports.grpc }}"}
        - {name: RATEGUARD_RESP, value: {{ if .Values.ports.resp }}"0.0.0.0:{{ .Values.ports.resp }}"{{ else }}"off"{{ end }}}
        - {name: RATEGUARD_LISTEN_DRAIN_GRACE, value: {{ printf "%ds" (int .Values.drainSeconds) }}}
        {{- if .Values.redis.existingSecret }}
        - name: RATEGUARD_REDIS
          valueFrom:
            secretKeyRef: {name: {{ .Values.redis.existingSecret }}, key: {{ .Values.redis.key }}}
        {{- else if .Values.redis.url }}
        - {name: RATEGUARD_REDIS, value: {{ .Values.redis.url | quote }}}
        {{- end }}
        {{- if .Values.tls.existingSecret }}
        - {name: RATEGUARD_LISTEN_TLS_CERTIFICATE, value: /etc/rateguard-tls/tls.crt}
        - {name: RATEGUARD_LISTEN_TLS_KEY, value: /etc/rateguard-tls/tls.key}
        {{- if .Values.tls.clientAuthority }}
        - {name: RATEGUARD_LISTEN_TLS_CLIENT_CA, value: /etc/rateguard-tls/ca.crt}
        {{- end }}
        {{- end }}
        {{- range $name, $value := .Values.env }}
        - {name: {{ $name }}, value: {{ $value | quote }}}
        {{- end }}
      {{- with .Values.envFromSecrets }}
      envFrom:
        {{- range . }}
        - secretRef: {name: {{ . }}}
        {{- end }}
      {{- end }}
      ports:
        - {name: http, containerPort: {{ .Values.ports.http }}}
        - {name: grpc, containerPort: {{ .Values.ports.grpc }}}
        {{- if .Values.ports.resp }}
        - {name: resp, containerPort: {{ .Values.ports.resp }}}
        {{- end }}
      # A start reads a snapshot of up to a hundred million counters, and waits for a Redis that starts too.
      startupProbe:
        {{- include "rateguard.probe" (dict "root" . "path" "/health") | nindent 8 }}
        periodSeconds: 1
        failureThreshold: 60
      readinessProbe:
        {{- include "rateguard.probe" (dict "root" . "path" "/ready") | nindent 8 }}
        periodSeconds: 2
        timeoutSeconds: 2
        failureThreshold: 2
      # A loaded instance answers late: it is ended only after half a minute.
      livenessProbe:
        {{- include "rateguard.probe" (dict "root" . "path" "/health") | nindent 8 }}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 3
      {{- if .Values.preStopSeconds }}
      lifecycle:
        preStop:
          sleep: {seconds: {{ .Values.preStopSeconds }}}
      {{- end }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        - {name: config, mountPath: /etc/rateguard, readOnly: true}
        {{- if .Values.tls.existingSecret }}
        - {name: tls, mountPath: /etc/rateguard-tls, readOnly: true}
        {{- end }}
        {{- if .Values.persistence.enabled }}
        - {name: data, mountPath: /var/lib/rateguard}
        {{- end }}
  volumes:
    - name: config
      configMap: {name: {{ include "rateguard.name" . }}}
    {{- if .Values.tls.existingSecret }}
    - name: tls
      secret: {secretName: {{ .Values.tls.existingSecret }}, defaultMode: 0440}
    {{- end }}
{{- end }}

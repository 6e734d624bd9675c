"""What a value may be where its default does not tell: by its last key, or by all of them where that means two things.

What is ours is closed. What Kubernetes defines (a volume, an affinity) is passed on as it is; the API server and
``make helm-test`` check it.
"""

from typing import Any

Schema = dict[str, Any]

TEXTS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
KUBERNETES: Schema = {"type": "object", "additionalProperties": True}
NAMED: Schema = {"type": "object", "additionalProperties": True, "required": ["name"]}
COUNT: Schema = {"type": "integer", "minimum": 0}
SECONDS: Schema = {"type": "integer", "minimum": 1}
PORT: Schema = {"type": "integer", "minimum": 1, "maximum": 65535}
TOPIC: Schema = {"type": "string", "pattern": "^[a-zA-Z0-9._-]+$"}
HTTP_URL: Schema = {"type": "string", "pattern": "^$|^https?://[^@]+$"}
QUANTITY: Schema = {"type": ["string", "number"], "pattern": "^[0-9.]+(m|[kKMGTPE]i?)?$"}
LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"


def several(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def closed(required: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    found: Schema = {"type": "object", "additionalProperties": False, "properties": properties}
    return found | ({"required": list(required)} if required else {})


def one_of(*words: str) -> Schema:
    return {"enum": list(words)}


def or_null(schema: Schema) -> Schema:
    return {"anyOf": [{"type": "null"}, schema]}


SHARE: Schema = or_null({"type": ["integer", "string"], "pattern": "^[0-9]+%$", "minimum": 0})
AMOUNTS = closed(cpu=QUANTITY, memory=QUANTITY, **{"ephemeral-storage": QUANTITY})
PROBE = closed(
    **dict.fromkeys(("periodSeconds", "timeoutSeconds", "failureThreshold", "successThreshold"), SECONDS),
    initialDelaySeconds=COUNT,
)
VARIABLE = closed(("name",), name={"type": "string"}, value={"type": "string"}, valueFrom=KUBERNETES)
FROM = closed(prefix={"type": "string"}, configMapRef=NAMED, secretRef=NAMED)

BY_KEY: dict[str, Schema] = {
    "commonLabels": TEXTS,
    "labels": TEXTS,
    "annotations": TEXTS,
    "podLabels": TEXTS,
    "podAnnotations": TEXTS,
    "nodeSelector": TEXTS,
    "imagePullSecrets": several(closed(("name",), name={"type": "string"})),
    "pullPolicy": one_of("Always", "IfNotPresent", "Never"),
    "digest": {"type": "string", "pattern": "^$|^sha256:[0-9a-f]{64}$"},
    "tolerations": several(KUBERNETES),
    "affinity": or_null(KUBERNETES),
    "topologySpreadConstraints": or_null(several(KUBERNETES)),
    "podSecurityContext": KUBERNETES,
    "securityContext": KUBERNETES,
    "updateStrategy": KUBERNETES,
    "resources": closed(requests=AMOUNTS, limits=AMOUNTS),
    "startupProbe": PROBE,
    "livenessProbe": PROBE,
    "readinessProbe": PROBE,
    "extraEnv": several(VARIABLE),
    "extraEnvFrom": several(FROM),
    "extraVolumes": several(NAMED),
    "extraVolumeMounts": several(NAMED),
    "extraContainers": several(NAMED),
    "initContainers": several(NAMED),
    "maxUnavailable": SHARE,
    "minAvailable": SHARE,
    "replicas": COUNT,
    "minReplicas": SECONDS,
    "maxReplicas": COUNT,
    "terminationGracePeriodSeconds": SECONDS,
    "brokers": several({"type": "string", "pattern": r"^[^\s,@/]+:[0-9]+$"}),
    "mechanism": one_of("", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"),
    "topicPrefix": {"type": "string", "pattern": "^[a-zA-Z0-9._-]*$"},
    "topics": several(TOPIC),
    "tokenUrl": HTTP_URL,
    "url": HTTP_URL,
    "consoleUrl": HTTP_URL,
    "endpoint": HTTP_URL,
    "port": PORT,
    "httpPort": COUNT | {"maximum": 65535},
    "accessModes": several(one_of("ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany")),
    "whenScaled": one_of("Retain", "Delete"),
    "whenDeleted": one_of("Retain", "Delete"),
    "size": QUANTITY,
    "podManagementPolicy": one_of("Parallel", "OrderedReady"),
    "sessionTimeoutSeconds": {"type": "integer", "minimum": 6, "maximum": 1800},
    "targetCPUUtilizationPercentage": {"type": "integer", "minimum": 1, "maximum": 100},
    "type": one_of("ClusterIP", "NodePort", "LoadBalancer"),
    "hosts": several({"type": "string", "pattern": rf"^(\*\.)?{LABEL}(\.{LABEL})*$"}),
    "disabled": several({"type": "string", "pattern": "^Tenor"}),
    "metricRelabelings": several(KUBERNETES),
    "interval": {"type": "string", "pattern": "^([0-9]+(ms|s|m|h))+$"},
    "kafkaPorts": several(PORT),
    "alertsPorts": several(PORT),
    **dict.fromkeys(
        ("metricsFrom", "consoleFrom", "kafkaTo", "clickhouseTo", "alertsTo", "extraEgress"),
        several(KUBERNETES),
    ),
}
BY_PATH: dict[str, Schema] = {
    "setup.topics": {"type": "boolean"},
    "kafka.replication": SECONDS,
    "otlp.share": {"type": "number", "minimum": 0, "maximum": 1},
    "partitions": SECONDS,
}

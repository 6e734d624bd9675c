"""Shapes of the custom resources the chart makes, closed: the fields it uses, as their operators define them.

Kubernetes' own schemas do not know them. Written from the definitions of prometheus-operator 0.80 and KEDA 2.17; a
field that is not here has to be looked up there before it is used.
"""

from typing import Any

Schema = dict[str, Any]
TEXT: Schema = {"type": "string", "minLength": 1}
WHOLE: Schema = {"type": "integer", "minimum": 0}
TEXTS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}


def closed(*optional: str, **required: Schema) -> Schema:
    """An object of these fields; ``optional`` names those that may be missing."""
    needed = [name for name in required if name not in optional]
    return {"type": "object", "additionalProperties": False, "properties": required, "required": needed}


def some(items: Schema) -> Schema:
    return {"type": "array", "items": items, "minItems": 1}


def resource(version: str, kind: str, spec: Schema) -> Schema:
    metadata = closed("annotations", name=TEXT, namespace=TEXT, labels=TEXTS, annotations=TEXTS)
    return closed(apiVersion={"const": version}, kind={"const": kind}, metadata=metadata, spec=spec)


ENDPOINT = closed(
    "metricRelabelings",
    port=TEXT,
    path={"const": "/metrics"},
    interval=TEXT,
    authorization=closed(type={"const": "Bearer"}, credentials=closed(name=TEXT, key=TEXT)),
    metricRelabelings=some({"type": "object"}),
)
RULE = closed("for", alert=TEXT, expr=TEXT, labels=TEXTS, annotations=TEXTS, **{"for": TEXT})
POLICY = closed(type={"enum": ["Pods", "Percent"]}, value=WHOLE, periodSeconds={"type": "integer", "maximum": 1800})
SCALING = closed(stabilizationWindowSeconds={"type": "integer", "maximum": 3600}, policies=some(POLICY))
# KEDA takes text alone here.
TRIGGER = closed(
    "authenticationRef", name=TEXT, type={"const": "kafka"}, metadata=TEXTS, authenticationRef=closed(name=TEXT)
)
REFERENCE = closed(parameter=TEXT, name=TEXT, key=TEXT)

SCHEMAS: dict[str, Schema] = {
    "ServiceMonitor": resource(
        "monitoring.coreos.com/v1",
        "ServiceMonitor",
        closed(
            namespaceSelector=closed(matchNames=some(TEXT)),
            selector=closed(matchLabels=TEXTS),
            endpoints=some(ENDPOINT),
        ),
    ),
    "PrometheusRule": resource(
        "monitoring.coreos.com/v1", "PrometheusRule", closed(groups=some(closed(name=TEXT, rules=some(RULE))))
    ),
    "ScaledObject": resource(
        "keda.sh/v1alpha1",
        "ScaledObject",
        closed(
            scaleTargetRef=closed(apiVersion=TEXT, kind=TEXT, name=TEXT, envSourceContainerName=TEXT),
            minReplicaCount=WHOLE,
            maxReplicaCount=WHOLE,
            pollingInterval=WHOLE,
            fallback=closed(
                failureThreshold=WHOLE,
                replicas=WHOLE,
                behavior={"enum": ["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"]},
            ),
            advanced=closed(horizontalPodAutoscalerConfig=closed(behavior=closed(scaleUp=SCALING, scaleDown=SCALING))),
            triggers=some(TRIGGER),
        ),
    ),
    "TriggerAuthentication": resource(
        "keda.sh/v1alpha1",
        "TriggerAuthentication",
        closed(
            "secretTargetRef",
            "configMapTargetRef",
            "env",
            secretTargetRef=some(REFERENCE),
            configMapTargetRef=some(REFERENCE),
            env=some(closed(parameter=TEXT, name=TEXT, containerName=TEXT)),
        ),
    ),
}

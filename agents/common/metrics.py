"""Every metric Tenor exports, in one list."""

from collections.abc import Mapping
from typing import Any

from prometheus_client import Counter, Gauge, Histogram

from streams.interventions.options import CONTROL

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

EVENTS_IN = Counter("tenor_events_in_total", "Input records read by ingest.", ["topic"])
EVENTS_REFUSED = Counter("tenor_events_refused_total", "Records sent to a dead letter queue.", ["topic", "reason"])
SIGNALS_FOLDED = Counter("tenor_signals_folded_total", "Signals folded into a conversation, ticks included.")
SIGNALS_SKIPPED = Counter("tenor_signals_skipped_total", "Signals that were already folded, skipped.")
RECORDS_OUT = Counter("tenor_records_out_total", "Records published and acknowledged by the broker.", ["topic"])
RUN_SECONDS = Histogram(
    "tenor_run_seconds", "Time to process one batch of records, until acknowledged.", ["agent"], buckets=SECONDS
)
EVENT_DELAY = Histogram(
    "tenor_event_delay_seconds",
    "Time from an input event's arrival at the broker until its output is acknowledged.",
    buckets=SECONDS,
)
CONVERSATIONS = Gauge("tenor_conversations", "Conversations with state on this worker.")
ROWS_INSERTED = Counter("tenor_rows_inserted_total", "Rows acknowledged by ClickHouse.", ["table"])
INSERT_FAILURES = Counter("tenor_insert_failures_total", "Inserts that failed and were retried.", ["table"])
INSERT_SECONDS = Histogram("tenor_insert_seconds", "Time of one insert.", ["table"], buckets=SECONDS)
LABELS = Counter(
    "tenor_labels_total", "Ratings the learner read: learned, weak, silent, turn_unknown, refused.", ["what"]
)
MODELS = Counter("tenor_models_total", "Candidate text models: published, withheld.", ["what"])
LEARNER_LOSS = Gauge("tenor_learner_log_loss", "Mean log loss over recent labels: learning, in_use.", ["weights"])
LESSONS = Counter(
    "tenor_lessons_total",
    "Outcomes the policy learner read: learned, censored, unknown, late_rating, given_up, refused.",
    ["what"],
)
SNAPSHOTS = Counter("tenor_snapshots_total", "Policy snapshots published.", ["tenant"])
SNAPSHOTS_REFUSED = Counter("tenor_snapshots_refused_total", "Policy snapshots that could not be used.")
ROLLED_BACK = Gauge("tenor_options_rolled_back", "Options currently rolled back.", ["tenant"])
LAG = Gauge("tenor_lag_records", "Records this process has not finished, over the partitions it reads.", ["topic"])
SHOWN_LAG: set[str] = set()
DRAWN = Counter("tenor_decisions_drawn_total", "Decisions by lottery, outside the holdout.", ["what"])
CONTROL_EXPECTED = Counter(
    "tenor_control_expected_total", "Controls expected from the propensities of those decisions."
)
CONTROL_VARIANCE = Counter("tenor_control_variance_total", "Variance of the number of controls, likewise.")
OLDEST_WORK = Gauge("tenor_oldest_work_seconds", "Age of the oldest piece of work in progress; 0 for none.")
ALERTS_SETTLED = Counter(
    "tenor_alert_deliveries_total",
    "Alert deliveries by team and destination: delivered, failed or suppressed, with the reason.",
    ["team", "status", "reason"],
)
ALERTS_GATHERED = Gauge("tenor_alerts_gathered", "Alerts held until their conversation's next message.")
READY = Gauge("tenor_ready", "1 when this process is ready, 0 until recovery is done.")
LAST_PROGRESS = Gauge("tenor_last_progress_timestamp_seconds", "When this process last finished a piece of work.")


def show_lag(behind: Mapping[str, int]) -> None:
    """Show unfinished records by topic; topics that this process no longer reads are removed."""
    for topic in SHOWN_LAG - behind.keys():
        LAG.remove(topic)
    SHOWN_LAG.clear()
    SHOWN_LAG.update(behind)
    for topic, records in behind.items():
        LAG.labels(topic).set(records)


def count_draw(decision: Mapping[str, Any]) -> None:
    """Count a decision towards the control share: what was drawn, and what its propensities expect."""
    if not decision["available"] or decision["holdout"]:
        return
    probability = sum(
        propensity["probability"] for propensity in decision["propensities"] if propensity["option"] == CONTROL
    )
    DRAWN.labels("control" if decision["control"] else "intervention").inc()
    CONTROL_EXPECTED.inc(probability)
    CONTROL_VARIANCE.inc(probability * (1 - probability))

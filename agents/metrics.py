"""Every metric Tenor exports, in one list."""

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

EVENTS_IN = Counter("tenor_events_in_total", "Input records read by ingest.", ["topic"])
EVENTS_REFUSED = Counter("tenor_events_refused_total", "Records sent to a dead letter queue.", ["topic", "reason"])
SIGNALS_FOLDED = Counter("tenor_signals_folded_total", "Signals folded into a conversation, ticks included.")
SIGNALS_SKIPPED = Counter("tenor_signals_skipped_total", "Signals folded before: skipped, not counted twice.")
RECORDS_OUT = Counter("tenor_records_out_total", "Records published, acknowledged by the broker.", ["topic"])
RUN_SECONDS = Histogram(
    "tenor_run_seconds", "Time of one run of records, until acknowledged.", ["agent"], buckets=SECONDS
)
EVENT_DELAY = Histogram(
    "tenor_event_delay_seconds",
    "From an input event's arrival at the broker until what follows from it is acknowledged.",
    buckets=SECONDS,
)
CONVERSATIONS = Gauge("tenor_conversations", "Conversations with state on this worker.")
ROWS_INSERTED = Counter("tenor_rows_inserted_total", "Rows acknowledged by ClickHouse.", ["table"])
INSERT_FAILURES = Counter("tenor_insert_failures_total", "Inserts ClickHouse did not take, retried.", ["table"])
INSERT_SECONDS = Histogram("tenor_insert_seconds", "Time of one insert.", ["table"], buckets=SECONDS)
LABELS = Counter(
    "tenor_labels_total", "Ratings the learner read: learned, weak, silent, turn_unknown, refused.", ["what"]
)
MODELS = Counter("tenor_models_total", "Offers of new weights for the text model: published, withheld.", ["what"])
LEARNER_LOSS = Gauge("tenor_learner_log_loss", "Mean log loss over recent labels: learning, in_use.", ["weights"])
LESSONS = Counter(
    "tenor_lessons_total",
    "What the policy learned from: learned, censored, unknown, late_rating, given_up, refused.",
    ["what"],
)
SNAPSHOTS = Counter("tenor_snapshots_total", "Policy snapshots published.", ["tenant"])
SNAPSHOTS_REFUSED = Counter("tenor_snapshots_refused_total", "Policy snapshots that could not be used.")
ROLLED_BACK = Gauge("tenor_options_rolled_back", "Options that are rolled back.", ["tenant"])
WORDING_POINTS = Counter(
    "tenor_wording_points_total",
    "Trajectory points the study of wording read: learned, repeated, known, silent, refused.",
    ["what"],
)
ALERTS_SETTLED = Counter(
    "tenor_alert_deliveries_total",
    "What became of alerts, by team and destination: delivered, failed or suppressed, and why.",
    ["team", "status", "reason"],
)
ALERTS_GATHERED = Gauge("tenor_alerts_gathered", "Alerts that wait for their conversation's next message.")
READY = Gauge("tenor_ready", "1 when this process does its work, 0 before recovery is done.")
LAST_PROGRESS = Gauge("tenor_last_progress_timestamp_seconds", "When this process last finished a piece of work.")

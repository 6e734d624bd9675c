"""Every setting of a deployment: ``TENOR_*`` variables, a ``.env`` file in the working directory, or a settings file.

A secret may be in a file instead: ``TENOR_KAFKA_PASSWORD_FILE`` names the file that holds ``TENOR_KAFKA_PASSWORD``.
"""

from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from agents.common.errors import Failure
from agents.common.files import read_text
from agents.settings.file_source import SettingsFileSource
from agents.settings.secret_source import SecretFileSource
from schemas.topics import Topics
from schemas.validation import Limits
from streams.config.model import (
    BeliefConfig,
    Config,
    DecisionConfig,
    LearnerConfig,
    NavigationConfig,
    OutcomeConfig,
    PolicyConfig,
    ProfileConfig,
    SignalConfig,
    WorkloadConfig,
)
from streams.conversations.rate_limit import Rate
from streams.interventions.catalogue import default_options, read_options
from streams.interventions.options import InterventionOption, OptionError

PREFIX = "TENOR_"
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]
NESTED = ("signals", "navigation", "belief", "decision", "outcome", "profile", "policy", "learner", "workload")


class Settings(BaseSettings):
    """Settings of one deployment. The variable of a nested setting has two underscores: ``TENOR_BELIEF__THRESHOLD``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_nested_delimiter="__", extra="ignore", frozen=True
    )

    brokers: str = Field("127.0.0.1:9092", description="Kafka bootstrap servers, host:port, separated by commas.")
    topic_prefix: str = Field("", description="Prefix of every topic and consumer group, such as 'staging.'.")
    partitions: int = Field(
        8, ge=1, description="Number of partitions of the conversation topics when they are created."
    )
    replication: int = Field(1, ge=1, description="Replication factor of topics when they are created.")
    registry_url: str | None = Field(
        None, description="URL of the schema registry; unset: records use Avro single-object encoding."
    )
    registry_user: str = Field(
        "", description="User of the schema registry (HTTP basic authentication); requires https."
    )
    registry_password: SecretStr = Field(SecretStr(""), description="Password of the schema registry.")
    registry_ca_file: Path | None = Field(
        None, description="CA certificates (PEM) of the registry; unset: the system's."
    )

    kafka_tls: bool = Field(False, description="Whether to connect to Kafka with TLS.")
    kafka_ca_file: Path | None = Field(None, description="CA certificates (PEM) of the brokers; unset: the system's.")
    kafka_cert_file: Path | None = Field(None, description="Client certificate (PEM), if the brokers require one.")
    kafka_key_file: Path | None = Field(None, description="Private key (PEM) of the client certificate, not encrypted.")
    kafka_sasl: Mechanism | None = Field(
        None, description="SASL mechanism: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER; unset: no login."
    )
    kafka_user: str = Field("", description="Kafka user, for PLAIN and SCRAM.")
    kafka_password: SecretStr = Field(SecretStr(""), description="Kafka password, for PLAIN and SCRAM.")
    kafka_token_url: str | None = Field(
        None, description="Token endpoint of the identity provider, for OAUTHBEARER with client credentials."
    )
    kafka_client_id: str = Field("", description="OAuth client ID.")
    kafka_client_secret: SecretStr = Field(SecretStr(""), description="OAuth client secret.")
    kafka_token_scope: str = Field("", description="OAuth scope; empty: none.")
    kafka_token_ca_file: Path | None = Field(
        None, description="CA certificates (PEM) of the token endpoint; unset: the system's."
    )

    clickhouse_host: str = Field("127.0.0.1", description="ClickHouse host.")
    clickhouse_port: int = Field(9000, description="ClickHouse native port.")
    clickhouse_http_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="ClickHouse HTTP port, over which the sink inserts several times faster; 0: only the native port.",
    )
    clickhouse_user: str = Field("default", description="ClickHouse user.")
    clickhouse_password: SecretStr = Field(SecretStr(""), description="ClickHouse password.")
    clickhouse_database: str = Field("tenor", description="ClickHouse database; tenor migrate creates it.")
    clickhouse_secure: bool = Field(False, description="Whether to connect to ClickHouse with TLS.")
    clickhouse_ca_file: Path | None = Field(
        None, description="CA certificates (PEM) of ClickHouse; unset: the system's."
    )

    http_host: str = Field(
        "127.0.0.1", description="Address on which /healthz, /ready, /metrics and the console are served."
    )
    http_port: int = Field(0, ge=0, le=65535, description="HTTP port; 0 picks a free one and logs it.")
    http_token: SecretStr = Field(
        SecretStr(""), description="Token required for /metrics and the console; must be set beyond loopback."
    )
    console_live_s: float = Field(
        3600.0, gt=0, description="A conversation without new rows for this long leaves the console's board, seconds."
    )
    console_poll_s: float = Field(1.0, gt=0, description="Time between the console's queries of ClickHouse, seconds.")
    console_session_s: float = Field(43_200.0, gt=0, description="Lifetime of a console session, seconds.")
    log_level: str = Field("info", description="Log level: debug, info, warning or error.")
    otlp_endpoint: str | None = Field(
        None, description="OpenTelemetry collector (OTLP over HTTP) to which workers send traces; unset: no traces."
    )
    otlp_share: float = Field(
        1.0, ge=0, le=1, description="Share of the traces sampled by producers that workers continue, 0 to 1."
    )
    otlp_token: SecretStr = Field(SecretStr(""), description="Bearer token for the collector.")
    log_json: bool = Field(False, description="Log as JSON, one object per line.")
    instance: str | None = Field(
        None, description="Stable name of this worker, such as its pod name, for static group membership."
    )

    session_timeout_s: float = Field(
        6.0, gt=0, description="Kafka session timeout, seconds: how long the partitions of a dead worker stay idle."
    )
    fetch_wait_ms: int = Field(30, ge=1, description="Longest time a fetch waits for records, milliseconds.")
    fetch_bytes: int = Field(32_768, ge=1, description="A fetch returns as soon as this many bytes are available.")
    poll_records: int = Field(1000, ge=1, description="Largest number of records processed as one batch.")
    commit_interval_s: float = Field(1.0, gt=0, description="Time between offset commits, seconds.")
    write_behind_s: float = Field(
        1.0,
        ge=0,
        description="Longest delay of a state write, to cover several batches, seconds; 0: write after each batch.",
    )
    linger_ms: int = Field(1, ge=0, description="How long the producer waits to fill a request, milliseconds.")
    stall_s: float = Field(30.0, gt=0, description="/healthz fails when a batch takes longer than this, seconds.")
    tick_s: float = Field(5.0, gt=0, description="Time between ticks, seconds.")
    tick_lateness_s: float = Field(30.0, ge=0, description="How far ticks stay behind the newest event, seconds.")
    sink_rows: int = Field(50_000, ge=1, description="Largest number of rows in one insert.")
    sink_wait_s: float = Field(0.5, gt=0, description="Longest time to fill an insert, seconds.")
    sink_patience_s: float = Field(
        120.0, gt=0, description="How long the sink retries ClickHouse before it stops, seconds."
    )

    event_bytes: int = Field(Limits().event_bytes, description="Largest accepted event, bytes.")
    future_s: float = Field(Limits().future_ms / 1000, description="How far event_time may be in the future, seconds.")
    past_s: float = Field(Limits().past_ms / 1000, description="How far event_time may be in the past, seconds.")
    rate_per_s: float = Field(
        Rate().per_s,
        ge=0,
        description="Sustained events per second that one conversation may send to one topic; 0: no limit.",
    )
    rate_burst: int = Field(
        Rate().burst,
        ge=1,
        description="Burst of events that one conversation may send; events over both limits become dead letters.",
    )

    embedded: bool = Field(False, description="Whether the broker is the embedded one, whose quirks need workarounds.")

    alert_routes: Path | None = Field(
        None,
        description="Alert routes file (docs/alerts.md): who receives which alerts; unset: nobody does.",
    )
    alert_patience_s: float = Field(
        120.0, gt=0, description="How long delivery to a destination is retried before it fails, seconds."
    )
    console_url: str | None = Field(
        None, description="Public URL of the console; if set, alerts link to their conversation."
    )
    protocols_file: Path | None = Field(
        None, description="Intervention options file (docs/protocols.md); unset: the built-in options."
    )
    signals: SignalConfig = SignalConfig()
    navigation: NavigationConfig = NavigationConfig()
    belief: BeliefConfig = BeliefConfig()
    decision: DecisionConfig = DecisionConfig()
    outcome: OutcomeConfig = OutcomeConfig()
    profile: ProfileConfig = ProfileConfig()
    policy: PolicyConfig = PolicyConfig()
    learner: LearnerConfig = LearnerConfig()
    workload: WorkloadConfig = WorkloadConfig()

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], *args: Any, **sources: PydanticBaseSettingsSource
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        defaults = super().settings_customise_sources(settings_cls, *args, **sources)
        variables = sources["env_settings"], sources["dotenv_settings"]
        file = SettingsFileSource(settings_cls, *variables)
        return *defaults, SecretFileSource(settings_cls, *variables, file), file

    @cached_property
    def topics(self) -> Topics:
        return Topics(self.topic_prefix, self.partitions)

    @cached_property
    def limits(self) -> Limits:
        return Limits(self.event_bytes, round(self.future_s * 1000), round(self.past_s * 1000))

    @cached_property
    def rate(self) -> Rate:
        return Rate(self.rate_per_s, self.rate_burst)

    @cached_property
    def config(self) -> Config:
        """The configuration of the domain. Raises ``Failure`` when the protocols file is unusable."""
        return Config(
            signals=self.signals,
            navigation=self.navigation,
            belief=self.belief,
            decision=self.decision,
            outcome=self.outcome,
            protocols=self._protocols(),
            profile=self.profile,
            policy=self.policy,
        )

    def _protocols(self) -> tuple[InterventionOption, ...]:
        if self.protocols_file is None:
            return default_options()
        text = read_text(self.protocols_file, "The protocols file")
        try:
            return read_options(text)
        except OptionError as error:
            raise Failure(f"{self.protocols_file}: {error}") from None

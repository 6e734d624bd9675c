"""Every setting of a deployment: ``TENOR_*`` variables, a ``.env`` file in the working directory, or a settings file.

A secret may stand in a file instead: ``TENOR_KAFKA_PASSWORD_FILE`` names one that holds ``TENOR_KAFKA_PASSWORD``.
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
    """Settings of one deployment. A nested setting is written ``TENOR_BELIEF__THRESHOLD``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_nested_delimiter="__", extra="ignore", frozen=True
    )

    brokers: str = Field("127.0.0.1:9092", description="Kafka bootstrap servers, host:port, separated by commas.")
    topic_prefix: str = Field("", description="Put before every topic and consumer group, as 'staging.'.")
    partitions: int = Field(8, ge=1, description="Partition count of the conversation topics when they are created.")
    replication: int = Field(1, ge=1, description="Replication factor of topics when they are created.")
    registry_url: str | None = Field(None, description="Schema registry; unset writes Avro single-object encoding.")
    registry_user: str = Field("", description="User of the schema registry (HTTP basic); needs https.")
    registry_password: SecretStr = Field(SecretStr(""), description="Its password.")
    registry_ca_file: Path | None = Field(None, description="CA certificates (PEM) of the registry; unset: the usual.")

    kafka_tls: bool = Field(False, description="TLS to Kafka.")
    kafka_ca_file: Path | None = Field(None, description="CA certificates (PEM) of the brokers; unset: the system's.")
    kafka_cert_file: Path | None = Field(None, description="Our own certificate (PEM), where brokers ask for one.")
    kafka_key_file: Path | None = Field(None, description="Its private key (PEM), not encrypted.")
    kafka_sasl: Mechanism | None = Field(
        None, description="How to log in: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER; unset: not at all."
    )
    kafka_user: str = Field("", description="User, for PLAIN and SCRAM.")
    kafka_password: SecretStr = Field(SecretStr(""), description="Its password.")
    kafka_token_url: str | None = Field(
        None, description="Token endpoint of the identity provider, for OAUTHBEARER by client credentials."
    )
    kafka_client_id: str = Field("", description="Client id there.")
    kafka_client_secret: SecretStr = Field(SecretStr(""), description="Its secret.")
    kafka_token_scope: str = Field("", description="Scope asked for; empty: none.")
    kafka_token_ca_file: Path | None = Field(
        None, description="CA certificates (PEM) of the token endpoint; unset: the system's."
    )

    clickhouse_host: str = Field("127.0.0.1", description="ClickHouse host.")
    clickhouse_port: int = Field(9000, description="ClickHouse native port.")
    clickhouse_http_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Its HTTP port: the sink inserts several times faster; 0 uses only the native one.",
    )
    clickhouse_user: str = Field("default", description="ClickHouse user.")
    clickhouse_password: SecretStr = Field(SecretStr(""), description="ClickHouse password.")
    clickhouse_database: str = Field("tenor", description="ClickHouse database; created by tenor migrate.")
    clickhouse_secure: bool = Field(False, description="TLS to ClickHouse.")
    clickhouse_ca_file: Path | None = Field(None, description="CA certificates (PEM) of ClickHouse; unset: the usual.")

    http_host: str = Field("127.0.0.1", description="Address of /healthz, /ready and /metrics.")
    http_port: int = Field(0, ge=0, le=65535, description="Its port; 0 takes a free one and logs it.")
    http_token: SecretStr = Field(
        SecretStr(""), description="/metrics and the console ask for it; needed beyond loopback."
    )
    console_live_s: float = Field(
        3600.0, gt=0, description="A conversation nothing was written of for this long leaves the console's board."
    )
    console_poll_s: float = Field(1.0, gt=0, description="Time between the console's looks at ClickHouse.")
    console_session_s: float = Field(43_200.0, gt=0, description="Whoever signed in to the console stays so this long.")
    log_level: str = Field("info", description="debug, info, warning or error.")
    otlp_endpoint: str | None = Field(
        None, description="OpenTelemetry collector (OTLP over HTTP) that workers send traces to; unset: no traces."
    )
    otlp_share: float = Field(1.0, ge=0, le=1, description="Of the traces that producers sampled, continue this share.")
    otlp_token: SecretStr = Field(SecretStr(""), description="Bearer token the collector asks for.")
    log_json: bool = Field(False, description="Logs as JSON, one object a line.")
    instance: str | None = Field(None, description="Stable name of this worker (pod name): static group membership.")

    session_timeout_s: float = Field(6.0, gt=0, description="A dead worker's partitions are idle this long.")
    fetch_wait_ms: int = Field(30, ge=1, description="Longest wait of a fetch for new records, milliseconds.")
    fetch_bytes: int = Field(32_768, ge=1, description="A fetch waits no longer once so many bytes are there.")
    poll_records: int = Field(1000, ge=1, description="Most records folded as one run.")
    commit_interval_s: float = Field(1.0, gt=0, description="Time between offset commits.")
    write_behind_s: float = Field(
        1.0, ge=0, description="Longest time a state waits to be written once for several runs; 0 writes each run's."
    )
    linger_ms: int = Field(1, ge=0, description="How long the producer waits to fill a batch.")
    stall_s: float = Field(30.0, gt=0, description="/healthz turns red when a run takes longer than this.")
    tick_s: float = Field(5.0, gt=0, description="Time between ticks, seconds.")
    tick_lateness_s: float = Field(30.0, ge=0, description="A tick stays this far behind the newest event.")
    sink_rows: int = Field(50_000, ge=1, description="Most rows of one insert.")
    sink_wait_s: float = Field(0.5, gt=0, description="Longest wait to fill an insert.")
    sink_patience_s: float = Field(120.0, gt=0, description="The sink retries ClickHouse this long, then stops.")

    event_bytes: int = Field(Limits().event_bytes, description="Largest accepted event, bytes.")
    future_s: float = Field(Limits().future_ms / 1000, description="How far event_time may lie ahead, seconds.")
    past_s: float = Field(Limits().past_ms / 1000, description="How far event_time may lie behind, seconds.")
    rate_per_s: float = Field(
        Rate().per_s,
        ge=0,
        description="Events a second that a conversation may bring in a topic for ever; 0: no limit.",
    )
    rate_burst: int = Field(
        Rate().burst, ge=1, description="Events it may bring at once; what is over both is a dead letter."
    )

    embedded: bool = Field(False, description="The broker is the embedded one, whose oddities are worked around.")

    alert_routes: Path | None = Field(
        None, description="Who is told of which alerts (docs/alerts.md); unset delivers none."
    )
    alert_patience_s: float = Field(
        120.0, gt=0, description="A destination is tried this long, seconds, then given up."
    )
    console_url: str | None = Field(
        None, description="Where people reach the console: alerts then link to their conversation."
    )
    protocols_file: Path | None = Field(
        None, description="Your intervention options (docs/protocols.md); unset uses ours."
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
        given = super().settings_customise_sources(settings_cls, *args, **sources)
        variables = sources["env_settings"], sources["dotenv_settings"]
        file = SettingsFileSource(settings_cls, *variables)
        return *given, SecretFileSource(settings_cls, *variables, file), file

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
        """The domain's numbers; ``Failure`` when the protocols file cannot be used."""
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
        text = read_text(self.protocols_file, "the protocols file")
        try:
            return read_options(text)
        except OptionError as error:
            raise Failure(f"{self.protocols_file}: {error}") from None

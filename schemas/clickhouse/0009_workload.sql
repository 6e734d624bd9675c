-- Workload exposure: figures of teams, of no person. Empty unless it is switched on.

CREATE TABLE IF NOT EXISTS team_workloads
(
    workload_id String COMMENT 'Deterministic id of the record',
    event_time DateTime64(3, 'UTC') COMMENT 'End of the period; it does not belong to it',
    tenant LowCardinality(String) COMMENT 'Tenant of the team',
    team LowCardinality(Nullable(String)) COMMENT 'Team; NULL for operators whose team is not known',
    since DateTime64(3, 'UTC') COMMENT 'Beginning of the period',
    operators Nullable(UInt32) COMMENT 'Operators of the team who had a conversation in it; NULL below the minimum group size',
    work_minutes Nullable(Float64) COMMENT 'Minutes with a conversation, mean of an operator; several at once count once',
    hostile_minutes Nullable(Float64) COMMENT 'Of them minutes in which one of the customers counted as frustrated, mean of an operator',
    hard_in_a_row Nullable(Float64) COMMENT 'Longest run of hard cases without an easy one or a break between, mean of an operator; it may have begun before the period',
    breaks_missed Nullable(Float64) COMMENT 'Breaks that were due and not taken, mean of an operator',
    recovery_minutes Nullable(Float64) COMMENT 'Minutes between a hard case and the next, mean of those who had two; NULL where too few had',
    channel LowCardinality(Nullable(String)) COMMENT 'Channel with the most hostile minutes of the team; NULL without any',
    channel_share Nullable(Float64) COMMENT 'Share of the hostile minutes that was there, 0 to 1',
    strained Array(LowCardinality(String)) COMMENT 'Figures beyond their limit: hostile_minutes, hard_in_a_row, breaks_missed',
    reasons Map(LowCardinality(String), String) COMMENT 'Why a figure is NULL, by its name: no_team, small_group, few_hard_cases or no_hostile_minutes',
    config_version LowCardinality(String) COMMENT 'Digest of the settings of workload exposure',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the sink wrote the row'
)
ENGINE = ReplacingMergeTree(inserted_at)
PARTITION BY toYYYYMM(event_time)
ORDER BY (tenant, event_time, workload_id)
TTL toDateTime(inserted_at) + INTERVAL 400 DAY
COMMENT 'What each team was exposed to in each period; figures of teams, of no person';

CREATE OR REPLACE VIEW workloads AS
SELECT * FROM team_workloads FINAL
COMMENT 'What each team was exposed to in each period, each once';

-- Which teams are overloaded?
CREATE OR REPLACE VIEW overloaded_teams
(
    tenant LowCardinality(String) COMMENT 'Tenant of the team',
    team LowCardinality(Nullable(String)) COMMENT 'Team; NULL for operators whose team is not known',
    periods UInt64 COMMENT 'Periods in which somebody of it worked',
    told UInt64 COMMENT 'Periods of which there are figures: the team was large enough',
    strained_periods UInt64 COMMENT 'Of them periods in which a figure was beyond its limit',
    strained_share Nullable(Float64) COMMENT 'Share of the periods with figures that were strained; NULL without any',
    hostile_share Nullable(Float64) COMMENT 'Share of its work that was in hostile conversations; NULL without figures',
    hard_in_a_row Nullable(Float64) COMMENT 'Mean over the periods with figures of the longest run of hard cases',
    breaks_missed Nullable(Float64) COMMENT 'Mean over the periods with figures of the missed breaks of an operator',
    recovery_minutes Nullable(Float64) COMMENT 'Mean over the periods with this figure of the minutes between hard cases',
    worst_since Nullable(DateTime64(3, 'UTC')) COMMENT 'Beginning of the period with the most hostile minutes of an operator',
    channel LowCardinality(Nullable(String)) COMMENT 'Channel that was most often the one with the most hostile minutes'
)
AS SELECT
    workloads.tenant,
    workloads.team,
    count() AS periods,
    countIf(operators IS NOT NULL) AS told,
    countIf(notEmpty(strained)) AS strained_periods,
    if(told = 0, NULL, strained_periods / told) AS strained_share,
    sum(workloads.hostile_minutes * operators) / sum(work_minutes * operators) AS hostile_share,
    avg(workloads.hard_in_a_row) AS hard_in_a_row,
    avg(workloads.breaks_missed) AS breaks_missed,
    avg(workloads.recovery_minutes) AS recovery_minutes,
    argMax(toNullable(workloads.since), workloads.hostile_minutes) AS worst_since,
    topKIf(1)(workloads.channel, workloads.channel IS NOT NULL)[1] AS channel
FROM workloads
GROUP BY workloads.tenant, workloads.team
COMMENT 'How often each team was beyond its limits, by what, and where';

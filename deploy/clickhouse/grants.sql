-- Who may do what in ClickHouse: a role for each of Tenor's tasks, no right that its task does not need.
-- Run it as an administrator, before `tenor migrate` or after; every statement can be repeated. With another database
-- than `tenor`, write its name in place of it. Then one user for each task, as:
--
--   CREATE USER IF NOT EXISTS tenor_sink_user IDENTIFIED WITH sha256_password BY '...' HOST IP '10.0.0.0/8'
--       DEFAULT ROLE tenor_sink;
--   GRANT tenor_sink TO tenor_sink_user;
--
-- and give each process its own TENOR_CLICKHOUSE_USER and TENOR_CLICKHOUSE_PASSWORD_FILE. Workers and the learner
-- need none: they do not speak to ClickHouse.

CREATE ROLE IF NOT EXISTS tenor_migrate, tenor_sink, tenor_reader, tenor_analyst;

-- tenor migrate: makes tables and views and changes their columns. Who makes a view must be able to read what it shows.
GRANT CREATE DATABASE, CREATE TABLE, DROP VIEW, ALTER COLUMN, ALTER MODIFY COMMENT, SELECT ON tenor.* TO tenor_migrate;
GRANT DROP TABLE ON tenor.wording_studies TO tenor_migrate;
GRANT INSERT ON tenor.migrations TO tenor_migrate;
GRANT TABLE ENGINE ON ReplacingMergeTree TO tenor_migrate;

-- tenor sink: writes facts and cannot read them. It looks whether the tables are up to date.
GRANT INSERT ON tenor.trajectory_points TO tenor_sink;
GRANT INSERT ON tenor.decisions TO tenor_sink;
GRANT INSERT ON tenor.outcomes TO tenor_sink;
GRANT INSERT ON tenor.alerts TO tenor_sink;
GRANT INSERT ON tenor.alert_commands TO tenor_sink;
GRANT INSERT ON tenor.alert_deliveries TO tenor_sink;
GRANT INSERT ON tenor.ratings TO tenor_sink;
GRANT INSERT ON tenor.team_workloads TO tenor_sink;
GRANT INSERT ON tenor.distal_outcomes TO tenor_sink;
GRANT INSERT ON tenor.policy_commands TO tenor_sink;
GRANT INSERT ON tenor.policy_snapshots TO tenor_sink;
GRANT INSERT ON tenor.dead_letters TO tenor_sink;
GRANT SELECT ON tenor.migrations TO tenor_sink;

-- tenor report, explain, blind-review; Grafana: reads.
GRANT SELECT ON tenor.* TO tenor_reader;

-- An analyst who also stores what another policy would have been worth (tenor replay --policy).
GRANT SELECT ON tenor.* TO tenor_analyst;
GRANT INSERT ON tenor.candidate_policies TO tenor_analyst;

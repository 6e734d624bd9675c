-- Which teams and queues are overloaded?
-- Teams: share of their work in hostile conversations, and of the periods beyond a limit (the view `overloaded_teams`). They
-- are there where workload exposure is on, and with figures where they are large enough: docs/operators.md. Queues, by
-- channel: conversations open at once, and raised at once, at the worst moment.
WITH
    changes AS
    (
        SELECT tenant, channel, opened_at AS at, 1 AS opened, 0 AS raised FROM finished
        UNION ALL
        SELECT tenant, channel, event_time AS at, -1 AS opened, 0 AS raised FROM finished
        UNION ALL
        SELECT tenant, channel, assumeNotNull(raised_at) AS at, 0 AS opened, 1 AS raised FROM finished WHERE raised_at IS NOT NULL
        UNION ALL
        SELECT tenant, channel, ifNull(recovered_at, event_time) AS at, 0 AS opened, -1 AS raised FROM finished WHERE raised_at IS NOT NULL
    ),
    running AS
    (
        SELECT
            tenant, channel, at,
            sum(opened) OVER (PARTITION BY tenant, channel ORDER BY at, opened, raised ROWS UNBOUNDED PRECEDING) AS open_now,
            sum(raised) OVER (PARTITION BY tenant, channel ORDER BY at, opened, raised ROWS UNBOUNDED PRECEDING) AS raised_now
        FROM changes
    ),
    queues AS
    (
        SELECT
            tenant,
            channel,
            max(open_now) AS most_open,
            max(raised_now) AS most_raised,
            argMax(at, (raised_now, open_now, -toUnixTimestamp64Milli(at))) AS worst_at
        FROM running
        GROUP BY tenant, channel
    )
SELECT tenant, kind, name, hostile_share, strained_share, most_open, most_raised, worst_at
FROM
(
    SELECT
        tenant, 'team' AS kind, ifNull(team, 'not known') AS name, hostile_share, strained_share,
        NULL AS most_open, NULL AS most_raised, worst_since AS worst_at
    FROM overloaded_teams
    UNION ALL
    SELECT tenant, 'queue', channel, NULL, NULL, most_open, most_raised, worst_at FROM queues
)
ORDER BY tenant, kind DESC, strained_share DESC NULLS LAST, hostile_share DESC NULLS LAST, most_raised DESC, name

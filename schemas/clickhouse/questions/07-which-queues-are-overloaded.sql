-- Which queues are overloaded?
-- By channel: conversations open at once, and raised at once, at the worst moment and when that was. Tenor does not know
-- teams; where each has a tenant or a channel of its own, this is them.
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
    )
SELECT
    tenant,
    channel,
    max(open_now) AS most_open,
    max(raised_now) AS most_raised,
    argMax(at, (raised_now, open_now, -toUnixTimestamp64Milli(at))) AS worst_at,
    toBool(countIf(raised_now >= 3) > 0) AS three_raised_at_once
FROM running
GROUP BY tenant, channel
ORDER BY tenant, most_raised DESC, most_open DESC, channel

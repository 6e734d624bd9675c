-- Views named for questions. They read FINAL, so a row counts once.

CREATE OR REPLACE VIEW trajectories AS
SELECT * FROM trajectory_points FINAL;

CREATE OR REPLACE VIEW decided AS
SELECT * FROM decisions FINAL;

CREATE OR REPLACE VIEW observed AS
SELECT * FROM outcomes FINAL;

CREATE OR REPLACE VIEW alerted AS
SELECT * FROM alerts FINAL;

CREATE OR REPLACE VIEW refused AS
SELECT * FROM dead_letters FINAL;

CREATE OR REPLACE VIEW rated AS
SELECT * FROM ratings FINAL;

-- Where does every conversation stand?
CREATE OR REPLACE VIEW conversations AS
SELECT
    tenant,
    conversation_id,
    any(customer_id) AS customer,
    any(channel) AS over_channel,
    min(event_time) AS first_turn_at,
    max(event_time) AS last_turn_at,
    max(turn) AS turns,
    argMax(level, turn) AS last_level,
    argMax(level_sd, turn) AS last_level_sd,
    max(level) AS highest_level,
    max(raised) AS ever_raised,
    minIf(event_time, raised) AS first_raised_at,
    minIf(turn, raised) AS first_raised_turn
FROM trajectories
GROUP BY tenant, conversation_id;

-- What followed each option, and what followed doing nothing? A description, not yet a proof:
-- compare an option with control only among decisions where both could have been chosen.
CREATE OR REPLACE VIEW what_followed AS
SELECT
    tenant,
    option,
    count() AS decisions,
    countIf(status = 'matured') AS matured,
    countIf(status = 'censored') AS censored,
    avg(reward) AS mean_reward,
    stddevSamp(reward) / sqrt(countIf(reward IS NOT NULL)) AS standard_error,
    countIf(failed) AS failures
FROM observed
GROUP BY tenant, option;

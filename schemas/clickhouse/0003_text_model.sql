-- What the text model says of each turn, beside the belief it feeds.

ALTER TABLE trajectory_points
    ADD COLUMN IF NOT EXISTS p_now Nullable(Float64) COMMENT 'Probability that the customer is frustrated, after reading this message; NULL when it could not be read' AFTER observation,
    ADD COLUMN IF NOT EXISTS p_next Nullable(Float64) COMMENT 'The same, forecast before this message was seen' AFTER p_now,
    ADD COLUMN IF NOT EXISTS p_rise Nullable(Float64) COMMENT 'Probability, before it was seen, that this message is more frustrated than the one before; NULL at the first turn' AFTER p_next,
    ADD COLUMN IF NOT EXISTS model_version LowCardinality(Nullable(String)) COMMENT 'Digest of the weights of the text model' AFTER p_rise,
    COMMENT COLUMN contributions 'How far each signal moved the level since the last point; they add up to its change';

CREATE OR REPLACE VIEW trajectories AS
SELECT * FROM trajectory_points FINAL
COMMENT 'The belief after each customer turn, each once';

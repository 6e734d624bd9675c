-- What people mark in single messages: the text model learns from it.

ALTER TABLE ratings
    ADD COLUMN IF NOT EXISTS message_id Nullable(String) COMMENT 'Message that is judged; NULL for the last of the customer before the rating' AFTER felt_understood,
    ADD COLUMN IF NOT EXISTS frustrated Nullable(Bool) COMMENT 'Whether the customer was frustrated in it, as the rater says; NULL when not said' AFTER message_id,
    ADD COLUMN IF NOT EXISTS intensity Nullable(Float64) COMMENT 'How frustrated, 0 to 1; NULL when not said' AFTER frustrated;

CREATE OR REPLACE VIEW rated AS
SELECT * FROM ratings FINAL
COMMENT 'Human ratings, each once';

-- What wording goes with is no longer learned and stored: `tenor report` computes it from trajectory_points.reply.

DROP VIEW IF EXISTS wording_effects;

DROP TABLE IF EXISTS wording_studies;

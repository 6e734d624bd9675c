-- Whoever reads for one tenant alone: here `acme`. Run it as an administrator, after grants.sql and `tenor migrate`, once a tenant,
-- with its name and its user in place of these; every statement can be repeated. The views read these tables and obey.
--
--   CREATE USER IF NOT EXISTS acme_reader IDENTIFIED WITH sha256_password BY '...' DEFAULT ROLE tenor_reader;
--   GRANT tenor_reader TO acme_reader;
--
-- Users that no policy names go on reading everything (users_without_row_policies_can_read_rows, ClickHouse's default). A dead
-- letter may have no tenant: nobody who reads for one sees any.

CREATE ROW POLICY IF NOT EXISTS acme ON tenor.trajectory_points FOR SELECT USING tenant = 'acme' TO acme_reader;
CREATE ROW POLICY IF NOT EXISTS acme ON tenor.decisions FOR SELECT USING tenant = 'acme' TO acme_reader;
CREATE ROW POLICY IF NOT EXISTS acme ON tenor.outcomes FOR SELECT USING tenant = 'acme' TO acme_reader;
CREATE ROW POLICY IF NOT EXISTS acme ON tenor.ratings FOR SELECT USING tenant = 'acme' TO acme_reader;
CREATE ROW POLICY IF NOT EXISTS acme ON tenor.alerts FOR SELECT USING tenant = 'acme' TO acme_reader;
CREATE ROW POLICY IF NOT EXISTS acme ON tenor.dead_letters FOR SELECT USING 0 TO acme_reader;
CREATE ROW POLICY IF NOT EXISTS acme ON tenor.distal_outcomes FOR SELECT USING tenant = 'acme' TO acme_reader;
CREATE ROW POLICY IF NOT EXISTS acme ON tenor.policy_snapshots FOR SELECT USING tenant = 'acme' TO acme_reader;
CREATE ROW POLICY IF NOT EXISTS acme ON tenor.policy_commands FOR SELECT USING tenant = 'acme' TO acme_reader;
CREATE ROW POLICY IF NOT EXISTS acme ON tenor.candidate_policies FOR SELECT USING tenant = 'acme' TO acme_reader;
CREATE ROW POLICY IF NOT EXISTS acme ON tenor.alert_commands FOR SELECT USING tenant = 'acme' TO acme_reader;
CREATE ROW POLICY IF NOT EXISTS acme ON tenor.alert_deliveries FOR SELECT USING tenant = 'acme' TO acme_reader;
CREATE ROW POLICY IF NOT EXISTS acme ON tenor.team_workloads FOR SELECT USING tenant = 'acme' TO acme_reader;

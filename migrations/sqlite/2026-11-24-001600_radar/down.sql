-- A row that violates the check stops the migration while audit rows exist.
CREATE TABLE audit_rows_exist (n BIGINT NOT NULL CHECK (n = 0));
INSERT INTO audit_rows_exist SELECT COUNT(*) FROM audit_events;
DROP TABLE audit_rows_exist;
ALTER TABLE plan_lines DROP COLUMN supporting_activity;
ALTER TABLE plan_lines DROP COLUMN target_output;
ALTER TABLE activity_plans DROP COLUMN change_reason;
ALTER TABLE tranche_omissions DROP COLUMN hold_id;
DROP TABLE holds;
ALTER TABLE proposals DROP COLUMN forfeited_from;

-- A row that violates the check stops the migration while audit rows exist.
CREATE TABLE audit_rows_exist (n BIGINT NOT NULL CHECK (n = 0));
INSERT INTO audit_rows_exist SELECT COUNT(*) FROM audit_events;
DROP TABLE audit_rows_exist;
DROP TRIGGER audit_checkpoints_no_other;
DROP TRIGGER audit_seals_no_other;

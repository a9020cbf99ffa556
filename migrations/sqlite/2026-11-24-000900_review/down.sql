-- A row that violates the check stops the migration while audit rows exist.
CREATE TABLE audit_rows_exist (n BIGINT NOT NULL CHECK (n = 0));
INSERT INTO audit_rows_exist SELECT COUNT(*) FROM audit_events;
DROP TABLE audit_rows_exist;
DROP TABLE conflicts;
DROP TABLE assignments;
DROP INDEX revisions_by_subject_kind_subject_id_version;
CREATE INDEX revisions_by_subject_kind_subject_id_id ON revisions (subject_kind, subject_id, id);
ALTER TABLE proposals DROP COLUMN works_changed;
DROP TABLE line_agreements;
DROP TABLE change_requests;

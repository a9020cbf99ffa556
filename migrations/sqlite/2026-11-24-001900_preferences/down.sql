-- A row that violates the check stops the migration while audit rows exist.
CREATE TABLE audit_rows_exist (n BIGINT NOT NULL CHECK (n = 0));
INSERT INTO audit_rows_exist SELECT COUNT(*) FROM audit_events;
DROP TABLE audit_rows_exist;
DROP INDEX mails_by_user_id_state_next_attempt_at;
ALTER TABLE mails DROP COLUMN unsubscribe;
ALTER TABLE mails DROP COLUMN collected_in;
DROP TABLE digests;
DROP TABLE mail_preferences;
DROP TABLE mail_settings;

-- A row that violates the check stops the migration while audit rows exist.
CREATE TABLE audit_rows_exist (n BIGINT NOT NULL CHECK (n = 0));
INSERT INTO audit_rows_exist SELECT COUNT(*) FROM audit_events;
DROP TABLE audit_rows_exist;
DROP INDEX notices_by_event_id;
DROP INDEX mails_by_created_at;
DROP INDEX mails_by_address_id;
DROP INDEX mails_by_state_id;
DROP INDEX mails_by_state_next_attempt_at_id;
CREATE INDEX mails_by_state_next_attempt_at ON mails (state, next_attempt_at);
DROP INDEX users_by_address_refused_at;
ALTER TABLE users DROP COLUMN address_refused_reply;
ALTER TABLE users DROP COLUMN address_refused_at;

DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit_events) THEN
        RAISE EXCEPTION 'audit rows exist: this database is not taken down';
    END IF;
END;
$$;
DROP INDEX notices_by_event_id;
DROP INDEX mails_by_created_at;
DROP INDEX mails_by_address_id;
ALTER TABLE mails ALTER COLUMN address TYPE TEXT COLLATE "default";
DROP INDEX mails_by_state_id;
DROP INDEX mails_by_state_next_attempt_at_id;
CREATE INDEX mails_by_state_next_attempt_at ON mails (state, next_attempt_at);
DROP INDEX users_by_address_refused_at;
ALTER TABLE users DROP COLUMN address_refused_reply;
ALTER TABLE users DROP COLUMN address_refused_at;

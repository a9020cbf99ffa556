DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit_events) THEN
        RAISE EXCEPTION 'audit rows exist: this database is not taken down';
    END IF;
END;
$$;
DROP INDEX mails_by_user_id_state_next_attempt_at;
ALTER TABLE mails DROP COLUMN unsubscribe;
ALTER TABLE mails DROP COLUMN collected_in;
DROP TABLE digests;
DROP TABLE mail_preferences;
DROP TABLE mail_settings;

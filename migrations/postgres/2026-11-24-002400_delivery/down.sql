DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit_events) THEN
        RAISE EXCEPTION 'audit rows exist: this database is not taken down';
    END IF;
END;
$$;
DROP INDEX notice_pending_by_failed_at;
ALTER TABLE notice_pending DROP COLUMN reason;
ALTER TABLE notice_pending DROP COLUMN failed_at;

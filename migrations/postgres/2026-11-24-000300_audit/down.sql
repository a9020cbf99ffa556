DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit_events) THEN
        RAISE EXCEPTION 'audit rows exist: this database is not taken down';
    END IF;
END;
$$;
DROP TABLE idempotency_keys;
DROP TABLE revisions;
DROP TABLE audit_personal;
DROP TABLE audit_pending;
DROP TABLE audit_events;

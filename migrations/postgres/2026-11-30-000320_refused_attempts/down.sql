DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit_events) THEN
        RAISE EXCEPTION 'audit rows exist: this database is not taken down';
    END IF;
END;
$$;
CREATE INDEX audit_events_refused_by_id ON audit_events (id) WHERE outcome = 'refused';
DROP INDEX audit_seals_refused_by_seq;
ALTER TABLE audit_seals DROP COLUMN outcome;

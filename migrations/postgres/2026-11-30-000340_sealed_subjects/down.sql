DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit_events) THEN
        RAISE EXCEPTION 'audit rows exist: this database is not taken down';
    END IF;
END;
$$;
DROP INDEX audit_seals_by_subject_kind_seq;
ALTER TABLE audit_seals DROP COLUMN subject_kind;

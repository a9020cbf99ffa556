DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit_events) THEN
        RAISE EXCEPTION 'audit rows exist: this database is not taken down';
    END IF;
END;
$$;
DROP TRIGGER audit_checkpoints_no_other ON audit_checkpoints;
DROP TRIGGER audit_seals_no_other ON audit_seals;
DROP FUNCTION sentra_counts_from_one;

DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit_events) THEN
        RAISE EXCEPTION 'audit rows exist: this database is not taken down';
    END IF;
END;
$$;
DROP INDEX journal_entries_by_event_id;
DROP TABLE audit_sealer;
DROP TABLE audit_keys;
DROP TABLE audit_checkpoints;
DROP TABLE audit_tiles;
DROP TABLE audit_seals;

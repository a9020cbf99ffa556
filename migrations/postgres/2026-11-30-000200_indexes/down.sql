DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit_events) THEN
        RAISE EXCEPTION 'audit rows exist: this database is not taken down';
    END IF;
END;
$$;
DROP INDEX audit_events_refused_by_id;
DROP INDEX journal_entries_released_by_proposal_id_id;

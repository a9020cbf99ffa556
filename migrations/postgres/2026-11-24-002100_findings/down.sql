DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit_events) THEN
        RAISE EXCEPTION 'audit rows exist: this database is not taken down';
    END IF;
END;
$$;
DROP TABLE follow_up_documents;
DROP TABLE follow_ups;
DROP TABLE finding_documents;
DROP TABLE findings;

DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit_events) THEN
        RAISE EXCEPTION 'audit rows exist: this database is not taken down';
    END IF;
END;
$$;
ALTER TABLE documents DROP COLUMN uploaded_in;
ALTER TABLE documents DROP COLUMN uploaded_role;
DROP TABLE funding_answers;
DROP TABLE centre_fundings;
ALTER TABLE proposals DROP COLUMN gaps;
DROP TABLE waivers;

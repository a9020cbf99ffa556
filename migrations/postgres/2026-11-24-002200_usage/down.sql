DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit_events) THEN
        RAISE EXCEPTION 'audit rows exist: this database is not taken down';
    END IF;
END;
$$;
DROP INDEX reports_by_proposal_id_as_of_submitted_at_id;
DROP INDEX proposals_by_fiscal_year_id;

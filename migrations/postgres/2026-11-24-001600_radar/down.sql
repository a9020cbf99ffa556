DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit_events) THEN
        RAISE EXCEPTION 'audit rows exist: this database is not taken down';
    END IF;
END;
$$;
ALTER TABLE plan_lines DROP COLUMN supporting_activity;
ALTER TABLE plan_lines DROP COLUMN target_output;
ALTER TABLE activity_plans DROP COLUMN change_reason;
ALTER TABLE tranche_omissions DROP COLUMN hold_id;
DROP TABLE holds;
ALTER TABLE proposals DROP COLUMN forfeited_from;

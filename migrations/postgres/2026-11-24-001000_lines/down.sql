DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit_events) THEN
        RAISE EXCEPTION 'audit rows exist: this database is not taken down';
    END IF;
END;
$$;
DROP INDEX proposals_by_state_since_id;
DROP INDEX proposals_by_state_state_since_id;
ALTER TABLE proposals DROP COLUMN agreed_idr;
ALTER TABLE proposals DROP COLUMN assessed_idr;
ALTER TABLE proposal_lines DROP COLUMN assessed_at;
ALTER TABLE proposal_lines DROP COLUMN assessed_by;
ALTER TABLE proposal_lines DROP COLUMN assessed_reason;
ALTER TABLE proposal_lines DROP COLUMN assessed_idr;
ALTER TABLE proposal_lines DROP COLUMN assessed_volume_thousandths;
ALTER TABLE proposal_lines DROP COLUMN assessed_readiness_words;
ALTER TABLE proposal_lines DROP COLUMN assessed_readiness;
ALTER TABLE proposal_lines DROP COLUMN assessed_unit_price_words;
ALTER TABLE proposal_lines DROP COLUMN assessed_unit_price;
ALTER TABLE proposal_lines DROP COLUMN assessed_output_target_words;
ALTER TABLE proposal_lines DROP COLUMN assessed_output_target;
ALTER TABLE proposal_lines DROP COLUMN assessed_technical_words;
ALTER TABLE proposal_lines DROP COLUMN assessed_technical;
ALTER TABLE proposal_lines DROP COLUMN flagged_at;
ALTER TABLE proposal_lines DROP COLUMN flagged_by;
ALTER TABLE proposal_lines DROP COLUMN flag_words;
ALTER TABLE proposal_lines DROP COLUMN flag;

DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit_events) THEN
        RAISE EXCEPTION 'audit rows exist: this database is not taken down';
    END IF;
END;
$$;
DROP TABLE carries;
DROP TABLE recoveries;
DROP TABLE amendment_lines;
DROP TABLE amendments;
ALTER TABLE expenditures DROP COLUMN is_advance;
ALTER TABLE expenditures DROP COLUMN penalty_idr;
DROP INDEX returns_by_proposal_id_number_key_recording;
ALTER TABLE returns DROP COLUMN recording;
CREATE UNIQUE INDEX returns_by_proposal_id_number_key ON returns (proposal_id, number_key);
DROP INDEX expenditures_by_proposal_id_number_key_recording;
ALTER TABLE expenditures DROP COLUMN recording;
CREATE UNIQUE INDEX expenditures_by_proposal_id_number_key ON expenditures (proposal_id, number_key);
DROP INDEX contracts_by_proposal_id_number_key_recording;
ALTER TABLE contracts DROP COLUMN recording;
CREATE UNIQUE INDEX contracts_by_proposal_id_number_key ON contracts (proposal_id, number_key);
ALTER TABLE contracts DROP COLUMN voided_at;
ALTER TABLE balances DROP COLUMN carried_out_idr;
ALTER TABLE balances DROP COLUMN carried_in_idr;
DROP INDEX journal_entries_by_reverses_id;
ALTER TABLE journal_entries DROP COLUMN origin_year;
ALTER TABLE journal_entries DROP COLUMN reason;
ALTER TABLE journal_entries DROP COLUMN reversed_kind;
ALTER TABLE journal_entries DROP COLUMN reverses_id;

DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit_events) THEN
        RAISE EXCEPTION 'audit rows exist: this database is not taken down';
    END IF;
END;
$$;
DROP INDEX returns_by_proposal_id_number_key;
ALTER TABLE returns DROP COLUMN number_key;
CREATE UNIQUE INDEX returns_by_proposal_id_number ON returns (proposal_id, number);
DROP INDEX expenditures_by_proposal_id_number_key;
ALTER TABLE expenditures DROP COLUMN number_key;
CREATE UNIQUE INDEX expenditures_by_proposal_id_number ON expenditures (proposal_id, number);
DROP INDEX contracts_by_proposal_id_number_key;
ALTER TABLE contracts DROP COLUMN number_key;
CREATE UNIQUE INDEX contracts_by_proposal_id_number ON contracts (proposal_id, number);

-- A row that violates the check stops the migration while audit rows exist.
CREATE TABLE audit_rows_exist (n BIGINT NOT NULL CHECK (n = 0));
INSERT INTO audit_rows_exist SELECT COUNT(*) FROM audit_events;
DROP TABLE audit_rows_exist;
DROP INDEX returns_by_proposal_id_number_key;
ALTER TABLE returns DROP COLUMN number_key;
CREATE UNIQUE INDEX returns_by_proposal_id_number ON returns (proposal_id, number);
DROP INDEX expenditures_by_proposal_id_number_key;
ALTER TABLE expenditures DROP COLUMN number_key;
CREATE UNIQUE INDEX expenditures_by_proposal_id_number ON expenditures (proposal_id, number);
DROP INDEX contracts_by_proposal_id_number_key;
ALTER TABLE contracts DROP COLUMN number_key;
CREATE UNIQUE INDEX contracts_by_proposal_id_number ON contracts (proposal_id, number);

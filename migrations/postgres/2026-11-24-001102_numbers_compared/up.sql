-- Numbers that differ only in spaces or in the case of letters are the same number.
ALTER TABLE contracts ADD COLUMN number_key TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE contracts SET number_key = lower(replace(number, ' ', ''));
DROP INDEX contracts_by_proposal_id_number;
CREATE UNIQUE INDEX contracts_by_proposal_id_number_key ON contracts (proposal_id, number_key);
DROP TRIGGER expenditures_no_update ON expenditures;
ALTER TABLE expenditures ADD COLUMN number_key TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE expenditures SET number_key = lower(replace(number, ' ', ''));
CREATE TRIGGER expenditures_no_update BEFORE UPDATE ON expenditures FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
DROP INDEX expenditures_by_proposal_id_number;
CREATE UNIQUE INDEX expenditures_by_proposal_id_number_key ON expenditures (proposal_id, number_key);
DROP TRIGGER returns_no_update ON returns;
ALTER TABLE returns ADD COLUMN number_key TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE returns SET number_key = lower(replace(number, ' ', ''));
CREATE TRIGGER returns_no_update BEFORE UPDATE ON returns FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
DROP INDEX returns_by_proposal_id_number;
CREATE UNIQUE INDEX returns_by_proposal_id_number_key ON returns (proposal_id, number_key);

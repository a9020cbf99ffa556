-- Numbers that differ only in spaces or in the case of letters are the same number.
-- lower() goes by the database's locale, the service by Unicode; SQLite's knows ASCII alone.
-- Where a proposal has a number twice already, the key of each later one is followed by a space and its id; no other
-- key has spaces.
ALTER TABLE contracts ADD COLUMN number_key TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE contracts SET number_key = lower(replace(number, ' ', '')) || CASE WHEN EXISTS (
    SELECT 1 FROM contracts AS earlier
    WHERE earlier.proposal_id = contracts.proposal_id AND earlier.id < contracts.id
        AND lower(replace(earlier.number, ' ', '')) = lower(replace(contracts.number, ' ', ''))
) THEN ' ' || id ELSE '' END;
DROP INDEX contracts_by_proposal_id_number;
CREATE UNIQUE INDEX contracts_by_proposal_id_number_key ON contracts (proposal_id, number_key);
DROP TRIGGER expenditures_no_update ON expenditures;
ALTER TABLE expenditures ADD COLUMN number_key TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE expenditures SET number_key = lower(replace(number, ' ', '')) || CASE WHEN EXISTS (
    SELECT 1 FROM expenditures AS earlier
    WHERE earlier.proposal_id = expenditures.proposal_id AND earlier.id < expenditures.id
        AND lower(replace(earlier.number, ' ', '')) = lower(replace(expenditures.number, ' ', ''))
) THEN ' ' || id ELSE '' END;
CREATE TRIGGER expenditures_no_update BEFORE UPDATE ON expenditures FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
DROP INDEX expenditures_by_proposal_id_number;
CREATE UNIQUE INDEX expenditures_by_proposal_id_number_key ON expenditures (proposal_id, number_key);
DROP TRIGGER returns_no_update ON returns;
ALTER TABLE returns ADD COLUMN number_key TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE returns SET number_key = lower(replace(number, ' ', '')) || CASE WHEN EXISTS (
    SELECT 1 FROM returns AS earlier
    WHERE earlier.proposal_id = returns.proposal_id AND earlier.id < returns.id
        AND lower(replace(earlier.number, ' ', '')) = lower(replace(returns.number, ' ', ''))
) THEN ' ' || id ELSE '' END;
CREATE TRIGGER returns_no_update BEFORE UPDATE ON returns FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
DROP INDEX returns_by_proposal_id_number;
CREATE UNIQUE INDEX returns_by_proposal_id_number_key ON returns (proposal_id, number_key);

-- A row that violates the check stops the migration while audit rows exist.
CREATE TABLE audit_rows_exist (n BIGINT NOT NULL CHECK (n = 0));
INSERT INTO audit_rows_exist SELECT COUNT(*) FROM audit_events;
DROP TABLE audit_rows_exist;
DROP TABLE balances;
DROP TABLE journal_entries;
DROP TABLE reports;
DROP TABLE returns;
DROP TABLE expenditures;
DROP TABLE tranche_items;
DROP TABLE tranche_requests;
DROP TABLE contract_lines;
DROP TABLE contracts;
DROP TABLE plan_lines;
DROP TABLE activity_plans;
DROP TABLE allocations;
DROP TABLE ceilings;

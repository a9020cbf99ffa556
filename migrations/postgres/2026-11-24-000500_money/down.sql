DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit_events) THEN
        RAISE EXCEPTION 'audit rows exist: this database is not taken down';
    END IF;
END;
$$;
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

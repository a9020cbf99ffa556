CREATE TABLE ceilings (
    fiscal_year BIGINT NOT NULL PRIMARY KEY,
    amount_idr BIGINT NOT NULL,
    used_idr BIGINT NOT NULL,
    legal_basis TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    CHECK (used_idr >= 0 AND used_idr <= amount_idr)
);

CREATE TABLE allocations (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    fiscal_year BIGINT NOT NULL REFERENCES ceilings (fiscal_year),
    region_code TEXT COLLATE "C" NOT NULL REFERENCES regions (code),
    amount_idr BIGINT NOT NULL,
    used_idr BIGINT NOT NULL,
    legal_basis TEXT NOT NULL,
    policy_version BIGINT NOT NULL,
    mode TEXT COLLATE "C",
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    CHECK (used_idr >= 0 AND used_idr <= amount_idr)
);

CREATE TABLE activity_plans (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    proposal_id TEXT COLLATE "C" NOT NULL REFERENCES proposals (id),
    n BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    target_output TEXT NOT NULL,
    total_idr BIGINT NOT NULL,
    supporting_idr BIGINT NOT NULL,
    submitted_at TIMESTAMP,
    decided_at TIMESTAMP,
    comment TEXT,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL REFERENCES users (id)
);

CREATE TABLE plan_lines (
    plan_id TEXT COLLATE "C" NOT NULL REFERENCES activity_plans (id),
    line_no BIGINT NOT NULL,
    component TEXT COLLATE "C" NOT NULL,
    volume_thousandths BIGINT NOT NULL,
    amount_idr BIGINT NOT NULL,
    method TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (plan_id, line_no)
);
CREATE TRIGGER plan_lines_no_update BEFORE UPDATE ON plan_lines FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER plan_lines_no_delete BEFORE DELETE ON plan_lines FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER plan_lines_no_truncate BEFORE TRUNCATE ON plan_lines FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

CREATE TABLE contracts (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    proposal_id TEXT COLLATE "C" NOT NULL REFERENCES proposals (id),
    number TEXT COLLATE "C" NOT NULL,
    signed_on DATE NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    vendor_name TEXT NOT NULL,
    vendor_tax_number TEXT,
    value_idr BIGINT NOT NULL,
    spent_idr BIGINT NOT NULL,
    fund_source TEXT COLLATE "C" NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    flags TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL REFERENCES users (id)
);

CREATE TABLE contract_lines (
    contract_id TEXT COLLATE "C" NOT NULL REFERENCES contracts (id),
    line_no BIGINT NOT NULL,
    PRIMARY KEY (contract_id, line_no)
);
CREATE TRIGGER contract_lines_no_update BEFORE UPDATE ON contract_lines FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER contract_lines_no_delete BEFORE DELETE ON contract_lines FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER contract_lines_no_truncate BEFORE TRUNCATE ON contract_lines FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

CREATE TABLE tranche_requests (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    allocation_id TEXT COLLATE "C" NOT NULL REFERENCES allocations (id),
    n BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    total_idr BIGINT NOT NULL,
    requested_at TIMESTAMP NOT NULL,
    requested_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    reviewed_at TIMESTAMP,
    reviewed_by TEXT COLLATE "C" REFERENCES users (id),
    verified_at TIMESTAMP,
    verified_by TEXT COLLATE "C" REFERENCES users (id),
    decided_at TIMESTAMP,
    decided_by TEXT COLLATE "C" REFERENCES users (id),
    payment_number TEXT,
    paid_on DATE,
    reason TEXT,
    version BIGINT NOT NULL
);

CREATE TABLE tranche_items (
    request_id TEXT COLLATE "C" NOT NULL REFERENCES tranche_requests (id),
    proposal_id TEXT COLLATE "C" NOT NULL REFERENCES proposals (id),
    amount_idr BIGINT NOT NULL,
    PRIMARY KEY (request_id, proposal_id)
);
CREATE TRIGGER tranche_items_no_update BEFORE UPDATE ON tranche_items FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER tranche_items_no_delete BEFORE DELETE ON tranche_items FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER tranche_items_no_truncate BEFORE TRUNCATE ON tranche_items FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

-- Payment orders (SP2D): outside facts, recorded as they happened.
CREATE TABLE expenditures (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    proposal_id TEXT COLLATE "C" NOT NULL REFERENCES proposals (id),
    contract_id TEXT COLLATE "C" NOT NULL REFERENCES contracts (id),
    number TEXT COLLATE "C" NOT NULL,
    spent_on DATE NOT NULL,
    amount_idr BIGINT NOT NULL,
    description TEXT NOT NULL,
    flags TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL REFERENCES users (id)
);
CREATE TRIGGER expenditures_no_update BEFORE UPDATE ON expenditures FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER expenditures_no_delete BEFORE DELETE ON expenditures FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER expenditures_no_truncate BEFORE TRUNCATE ON expenditures FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

-- Leftover paid back to the treasury.
CREATE TABLE returns (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    proposal_id TEXT COLLATE "C" NOT NULL REFERENCES proposals (id),
    number TEXT COLLATE "C" NOT NULL,
    returned_on DATE NOT NULL,
    amount_idr BIGINT NOT NULL,
    reason TEXT NOT NULL,
    flags TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL REFERENCES users (id)
);
CREATE TRIGGER returns_no_update BEFORE UPDATE ON returns FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER returns_no_delete BEFORE DELETE ON returns FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER returns_no_truncate BEFORE TRUNCATE ON returns FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

CREATE TABLE reports (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    proposal_id TEXT COLLATE "C" NOT NULL REFERENCES proposals (id),
    kind TEXT COLLATE "C" NOT NULL,
    as_of DATE NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    physical_bp BIGINT NOT NULL,
    output TEXT NOT NULL,
    workforce BIGINT NOT NULL,
    problems TEXT NOT NULL,
    follow_up TEXT NOT NULL,
    figures TEXT,
    submitted_at TIMESTAMP,
    decided_at TIMESTAMP,
    comment TEXT,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL REFERENCES users (id)
);

CREATE TABLE journal_entries (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    proposal_id TEXT COLLATE "C" NOT NULL REFERENCES proposals (id),
    allocation_id TEXT COLLATE "C" NOT NULL REFERENCES allocations (id),
    fiscal_year BIGINT NOT NULL,
    region_code TEXT COLLATE "C" NOT NULL,
    from_account TEXT COLLATE "C" NOT NULL,
    to_account TEXT COLLATE "C" NOT NULL,
    amount_idr BIGINT NOT NULL,
    effective_on DATE NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    source_kind TEXT COLLATE "C" NOT NULL,
    source_id TEXT COLLATE "C" NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL,
    CHECK (amount_idr > 0)
);
CREATE TRIGGER journal_entries_no_update BEFORE UPDATE ON journal_entries FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER journal_entries_no_delete BEFORE DELETE ON journal_entries FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER journal_entries_no_truncate BEFORE TRUNCATE ON journal_entries FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

-- What the journal adds up to, per proposal; kept in the same transaction.
CREATE TABLE balances (
    proposal_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES proposals (id),
    ceiling_idr BIGINT NOT NULL,
    plan_idr BIGINT NOT NULL,
    contracted_idr BIGINT NOT NULL,
    disbursed_idr BIGINT NOT NULL,
    absorbed_idr BIGINT NOT NULL,
    returned_idr BIGINT NOT NULL,
    released_idr BIGINT NOT NULL
);

CREATE UNIQUE INDEX allocations_by_fiscal_year_region_code ON allocations (fiscal_year, region_code);
CREATE INDEX allocations_by_region_code_id ON allocations (region_code, id);
CREATE UNIQUE INDEX activity_plans_by_proposal_id_n ON activity_plans (proposal_id, n);
CREATE UNIQUE INDEX contracts_by_proposal_id_number ON contracts (proposal_id, number);
CREATE INDEX tranche_requests_by_allocation_id_id ON tranche_requests (allocation_id, id);
CREATE INDEX tranche_items_by_proposal_id ON tranche_items (proposal_id);
CREATE UNIQUE INDEX expenditures_by_proposal_id_number ON expenditures (proposal_id, number);
CREATE INDEX expenditures_by_contract_id ON expenditures (contract_id);
CREATE UNIQUE INDEX returns_by_proposal_id_number ON returns (proposal_id, number);
-- A draft, or a report that was sent back, does not keep another from being submitted.
CREATE UNIQUE INDEX reports_by_proposal_id_kind_as_of ON reports (proposal_id, kind, as_of)
    WHERE state IN ('submitted', 'reviewed');
CREATE INDEX reports_by_proposal_id_id ON reports (proposal_id, id);
CREATE INDEX journal_entries_by_proposal_id_id ON journal_entries (proposal_id, id);
CREATE INDEX journal_entries_by_allocation_id_id ON journal_entries (allocation_id, id);
CREATE INDEX journal_entries_by_fiscal_year_id ON journal_entries (fiscal_year, id);
CREATE INDEX journal_entries_by_source_kind_source_id ON journal_entries (source_kind, source_id);

CREATE TABLE centres (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    region_code TEXT COLLATE "C" NOT NULL REFERENCES regions (code),
    name TEXT NOT NULL,
    commodity TEXT NOT NULL,
    kbli TEXT COLLATE "C",
    village TEXT NOT NULL,
    district TEXT NOT NULL,
    latitude DOUBLE PRECISION,
    longitude DOUBLE PRECISION,
    decree_number TEXT,
    decree_date DATE,
    provisional BOOLEAN NOT NULL,
    households_in_village BIGINT NOT NULL,
    households_in_business BIGINT NOT NULL,
    organised BOOLEAN NOT NULL,
    known_to_public BOOLEAN NOT NULL,
    businesses BIGINT NOT NULL,
    members BIGINT NOT NULL,
    administrators BIGINT NOT NULL,
    manager TEXT,
    technical_service_unit TEXT,
    outcome_class TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL REFERENCES users (id)
);

CREATE TABLE proposals (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    menu TEXT COLLATE "C" NOT NULL,
    fiscal_year BIGINT NOT NULL,
    region_code TEXT COLLATE "C" NOT NULL REFERENCES regions (code),
    province_code TEXT COLLATE "C" NOT NULL REFERENCES regions (code),
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    commodity TEXT NOT NULL,
    outcome_class TEXT COLLATE "C" NOT NULL,
    centre_id TEXT COLLATE "C" REFERENCES centres (id),
    site_street TEXT NOT NULL,
    site_village TEXT NOT NULL,
    site_district TEXT NOT NULL,
    latitude DOUBLE PRECISION,
    longitude DOUBLE PRECISION,
    baseline TEXT,
    design_firm_name TEXT,
    design_firm_tax_number TEXT,
    state TEXT COLLATE "C" NOT NULL,
    state_since TIMESTAMP NOT NULL,
    returned BOOLEAN NOT NULL,
    policy_version BIGINT,
    line_count BIGINT NOT NULL,
    builds_anew BOOLEAN NOT NULL,
    total_idr BIGINT NOT NULL,
    supporting_idr BIGINT NOT NULL,
    approved_idr BIGINT NOT NULL,
    adverse_advice BOOLEAN NOT NULL,
    agreement_proposed BOOLEAN NOT NULL,
    due_on DATE,
    allocation_id TEXT COLLATE "C",
    lump_sum_recommended BOOLEAN NOT NULL,
    handover_on DATE,
    handover_value_idr BIGINT,
    operating_since DATE,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE proposal_lines (
    proposal_id TEXT COLLATE "C" NOT NULL REFERENCES proposals (id),
    line_no BIGINT NOT NULL,
    component TEXT COLLATE "C" NOT NULL,
    description TEXT NOT NULL,
    builds_anew BOOLEAN NOT NULL,
    volume_thousandths BIGINT NOT NULL,
    unit TEXT NOT NULL,
    unit_cost_idr BIGINT NOT NULL,
    amount_idr BIGINT NOT NULL,
    fund_source TEXT COLLATE "C" NOT NULL,
    gap TEXT,
    agreed_volume_thousandths BIGINT,
    agreed_idr BIGINT,
    agreed_reason TEXT,
    approved_volume_thousandths BIGINT,
    approved_idr BIGINT,
    approved_reason TEXT,
    PRIMARY KEY (proposal_id, line_no)
);

CREATE TABLE conditions (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    proposal_id TEXT COLLATE "C" NOT NULL REFERENCES proposals (id),
    source TEXT COLLATE "C" NOT NULL,
    text TEXT NOT NULL,
    set_at TIMESTAMP NOT NULL,
    set_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    lifted_at TIMESTAMP,
    lifted_by TEXT COLLATE "C" REFERENCES users (id),
    evidence TEXT,
    version BIGINT NOT NULL
);

-- Who took part in which duty: what four eyes looks at, for the whole life of a proposal.
CREATE TABLE participations (
    proposal_id TEXT COLLATE "C" NOT NULL REFERENCES proposals (id),
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    duty TEXT COLLATE "C" NOT NULL,
    first_at TIMESTAMP NOT NULL,
    PRIMARY KEY (proposal_id, user_id, duty)
);
CREATE TRIGGER participations_no_update BEFORE UPDATE ON participations FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER participations_no_delete BEFORE DELETE ON participations FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER participations_no_truncate BEFORE TRUNCATE ON participations FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

CREATE INDEX centres_by_region_code_id ON centres (region_code, id);
CREATE INDEX proposals_by_region_code_id ON proposals (region_code, id);
CREATE INDEX proposals_by_province_code_id ON proposals (province_code, id);
CREATE INDEX proposals_by_state_id ON proposals (state, id);
CREATE INDEX proposals_by_fiscal_year_state_id ON proposals (fiscal_year, state, id);
CREATE INDEX proposals_by_allocation_id_id ON proposals (allocation_id, id);
CREATE INDEX proposals_by_centre_id ON proposals (centre_id);
CREATE INDEX conditions_by_proposal_id ON conditions (proposal_id);
CREATE INDEX participations_by_user_id ON participations (user_id);

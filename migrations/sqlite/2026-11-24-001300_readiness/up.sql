-- That a proposal goes on without a document.
CREATE TABLE waivers (
    id TEXT NOT NULL PRIMARY KEY,
    proposal_id TEXT NOT NULL REFERENCES proposals (id),
    document_type TEXT NOT NULL,
    reason TEXT NOT NULL,
    granted_by TEXT NOT NULL REFERENCES users (id),
    granted_at TIMESTAMP NOT NULL,
    revoked_by TEXT REFERENCES users (id),
    revoked_at TIMESTAMP,
    revoked_reason TEXT,
    version BIGINT NOT NULL
);
CREATE INDEX waivers_by_proposal_id_id ON waivers (proposal_id, id);

-- What a revitalisation's centre lacks, as its condition survey found: a JSON list of codes and descriptions.
ALTER TABLE proposals ADD COLUMN gaps TEXT NOT NULL DEFAULT '[]';

-- Money that a centre got from elsewhere: the region's or the state's own budget, the non-physical DAK.
CREATE TABLE centre_fundings (
    id TEXT NOT NULL PRIMARY KEY,
    centre_id TEXT NOT NULL REFERENCES centres (id),
    fiscal_year BIGINT NOT NULL,
    fund_source TEXT NOT NULL,
    component TEXT NOT NULL,
    description TEXT NOT NULL,
    amount_idr BIGINT NOT NULL,
    legal_basis TEXT NOT NULL,
    recorded_by TEXT NOT NULL REFERENCES users (id),
    recorded_at TIMESTAMP NOT NULL,
    withdrawn_by TEXT REFERENCES users (id),
    withdrawn_at TIMESTAMP,
    withdrawn_reason TEXT,
    version BIGINT NOT NULL
);
CREATE INDEX centre_fundings_by_centre_id_id ON centre_fundings (centre_id, id);

-- What the region says to a warning of double funding; the last one counts.
CREATE TABLE funding_answers (
    id TEXT NOT NULL PRIMARY KEY,
    proposal_id TEXT NOT NULL REFERENCES proposals (id),
    warning TEXT NOT NULL,
    asked_idr BIGINT NOT NULL,
    other_idr BIGINT NOT NULL,
    answer TEXT NOT NULL,
    answered_by TEXT NOT NULL REFERENCES users (id),
    answered_at TIMESTAMP NOT NULL
);
CREATE INDEX funding_answers_by_proposal_id_id ON funding_answers (proposal_id, id);
CREATE TRIGGER funding_answers_no_update BEFORE UPDATE ON funding_answers BEGIN SELECT RAISE(ABORT, 'funding_answers is append-only'); END;
CREATE TRIGGER funding_answers_no_delete BEFORE DELETE ON funding_answers BEGIN SELECT RAISE(ABORT, 'funding_answers is append-only'); END;

-- In which role a document was brought, and where the proposal stood; unknown of older ones.
ALTER TABLE documents ADD COLUMN uploaded_role TEXT;
ALTER TABLE documents ADD COLUMN uploaded_in TEXT;

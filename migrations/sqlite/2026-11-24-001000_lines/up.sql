-- What the province's verifier says of a line, and how the ministry's reviewer assesses it. Earlier ones stand in revisions.
ALTER TABLE proposal_lines ADD COLUMN flag TEXT;
ALTER TABLE proposal_lines ADD COLUMN flag_words TEXT;
ALTER TABLE proposal_lines ADD COLUMN flagged_by TEXT REFERENCES users (id);
ALTER TABLE proposal_lines ADD COLUMN flagged_at TIMESTAMP;
ALTER TABLE proposal_lines ADD COLUMN assessed_technical BIGINT;
ALTER TABLE proposal_lines ADD COLUMN assessed_technical_words TEXT;
ALTER TABLE proposal_lines ADD COLUMN assessed_output_target BIGINT;
ALTER TABLE proposal_lines ADD COLUMN assessed_output_target_words TEXT;
ALTER TABLE proposal_lines ADD COLUMN assessed_unit_price BIGINT;
ALTER TABLE proposal_lines ADD COLUMN assessed_unit_price_words TEXT;
ALTER TABLE proposal_lines ADD COLUMN assessed_readiness BIGINT;
ALTER TABLE proposal_lines ADD COLUMN assessed_readiness_words TEXT;
ALTER TABLE proposal_lines ADD COLUMN assessed_volume_thousandths BIGINT;
ALTER TABLE proposal_lines ADD COLUMN assessed_idr BIGINT;
ALTER TABLE proposal_lines ADD COLUMN assessed_reason TEXT;
ALTER TABLE proposal_lines ADD COLUMN assessed_by TEXT REFERENCES users (id);
ALTER TABLE proposal_lines ADD COLUMN assessed_at TIMESTAMP;

-- What the lines come to, beside what they ask for.
ALTER TABLE proposals ADD COLUMN assessed_idr BIGINT NOT NULL DEFAULT 0;
ALTER TABLE proposals ADD COLUMN agreed_idr BIGINT NOT NULL DEFAULT 0;
UPDATE proposals SET agreed_idr = (SELECT CAST(COALESCE(SUM(agreed_idr), 0) AS BIGINT) FROM proposal_lines WHERE proposal_id = proposals.id AND fund_source = 'DAK');

-- What waits, the oldest first.
CREATE INDEX proposals_by_state_state_since_id ON proposals (state, state_since, id);
CREATE INDEX proposals_by_state_since_id ON proposals (state_since, id);

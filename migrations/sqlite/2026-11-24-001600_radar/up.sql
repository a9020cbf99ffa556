-- The state that a forfeited proposal left: where it goes back to when it is revived.
ALTER TABLE proposals ADD COLUMN forfeited_from TEXT;
UPDATE proposals SET forfeited_from = (
    SELECT json_extract(e.content, '$.before.state') FROM audit_events e
    WHERE e.proposal_id = proposals.id AND e.action = 'proposal.forfeit' AND e.outcome = 'done'
    ORDER BY e.id DESC LIMIT 1
) WHERE state = 'forfeited';

-- Audit holds: while one is not lifted, the proposal is not paid and not closed.
CREATE TABLE holds (
    id TEXT NOT NULL PRIMARY KEY,
    proposal_id TEXT NOT NULL REFERENCES proposals (id),
    reason TEXT NOT NULL,
    set_at TIMESTAMP NOT NULL,
    set_by TEXT NOT NULL REFERENCES users (id),
    lifted_at TIMESTAMP,
    lifted_by TEXT REFERENCES users (id),
    lifted_reason TEXT,
    version BIGINT NOT NULL
);
CREATE INDEX holds_by_proposal_id_id ON holds (proposal_id, id);

-- The hold for which a payment left a proposal out; absent where it could not be paid any more.
ALTER TABLE tranche_omissions ADD COLUMN hold_id TEXT;

-- Why an approved plan is changed.
ALTER TABLE activity_plans ADD COLUMN change_reason TEXT;
-- What is to be there at the end of one line, and which activity a supporting line pays for.
ALTER TABLE plan_lines ADD COLUMN target_output TEXT NOT NULL DEFAULT '';
ALTER TABLE plan_lines ADD COLUMN supporting_activity TEXT;

-- Proposals that a request for a tranche does not pay any more, since they can't be paid where they stand now.
CREATE TABLE tranche_omissions (
    request_id TEXT COLLATE "C" NOT NULL REFERENCES tranche_requests (id),
    proposal_id TEXT COLLATE "C" NOT NULL REFERENCES proposals (id),
    amount_idr BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    reason TEXT,
    event_id TEXT COLLATE "C" NOT NULL,
    left_out_at TIMESTAMP NOT NULL,
    PRIMARY KEY (request_id, proposal_id)
);
CREATE INDEX tranche_omissions_by_proposal_id ON tranche_omissions (proposal_id);
CREATE TRIGGER tranche_omissions_no_update BEFORE UPDATE ON tranche_omissions FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER tranche_omissions_no_delete BEFORE DELETE ON tranche_omissions FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER tranche_omissions_no_truncate BEFORE TRUNCATE ON tranche_omissions FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

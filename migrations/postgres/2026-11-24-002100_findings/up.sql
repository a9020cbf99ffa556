-- What auditors found: by their number in the proposal. What was claimed and what was found in its place go together.
CREATE TABLE findings (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    proposal_id TEXT COLLATE "C" NOT NULL REFERENCES proposals (id),
    n BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    -- What of the proposal it is about: something recorded, a place in the proposal, or neither.
    about_kind TEXT COLLATE "C",
    about_id TEXT COLLATE "C",
    pointer TEXT,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    criterion TEXT NOT NULL,
    cause TEXT NOT NULL,
    effect TEXT NOT NULL,
    claimed_idr BIGINT,
    found_idr BIGINT,
    recommendation TEXT NOT NULL,
    due_on DATE NOT NULL,
    hold_id TEXT COLLATE "C" REFERENCES holds (id),
    state TEXT COLLATE "C" NOT NULL,
    -- Since when it stands so.
    state_since TIMESTAMP NOT NULL,
    opened_at TIMESTAMP NOT NULL,
    opened_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    outcome TEXT COLLATE "C",
    settled_idr BIGINT,
    closed_reason TEXT,
    closed_at TIMESTAMP,
    closed_by TEXT COLLATE "C",
    version BIGINT NOT NULL,
    CHECK ((about_kind IS NULL) = (about_id IS NULL)),
    CHECK ((claimed_idr IS NULL) = (found_idr IS NULL))
);
CREATE UNIQUE INDEX findings_by_proposal_id_n ON findings (proposal_id, n);
CREATE INDEX findings_by_state_proposal_id ON findings (state, proposal_id);

-- What a finding rests on.
CREATE TABLE finding_documents (
    finding_id TEXT COLLATE "C" NOT NULL REFERENCES findings (id),
    document_id TEXT COLLATE "C" NOT NULL REFERENCES documents (id),
    PRIMARY KEY (finding_id, document_id)
);
CREATE TRIGGER finding_documents_no_update BEFORE UPDATE ON finding_documents FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER finding_documents_no_delete BEFORE DELETE ON finding_documents FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER finding_documents_no_truncate BEFORE TRUNCATE ON finding_documents FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

-- What was said of a finding afterwards: the region's follow-ups, and why the auditor was not content with one.
CREATE TABLE follow_ups (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    finding_id TEXT COLLATE "C" NOT NULL REFERENCES findings (id),
    side TEXT COLLATE "C" NOT NULL,
    text TEXT NOT NULL,
    amount_idr BIGINT,
    -- The new date that the auditor set.
    due_on DATE,
    said_at TIMESTAMP NOT NULL,
    said_by TEXT COLLATE "C" NOT NULL REFERENCES users (id)
);
CREATE INDEX follow_ups_by_finding_id_id ON follow_ups (finding_id, id);
CREATE TRIGGER follow_ups_no_update BEFORE UPDATE ON follow_ups FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER follow_ups_no_delete BEFORE DELETE ON follow_ups FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER follow_ups_no_truncate BEFORE TRUNCATE ON follow_ups FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

-- What shows that it was done.
CREATE TABLE follow_up_documents (
    follow_up_id TEXT COLLATE "C" NOT NULL REFERENCES follow_ups (id),
    document_id TEXT COLLATE "C" NOT NULL REFERENCES documents (id),
    PRIMARY KEY (follow_up_id, document_id)
);
CREATE TRIGGER follow_up_documents_no_update BEFORE UPDATE ON follow_up_documents FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER follow_up_documents_no_delete BEFORE DELETE ON follow_up_documents FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER follow_up_documents_no_truncate BEFORE TRUNCATE ON follow_up_documents FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

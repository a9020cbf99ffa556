-- Reminders of deadlines: a step of a ladder over one deadline of one proposal, or of one allocation, taken once. A deadline
-- that is moved is another. Steps whose time passed unused are kept beside the one that stood for them.
CREATE TABLE reminders (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    proposal_id TEXT COLLATE "C" REFERENCES proposals (id),
    allocation_id TEXT COLLATE "C" REFERENCES allocations (id),
    kind TEXT COLLATE "C" NOT NULL,
    -- The tranche, or the quarter; 0 where there is none.
    n BIGINT NOT NULL,
    due_at TIMESTAMP NOT NULL,
    zone TEXT COLLATE "C" NOT NULL,
    -- In working days from the deadline; below zero before it.
    step BIGINT NOT NULL,
    collapsed BOOLEAN NOT NULL,
    -- Roles, as JSON.
    tells TEXT NOT NULL,
    at_risk_idr BIGINT NOT NULL,
    notice_id TEXT COLLATE "C" NOT NULL REFERENCES notices (id),
    event_id TEXT COLLATE "C" NOT NULL,
    reminded_at TIMESTAMP NOT NULL,
    CHECK ((proposal_id IS NULL) <> (allocation_id IS NULL))
);
CREATE UNIQUE INDEX reminders_by_proposal_id_kind_n_due_at_step ON reminders (proposal_id, kind, n, due_at, step);
CREATE UNIQUE INDEX reminders_by_allocation_id_kind_n_due_at_step ON reminders (allocation_id, kind, n, due_at, step);
CREATE TRIGGER reminders_no_update BEFORE UPDATE ON reminders FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER reminders_no_delete BEFORE DELETE ON reminders FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER reminders_no_truncate BEFORE TRUNCATE ON reminders FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

-- What reviewers ask the region to change, one row for each numbered item.
CREATE TABLE change_requests (
    id TEXT NOT NULL PRIMARY KEY,
    proposal_id TEXT NOT NULL REFERENCES proposals (id),
    n BIGINT NOT NULL,
    pointer TEXT NOT NULL,
    comment TEXT NOT NULL,
    state TEXT NOT NULL,
    rounds BIGINT NOT NULL,
    asked_role TEXT NOT NULL,
    asked_by TEXT NOT NULL REFERENCES users (id),
    asked_at TIMESTAMP NOT NULL,
    asked_version BIGINT NOT NULL,
    answer TEXT,
    answered_by TEXT REFERENCES users (id),
    answered_at TIMESTAMP,
    decided_by TEXT REFERENCES users (id),
    decided_at TIMESTAMP,
    decision_comment TEXT,
    accepted_version BIGINT,
    accepted_value TEXT,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX change_requests_by_proposal_id_n ON change_requests (proposal_id, n);

-- What each side said to each line when volumes and amounts were agreed.
CREATE TABLE line_agreements (
    id TEXT NOT NULL PRIMARY KEY,
    proposal_id TEXT NOT NULL REFERENCES proposals (id),
    event_id TEXT NOT NULL,
    line_no BIGINT NOT NULL,
    side TEXT NOT NULL,
    agrees BOOLEAN NOT NULL,
    volume_thousandths BIGINT,
    amount_idr BIGINT,
    words TEXT,
    said_by TEXT NOT NULL REFERENCES users (id),
    said_at TIMESTAMP NOT NULL
);
CREATE INDEX line_agreements_by_proposal_id_id ON line_agreements (proposal_id, id);
CREATE TRIGGER line_agreements_no_update BEFORE UPDATE ON line_agreements BEGIN SELECT RAISE(ABORT, 'line_agreements is append-only'); END;
CREATE TRIGGER line_agreements_no_delete BEFORE DELETE ON line_agreements BEGIN SELECT RAISE(ABORT, 'line_agreements is append-only'); END;

-- Whether a line, an amount or the site was changed since the clarification was asked for.
ALTER TABLE proposals ADD COLUMN works_changed BOOLEAN NOT NULL DEFAULT FALSE;

DROP INDEX revisions_by_subject_kind_subject_id_id;
CREATE UNIQUE INDEX revisions_by_subject_kind_subject_id_version ON revisions (subject_kind, subject_id, version);

-- Who reviews a proposal; while nobody is assigned, every reviewer may.
CREATE TABLE assignments (
    id TEXT NOT NULL PRIMARY KEY,
    proposal_id TEXT NOT NULL REFERENCES proposals (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    assigned_by TEXT NOT NULL REFERENCES users (id),
    assigned_at TIMESTAMP NOT NULL,
    ended_by TEXT REFERENCES users (id),
    ended_at TIMESTAMP,
    version BIGINT NOT NULL
);
CREATE INDEX assignments_by_proposal_id_id ON assignments (proposal_id, id);
CREATE INDEX assignments_by_user_id_proposal_id ON assignments (user_id, proposal_id);

-- Who declared a conflict of interest, and so does nothing more with a proposal than read it.
CREATE TABLE conflicts (
    id TEXT NOT NULL PRIMARY KEY,
    proposal_id TEXT NOT NULL REFERENCES proposals (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    reason TEXT NOT NULL,
    declared_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX conflicts_by_proposal_id_user_id ON conflicts (proposal_id, user_id);
CREATE INDEX conflicts_by_user_id_proposal_id ON conflicts (user_id, proposal_id);
CREATE TRIGGER conflicts_no_update BEFORE UPDATE ON conflicts BEGIN SELECT RAISE(ABORT, 'conflicts is append-only'); END;
CREATE TRIGGER conflicts_no_delete BEFORE DELETE ON conflicts BEGIN SELECT RAISE(ABORT, 'conflicts is append-only'); END;

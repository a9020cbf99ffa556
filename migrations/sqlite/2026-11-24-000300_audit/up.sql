CREATE TABLE audit_events (
    id TEXT NOT NULL PRIMARY KEY,
    at TIMESTAMP NOT NULL,
    actor_id TEXT,
    actor_role TEXT,
    grant_id TEXT,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    proposal_id TEXT,
    region_code TEXT,
    content TEXT NOT NULL,
    request_id TEXT NOT NULL
);
CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END;
CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END;

-- What the sealer has still to seal; written with the event.
CREATE TABLE audit_pending (
    event_id TEXT NOT NULL PRIMARY KEY
);

-- Personal values stand here, erasable; the event holds only their salted commitment.
CREATE TABLE audit_personal (
    event_id TEXT NOT NULL,
    field TEXT NOT NULL,
    salt TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (event_id, field)
);
CREATE TRIGGER audit_personal_no_update BEFORE UPDATE ON audit_personal BEGIN SELECT RAISE(ABORT, 'audit_personal is append-only'); END;

-- Every version of every mutable row, with the event that made it.
CREATE TABLE revisions (
    id TEXT NOT NULL PRIMARY KEY,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    event_id TEXT NOT NULL,
    content TEXT NOT NULL
);
CREATE TRIGGER revisions_no_update BEFORE UPDATE ON revisions BEGIN SELECT RAISE(ABORT, 'revisions is append-only'); END;
CREATE TRIGGER revisions_no_delete BEFORE DELETE ON revisions BEGIN SELECT RAISE(ABORT, 'revisions is append-only'); END;

CREATE TABLE idempotency_keys (
    user_id TEXT NOT NULL REFERENCES users (id),
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status BIGINT,
    etag TEXT,
    location TEXT,
    body TEXT,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, key)
);

CREATE INDEX audit_events_by_subject_kind_subject_id_id ON audit_events (subject_kind, subject_id, id);
CREATE INDEX audit_events_by_proposal_id_id ON audit_events (proposal_id, id);
CREATE INDEX audit_events_by_actor_id_id ON audit_events (actor_id, id);
CREATE INDEX revisions_by_subject_kind_subject_id_id ON revisions (subject_kind, subject_id, id);
CREATE INDEX revisions_by_event_id ON revisions (event_id);
CREATE INDEX idempotency_keys_by_created_at ON idempotency_keys (created_at);

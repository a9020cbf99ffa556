CREATE TABLE audit_events (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at TIMESTAMP NOT NULL,
    actor_id TEXT COLLATE "C",
    actor_role TEXT COLLATE "C",
    grant_id TEXT COLLATE "C",
    action TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    subject_kind TEXT COLLATE "C" NOT NULL,
    subject_id TEXT COLLATE "C" NOT NULL,
    proposal_id TEXT COLLATE "C",
    region_code TEXT COLLATE "C",
    content TEXT NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL
);
CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON audit_events FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

-- What the sealer has still to seal; written with the event.
CREATE TABLE audit_pending (
    event_id TEXT COLLATE "C" NOT NULL PRIMARY KEY
);

-- Personal values stand here, erasable; the event holds only their salted commitment.
CREATE TABLE audit_personal (
    event_id TEXT COLLATE "C" NOT NULL,
    field TEXT COLLATE "C" NOT NULL,
    salt TEXT COLLATE "C" NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (event_id, field)
);
CREATE TRIGGER audit_personal_no_update BEFORE UPDATE ON audit_personal FOR EACH ROW EXECUTE FUNCTION sentra_append_only();

-- Every version of every mutable row, with the event that made it.
CREATE TABLE revisions (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    subject_kind TEXT COLLATE "C" NOT NULL,
    subject_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL,
    content TEXT NOT NULL
);
CREATE TRIGGER revisions_no_update BEFORE UPDATE ON revisions FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER revisions_no_delete BEFORE DELETE ON revisions FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER revisions_no_truncate BEFORE TRUNCATE ON revisions FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

CREATE TABLE idempotency_keys (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    key TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT COLLATE "C" NOT NULL,
    status BIGINT,
    etag TEXT COLLATE "C",
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

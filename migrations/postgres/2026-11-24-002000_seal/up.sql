-- The order in which events were sealed, dense from 1: the leaf of each, and the chain up to it, both as SHA-256 in
-- hexadecimal. What a list of events is narrowed by stands here once more, so that its indexes cost the sealer, not writers.
CREATE TABLE audit_seals (
    seq BIGINT NOT NULL PRIMARY KEY,
    event_id TEXT COLLATE "C" NOT NULL,
    leaf TEXT NOT NULL,
    hash TEXT NOT NULL,
    sealed_at TIMESTAMP NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    actor_id TEXT COLLATE "C",
    region_code TEXT COLLATE "C"
);
CREATE TRIGGER audit_seals_no_update BEFORE UPDATE ON audit_seals FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER audit_seals_no_delete BEFORE DELETE ON audit_seals FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER audit_seals_no_truncate BEFORE TRUNCATE ON audit_seals FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

-- Roots of whole subtrees of 256 leaves (level 1), of 256 of those (level 2), and so on.
CREATE TABLE audit_tiles (
    level BIGINT NOT NULL,
    position BIGINT NOT NULL,
    root TEXT NOT NULL,
    PRIMARY KEY (level, position)
);
CREATE TRIGGER audit_tiles_no_update BEFORE UPDATE ON audit_tiles FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER audit_tiles_no_delete BEFORE DELETE ON audit_tiles FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER audit_tiles_no_truncate BEFORE TRUNCATE ON audit_tiles FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

-- Signed notes of the tree at a size (C2SP); the same leave the database as files and by mail.
CREATE TABLE audit_checkpoints (
    size BIGINT NOT NULL PRIMARY KEY,
    root TEXT NOT NULL,
    note TEXT NOT NULL,
    made_at TIMESTAMP NOT NULL
);
CREATE TRIGGER audit_checkpoints_no_update BEFORE UPDATE ON audit_checkpoints FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER audit_checkpoints_no_delete BEFORE DELETE ON audit_checkpoints FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER audit_checkpoints_no_truncate BEFORE TRUNCATE ON audit_checkpoints FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

-- The public keys that notes were signed with, as C2SP verifier keys. The private ones are never here.
CREATE TABLE audit_keys (
    verifier_key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    first_used_at TIMESTAMP NOT NULL
);
CREATE TRIGGER audit_keys_no_update BEFORE UPDATE ON audit_keys FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER audit_keys_no_delete BEFORE DELETE ON audit_keys FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER audit_keys_no_truncate BEFORE TRUNCATE ON audit_keys FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

-- One row: how far events are sealed. Whoever seals raises the fence first, and so comes after whoever did before.
CREATE TABLE audit_sealer (
    id BIGINT NOT NULL PRIMARY KEY,
    origin TEXT NOT NULL,
    fence BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    last_hash TEXT NOT NULL,
    sealed_through TIMESTAMP NOT NULL,
    CHECK (id = 1)
);
INSERT INTO audit_sealer (id, origin, fence, last_seq, last_hash, sealed_through)
SELECT 1, 'sentra-' || substr(replace(gen_random_uuid()::TEXT, '-', ''), 1, 16), 0, 0, '0000000000000000000000000000000000000000000000000000000000000000', '1970-01-01 00:00:00';

CREATE UNIQUE INDEX audit_seals_by_event_id ON audit_seals (event_id);
CREATE INDEX audit_seals_by_sealed_at_seq ON audit_seals (sealed_at, seq);
CREATE INDEX audit_seals_by_action_seq ON audit_seals (action, seq);
CREATE INDEX audit_seals_by_actor_id_seq ON audit_seals (actor_id, seq);
CREATE INDEX audit_seals_by_region_code_seq ON audit_seals (region_code, seq);
CREATE INDEX journal_entries_by_event_id ON journal_entries (event_id);

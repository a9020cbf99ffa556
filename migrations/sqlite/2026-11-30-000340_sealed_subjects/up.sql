-- What kind of thing an event is about stands beside its place in the trail, as all does by which events are listed alone: by
-- the events' own index each page sorted all of the kind.
ALTER TABLE audit_seals ADD COLUMN subject_kind TEXT NOT NULL DEFAULT '';
DROP TRIGGER audit_seals_no_update;
UPDATE audit_seals SET subject_kind =
    COALESCE((SELECT e.subject_kind FROM audit_events e WHERE e.id = audit_seals.event_id), '');
CREATE TRIGGER audit_seals_no_update BEFORE UPDATE ON audit_seals BEGIN SELECT RAISE(ABORT, 'audit_seals is append-only'); END;
CREATE INDEX audit_seals_by_subject_kind_seq ON audit_seals (subject_kind, seq);

-- How an attempt ended stands beside its place in the trail, as all does by which events are listed. Its index leads to the
-- few that were refused in the order of the list; by the events' own, each page sorted all of them, or walked the whole trail.
ALTER TABLE audit_seals ADD COLUMN outcome TEXT NOT NULL DEFAULT 'done';
DROP TRIGGER audit_seals_no_update;
UPDATE audit_seals SET outcome = 'refused' WHERE event_id IN (SELECT id FROM audit_events WHERE outcome = 'refused');
CREATE TRIGGER audit_seals_no_update BEFORE UPDATE ON audit_seals BEGIN SELECT RAISE(ABORT, 'audit_seals is append-only'); END;
CREATE INDEX audit_seals_refused_by_seq ON audit_seals (seq) WHERE outcome = 'refused';
DROP INDEX audit_events_refused_by_id;

DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit_events) THEN
        RAISE EXCEPTION 'audit rows exist: this database is not taken down';
    END IF;
END;
$$;
DROP TABLE conflicts;
DROP TABLE assignments;
DROP INDEX revisions_by_subject_kind_subject_id_version;
CREATE INDEX revisions_by_subject_kind_subject_id_id ON revisions (subject_kind, subject_id, id);
ALTER TABLE proposals DROP COLUMN works_changed;
DROP TABLE line_agreements;
DROP TABLE change_requests;

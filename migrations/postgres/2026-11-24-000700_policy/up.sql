-- Decrees: values that take the place of a policy's, in some regions or in all, from a moment on.
CREATE TABLE decrees (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    fiscal_year BIGINT NOT NULL,
    number TEXT NOT NULL,
    dated_on DATE NOT NULL,
    reason TEXT NOT NULL,
    regions TEXT COLLATE "C" NOT NULL,
    changes TEXT NOT NULL,
    effective_from TIMESTAMP NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    recorded_by TEXT COLLATE "C" NOT NULL REFERENCES users (id)
);

CREATE TRIGGER decrees_no_update BEFORE UPDATE ON decrees FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER decrees_no_delete BEFORE DELETE ON decrees FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER decrees_no_truncate BEFORE TRUNCATE ON decrees FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

CREATE INDEX decrees_by_fiscal_year_effective_from_id ON decrees (fiscal_year, effective_from, id);

-- The theme (tematik) under which a proposal is made, in years that have themes.
ALTER TABLE proposals ADD COLUMN theme TEXT COLLATE "C";

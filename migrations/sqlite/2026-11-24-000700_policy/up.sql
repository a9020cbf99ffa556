-- Decrees: values that take the place of a policy's, in some regions or in all, from a moment on.
CREATE TABLE decrees (
    id TEXT NOT NULL PRIMARY KEY,
    fiscal_year BIGINT NOT NULL,
    number TEXT NOT NULL,
    dated_on DATE NOT NULL,
    reason TEXT NOT NULL,
    regions TEXT NOT NULL,
    changes TEXT NOT NULL,
    effective_from TIMESTAMP NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    recorded_by TEXT NOT NULL REFERENCES users (id)
);
CREATE TRIGGER decrees_no_update BEFORE UPDATE ON decrees BEGIN SELECT RAISE(ABORT, 'decrees is append-only'); END;
CREATE TRIGGER decrees_no_delete BEFORE DELETE ON decrees BEGIN SELECT RAISE(ABORT, 'decrees is append-only'); END;

CREATE INDEX decrees_by_fiscal_year_effective_from_id ON decrees (fiscal_year, effective_from, id);

-- The theme (tematik) under which a proposal is made, in years that have themes.
ALTER TABLE proposals ADD COLUMN theme TEXT;

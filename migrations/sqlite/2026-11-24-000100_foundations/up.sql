-- Reference data, settings of this database, and the policies by fiscal year.
CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE regions (
    code TEXT NOT NULL PRIMARY KEY,
    level TEXT NOT NULL,
    province_code TEXT NOT NULL REFERENCES regions (code),
    name TEXT NOT NULL,
    autonomous BOOLEAN NOT NULL
);

CREATE TABLE policies (
    id TEXT NOT NULL PRIMARY KEY,
    fiscal_year BIGINT NOT NULL,
    version BIGINT NOT NULL,
    document TEXT NOT NULL,
    published_at TIMESTAMP NOT NULL,
    published_by TEXT
);
CREATE TRIGGER policies_no_update BEFORE UPDATE ON policies BEGIN SELECT RAISE(ABORT, 'policies is append-only'); END;
CREATE TRIGGER policies_no_delete BEFORE DELETE ON policies BEGIN SELECT RAISE(ABORT, 'policies is append-only'); END;

CREATE INDEX regions_by_province_code_code ON regions (province_code, code);
CREATE UNIQUE INDEX policies_by_fiscal_year_version ON policies (fiscal_year, version);

CREATE FUNCTION sentra_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END;
$$;

-- Reference data, settings of this database, and the policies by fiscal year.
CREATE TABLE settings (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE regions (
    code TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    level TEXT COLLATE "C" NOT NULL,
    province_code TEXT COLLATE "C" NOT NULL REFERENCES regions (code),
    name TEXT NOT NULL,
    autonomous BOOLEAN NOT NULL
);

CREATE TABLE policies (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    fiscal_year BIGINT NOT NULL,
    version BIGINT NOT NULL,
    document TEXT NOT NULL,
    published_at TIMESTAMP NOT NULL,
    published_by TEXT COLLATE "C"
);
CREATE TRIGGER policies_no_update BEFORE UPDATE ON policies FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER policies_no_delete BEFORE DELETE ON policies FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER policies_no_truncate BEFORE TRUNCATE ON policies FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

CREATE INDEX regions_by_province_code_code ON regions (province_code, code);
CREATE UNIQUE INDEX policies_by_fiscal_year_version ON policies (fiscal_year, version);

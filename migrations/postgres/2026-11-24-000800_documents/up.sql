-- Documents of proposals. The bytes are in the object store, under object_key; a row is there only when they are.
CREATE TABLE documents (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    proposal_id TEXT COLLATE "C" NOT NULL REFERENCES proposals (id),
    document_type TEXT COLLATE "C" NOT NULL,
    title TEXT,
    number TEXT,
    issued_on DATE,
    valid_until DATE,
    line_no BIGINT,
    file_name TEXT NOT NULL,
    media_type TEXT COLLATE "C" NOT NULL,
    size_bytes BIGINT NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    object_key TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    superseded_by TEXT COLLATE "C" REFERENCES documents (id),
    uploaded_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    uploaded_at TIMESTAMP NOT NULL,
    taken_at TIMESTAMP,
    latitude DOUBLE PRECISION,
    longitude DOUBLE PRECISION,
    flags TEXT NOT NULL,
    version BIGINT NOT NULL
);

CREATE INDEX documents_by_proposal_id_id ON documents (proposal_id, id);
CREATE INDEX documents_by_sha256_id ON documents (sha256, id);
CREATE INDEX documents_by_status_id ON documents (status, id);
CREATE UNIQUE INDEX documents_by_object_key ON documents (object_key);

-- Documents of proposals. The bytes are in the object store, under object_key; a row is there only when they are.
CREATE TABLE documents (
    id TEXT NOT NULL PRIMARY KEY,
    proposal_id TEXT NOT NULL REFERENCES proposals (id),
    document_type TEXT NOT NULL,
    title TEXT,
    number TEXT,
    issued_on DATE,
    valid_until DATE,
    line_no BIGINT,
    file_name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    object_key TEXT NOT NULL,
    status TEXT NOT NULL,
    superseded_by TEXT REFERENCES documents (id),
    uploaded_by TEXT NOT NULL REFERENCES users (id),
    uploaded_at TIMESTAMP NOT NULL,
    taken_at TIMESTAMP,
    latitude DOUBLE,
    longitude DOUBLE,
    flags TEXT NOT NULL,
    version BIGINT NOT NULL
);

CREATE INDEX documents_by_proposal_id_id ON documents (proposal_id, id);
CREATE INDEX documents_by_sha256_id ON documents (sha256, id);
CREATE INDEX documents_by_status_id ON documents (status, id);
CREATE UNIQUE INDEX documents_by_object_key ON documents (object_key);

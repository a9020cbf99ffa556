CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    password_hash TEXT,
    disabled_at TIMESTAMP,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- A role in a scope, for a time, by a decree. Never deleted: revoked.
CREATE TABLE grants (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    role TEXT NOT NULL,
    region_code TEXT REFERENCES regions (code),
    commodity TEXT,
    valid_from DATE NOT NULL,
    valid_until DATE,
    decree TEXT,
    revoked_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE invitations (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    code_hash TEXT NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    redeemed_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL
);

-- Sessions and personal tokens; only the SHA-256 of the secret is kept.
CREATE TABLE tokens (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    label TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL
);

-- Failed sign-ins by account and address, and the addresses an account has signed in from.
CREATE TABLE sign_in_failures (
    account TEXT NOT NULL,
    address TEXT NOT NULL,
    failures BIGINT NOT NULL,
    last_failed_at TIMESTAMP NOT NULL,
    PRIMARY KEY (account, address)
);

CREATE TABLE sign_in_addresses (
    user_id TEXT NOT NULL REFERENCES users (id),
    address TEXT NOT NULL,
    last_at TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, address)
);

CREATE UNIQUE INDEX users_by_email ON users (email);
CREATE INDEX grants_by_user_id ON grants (user_id);
CREATE INDEX grants_by_role_region_code ON grants (role, region_code);
CREATE UNIQUE INDEX invitations_by_code_hash ON invitations (code_hash);
CREATE INDEX invitations_by_user_id ON invitations (user_id);
CREATE UNIQUE INDEX tokens_by_token_hash ON tokens (token_hash);
CREATE INDEX tokens_by_user_id ON tokens (user_id);
CREATE INDEX tokens_by_expires_at ON tokens (expires_at);
CREATE INDEX sign_in_failures_by_address ON sign_in_failures (address);
CREATE INDEX sign_in_failures_by_last_failed_at ON sign_in_failures (last_failed_at);

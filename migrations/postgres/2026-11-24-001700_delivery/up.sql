-- Since when a relay refuses the address for good, and what it said; empty while mail goes to it.
ALTER TABLE users ADD COLUMN address_refused_at TIMESTAMP;
ALTER TABLE users ADD COLUMN address_refused_reply TEXT;
CREATE INDEX users_by_address_refused_at ON users (address_refused_at) WHERE address_refused_at IS NOT NULL;

-- What is due comes in one order, also where thousands are due at the same moment.
DROP INDEX mails_by_state_next_attempt_at;
CREATE INDEX mails_by_state_next_attempt_at_id ON mails (state, next_attempt_at, id);

-- Looked up by an index, byte by byte as on SQLite.
ALTER TABLE mails ALTER COLUMN address TYPE TEXT COLLATE "C";

-- What administrators look for in the outbox.
CREATE INDEX mails_by_state_id ON mails (state, id);
CREATE INDEX mails_by_address_id ON mails (address, id);
CREATE INDEX mails_by_created_at ON mails (created_at);
CREATE INDEX notices_by_event_id ON notices (event, id);

-- At which hour of the day, on the clocks of where a user works, what waits is told; and the version of all that the
-- user set. Who has no row has set nothing.
CREATE TABLE mail_settings (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
    digest_hour BIGINT NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL
);

-- What a user set for a kind of message; what is not there is told at once.
CREATE TABLE mail_preferences (
    user_id TEXT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    delivery TEXT NOT NULL,
    PRIMARY KEY (user_id, kind)
);

-- That a day's digest was made: one to a user and day.
CREATE TABLE digests (
    user_id TEXT NOT NULL REFERENCES users (id),
    day DATE NOT NULL,
    mail_id TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, day)
);
CREATE TRIGGER digests_no_update BEFORE UPDATE ON digests BEGIN SELECT RAISE(ABORT, 'digests is append-only'); END;
CREATE TRIGGER digests_no_delete BEFORE DELETE ON digests BEGIN SELECT RAISE(ABORT, 'digests is append-only'); END;

-- The digest that brought what a message says, and where the message can be unsubscribed from.
ALTER TABLE mails ADD COLUMN collected_in TEXT;
ALTER TABLE mails ADD COLUMN unsubscribe TEXT;
CREATE INDEX mails_by_user_id_state_next_attempt_at ON mails (user_id, state, next_attempt_at);

-- At which hour of the day, on the clocks of where a user works, what waits is told; and the version of all that the
-- user set. Who has no row has set nothing.
CREATE TABLE mail_settings (
    user_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES users (id),
    digest_hour BIGINT NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL
);

-- What a user set for a kind of message; what is not there is told at once.
CREATE TABLE mail_preferences (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    kind TEXT COLLATE "C" NOT NULL,
    delivery TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, kind)
);

-- That a day's digest was made: one to a user and day.
CREATE TABLE digests (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    day DATE NOT NULL,
    mail_id TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, day)
);
CREATE TRIGGER digests_no_update BEFORE UPDATE ON digests FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER digests_no_delete BEFORE DELETE ON digests FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER digests_no_truncate BEFORE TRUNCATE ON digests FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

-- The digest that brought what a message says, and where the message can be unsubscribed from.
ALTER TABLE mails ADD COLUMN collected_in TEXT COLLATE "C";
ALTER TABLE mails ADD COLUMN unsubscribe TEXT COLLATE "C";
CREATE INDEX mails_by_user_id_state_next_attempt_at ON mails (user_id, state, next_attempt_at);

-- What happened and who should know: written with what it tells of, never changed.
CREATE TABLE notices (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    event TEXT COLLATE "C" NOT NULL,
    proposal_id TEXT COLLATE "C",
    facts TEXT NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE TRIGGER notices_no_update BEFORE UPDATE ON notices FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER notices_no_delete BEFORE DELETE ON notices FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER notices_no_truncate BEFORE TRUNCATE ON notices FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

CREATE TABLE notice_pending (
    notice_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES notices (id)
);

CREATE TABLE mails (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    notice_id TEXT COLLATE "C" NOT NULL REFERENCES notices (id),
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    address TEXT NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    subject TEXT NOT NULL,
    text_body TEXT NOT NULL,
    html_body TEXT NOT NULL,
    message_id TEXT COLLATE "C" NOT NULL,
    dated_at TIMESTAMP NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt_at TIMESTAMP NOT NULL,
    leased_by TEXT COLLATE "C",
    leased_until TIMESTAMP,
    last_reply TEXT,
    sent_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE mail_attempts (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    mail_id TEXT COLLATE "C" NOT NULL REFERENCES mails (id),
    at TIMESTAMP NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    reply TEXT NOT NULL
);
CREATE TRIGGER mail_attempts_no_update BEFORE UPDATE ON mail_attempts FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER mail_attempts_no_delete BEFORE DELETE ON mail_attempts FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER mail_attempts_no_truncate BEFORE TRUNCATE ON mail_attempts FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

CREATE INDEX notices_by_proposal_id_id ON notices (proposal_id, id);
CREATE UNIQUE INDEX mails_by_notice_id_user_id ON mails (notice_id, user_id);
CREATE INDEX mails_by_state_next_attempt_at ON mails (state, next_attempt_at);
CREATE INDEX mails_by_user_id_id ON mails (user_id, id);
CREATE INDEX mail_attempts_by_mail_id_id ON mail_attempts (mail_id, id);

//! A backlog: messages to one user that wait to be sent, written at once.

use crate::support::database::TestDatabase;
use crate::support::smtp::Received;
use sentra::domain::ids::UserId;
use std::collections::HashMap;

/// Writes so many messages to a user, each of a notice of its own, due since 2021.
pub fn backlog(db: &TestDatabase, user: UserId, count: usize) {
    let numbers = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
    );
    let id = "'01900000-0000-7000-8000-' || substr('' || (1000000000000 + i), 2, 12)";
    // Before any clock that a test starts.
    let then = "'2019-01-01 00:00:00'";
    let then = match db.kind {
        crate::support::database::Kind::Sqlite => then.to_owned(),
        crate::support::database::Kind::Postgres => format!("TIMESTAMP {then}"),
    };
    db.execute(&format!(
        "INSERT INTO notices (id, event, facts, event_id, created_at) \
         {numbers} SELECT {id}, 'submit', '{{}}', {id}, {then} FROM n"
    ));
    db.execute(&format!(
        "INSERT INTO mails (id, notice_id, user_id, address, language, subject, text_body, html_body, message_id, dated_at, \
         state, attempts, next_attempt_at, created_at, version) \
         {numbers} SELECT {id}, {id}, '{user}', 'penerima@sentra.example', 'id', 'Usulan ' || i, \
         '{text}', '<p>{text}</p>', '<' || i || '@sentra.example>', {then}, 'queued', 0, {then}, {then}, 1 FROM n",
        text = "Baris surat yang biasa, cukup panjang untuk sebuah pesan. ".repeat(20),
    ));
}

/// How often each message came, and that it came with the same bytes each time.
pub fn by_id(received: &[Received]) -> HashMap<String, usize> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut first: HashMap<String, &Received> = HashMap::new();
    for one in received {
        let id = one.header("Message-ID").expect("an id").to_owned();
        assert_eq!(*first.entry(id.clone()).or_insert(one), one, "other bytes under the same id");
        *counts.entry(id).or_default() += 1;
    }
    counts
}

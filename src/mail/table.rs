//! The table of who is told of what, with the subject and the step of each, as a document.

use crate::domain::notice::NoticeEvent;
use crate::domain::notice::telling::{Telling, tellings};
use crate::domain::people::Language;
use crate::domain::people::Role;
use crate::mail::sample::usual_state;
use crate::mail::steps::{self, Step};
use crate::mail::words::{labels, told};

/// Rows of a role that are told and asked the same, in whatever state.
struct Row {
    role: Role,
    states: Vec<&'static str>,
    step: Option<Step>,
}

fn rows(event: NoticeEvent) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for Telling { role, state } in tellings(event) {
        let step = steps::first(event, state.unwrap_or(usual_state(event)), &[role]);
        let name = state.map(|state| state.as_str());
        match rows.iter_mut().find(|row| row.role == role && row.step == step) {
            Some(row) => row.states.extend(name),
            None => rows.push(Row { role, states: name.into_iter().collect(), step }),
        }
    }
    rows
}

/// Who is told of what, as whom, with which subject, and what each has to do; made from the tables that decide.
pub fn document() -> String {
    let mut text = String::from(
        "# Who is told\n\nMade by `sentra mail table > docs/mail.md`; a test fails when it is not fresh.\n\n\
         Each role is told within its scope over the proposal, in the language of the recipient, once for each event; nobody \
         is told of what they did themselves. The column *then* names the states in which the event leaves the proposal; \
         where it is empty the event leaves it where it stands, and a step marked ° is the one of the state that is \
         usual. A subject goes on with title, region and year. What the messages look like is shown by \
         `sentra mail preview EVENT --lang id`.\n\n\
         | event | told | then | subject | what to do |\n|---|---|---|---|---|\n",
    );
    for event in NoticeEvent::ALL {
        if !event.is_about_proposal() {
            let who = match event {
                NoticeEvent::CheckpointSigned => "auditors of the nation, once a day at most",
                NoticeEvent::Digest => "who chose it",
                _ => "owner of the account",
            };
            let subject = both(|language| told(*event).subject.in_language(language).to_owned());
            text.push_str(&format!("| `{event}` | {who} | | {subject} | |\n"));
            continue;
        }
        for row in rows(*event) {
            let subject = both(|language| subject(*event, row.step, language));
            let mark =
                if row.states.is_empty() && steps::depends_on_state(*event) { "°" } else { "" };
            let step = match row.step {
                Some(step) => both(|language| format!("{}{mark}", step.full.in_language(language))),
                None => String::new(),
            };
            let states = row.states.join(", ");
            text.push_str(&format!(
                "| `{event}` | {} | {states} | {subject} | {step} |\n",
                row.role
            ));
        }
    }
    text
}

fn subject(event: NoticeEvent, step: Option<Step>, language: Language) -> String {
    let labels = labels(language);
    let heading = told(event).subject.in_language(language);
    match step {
        Some(step) => format!("{}: {} – {heading}", labels.to_do, step.short.in_language(language)),
        None => format!("{}: {heading}", labels.to_know),
    }
}

fn both(say: impl Fn(Language) -> String) -> String {
    format!("{} / *{}*", say(Language::Id), say(Language::En))
}

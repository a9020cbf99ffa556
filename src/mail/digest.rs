//! The daily digest: what happened, by proposal, with what is to be done next; and the line that says where mail is
//! ended.

use crate::domain::moment::Zone;
use crate::domain::notice::NoticeEvent;
use crate::domain::notice::detail::NoticeDue;
use crate::domain::people::Language;
use crate::mail::dates::{self, moment};
use crate::mail::details::money;
use crate::mail::render::{cut, line, next_of};
use crate::mail::words::{Labels, labels, state_name, told};
use crate::mail::{Site, reminder, steps};
use crate::service::digest::{DigestDraft, Item};
use crate::service::outbox::Rendered;
use askama::Template;

/// Letters of a comment in a digest; the whole stands in the message that it stands for.
const MAX_COMMENT: usize = 500;

/// Where mail is ended, as the foot of a message says it.
#[derive(Debug, Clone, Copy)]
pub struct Leave<'a> {
    /// What is ended there.
    pub words: &'static str,
    /// Where.
    pub url: &'a str,
}

impl<'a> Leave<'a> {
    /// Ends messages of one kind.
    pub const fn kind(language: Language, url: &'a str) -> Leave<'a> {
        let words = match language {
            Language::Id => "Berhenti menerima surel jenis ini:",
            Language::En => "Stop mail of this kind:",
        };
        Leave { words, url }
    }

    /// Ends what can be off in the digest.
    pub const fn digest(language: Language, url: &'a str) -> Leave<'a> {
        let words = match language {
            Language::Id => {
                "Berhenti menerima ringkasan ini (keputusan dan pembayaran tetap diberitahukan):"
            }
            Language::En => "Stop this digest (you are still told of decisions and payments):",
        };
        Leave { words, url }
    }
}

struct Told {
    at: String,
    what: String,
    amount: Option<String>,
    comment: Option<String>,
}

struct Group {
    title: String,
    region: String,
    fiscal_year: i64,
    state: &'static str,
    items: Vec<Told>,
    next: String,
    due: Option<String>,
    link: String,
}

/// What both templates show.
#[derive(Template)]
#[template(path = "mail/digest.html")]
struct Html<'a> {
    lang: &'a str,
    subject: &'a str,
    heading: &'a str,
    labels: Labels,
    name: &'a str,
    what: &'a str,
    hidden: Option<&'a str>,
    groups: &'a [Group],
    leave: Option<Leave<'a>>,
}

/// The same without markup.
#[derive(Template)]
#[template(path = "mail/digest.txt")]
struct Text<'a> {
    labels: Labels,
    name: &'a str,
    what: &'a str,
    hidden: Option<&'a str>,
    groups: &'a [Group],
    leave: Option<Leave<'a>>,
}

/// Makes the message.
pub(super) fn render(site: &Site, draft: &DigestDraft<'_>) -> Result<Rendered, String> {
    let language = draft.language;
    let words = told(NoticeEvent::Digest);
    let heading =
        format!("{} {}", words.subject.in_language(language), dates::day(draft.day, language));
    let what = words.sentence.in_language(language);
    let groups: Vec<Group> =
        draft.groups.iter().filter_map(|items| group(site, items, language)).collect();
    let subject = format!("{heading}: {}", count(draft.messages, groups.len(), language));
    let shown: usize = groups.iter().map(|group| group.items.len()).sum();
    let hidden = hidden(draft.messages.saturating_sub(shown), language);
    let unsubscribe = draft.unsubscribe.map(|token| site.unsubscribe(token));
    let leave = unsubscribe.as_deref().map(|url| Leave::digest(language, url));
    let (labels, name, hidden) = (labels(language), line(draft.name), hidden.as_deref());
    let text = Text { labels, name: &name, what, hidden, groups: &groups, leave };
    let html = Html {
        lang: language.as_str(),
        subject: &subject,
        heading: &heading,
        labels,
        name: &name,
        what,
        hidden,
        groups: &groups,
        leave,
    };
    Ok(Rendered {
        text: text.render().map_err(|error| error.to_string())?,
        html: html.render().map_err(|error| error.to_string())?,
        message_id: format!("<{}@{}>", draft.id, site.host()),
        unsubscribe: unsubscribe.clone(),
        subject,
    })
}

/// One proposal: it stands where the newest message says, and so does what is to be done.
fn group(site: &Site, items: &[Item], language: Language) -> Option<Group> {
    let newest = items.last()?;
    let facts = &newest.facts;
    let zone = Zone::of(&facts.region_code);
    let steps = steps::all(newest.event, facts.state, &newest.roles);
    let due = facts.due.as_ref().filter(|_| !steps.is_empty()).map(|due| match due {
        NoticeDue::At(due) => dates::due(due, facts.at, zone, language),
        NoticeDue::Plain(text) => line(text),
    });
    let (next, due, link) = match spoken(site, newest, language) {
        Some(spoken) => (spoken.next.to_owned(), Some(spoken.due), spoken.link),
        None => {
            let link = format!("{}/api/v1/proposals/{}", site.base_url(), facts.proposal_id);
            (next_of(&steps, language), due, link)
        }
    };
    Some(Group {
        title: line(&facts.title),
        region: line(&facts.region_name),
        fiscal_year: facts.fiscal_year,
        state: state_name(facts.state).in_language(language),
        items: items.iter().map(|item| one(site, item, language)).collect(),
        next,
        due,
        link,
    })
}

/// What a reminder says in words of its own.
fn spoken(site: &Site, item: &Item, language: Language) -> Option<reminder::Spoken> {
    let kept = item.facts.reminder.as_ref()?;
    Some(reminder::speak(site, kept, &item.facts, &item.roles, language))
}

fn one(site: &Site, item: &Item, language: Language) -> Told {
    let facts = &item.facts;
    let sentence = told(item.event).sentence.in_language(language);
    let comment = facts.comment.as_deref().map(|text| cut(&line(text), MAX_COMMENT));
    let what = match spoken(site, item, language) {
        Some(spoken) => spoken.what,
        None => sentence.replace("{actor}", &line(&facts.actor)),
    };
    Told {
        at: moment(facts.at, Zone::of(&facts.region_code), language),
        what,
        amount: facts.rupiah().map(|amount| money(amount, language)),
        comment: comment.filter(|text| !text.is_empty()),
    }
}

fn count(messages: usize, proposals: usize, language: Language) -> String {
    match language {
        Language::Id => format!("{messages} pesan, {proposals} usulan"),
        Language::En => {
            let plural = |n: usize| if n == 1 { "" } else { "s" };
            let (some, several) = (plural(messages), plural(proposals));
            format!("{messages} message{some}, {proposals} proposal{several}")
        }
    }
}

/// How many older messages are not spelled out.
fn hidden(older: usize, language: Language) -> Option<String> {
    let words = match language {
        Language::Id => {
            format!("{older} pesan yang lebih lama hanya tercantum di Sentra (/notifications).")
        }
        Language::En => {
            format!("{older} older messages are listed in Sentra alone (/notifications).")
        }
    };
    (older > 0).then_some(words)
}

#[cfg(test)]
#[path = "digest_tests.rs"]
mod tests;

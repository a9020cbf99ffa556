//! The daily digest: what happened, by proposal, with what is to be done next; and the line that says where mail is
//! ended.

use crate::domain::moment::{Moment, Zone};
use crate::domain::notice::detail::NoticeDue;
use crate::domain::notice::{NoticeEvent, course};
use crate::domain::people::Language;
use crate::mail::dates::{self, moment};
use crate::mail::details::money;
use crate::mail::render::{bounded, cut, details, line};
use crate::mail::words::{Labels, labels, state_name, told};
use crate::mail::{Site, reminder, steps};
use crate::service::digest::{DigestDraft, Item};
use crate::service::outbox::Rendered;
use askama::Template;

/// Letters of a comment, or of a line of detail, in a digest; the whole stands in the message that it stands for.
const MAX_COMMENT: usize = 500;
/// Lines of detail of one message in a digest.
const MAX_DETAILS: usize = 20;

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
    missed: Option<String>,
    amount: Option<String>,
    comment: Option<String>,
    details: Vec<String>,
}

/// A step that is open, and by when.
#[derive(PartialEq, Eq)]
struct Todo {
    next: String,
    due: Option<String>,
    due_at: Option<Moment>,
}

struct Group {
    title: String,
    region: String,
    fiscal_year: i64,
    /// Where it stands; none where several are told of that may stand elsewhere.
    state: Option<&'static str>,
    items: Vec<Told>,
    todos: Vec<Todo>,
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

/// One proposal, which stands where the newest message says, or several of which a reminder tells.
fn group(site: &Site, items: &[Item], language: Language) -> Option<Group> {
    let newest = items.last()?;
    let facts = &newest.facts;
    let spoken = spoken(site, newest, language);
    let proposal = || format!("{}/api/v1/proposals/{}", site.base_url(), facts.proposal_id);
    let several = spoken.as_ref().and_then(|spoken| spoken.several.clone());
    let state = several.is_none().then(|| state_name(facts.state).in_language(language));
    let (title, region) = match several {
        Some(several) => (several.proposals, several.regions),
        None => (line(&facts.title), line(&facts.region_name)),
    };
    Some(Group {
        title,
        region,
        fiscal_year: facts.fiscal_year,
        state,
        items: items.iter().map(|item| one(site, item, language)).collect(),
        todos: todos(site, items, language),
        link: spoken.map_or_else(proposal, |spoken| spoken.link),
    })
}

/// What is to be done still: what each message asks for, but for what a later one has made out of date.
fn todos(site: &Site, items: &[Item], language: Language) -> Vec<Todo> {
    let mut all: Vec<Todo> = Vec::new();
    let mut rest = items;
    while let Some((item, later)) = rest.split_first() {
        rest = later;
        let told = (item.event, &item.facts);
        if later.iter().any(|later| course::settles((later.event, &later.facts), told)) {
            continue;
        }
        for todo in asked(site, item, language) {
            // The same step by the same date is said once, as it was said last.
            all.retain(|other| (&other.next, other.due_at) != (&todo.next, todo.due_at));
            all.push(todo);
        }
    }
    if all.is_empty() {
        let next = steps::NOTHING.in_language(language).to_owned();
        all.push(Todo { next, due: None, due_at: None });
    }
    all
}

/// What one message asks for.
fn asked(site: &Site, item: &Item, language: Language) -> Vec<Todo> {
    let facts = &item.facts;
    let due_at = facts.due_at();
    if let Some(spoken) = spoken(site, item, language) {
        return vec![Todo { next: spoken.next.to_owned(), due: Some(spoken.due), due_at }];
    }
    let due = facts.due.as_ref().map(|due| match due {
        NoticeDue::At(due) => dates::due(due, facts.at, Zone::of(&facts.region_code), language),
        NoticeDue::Plain(text) => line(text),
    });
    let steps = steps::all(item.event, facts.state, &item.roles);
    let todo = |step: &steps::Step| Todo {
        next: step.full.in_language(language).to_owned(),
        due: due.clone(),
        due_at,
    };
    steps.iter().map(todo).collect()
}

/// What a reminder says in words of its own.
fn spoken(site: &Site, item: &Item, language: Language) -> Option<reminder::Spoken> {
    let kept = item.facts.reminder.as_ref()?;
    Some(reminder::speak(site, kept, &item.facts, &item.roles, language))
}

fn one(site: &Site, item: &Item, language: Language) -> Told {
    let facts = &item.facts;
    let zone = Zone::of(&facts.region_code);
    let spoken = spoken(site, item, language);
    let sentence = told(item.event).sentence.in_language(language);
    let what = match &spoken {
        Some(spoken) => spoken.what.clone(),
        None => sentence.replace("{actor}", &line(&facts.actor)),
    };
    let shown = |text: &str| cut(&line(text), MAX_COMMENT);
    let comment = facts.comment.as_deref().filter(|_| !item.brief).map(shown);
    let details = match spoken {
        _ if item.brief => Vec::new(),
        Some(spoken) => bounded(spoken.details, MAX_DETAILS),
        None => details(&facts.details, MAX_DETAILS, zone, language),
    };
    Told {
        at: moment(facts.at, zone, language),
        what,
        missed: facts.missed.map(|missed| dates::limit(missed, zone, language)),
        amount: facts.rupiah().map(|amount| money(amount, language)),
        comment: comment.filter(|text| !text.is_empty()),
        details: details.iter().map(|text| shown(text)).collect(),
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

//! Messages from the facts of a notice. What people wrote is cleaned of control characters and bounded here, and
//! escaped by the HTML template.

use crate::domain::moment::Zone;
use crate::domain::notice::detail::{Detail, NoticeDue};
use crate::domain::people::Language;
use crate::mail::dates::{self, moment};
use crate::mail::details::{money, written};
use crate::mail::digest::Leave;
use crate::mail::steps::{self, Step};
use crate::mail::words::{Labels, labels, role_name, state_name, told};
use crate::mail::{Site, account, digest, reminder};
use crate::service::digest::DigestDraft;
use crate::service::outbox::account::AccountDraft;
use crate::service::outbox::{Draft, Render, Rendered};
use askama::Template;

/// Letters of a title in a subject, where a long region leaves no room for more.
const MIN_TITLE: usize = 40;
/// Letters of a region in a subject.
const MAX_REGION: usize = 60;
/// Letters of a subject.
pub(super) const MAX_SUBJECT: usize = 200;
/// Letters of a text in the body; the whole stands behind the link.
const MAX_TEXT: usize = 4_000;
/// Lines of detail in the body.
const MAX_DETAILS: usize = 50;

/// Makes messages whose links lead to a site.
#[derive(Debug, Clone)]
pub struct Renderer {
    site: Site,
}

impl Renderer {
    /// Links lead to this site, and message ids are named after it.
    pub fn new(site: Site) -> Renderer {
        Renderer { site }
    }
}

/// What both templates show.
#[derive(Template)]
#[template(path = "mail/message.html")]
struct Html<'a> {
    lang: &'a str,
    subject: &'a str,
    heading: &'a str,
    labels: Labels,
    name: &'a str,
    what: &'a str,
    title: &'a str,
    region: &'a str,
    fiscal_year: i64,
    /// Where it stands; none where several are told of that may stand elsewhere.
    state: Option<&'a str>,
    actor: &'a str,
    at: &'a str,
    amount: Option<&'a str>,
    comment: Option<&'a str>,
    details: &'a [String],
    next: &'a str,
    due: Option<&'a str>,
    missed: Option<&'a str>,
    link: &'a str,
    roles: &'a str,
    leave: Option<Leave<'a>>,
}

/// The same without markup.
#[derive(Template)]
#[template(path = "mail/message.txt")]
struct Text<'a> {
    labels: Labels,
    name: &'a str,
    what: &'a str,
    title: &'a str,
    region: &'a str,
    fiscal_year: i64,
    /// Where it stands; none where several are told of that may stand elsewhere.
    state: Option<&'a str>,
    actor: &'a str,
    at: &'a str,
    amount: Option<&'a str>,
    comment: Option<&'a str>,
    details: &'a [String],
    next: &'a str,
    due: Option<&'a str>,
    missed: Option<&'a str>,
    link: &'a str,
    roles: &'a str,
    leave: Option<Leave<'a>>,
}

impl Render for Renderer {
    fn render(&self, draft: &Draft<'_>) -> Result<Rendered, String> {
        let Draft { id, event, facts, language, .. } = *draft;
        let told = told(event);
        // A reminder tells of what is to come, in words of its own.
        let spoken = facts.reminder.as_ref();
        let spoken =
            spoken.map(|one| reminder::speak(&self.site, one, facts, draft.roles, language));
        let heading = told.subject.in_language(language);
        let heading = spoken.as_ref().map_or(heading, |spoken| &spoken.heading);
        let (title, region) = (line(&facts.title), line(&facts.region_name));
        let (name, actor) = (line(draft.name), line(&facts.actor));
        let steps = steps::all(event, facts.state, draft.roles);
        let first = steps.first().copied();
        let subject = match &spoken {
            Some(spoken) => spoken.subject.clone(),
            None => subject(first, heading, &title, (&region, facts.fiscal_year), language),
        };
        let what = match &spoken {
            Some(spoken) => spoken.what.clone(),
            None => told.sentence.in_language(language).replace("{actor}", &actor),
        };
        let zone = Zone::of(&facts.region_code);
        let at = moment(facts.at, zone, language);
        let missed = facts.missed.map(|missed| dates::limit(missed, zone, language));
        let amount = facts.rupiah().map(|amount| money(amount, language));
        let comment = facts.comment.as_deref().map(paragraphs).filter(|text| !text.is_empty());
        let details = match &spoken {
            Some(spoken) => spoken.details.clone(),
            None => details(&facts.details, MAX_DETAILS, zone, language),
        };
        // A date is for those who have something to do by it.
        let due = facts.due.as_ref().filter(|_| first.is_some()).map(|due| match due {
            NoticeDue::At(due) => dates::due(due, facts.at, zone, language),
            NoticeDue::Plain(text) => line(text),
        });
        let next = next_of(&steps, language);
        let (next, due, link) = match &spoken {
            Some(spoken) => (spoken.next.to_owned(), Some(spoken.due.clone()), spoken.link.clone()),
            None => {
                let base_url = self.site.base_url();
                (next, due, format!("{base_url}/api/v1/proposals/{}", facts.proposal_id))
            }
        };
        let unsubscribe = draft.unsubscribe.map(|token| self.site.unsubscribe(token));
        let several = spoken.as_ref().and_then(|spoken| spoken.several.as_ref());
        let (title, region) = match several {
            Some(several) => (&several.proposals, &several.regions),
            None => (&title, &region),
        };
        let state = state_name(facts.state).in_language(language);
        let roles: Vec<&str> =
            draft.roles.iter().map(|role| role_name(*role).in_language(language)).collect();
        let html = Html {
            lang: language.as_str(),
            subject: &subject,
            heading,
            labels: labels(language),
            name: &name,
            what: &what,
            title,
            region,
            fiscal_year: facts.fiscal_year,
            state: several.is_none().then_some(state),
            actor: &actor,
            at: &at,
            amount: amount.as_deref(),
            comment: comment.as_deref(),
            details: &details,
            next: &next,
            due: due.as_deref(),
            missed: missed.as_deref(),
            link: &link,
            roles: &roles.join(", "),
            leave: unsubscribe.as_deref().map(|url| Leave::kind(language, url)),
        };
        Ok(Rendered {
            text: plain(&html).render().map_err(|error| error.to_string())?,
            html: html.render().map_err(|error| error.to_string())?,
            message_id: format!("<{id}@{}>", self.site.host()),
            unsubscribe: unsubscribe.clone(),
            subject,
        })
    }

    fn render_digest(&self, draft: &DigestDraft<'_>) -> Result<Rendered, String> {
        digest::render(&self.site, draft)
    }

    fn render_account(&self, draft: &AccountDraft<'_>) -> Result<Rendered, String> {
        account::render(&self.site, draft)
    }
}

const fn plain<'a>(html: &Html<'a>) -> Text<'a> {
    Text {
        labels: html.labels,
        name: html.name,
        what: html.what,
        title: html.title,
        region: html.region,
        fiscal_year: html.fiscal_year,
        state: html.state,
        actor: html.actor,
        at: html.at,
        amount: html.amount,
        comment: html.comment,
        details: html.details,
        next: html.next,
        due: html.due,
        missed: html.missed,
        link: html.link,
        roles: html.roles,
        leave: html.leave,
    }
}

/// What the recipient has to do, what happened, and of which proposal where. The title gives way where it is long.
fn subject(
    step: Option<Step>,
    heading: &str,
    title: &str,
    (region, fiscal_year): (&str, i64),
    language: Language,
) -> String {
    let labels = labels(language);
    let head = match step {
        Some(step) => {
            format!("{}: {} – {heading}: ", labels.to_do, step.short.in_language(language))
        }
        None => format!("{}: {heading}: ", labels.to_know),
    };
    let tail = format!(" ({} {fiscal_year})", cut(region, MAX_REGION));
    let taken = head.chars().count().saturating_add(tail.chars().count());
    let room = MAX_SUBJECT.saturating_sub(taken).max(MIN_TITLE);
    cut(&format!("{head}{}{tail}", cut(title, room)), MAX_SUBJECT)
}

/// What the recipient has to do, for each of their roles.
fn next_of(steps: &[Step], language: Language) -> String {
    if steps.is_empty() {
        return steps::NOTHING.in_language(language).to_owned();
    }
    let steps: Vec<&str> = steps.iter().map(|step| step.full.in_language(language)).collect();
    steps.join(" ")
}

/// Lines of detail as they are read, no more than so many.
pub(super) fn details(all: &[Detail], most: usize, zone: Zone, language: Language) -> Vec<String> {
    bounded(all.iter().map(|one| line(&written(one, zone, language))).collect(), most)
}

/// No more than so many lines; what is left out is counted.
pub(super) fn bounded(mut lines: Vec<String>, most: usize) -> Vec<String> {
    let more = lines.len().saturating_sub(most);
    if more > 0 {
        lines.truncate(most);
        lines.push(format!("… (+{more})"));
    }
    lines
}

/// Characters that move the cursor, end a header or turn the direction of writing.
fn is_harmful(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

/// One line: no header can be made of it.
pub(super) fn line(text: &str) -> String {
    let cleaned: String =
        text.chars().map(|letter| if is_harmful(letter) { ' ' } else { letter }).collect();
    cut(cleaned.split_whitespace().collect::<Vec<_>>().join(" ").as_str(), MAX_TEXT)
}

/// Lines as they were written, without what is harmful.
fn paragraphs(text: &str) -> String {
    let cleaned: String = text
        .chars()
        .filter(|letter| *letter != '\r')
        .map(|letter| if letter != '\n' && is_harmful(letter) { ' ' } else { letter })
        .collect();
    cut(cleaned.trim(), MAX_TEXT)
}

pub(super) fn cut(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(letters.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;

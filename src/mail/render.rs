//! Messages from the facts of a notice. What people wrote is cleaned of control characters and bounded here, and
//! escaped by the HTML template.

use crate::domain::moment::{Moment, Zone};
use crate::domain::money::Rupiah;
use crate::domain::people::Language;
use crate::mail::steps;
use crate::mail::words::{Labels, labels, role_name, state_name, told};
use crate::mail::{Site, account, reminder};
use crate::service::outbox::account::AccountDraft;
use crate::service::outbox::{Draft, Render, Rendered};
use askama::Template;
use chrono::{Datelike, Timelike};

/// Letters of a title in a subject.
const MAX_TITLE: usize = 100;
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
    state: &'a str,
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
    state: &'a str,
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
        let subject = match &spoken {
            Some(spoken) => spoken.subject.clone(),
            None => subject(heading, &title, &region, facts.fiscal_year),
        };
        let what = match &spoken {
            Some(spoken) => spoken.what.clone(),
            None => told.sentence.in_language(language).replace("{actor}", &actor),
        };
        let zone = Zone::of(&facts.region_code);
        let at = moment(facts.at, zone, language);
        let missed = facts.missed.map(|missed| moment(missed, zone, language));
        let amount = facts.rupiah().map(|amount| money(amount, language));
        let comment = facts.comment.as_deref().map(paragraphs).filter(|text| !text.is_empty());
        let details = details(spoken.as_ref().map_or(&facts.details, |spoken| &spoken.details));
        let step = steps::next(event, facts.state, draft.roles);
        // A date is for those who have something to do by it.
        let due = facts.due.as_deref().filter(|_| step.is_some()).map(line);
        let next = step.unwrap_or(steps::NOTHING).in_language(language);
        let (next, due, link) = match &spoken {
            Some(spoken) => (spoken.next, Some(spoken.due.clone()), spoken.link.clone()),
            None => {
                let base_url = self.site.base_url();
                (next, due, format!("{base_url}/api/v1/proposals/{}", facts.proposal_id))
            }
        };
        let roles: Vec<&str> =
            draft.roles.iter().map(|role| role_name(*role).in_language(language)).collect();
        let html = Html {
            lang: language.as_str(),
            subject: &subject,
            heading,
            labels: labels(language),
            name: &name,
            what: &what,
            title: &title,
            region: &region,
            fiscal_year: facts.fiscal_year,
            state: state_name(facts.state).in_language(language),
            actor: &actor,
            at: &at,
            amount: amount.as_deref(),
            comment: comment.as_deref(),
            details: &details,
            next,
            due: due.as_deref(),
            missed: missed.as_deref(),
            link: &link,
            roles: &roles.join(", "),
        };
        Ok(Rendered {
            text: plain(&html).render().map_err(|error| error.to_string())?,
            html: html.render().map_err(|error| error.to_string())?,
            message_id: format!("<{id}@{}>", self.site.host()),
            subject,
        })
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
    }
}

fn subject(heading: &str, title: &str, region: &str, fiscal_year: i64) -> String {
    cut(&format!("{heading}: {} ({region} {fiscal_year})", cut(title, MAX_TITLE)), MAX_SUBJECT)
}

fn details(lines: &[String]) -> Vec<String> {
    let more = lines.len().saturating_sub(MAX_DETAILS);
    let mut shown: Vec<String> = lines.iter().take(MAX_DETAILS).map(|text| line(text)).collect();
    if more > 0 {
        shown.push(format!("… (+{more})"));
    }
    shown
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

pub(super) const BULAN: [&str; 12] = [
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
];
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// On the wall of the region: `15 Juli 2021 09.30 WIB`.
pub(super) fn moment(at: Moment, zone: Zone, language: Language) -> String {
    let wall = at.after(chrono::TimeDelta::hours(zone.hours())).0;
    let (months, separator) = match language {
        Language::Id => (BULAN, '.'),
        Language::En => (MONTHS, ':'),
    };
    let index = usize::try_from(wall.month0()).unwrap_or(0);
    let month = months.get(index).copied().unwrap_or_default();
    format!(
        "{} {month} {} {:02}{separator}{:02} {zone}",
        wall.day(),
        wall.year(),
        wall.hour(),
        wall.minute()
    )
}

pub(super) fn money(amount: Rupiah, language: Language) -> String {
    match language {
        Language::Id => amount.to_string().replace(',', "."),
        Language::En => amount.to_string(),
    }
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;

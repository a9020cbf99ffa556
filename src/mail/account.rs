//! Messages to the owner of an account: an invitation with its code, that a password was changed, a signed checkpoint.

use crate::domain::moment::Zone;
use crate::mail::Site;
use crate::mail::dates::moment;
use crate::mail::render::line;
use crate::mail::words::{Labels, labels, told};
use crate::service::outbox::Rendered;
use crate::service::outbox::account::AccountDraft;
use askama::Template;

/// What both templates show.
#[derive(Template)]
#[template(path = "mail/account.html")]
struct Html<'a> {
    lang: &'a str,
    heading: &'a str,
    labels: Labels,
    name: &'a str,
    what: &'a str,
    at: &'a str,
    code: Option<&'a str>,
    until: Option<&'a str>,
    link: &'a str,
    checkpoint: Option<&'a str>,
}

/// The same without markup.
#[derive(Template)]
#[template(path = "mail/account.txt")]
struct Text<'a> {
    labels: Labels,
    name: &'a str,
    what: &'a str,
    at: &'a str,
    code: Option<&'a str>,
    until: Option<&'a str>,
    link: &'a str,
    checkpoint: Option<&'a str>,
}

/// Makes the message. An account belongs to no region: its moments are those of Jakarta.
pub(super) fn render(site: &Site, draft: &AccountDraft<'_>) -> Result<Rendered, String> {
    let AccountDraft { id, event, facts, language, code, .. } = *draft;
    let told = told(event);
    let heading = told.subject.in_language(language);
    let (name, actor) = (line(draft.name), line(&facts.actor));
    let what = told.sentence.in_language(language).replace("{actor}", &actor);
    let at = moment(facts.at, Zone::Wib, language);
    let until = facts.until.map(|until| moment(until, Zone::Wib, language));
    let link = format!("{}/api/v1/invitations/{}", site.base_url(), code.unwrap_or_default());
    let (labels, until) = (labels(language), until.as_deref());
    let (name, what, at, link) = (name.as_str(), what.as_str(), at.as_str(), link.as_str());
    let checkpoint = facts.checkpoint.as_deref();
    let text = Text { labels, name, what, at, code, until, link, checkpoint }.render();
    let lang = language.as_str();
    let html =
        Html { lang, heading, labels, name, what, at, code, until, link, checkpoint }.render();
    Ok(Rendered {
        subject: heading.to_owned(),
        text: text.map_err(|error| error.to_string())?,
        html: html.map_err(|error| error.to_string())?,
        message_id: format!("<{id}@{}>", site.host()),
        unsubscribe: None,
    })
}

//! Messages as they would be sent, of a made-up proposal: to look at, and to hold every change of the words against.

use crate::domain::ids::MailId;
use crate::domain::notice::NoticeEvent;
use crate::domain::notice::telling::tellings;
use crate::domain::people::{Language, Role};
use crate::domain::preference::Topic;
use crate::mail::Site;
use crate::mail::render::Renderer;
use crate::mail::sample::{RECIPIENT, account_facts, facts, usual_state};
use crate::service::digest::{DigestDraft, Item};
use crate::service::outbox::account::{AccountDraft, CODE_PLACE};
use crate::service::outbox::{Draft, Render, Rendered};

/// Stands where the token of a recipient stands.
const TOKEN: &str = "TOKEN";

/// A message as it would be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// A name for its files, without ending: event, role, where the proposal then stands if the role may be told of several,
    /// and language.
    pub name: String,
    /// The message.
    pub message: Rendered,
}

/// The messages of an event in a language: one to each role that is told, or to the role named. Links lead to the site.
pub fn of(
    site: &Site,
    event: NoticeEvent,
    language: Language,
    role: Option<Role>,
) -> Result<Vec<Preview>, String> {
    let renderer = Renderer::new(site.clone());
    if !event.is_about_proposal() {
        return match role {
            Some(_) => Err(format!("{event} is told to a person, as no role")),
            None if event.is_about_account() => {
                account(&renderer, event, language).map(|one| vec![one])
            }
            None => digest(&renderer, event, language).map(|one| vec![one]),
        };
    }
    let all = tellings(event);
    let told = all.iter().filter(|telling| role.is_none_or(|role| role == telling.role));
    let mut previews = Vec::new();
    for telling in told {
        let states = all.iter().filter(|other| other.role == telling.role).count();
        let state = telling.state.unwrap_or(usual_state(event));
        let name = match states {
            ..=1 => format!("{event}.{}.{language}", telling.role),
            _ => format!("{event}.{}.{state}.{language}", telling.role),
        };
        let facts = facts(event, state)?;
        let roles = [telling.role];
        let (id, name_of) = (MailId::new(), RECIPIENT);
        let unsubscribe = Topic::of(event).map(|_| TOKEN);
        let draft =
            Draft { id, event, facts: &facts, name: name_of, language, roles: &roles, unsubscribe };
        previews.push(Preview { name, message: renderer.render(&draft)? });
    }
    if previews.is_empty() {
        let mut known: Vec<&str> = all.iter().map(|telling| telling.role.as_str()).collect();
        known.dedup();
        return Err(format!("{event} is not told to that role; told are: {}", known.join(", ")));
    }
    Ok(previews)
}

fn account(renderer: &Renderer, event: NoticeEvent, language: Language) -> Result<Preview, String> {
    let facts = account_facts(event);
    let code = event.brings_code().then_some(CODE_PLACE);
    let (id, name) = (MailId::new(), RECIPIENT);
    let draft = AccountDraft { id, event, facts: &facts, name, language, code };
    Ok(Preview { name: format!("{event}.{language}"), message: renderer.render_account(&draft)? })
}

/// A digest of three messages about one proposal; the last of them asks for something.
fn digest(renderer: &Renderer, event: NoticeEvent, language: Language) -> Result<Preview, String> {
    let item = |event: NoticeEvent| {
        let facts = facts(event, usual_state(event))?;
        Ok(Item { event, facts, roles: vec![Role::Drafter], brief: false })
    };
    let events = [NoticeEvent::Verify, NoticeEvent::Disburse, NoticeEvent::ReportReturned];
    let items = events.into_iter().map(item).collect::<Result<Vec<Item>, String>>()?;
    let day = items.last().map(|item| item.facts.at.0.date()).unwrap_or_default();
    let (id, name, messages) = (MailId::new(), RECIPIENT, items.len());
    let groups = [items];
    let unsubscribe = Some(TOKEN);
    let draft = DigestDraft { id, day, name, language, groups: &groups, messages, unsubscribe };
    Ok(Preview { name: format!("{event}.{language}"), message: renderer.render_digest(&draft)? })
}

#[cfg(test)]
#[path = "preview_tests.rs"]
mod tests;

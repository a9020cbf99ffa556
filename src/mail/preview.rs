//! Messages as they would be sent, of a made-up proposal: to look at, and to hold every change of the words against.

use crate::domain::ids::MailId;
use crate::domain::notice::NoticeEvent;
use crate::domain::notice::telling::tellings;
use crate::domain::people::{Language, Role};
use crate::mail::Site;
use crate::mail::render::Renderer;
use crate::mail::sample::{RECIPIENT, account_facts, facts, usual_state};
use crate::service::outbox::account::{AccountDraft, CODE_PLACE};
use crate::service::outbox::{Draft, Render, Rendered};

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
    if event.is_about_account() {
        return match role {
            None => account(&renderer, event, language).map(|one| vec![one]),
            Some(_) => Err(format!("{event} is told to the owner of the account, as no role")),
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
        let draft = Draft { id, event, facts: &facts, name: name_of, language, roles: &roles };
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

#[cfg(test)]
#[path = "preview_tests.rs"]
mod tests;

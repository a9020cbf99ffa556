//! Messages about an account, to its owner alone. The code of an invitation is made together with its message: before
//! that nobody knows it, and once the message has gone out or is given up it is erased.

use crate::domain::ids::MailId;
use crate::domain::mail::MailState;
use crate::domain::moment::Moment;
use crate::domain::notice::{AccountFacts, NoticeEvent};
use crate::domain::people::Language;
use crate::service::error::Error;
use crate::service::outbox::{Render, queued};
use crate::service::secret;
use crate::storage::notice::Notice;
use crate::storage::user::User;
use crate::storage::{AnyConnection, invitation, mail, user};

/// Stands in a kept message where its code stands in the message that is sent.
pub const CODE_PLACE: &str = "••••••••";

/// What a message about an account is made of.
#[derive(Debug, Clone, Copy)]
pub struct AccountDraft<'a> {
    /// The id of the message, from which its `Message-ID` is derived.
    pub id: MailId,
    /// What happened.
    pub event: NoticeEvent,
    /// Its facts.
    pub facts: &'a AccountFacts,
    /// The owner's name.
    pub name: &'a str,
    /// The owner's language.
    pub language: Language,
    /// What stands for the code, where the message brings one.
    pub code: Option<&'a str>,
}

/// Makes the message of a notice about an account; the number of messages made.
pub(super) fn expand(
    tx: &mut AnyConnection,
    render: &dyn Render,
    notice: &Notice,
    now: Moment,
) -> Result<usize, Error> {
    let facts: AccountFacts = serde_json::from_str(&notice.facts)?;
    let Some(owner) = user::find(tx, facts.user_id)?.filter(can_be_told) else { return Ok(0) };
    let code = match facts.invitation_id {
        None => None,
        Some(id) => {
            let code = secret::random_hex::<32>()?;
            if invitation::give_code(tx, id, &secret::sha256(&code), now)? == 0 {
                // Redeemed, replaced or ended meanwhile: there is nothing to bring.
                return Ok(0);
            }
            Some(code)
        }
    };
    let id = MailId::new();
    let draft = AccountDraft {
        id,
        event: notice.event,
        facts: &facts,
        name: &owner.name,
        language: owner.language,
        code: code.as_ref().map(|_| CODE_PLACE),
    };
    let rendered = render.render_account(&draft).map_err(Error::Defect)?;
    let mut message = queued(id, notice, &owner, rendered, now);
    // One that is given up at once brings nothing.
    message.secret = code.filter(|_| message.state == MailState::Queued);
    mail::insert_once(tx, &message)?;
    Ok(1)
}

/// Nobody reads what is sent to an address under `.invalid` (RFC 2606), which the first administrator may have.
fn can_be_told(owner: &User) -> bool {
    owner.disabled_at.is_none() && !owner.email.ends_with(".invalid")
}

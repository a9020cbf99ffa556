//! How the caller wants to be told.

use crate::domain::refusal::FieldError;
use crate::http::body::{Body, Checked};
use crate::http::call::{Answer, Call};
use crate::service::preference::{self, PreferencesDraft};
use crate::service::view::preference as view;

impl Checked for PreferencesDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

/// Show how you are told of each kind of message: at once, in a daily digest, or not by mail.
#[utoipa::path(get, path = "/notifications/preferences", tag = "mail",
    responses((status = 200, description = "Your preferences.", body = view::MailPreferences,
        headers(("ETag" = String, description = "The version, for `If-Match`.")))))]
pub async fn show_preferences(call: Call) -> Answer {
    call.read_versioned(preference::show, |shown| Some(shown.version)).await
}

/// Set how you are told, as a whole. Decisions and payments can be told once a day, but not be off.
#[utoipa::path(put, path = "/notifications/preferences", tag = "mail", request_body = PreferencesDraft,
    responses((status = 200, description = "As it is now.", body = view::MailPreferences)))]
pub async fn change_preferences(call: Call, body: Body<PreferencesDraft>) -> Answer {
    call.write(body, preference::change).await
}

//! Unsubscribing from mail by one click (RFC 8058), and the small page for who follows the link instead.

use crate::domain::people::Language;
use crate::domain::preference::{MailKind, Topic};
use crate::domain::refusal::FieldError;
use crate::http::body::{Body, Readable};
use crate::http::call::Answer;
use crate::http::problem::Problem;
use crate::http::visitor::Visit;
use crate::service::context::Input;
use crate::service::error::Error;
use crate::service::unsubscribe::{self, OneClick, Subscription};
use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::Path;
use askama::Template;
use url::form_urlencoded;

/// Bytes of the form: a hundred times what it needs.
const MAX_FORM: usize = 4_096;
const FIELD: &str = "List-Unsubscribe";
const VALUE: &str = "One-Click";
/// The page loads nothing, runs nothing, and sends its form to where it came from alone.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

impl Readable for OneClick {
    const UNDERSTOOD: &'static str =
        "a form (application/x-www-form-urlencoded or multipart/form-data)";

    fn read(media: &str, bytes: &[u8]) -> Option<Result<Input<Self>, Problem>> {
        let is_form = ["application/x-www-form-urlencoded", "multipart/form-data"].contains(&media);
        if !is_form {
            return None;
        }
        if bytes.len() > MAX_FORM {
            let detail = format!("the form is larger than {MAX_FORM} bytes");
            let (status, title) = (StatusCode::PAYLOAD_TOO_LARGE, "The body is too large");
            return Some(Err(Problem::new(status, "too_large", title, detail)));
        }
        let says_so = if media == "multipart/form-data" {
            in_parts(&String::from_utf8_lossy(bytes))
        } else {
            form_urlencoded::parse(bytes).any(|(name, value)| name == FIELD && value == VALUE)
        };
        let missing = || {
            let pointer = format!("/{FIELD}");
            vec![FieldError::new(pointer, "required", "must be One-Click (RFC 8058)")]
        };
        Some(Ok(Input(if says_so { Ok(OneClick) } else { Err(missing()) })))
    }
}

/// Whether one part of a multipart form has the field's name in its header, and its value as its body.
fn in_parts(form: &str) -> bool {
    let form = form.replace("\r\n", "\n");
    let names = [format!("name=\"{FIELD}\""), format!("name={FIELD}")];
    form.split("\n\n").zip(form.split("\n\n").skip(1)).any(|(head, body)| {
        let last = head.rsplit("\n--").next().unwrap_or(head);
        names.iter().any(|name| last.contains(name.as_str()))
            && body.lines().next().map(str::trim) == Some(VALUE)
    })
}

/// Show what a link to unsubscribe ends. Nothing changes by it: programs that look at mail follow links.
#[utoipa::path(get, path = "/unsubscribe/{token}", tag = "mail",
    responses((status = 200, description = "A page that asks.", content_type = "text/html", body = String,
        example = "<!DOCTYPE html>…")))]
pub async fn show_subscription(visit: Visit, token: Path<String>) -> Answer {
    let found = visit.read(move |sv| unsubscribe::show(sv, &token)).await?;
    page(&found)
}

/// Unsubscribe by one click (RFC 8058). Needs nothing but the token; a second time it changes nothing.
#[utoipa::path(post, path = "/unsubscribe/{token}", tag = "mail",
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "`List-Unsubscribe=One-Click`, as a form of either kind.",
        example = "List-Unsubscribe=One-Click"),
    responses((status = 200, description = "Done; a page that says so.", content_type = "text/html", body = String,
        example = "<!DOCTYPE html>…")))]
pub async fn end_subscription(visit: Visit, token: Path<String>, body: Body<OneClick>) -> Answer {
    let ended = visit
        .write(body, move |sv, visitor, body| unsubscribe::end(sv, visitor, &token, body))
        .await?;
    page(&ended)
}

#[derive(Template)]
#[template(path = "page/unsubscribe.html")]
struct Page<'a> {
    lang: &'a str,
    title: &'a str,
    words: String,
    button: Option<&'a str>,
    always: &'a str,
}

fn page(subscription: &Subscription) -> Answer {
    let Subscription { language, topic, is_on } = *subscription;
    let what = topic_name(topic, language);
    let words = match (language, is_on) {
        (Language::Id, true) => format!("Anda akan berhenti menerima surel: {what}."),
        (Language::Id, false) => format!("Anda tidak lagi menerima surel: {what}."),
        (Language::En, true) => format!("You will no longer be mailed: {what}."),
        (Language::En, false) => format!("You are no longer mailed: {what}."),
    };
    let (title, button, always) = match language {
        Language::Id => (
            "Berhenti berlangganan surel Sentra",
            "Berhenti berlangganan",
            "Keputusan dan pembayaran tetap diberitahukan. Semua pesan tetap tercantum di Sentra, dan pilihan Anda \
             dapat diubah di sana (/notifications/preferences).",
        ),
        Language::En => (
            "Unsubscribe from mail of Sentra",
            "Unsubscribe",
            "You are still told of decisions and payments. Every message stays listed in Sentra, where you can \
             change your choice (/notifications/preferences).",
        ),
    };
    let button = is_on.then_some(button);
    let page = Page { lang: language.as_str(), title, words, button, always };
    let html = page.render().map_err(|error| Error::Defect(error.to_string()))?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .body(html))
}

const fn topic_name(topic: Topic, language: Language) -> &'static str {
    let (id, en) = match topic {
        Topic::Digest => ("ringkasan harian", "the daily digest"),
        Topic::Kind(kind) => match kind {
            MailKind::Decision => ("keputusan", "decisions"),
            MailKind::Payment => ("pembayaran", "payments"),
            MailKind::Task => ("tugas yang menunggu Anda", "tasks that wait for you"),
            MailKind::Progress => ("perkembangan usulan", "how proposals get on"),
            MailKind::Report => ("laporan", "reports"),
            MailKind::Reminder => ("pengingat", "reminders"),
            MailKind::Account => ("akun", "your account"),
        },
    };
    match language {
        Language::Id => id,
        Language::En => en,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_click_is_understood_in_both_kinds_of_form_and_nothing_else_is() {
        let read = |media: &str, text: &str| {
            OneClick::read(media, text.as_bytes()).map(|read| read.expect("read").0.is_ok())
        };
        let form = "application/x-www-form-urlencoded";
        let parts = "multipart/form-data";
        let field = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
        let after =
            format!("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n{field}");
        let other = field.replace("One-Click", "Two-Clicks");
        let elsewhere = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\na\r\n--x\r\n\
                         Content-Disposition: form-data; name=\"b\"\r\n\r\nOne-Click\r\n--x--\r\n";
        for (media, text, understood) in [
            (form, "List-Unsubscribe=One-Click", Some(true)),
            (form, "a=b&List-Unsubscribe=One-Click", Some(true)),
            (form, "List-Unsubscribe=Two-Clicks", Some(false)),
            (form, "", Some(false)),
            (parts, field, Some(true)),
            (parts, after.as_str(), Some(true)),
            (parts, other.as_str(), Some(false)),
            (parts, elsewhere, Some(false)),
            (parts, "--x--\r\n", Some(false)),
            ("application/json", "{}", None),
            ("", "List-Unsubscribe=One-Click", None),
        ] {
            assert_eq!(read(media, text), understood, "{media} {text}");
        }
        assert!(OneClick::read(form, &[b'a'; MAX_FORM + 1]).is_some_and(|read| read.is_err()));
    }
}

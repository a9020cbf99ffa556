//! The evidence pack of a proposal, and how its time line looks.

use crate::domain::ids::ProposalId;
use crate::domain::people::Language;
use crate::http::call::{Answer, Call, Id, state_of};
use crate::http::sending::sent;
use crate::service::error::Error;
use crate::service::evidence::{self, Happened, Head, TimeLine};
use actix_web::body::SizedStream;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

/// The words of a time line.
#[derive(Debug, Clone, Copy)]
struct Labels {
    lang: &'static str,
    title: &'static str,
    proposal: &'static str,
    region: &'static str,
    year: &'static str,
    state: &'static str,
    made: &'static str,
    refused: &'static str,
    service: &'static str,
    content: &'static str,
    end: &'static str,
}

const fn labels(language: Language) -> Labels {
    match language {
        Language::Id => Labels {
            lang: "id",
            title: "Lini masa usulan",
            proposal: "Usulan",
            region: "Daerah",
            year: "Tahun anggaran",
            state: "Status",
            made: "Dibuat",
            refused: "ditolak",
            service: "Sentra",
            content: "Isi",
            end: "Akhir lini masa. Waktu dalam UTC.",
        },
        Language::En => Labels {
            lang: "en",
            title: "Time line of a proposal",
            proposal: "Proposal",
            region: "Region",
            year: "Fiscal year",
            state: "State",
            made: "Made",
            refused: "refused",
            service: "Sentra",
            content: "Content",
            end: "End of the time line. Times are UTC.",
        },
    }
}

#[derive(Template)]
#[template(path = "page/timeline_head.html")]
struct HeadPage<'a> {
    labels: Labels,
    head: &'a Head,
}

#[derive(Template)]
#[template(path = "page/timeline_event.html")]
struct EventPage<'a> {
    labels: Labels,
    at: String,
    actor: &'a str,
    role: &'a str,
    action: &'a str,
    refused: bool,
    subject: String,
    id: String,
    content: String,
}

#[derive(Template)]
#[template(path = "page/timeline_tail.html")]
struct TailPage {
    labels: Labels,
}

struct Page(Labels);

fn rendered(page: &impl Template) -> Result<String, Error> {
    page.render().map_err(|error| Error::Defect(error.to_string()))
}

impl TimeLine for Page {
    fn head(&self, head: &Head) -> Result<String, Error> {
        rendered(&HeadPage { labels: self.0, head })
    }

    fn event(&self, happened: &Happened) -> Result<String, Error> {
        let Happened { event, actor } = happened;
        rendered(&EventPage {
            labels: self.0,
            at: event.at.to_string(),
            actor: actor.as_deref().unwrap_or(self.0.service),
            role: event.actor_role.map_or("", |role| role.as_str()),
            action: &event.action,
            refused: event.outcome == crate::domain::audit::Outcome::Refused,
            subject: format!("{} {}", event.subject_kind, event.subject_id),
            id: event.id.to_string(),
            content: serde_json::to_string_pretty(&event.content)?,
        })
    }

    fn tail(&self) -> Result<String, Error> {
        rendered(&TailPage { labels: self.0 })
    }
}

/// Fetch the evidence pack of a proposal, as an auditor whose scope it lies in: a ZIP with every document, `manifest.json`
/// with the SHA-256 of each file, `timeline.html`, `journal.csv`, `figures.csv`, `findings.json`, and `proofs.ndjson`, the proofs
/// that the sealed trail holds all that, for `tools/verify_pack.py`. One is made and sent at a time; who comes meanwhile is
/// asked to come again. Who reads which pack is kept in the audit trail.
#[utoipa::path(get, path = "/proposals/{id}/evidence-pack", tag = "audit",
    responses((status = 200, description = "The archive.", content_type = "application/zip", body = String)))]
pub async fn fetch_evidence_pack(request: HttpRequest, call: Call, id: Id<ProposalId>) -> Answer {
    let of = id.clone();
    let pack = call
        .ask(move |sv, cx| evidence::pack(sv, cx, of.get()?, &Page(labels(cx.language))))
        .await?;
    let given = pack.read.clone();
    call.ask(move |sv, cx| evidence::record_read(sv, cx, id.get()?, &given)).await?;
    let stall = state_of(&request)?.bounds.stall;
    let name = format!("attachment; filename=\"{}\"", pack.name);
    let size = pack.size_bytes;
    let (file, held) = pack.into_parts();
    Ok(HttpResponse::Ok()
        .content_type("application/zip")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .body(SizedStream::new(size, sent(file, held, stall))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::{Outcome, SubjectKind};
    use crate::domain::ids::EventId;
    use crate::domain::moment::Moment;
    use crate::service::view::proposal::EventView;
    use serde_json::json;

    #[test]
    fn nothing_of_an_event_becomes_markup_and_nothing_is_fetched() {
        let evil = "<script src=//x></script>\"'&";
        let page = Page(labels(Language::Id));
        let head = Head {
            title: evil.to_owned(),
            id: ProposalId::new(),
            region_code: "18.71".to_owned(),
            fiscal_year: 2021,
            state: "closed".to_owned(),
            made_at: Moment::default(),
            made_for: evil.to_owned(),
        };
        let event = EventView {
            id: EventId::new(),
            at: Moment::default(),
            actor_id: None,
            actor_role: None,
            action: "proposal.submit".to_owned(),
            outcome: Outcome::Refused,
            subject_kind: SubjectKind::Proposal,
            subject_id: evil.to_owned(),
            content: json!({ evil: evil }),
            request_id: evil.to_owned(),
        };
        let happened = Happened { event, actor: Some(evil.to_owned()) };
        let whole = [page.head(&head), page.event(&happened), page.tail()];
        let whole: String = whole.into_iter().map(|part| part.expect("a part")).collect();
        assert!(!whole.contains("<script") && !whole.contains("'&"), "{whole}");
        for remote in ["http:", "https:", "url(", "<link", "<img", "@import"] {
            assert!(!whole.contains(remote), "{remote} in {whole}");
        }
        assert!(whole.starts_with("<!DOCTYPE html>") && whole.trim_end().ends_with("</html>"));
    }
}

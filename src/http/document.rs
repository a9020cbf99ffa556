//! Documents of proposals.

use crate::domain::ids::{DocumentId, ProposalId};
use crate::domain::moment::Moment;
use crate::http::body::Body;
use crate::http::call::{Answer, Call, Id, state_of};
use crate::http::middleware::RequestId;
use crate::http::multipart;
use crate::http::problem::Problem;
use crate::http::query::{Query, cursor, limit};
use crate::service::document::{self, Filter, Served};
use crate::service::error::Error;
use crate::service::known;
use crate::service::view::Page;
use crate::service::view::document as view;
use actix_web::body::SizedStream;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use std::ops::Range;
use utoipa::{IntoParams, ToSchema};

/// A document with its file. The fields come before the file.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes the form; the form is streamed")]
pub struct UploadForm {
    /// What it is, as a code: a type of `documents` in the policy of the proposal's year, or one that goes with an act
    /// (`condition_evidence`, `contract`, `payment_order`, `report_annex`, `correspondence`, `finding_follow_up`).
    #[schema(rename = "type", example = "feasibility_study", pattern = "^[a-z0-9_]{1,64}$")]
    document_type: String,
    /// Its title.
    title: Option<String>,
    /// Its number.
    number: Option<String>,
    /// When it was issued.
    issued_on: Option<chrono::NaiveDate>,
    /// Until when it holds.
    valid_until: Option<chrono::NaiveDate>,
    /// The budget line that it belongs to.
    line_no: Option<i64>,
    /// The older document of the same type whose place it takes.
    supersedes_id: Option<DocumentId>,
    /// PDF, JPEG, PNG, XLSX, DOCX or CSV.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Bring a document to a proposal.
#[utoipa::path(post, path = "/proposals/{id}/documents", tag = "documents",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 201, description = "Kept.", body = view::Document)))]
pub async fn upload_document(
    request: HttpRequest,
    id: Id<ProposalId>,
    payload: web::Payload,
) -> Answer {
    let call = Call::of(&request).await?;
    let seen = id.clone();
    // A file is not taken in from whom there is nothing here for.
    call.ask(move |sv, cx| document::may_see(sv, cx, seen.get()?)).await?;
    let state = state_of(&request)?;
    let form = multipart::read(&request, payload, &state.services.documents).await;
    call.write(Body(form), move |sv, cx, sent| document::receive(sv, cx, id.get()?, sent)).await
}

/// Which documents.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DocumentQuery {
    /// Of this type.
    #[serde(rename = "type")]
    #[param(rename = "type")]
    document_type: Option<String>,
    /// Only those that no newer one has taken the place of.
    current: Option<bool>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items of a page, at most 200; 50 when absent.
    limit: Option<i64>,
    /// As they were known at this instant, which is not in the future: what was recorded later, however far back it is dated, is left
    /// out, and the answer never changes. Now when absent.
    #[param(value_type = Option<String>, format = DateTime, example = "2021-07-15T02:30:00Z")]
    as_of: Option<Moment>,
}

/// List the documents of a proposal, the oldest first.
#[utoipa::path(get, path = "/proposals/{id}/documents", tag = "documents", params(DocumentQuery),
    responses((status = 200, description = "A page.", body = Page<view::Document>)))]
pub async fn list_documents(call: Call, id: Id<ProposalId>, query: Query<DocumentQuery>) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<DocumentId>(query.cursor.as_deref())?;
        let current = query.current.unwrap_or(false);
        let filter = Filter { document_type: query.document_type, current, after };
        known::documents(sv, cx, id, &filter, limit(query.limit)?, query.as_of)
    })
    .await
}

/// Show a document.
#[utoipa::path(get, path = "/documents/{id}", tag = "documents",
    responses((status = 200, description = "As it is now.", body = view::Document,
        headers(("ETag" = String, description = "The version, for `If-Match`.")))))]
pub async fn show_document(call: Call, id: Id<DocumentId>) -> Answer {
    call.read_versioned(move |sv, cx| document::show(sv, cx, id.get()?), |one| Some(one.version))
        .await
}

/// Fetch the bytes of a document, or a range of them. Who reads which document is kept in the audit trail.
#[utoipa::path(get, path = "/documents/{id}/content", tag = "documents",
    responses(
        (status = 200, description = "The bytes.", content_type = "application/octet-stream", body = String),
        (status = 206, description = "The range of them that was asked for.",
         content_type = "application/octet-stream", body = String),
        (status = 304, description = "They are those that the caller has.")))]
pub async fn download_document(request: HttpRequest, call: Call, id: Id<DocumentId>) -> Answer {
    let of = id.clone();
    let served = call.ask(move |sv, cx| document::content(sv, cx, of.get()?)).await?;
    let etag = format!("\"{}\"", served.sha256);
    if header_of(&request, header::IF_NONE_MATCH).is_some_and(|known| names(&known, &etag)) {
        return Ok(with_headers(HttpResponse::NotModified(), &served, &etag).finish());
    }
    let range = match asked(&request, &served, &etag) {
        Ok(range) => range,
        Err(problem) => {
            let mut answer = problem.answer(&RequestId::of(&request));
            if let Ok(size) = format!("bytes */{}", served.size_bytes).parse() {
                answer.headers_mut().insert(header::CONTENT_RANGE, size);
            }
            return Ok(answer);
        }
    };
    let read = range.clone();
    call.ask(move |sv, cx| document::record_read(sv, cx, id.get()?, read.as_ref())).await?;
    let store = &state_of(&request)?.services.documents.store;
    let content = store.content(&served.object_key, served.size_bytes, range.clone()).await;
    let content = content.map_err(Error::Store)?;
    let mut answer = match &range {
        None => with_headers(HttpResponse::Ok(), &served, &etag),
        Some(range) => {
            let mut answer = with_headers(HttpResponse::PartialContent(), &served, &etag);
            let last = range.end.saturating_sub(1);
            let words = format!("bytes {}-{last}/{}", range.start, served.size_bytes);
            answer.insert_header((header::CONTENT_RANGE, words));
            answer
        }
    };
    let length = range.map_or(served.size_bytes, |range| range.end.saturating_sub(range.start));
    Ok(answer.body(SizedStream::new(length, content)))
}

fn header_of(request: &HttpRequest, name: header::HeaderName) -> Option<String> {
    request.headers().get(name)?.to_str().ok().map(str::to_owned)
}

/// Whether a list of entity tags names this one.
fn names(list: &str, etag: &str) -> bool {
    list.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == etag)
}

/// The one range that is asked for; nothing when the whole is, or several.
fn asked(
    request: &HttpRequest,
    served: &Served,
    etag: &str,
) -> Result<Option<Range<u64>>, Problem> {
    if header_of(request, header::IF_RANGE).is_some_and(|known| known != etag) {
        return Ok(None);
    }
    let Some(text) = header_of(request, header::RANGE) else { return Ok(None) };
    let Ok(header::Range::Bytes(ranges)) = text.parse::<header::Range>() else { return Ok(None) };
    let [one] = ranges.as_slice() else { return Ok(None) };
    match one.to_satisfiable_range(served.size_bytes) {
        Some((first, last)) => Ok(Some(first..last.saturating_add(1))),
        None => {
            let detail = format!("there are {} bytes", served.size_bytes);
            let title = "The range is not there";
            Err(Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "range", title, detail))
        }
    }
}

fn with_headers(
    mut answer: actix_web::HttpResponseBuilder,
    served: &Served,
    etag: &str,
) -> actix_web::HttpResponseBuilder {
    answer
        .insert_header((header::ETAG, etag))
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .insert_header((header::CONTENT_TYPE, served.media_type.as_str()))
        .insert_header((header::CONTENT_DISPOSITION, attachment(&served.file_name)))
        .insert_header((header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"));
    answer
}

/// What RFC 5987 lets stand as it is.
const ATTR_CHAR: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'!');

/// `Content-Disposition` of RFC 6266: a plain name for old programs, and the true one as RFC 5987 writes it.
fn attachment(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ' { c } else { '_' }
        })
        .collect();
    let coded = utf8_percent_encode(name, ATTR_CHAR);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{coded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_not_leave_its_quotes() {
        assert_eq!(
            attachment("a\"; x=\u{e9}%.pdf"),
            "attachment; filename=\"a_; x=__.pdf\"; filename*=UTF-8''a%22%3B%20x%3D%C3%A9%25.pdf"
        );
    }

    #[test]
    fn a_list_of_tags_names_one_also_when_it_is_weak() {
        assert!(names("\"a\", W/\"b\"", "\"b\"") && names("*", "\"b\""));
        assert!(!names("\"a\"", "\"b\"") && !names("", "\"b\""));
    }
}

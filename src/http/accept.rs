//! Which of several forms of an answer a caller takes, by `Accept` (RFC 9110, 12.5.1).

use crate::http::problem::Problem;
use crate::service::sheet::Format;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, Header, Quality};
use actix_web::{FromRequest, HttpRequest};
use std::convert::Infallible;
use std::future::{Ready, ready};

/// A form that a table of figures is answered in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// JSON: what is answered when nothing is asked for.
    Json,
    /// A spreadsheet.
    Sheet(Format),
}

impl Form {
    const ALL: [Form; 3] = [Form::Json, Form::Sheet(Format::Csv), Form::Sheet(Format::Xlsx)];

    /// Its media type, without parameters.
    fn essence(self) -> &'static str {
        let whole = match self {
            Form::Json => "application/json",
            Form::Sheet(format) => format.media_type(),
        };
        whole.split(';').next().unwrap_or(whole)
    }
}

/// What a caller takes; looked at when it is its turn.
#[derive(Debug, Clone)]
pub struct Accepts(Option<Form>);

impl Accepts {
    /// The form to answer in; a problem that names those that there are, where none of them is taken.
    pub fn form(&self) -> Result<Form, Problem> {
        self.0.ok_or_else(|| {
            let known = Form::ALL.map(Form::essence).join(", ");
            let detail = format!("Accept takes none of what there is: {known}");
            let title = "Nothing of what is accepted is there";
            Problem::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", title, detail)
        })
    }
}

impl FromRequest for Accepts {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Accepts(chosen(request))))
    }
}

/// The form that is liked most; of two liked alike, the first of ours. A header that nobody understands asks for nothing.
fn chosen(request: &HttpRequest) -> Option<Form> {
    if !request.headers().contains_key(header::ACCEPT) {
        return Some(Form::Json);
    }
    let Ok(accept) = header::Accept::parse(request) else { return Some(Form::Json) };
    let liked = |form: &Form| quality(&accept, form.essence());
    Form::ALL.into_iter().rev().max_by_key(liked).filter(|form| liked(form) > Quality::ZERO)
}

/// How much a media type is liked: by the range that names it most exactly.
fn quality(accept: &header::Accept, essence: &str) -> Quality {
    let (kind, _) = essence.split_once('/').unwrap_or((essence, ""));
    let exactness = |range: &str| match range {
        "*/*" => Some(0),
        range if range == essence => Some(2),
        range => (range.strip_suffix("/*") == Some(kind)).then_some(1),
    };
    accept
        .iter()
        .filter_map(|item| Some((exactness(item.item.essence_str())?, item.quality)))
        .max_by_key(|(exact, _)| *exact)
        .map_or(Quality::ZERO, |(_, quality)| quality)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn asked(accept: &str) -> Option<Form> {
        chosen(&TestRequest::default().insert_header((header::ACCEPT, accept)).to_http_request())
    }

    #[test]
    fn the_form_that_is_liked_most_is_chosen() {
        let xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        assert_eq!(chosen(&TestRequest::default().to_http_request()), Some(Form::Json));
        assert_eq!(asked("*/*"), Some(Form::Json));
        assert_eq!(asked("text/csv"), Some(Form::Sheet(Format::Csv)));
        assert_eq!(asked(xlsx), Some(Form::Sheet(Format::Xlsx)));
        assert_eq!(asked("text/html, text/*;q=0.5"), Some(Form::Sheet(Format::Csv)));
        assert_eq!(asked("application/json;q=0.2, text/csv;q=0.9"), Some(Form::Sheet(Format::Csv)));
        assert_eq!(asked("*/*;q=0.1, application/json;q=0"), Some(Form::Sheet(Format::Csv)));
        assert_eq!(asked("text/html"), None);
        assert_eq!(asked("text/csv;q=0"), None);
    }
}

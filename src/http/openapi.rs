//! The API's own document, OpenAPI 3.1: what the handlers say, completed from the route table with headers and with
//! every status code that can occur.

mod examples;

use crate::http::problem::ProblemDetails;
use crate::http::routes::{Needs, Operations, ROUTES, Route};
use crate::service::error::Error;
use actix_web::web::Bytes;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::LazyLock;
use utoipa::openapi::content::Content;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Info, InfoBuilder, OpenApi, Ref, RefOr, Required, ServerBuilder};
use utoipa::{OpenApi as _, PartialSchema, ToSchema};

const ABOUT: &str = "Workflow of proposals for the physical Special Allocation Fund (DAK Fisik) in the small and \
medium industry field.\n\nMoney is whole rupiah, in fields that end in `_idr`; shares are basis points, in fields that \
end in `_bp`; instants are UTC. Unknown fields are refused. A write that moves state or money takes an \
`Idempotency-Key`: sent again with the same key it answers the same bytes and acts once. A change of what you have seen \
takes its `ETag` in `If-Match`. A header or a field of a query that is sent twice is refused. Problems are RFC 9457; \
they are checked in the order 401, 404, 428 and missing key, replay, 403, 412, 422, 409. A method that a path does not \
know is answered with 405 and `Allow`, as in the response `MethodNotAllowed`.";

const KEY: &str = "Your own name for this call, 1 to 100 visible ASCII characters, new for each thing that you want done. \
Sent again with the same key, as after a lost answer, it is done once and answered with the same bytes; another call under \
it is refused (422).";
const VERSION: &str = "The version of what the path names, as it was last read: the `ETag` in its answer, or `\"N\"` where N is its \
field `version` in a list, as for plans, conditions, change requests and tranche requests. An older one answers 412.";

/// The document.
pub fn document() -> OpenApi {
    let mut document = Operations::openapi();
    document.info = info();
    document.servers = Some(vec![ServerBuilder::new().url("/api/v1").build()]);
    let components = document.components.get_or_insert_default();
    components.schemas.insert("ProblemDetails".to_owned(), ProblemDetails::schema());
    let mut nested = Vec::new();
    ProblemDetails::schemas(&mut nested);
    components.schemas.extend(nested);
    let mut other_method = problem(405, "method_not_allowed", "Not that way");
    headers(&mut other_method, "405", Needs::Nothing);
    components.responses.insert("MethodNotAllowed".to_owned(), RefOr::T(other_method));
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    for route in ROUTES {
        if let Some(operation) =
            document.paths.paths.get_mut(route.path).and_then(|item| of(item, route.method))
        {
            complete(operation, route);
        }
    }
    document
}

/// The document as it is served: made once, for all threads, since what it is made of takes ten times its bytes.
pub fn bytes() -> Result<Bytes, Error> {
    static BYTES: LazyLock<Result<Bytes, String>> = LazyLock::new(|| {
        serde_json::to_vec(&document()).map(Bytes::from).map_err(|error| error.to_string())
    });
    BYTES.clone().map_err(Error::Defect)
}

/// The operations that take parameters in their query: method and path.
pub fn with_query() -> HashSet<(String, String)> {
    let mut document = Operations::openapi();
    let takes = |operation: &Operation| {
        operation
            .parameters
            .iter()
            .flatten()
            .any(|one| matches!(one, RefOr::T(one) if one.parameter_in == ParameterIn::Query))
    };
    ROUTES
        .iter()
        .filter(|route| {
            let item = document.paths.paths.get_mut(route.path);
            item.and_then(|item| of(item, route.method)).is_some_and(|operation| takes(operation))
        })
        .map(|route| (route.method.to_owned(), route.path.to_owned()))
        .collect()
}

fn info() -> Info {
    InfoBuilder::new()
        .title("Sentra")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .build()
}

/// The operation of a method, if the path has it.
pub fn of<'a>(item: &'a mut PathItem, method: &str) -> Option<&'a mut Operation> {
    match method {
        "get" => item.get.as_mut(),
        "post" => item.post.as_mut(),
        "put" => item.put.as_mut(),
        "patch" => item.patch.as_mut(),
        "delete" => item.delete.as_mut(),
        _ => None,
    }
}

fn complete(operation: &mut Operation, route: &Route) {
    let parameters = operation.parameters.get_or_insert_default();
    // What the handlers' types say of them has no example, and would be there twice.
    parameters.retain(|one| !matches!(one, RefOr::T(one) if one.parameter_in == ParameterIn::Path));
    for name in path_parameters(route.path) {
        let example = path_example(route.path, name);
        parameters.push(RefOr::T(parameter(name, ParameterIn::Path, true, example)));
    }
    if let Some(required) = route.needs.key() {
        let example = "5f2c1c1e-clerk-18.71";
        let mut key = parameter("Idempotency-Key", ParameterIn::Header, required, example);
        key.description = Some(KEY.to_owned());
        parameters.push(RefOr::T(key));
    }
    if route.needs.version() {
        let mut version = parameter("If-Match", ParameterIn::Header, true, "\"7\"");
        version.description = Some(VERSION.to_owned());
        parameters.push(RefOr::T(version));
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body
        && let Some(RefOr::T(content)) = body.content.get_mut("application/json")
        && content.example.is_none()
    {
        content.example = examples::body(route.method, route.path);
    }
    if route.needs.token() {
        operation.security =
            Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>("bearer", [])]);
    }
    let has_query = parameters
        .iter()
        .any(|one| matches!(one, RefOr::T(one) if one.parameter_in == ParameterIn::Query));
    for (status, code, title) in statuses(route, has_query) {
        operation
            .responses
            .responses
            .entry(status.to_string())
            .or_insert_with(|| RefOr::T(problem(status, code, title)));
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response {
            headers(response, status, route.needs);
        }
    }
}

/// The names in braces of a path.
pub fn path_parameters(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn path_example(path: &str, name: &str) -> &'static str {
    match name {
        "code" if path.starts_with("/invitations") => {
            "6f1d0c5be4a2978310fedcba98765432100123456789abcdef0123456789abcd"
        }
        "token" => "019376a0000070008000000000000001.progress.6f1d0c5be4a2978310fedcba98765432",
        "code" => "18.71",
        "n" => "2",
        "menu" => "revitalisation",
        "fiscal_year" => "2021",
        _ => "019376a0-0000-7000-8000-000000000001",
    }
}

fn parameter(name: &str, place: ParameterIn, required: bool, example: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(if required { Required::True } else { Required::False })
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .example(Some(json!(example)))
        .build()
}

type Status = (u16, &'static str, &'static str);

/// Every problem that can occur on a route.
fn statuses(route: &Route, has_query: bool) -> Vec<Status> {
    // Each write reads its body, if only to see that there is none.
    let writes = route.method != "get";
    let has_body = writes;
    let named = path_parameters(route.path).next().is_some()
        || ["/journal", "/exports/journal"].contains(&route.path);
    let is_content = route.path.ends_with("/content");
    let is_summary = matches!(route.path, "/outbox/summary" | "/audit/keys");
    let is_pack = route.path.ends_with("/evidence-pack");
    // That they were read is kept first.
    let is_kept = ["/users", "/users/{id}", "/outbox", "/outbox/{id}"].contains(&route.path);
    let is_answer = route.path == "/audit/questions/{slug}";
    let may_be_too_long = route.path.contains("/expenditures.")
        || ["/exports/proposals", "/exports/journal"].contains(&route.path)
        || is_answer;
    let is_trail = route.path == "/audit/export";
    let is_spooled = route.path.starts_with("/exports/") || is_answer || is_trail;
    let refuses = (writes && route.needs.token()) || is_content || is_pack || may_be_too_long;
    let fills = writes || is_spooled || is_content || is_pack || is_kept;
    let all = [
        (route.needs.token() || has_body, (400, "malformed", "The request is not understood")),
        (route.needs.token() || writes, (401, "unauthenticated", "Nobody is signed in")),
        (
            route.needs.token() && (writes || has_query || is_summary || is_pack || is_trail),
            (403, "forbidden", "Not for you to do"),
        ),
        (named || writes, (404, "not_found", "Nothing here")),
        (has_body, (408, "too_slow", "The body came too slowly")),
        (refuses, (409, "refused", "The machine refuses")),
        (route.needs.version(), (412, "stale", "It was changed meanwhile")),
        (has_body, (413, "too_large", "The body is too large")),
        (has_body, (415, "unsupported_media_type", "Only JSON is understood")),
        (is_content, (416, "range", "The range is not there")),
        (
            has_body || has_query || route.needs.key().is_some(),
            (422, "invalid", "Values that can't be taken"),
        ),
        (route.needs.version(), (428, "version_required", "The version is not named")),
        (is_throttled(route), (429, "throttled", "Too many attempts")),
        (true, (500, "internal", "Something went wrong")),
        (true, (503, "busy", "The service is busy")),
        (fills, (507, "storage_full", "No space is left")),
    ];
    all.into_iter().filter(|(occurs, _)| *occurs).map(|(_, status)| status).collect()
}

/// Where secrets can be tried out. The code of an unsubscription is longer than anybody can try.
fn is_throttled(route: &Route) -> bool {
    let is_open = !route.needs.token() && !route.path.starts_with("/unsubscribe");
    is_open || route.path == "/me/password"
}

fn problem(status: u16, code: &str, title: &str) -> Response {
    let example: Value = json!({
        "type": format!("urn:sentra:problem:{code}"),
        "title": title,
        "status": status,
        "detail": format!("{title}."),
        "code": code,
        "request_id": "019376a0-0000-7000-8000-000000000002",
    });
    let content = Content::builder()
        .schema(Some(Ref::from_schema_name("ProblemDetails")))
        .example(Some(example))
        .build();
    ResponseBuilder::new().description(title).content("application/problem+json", content).build()
}

fn headers(response: &mut Response, status: &str, needs: Needs) {
    let mut add = |name: &str, words: &str| {
        let mut header = Header::new(ObjectBuilder::new().schema_type(Type::String).build());
        header.description = Some(words.to_owned());
        response.headers.insert(name.to_owned(), RefOr::T(header));
    };
    add("X-Request-Id", "Named in the log and in events.");
    let done = status.starts_with('2');
    if done && needs.key().is_some() {
        add("Idempotency-Replayed", "`true` when the answer was given before.");
    }
    if done && needs.version() {
        add("ETag", "The version, for `If-Match`.");
    }
    if status == "405" {
        add("Allow", "The methods that the path knows.");
    }
    if status == "401" {
        add(
            "WWW-Authenticate",
            "`Bearer`; with `error=\"invalid_token\"` when a token was shown that does not hold.",
        );
    }
    if status == "503" || status == "429" {
        add("Retry-After", "Seconds to wait.");
    }
}

//! The API's document agrees with the route table, and its reader needs no other site.

use crate::support::app::TestApp;
use crate::support::client::text;
use crate::support::database::Kind;
use reqwest::Method;
use sentra::http::openapi;
use sentra::http::routes::ROUTES;
use serde_json::Value;
use std::collections::BTreeSet;

fn document() -> Value {
    serde_json::to_value(openapi::document()).expect("the document")
}

#[test]
fn every_route_is_an_operation_and_every_operation_a_route() {
    let document = document();
    assert!(text(&document["openapi"]).starts_with("3.1"));
    let mut found = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("operations").keys() {
            found.insert((method.clone(), path.clone()));
        }
    }
    let routes: BTreeSet<_> =
        ROUTES.iter().map(|route| (route.method.to_owned(), route.path.to_owned())).collect();
    assert_eq!(found, routes);
}

#[test]
fn every_operation_says_what_it_is() {
    let document = document();
    let mut names = BTreeSet::new();
    for route in ROUTES {
        let operation = &document["paths"][route.path][route.method];
        let name = text(&operation["operationId"]);
        let is_verb_noun = name.split('_').count() >= 2
            && name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
        assert!(is_verb_noun, "{name}");
        assert!(names.insert(name.clone()), "{name} is there twice");
        assert!(!text(&operation["summary"]).is_empty(), "{name} has no summary");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{name}");
        let responses = operation["responses"].as_object().expect("responses");
        let done = if route.path.ends_with("/content") { vec!["200", "206"] } else { vec![] };
        let found: Vec<_> = responses.keys().filter(|status| status.starts_with('2')).collect();
        assert!(found.len() == 1 || found == done, "{name}");
        for (status, response) in responses {
            assert!(!text(&response["description"]).is_empty(), "{name} {status}");
            let problem = &response["content"]["application/problem+json"]["schema"]["$ref"];
            let expected =
                if status.as_str() < "400" { "" } else { "#/components/schemas/ProblemDetails" };
            assert_eq!(text(problem), expected, "{name} {status}");
        }
        assert_eq!(responses.contains_key("428"), route.needs.version(), "{name}");
        assert_eq!(operation["security"].is_array(), route.needs.token(), "{name}");
        let parameters: BTreeSet<String> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|parameter| text(&parameter["name"]))
            .collect();
        assert_eq!(parameters.contains("If-Match"), route.needs.version(), "{name}");
        assert_eq!(parameters.contains("Idempotency-Key"), route.needs.key().is_some(), "{name}");
        let in_path: Vec<&Value> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path")
            .collect();
        let named: Vec<String> = in_path.iter().map(|parameter| text(&parameter["name"])).collect();
        let expected: Vec<&str> = openapi::path_parameters(route.path).collect();
        assert_eq!(named, expected, "{name}: each part of the path once, in its order");
        assert!(in_path.iter().all(|one| one["example"].is_string() && one["required"] == true));
        for header in operation["parameters"].as_array().into_iter().flatten() {
            let said = header["in"] != "header" || header["description"].is_string();
            assert!(said, "{name}: {header}");
        }
    }
}

#[test]
fn every_reference_within_the_document_leads_somewhere() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").map(text));
                fields.values().for_each(|field| references(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer =
            reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads outside"));
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

#[test]
fn what_is_changed_by_its_version_says_where_that_is_read() {
    let document = document();
    for path in [
        "/notifications/preferences",
        "/proposals/{id}",
        "/proposals/{id}/lines",
        "/users/{id}",
        "/centres/{id}",
    ] {
        let shown = &document["paths"][path]["get"]["responses"]["200"];
        assert!(shown["headers"]["ETag"].is_object(), "{path}: {shown}");
    }
}

#[test]
fn whatever_takes_json_shows_an_example_that_fits_its_schema() {
    let document = document();
    for route in ROUTES {
        let place = format!("{} {}", route.method, route.path);
        let operation = &document["paths"][route.path][route.method];
        let content = &operation["requestBody"]["content"]["application/json"];
        let Some(schema) = content.get("schema") else { continue };
        let named = schema["$ref"].as_str().map(|name| name.trim_start_matches('#'));
        let schema = named.map_or(schema, |name| document.pointer(name).expect("a schema"));
        let several = content["examples"].as_object().and_then(|all| all.values().next());
        let first = several.map_or(&Value::Null, |one| &one["value"]);
        let example =
            [&content["example"], first, &schema["example"]].into_iter().find(|one| !one.is_null());
        let example = example.unwrap_or_else(|| panic!("{place} has no example"));
        let fields = example.as_object().unwrap_or_else(|| panic!("{place}: {example}"));
        let known = schema["properties"].as_object();
        for name in fields.keys() {
            assert!(known.is_some_and(|known| known.contains_key(name)), "{place}: {name}");
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            assert!(fields.contains_key(&text(name)), "{place} lacks {name}");
        }
    }
}

#[test]
fn another_method_is_described_once_for_all_paths() {
    let document = document();
    let response = &document["components"]["responses"]["MethodNotAllowed"];
    assert!(response["headers"]["Allow"].is_object(), "{response}");
    assert!(text(&document["info"]["description"]).contains("405"));
}

#[actix_web::test]
async fn the_reader_is_served_without_another_site() {
    let app = TestApp::spawn(Kind::Sqlite).expect("SQLite");
    let served = app.call(Method::GET, "/api/openapi.json").await.is(200);
    assert_eq!(served, document());
    let page = app.call(Method::GET, "/api/docs/").await;
    assert_eq!(page.status, 200);
    let page = String::from_utf8(page.bytes).expect("text");
    assert!(page.contains("swagger-ui"), "{page}");
    let mut files = vec!["swagger-initializer.js".to_owned()];
    for part in page.split(['"', '\'']) {
        assert!(!part.starts_with("http") && !part.starts_with("//"), "{part} is another site");
        if [".js", ".css", ".png"].iter().any(|end| part.ends_with(end)) {
            files.push(part.trim_start_matches("./").to_owned());
        }
    }
    assert!(files.len() > 3, "{page}");
    for file in files {
        let found = app.call(Method::GET, &format!("/api/docs/{file}")).await;
        assert_eq!(found.status, 200, "{file}");
        if file == "swagger-initializer.js" {
            let text = String::from_utf8(found.bytes).expect("text");
            assert!(text.contains("/api/openapi.json") && !text.contains("http"), "{text}");
        }
    }
}

#[actix_web::test]
async fn live_ready_and_metrics_are_open() {
    let app = TestApp::spawn(Kind::Sqlite).expect("SQLite");
    app.call(Method::GET, "/health/live").await.is(200);
    app.call(Method::GET, "/health/ready").await.is(200);
    app.call(Method::GET, "/me").await.is(401);
    let metrics = app.call(Method::GET, "/metrics").await;
    assert_eq!(metrics.status, 200);
    assert!(String::from_utf8_lossy(&metrics.bytes).contains("sentra_requests_total"));
}

#[test]
fn enumerations_are_documented_by_the_texts_that_travel() {
    let document = serde_json::to_value(sentra::http::openapi::document()).expect("a document");
    let values = &document["components"]["schemas"]["Action"]["enum"];
    assert_eq!(values[0], "request_planning_check", "{values}");
    assert_eq!(document["components"]["schemas"]["Zone"]["enum"][0], "WIB");
}

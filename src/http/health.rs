//! Whether the service lives, whether it can serve, its metrics, and what its API is.

use crate::http::call::{Answer, state_of};
use crate::http::openapi;
use crate::service;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

/// The process answers.
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "live" }))
}

/// The database answers, too; and whether the store of documents does is told.
pub async fn ready(request: HttpRequest) -> Answer {
    let state = state_of(&request)?;
    let documents = service::health::documents(&state.services).await;
    let ready = state.blocking(move |sv| service::health::ready(sv, documents)).await?;
    Ok(HttpResponse::Ok().json(ready))
}

/// The API's document, OpenAPI 3.1.
pub async fn document() -> Answer {
    Ok(HttpResponse::Ok().content_type("application/json").body(openapi::bytes()?))
}

/// Metrics in Prometheus' text format.
pub async fn metrics(request: HttpRequest) -> Answer {
    let state = state_of(&request)?;
    let text = state.metrics.as_ref().map(|metrics| metrics.render()).unwrap_or_default();
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(text))
}

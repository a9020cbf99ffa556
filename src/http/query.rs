//! Reading a query string: each list has its own fields; what it does not know is refused.

use crate::domain::refusal::FieldError;
use crate::service::error::Error;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::str::FromStr;

/// The items of a page when nothing is said.
const LIMIT: i64 = 50;
/// The most items of a page.
const MOST: i64 = 200;

/// A query as it was read; looked at after the caller's rights.
#[derive(Debug, Clone)]
pub struct Query<T>(Result<T, String>);

impl<T: Clone> Query<T> {
    /// The fields, or what is wrong with them.
    pub fn get(&self) -> Result<T, Error> {
        self.0
            .clone()
            .map_err(|message| Error::Invalid(vec![FieldError::new("/query", "invalid", message)]))
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let parsed = web::Query::<T>::from_query(request.query_string());
        ready(Ok(Query(parsed.map(web::Query::into_inner).map_err(|error| error.to_string()))))
    }
}

/// The number of items asked for.
pub fn limit(asked: Option<i64>) -> Result<i64, Error> {
    match asked {
        None => Ok(LIMIT),
        Some(limit) if (1..=MOST).contains(&limit) => Ok(limit),
        Some(_) => {
            Err(Error::invalid("/query/limit", "out_of_range", format!("must be from 1 to {MOST}")))
        }
    }
}

/// Where the page before ended.
pub fn cursor<T: FromStr>(given: Option<&str>) -> Result<Option<T>, Error> {
    given
        .map(|text| {
            text.parse().map_err(|_| {
                Error::invalid("/query/cursor", "invalid", "must be a next_cursor as it was given")
            })
        })
        .transpose()
}

//! Reading a query string: each list has its own fields; what it does not know is refused.

use crate::domain::policy::overlay::pointer;
use crate::domain::refusal::FieldError;
use crate::service::error::Error;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::str::FromStr;
use url::form_urlencoded;

/// The items of a page when nothing is said.
const LIMIT: i64 = 50;
/// The most items of a page.
const MOST: i64 = 200;

/// What is wrong with a query.
#[derive(Debug, Clone)]
enum Wrong {
    /// A field is there twice: which of them is meant?
    Twice(FieldError),
    /// A value, or a field that nobody knows.
    Value(FieldError),
}

/// A query as it was read; looked at after the caller's rights.
#[derive(Debug, Clone)]
pub struct Query<T>(Result<T, Wrong>);

impl<T: Clone> Query<T> {
    /// The fields, or what is wrong with them.
    pub fn get(&self) -> Result<T, Error> {
        self.0.clone().map_err(|wrong| match wrong {
            Wrong::Twice(error) => Error::Malformed(vec![error]),
            Wrong::Value(error) => Error::Invalid(vec![error]),
        })
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Query(read(request.query_string()))))
    }
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, Wrong> {
    let mut seen = BTreeSet::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if seen.contains(&name) {
            let message = "is there more than once; send it once";
            return Err(Wrong::Twice(FieldError::new(format!("/query/{name}"), "twice", message)));
        }
        if name.contains('\0') || value.contains('\0') {
            let pointer = format!("/query/{}", name.replace('\0', ""));
            return Err(Wrong::Value(FieldError::new(pointer, "nul", "must not hold NUL")));
        }
        seen.insert(name);
    }
    let fields = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(fields).map_err(|error| {
        // A field that nobody knows is named by the message.
        let pointer = format!("/query{}", pointer(error.path()));
        Wrong::Value(FieldError::new(pointer, "invalid", error.inner().to_string()))
    })
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

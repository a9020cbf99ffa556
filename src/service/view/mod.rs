//! What answers look like.

pub mod correction;
pub mod document;
pub mod finding;
pub mod gate;
pub mod hold;
pub mod line;
pub mod mail;
pub mod money;
pub mod people;
pub mod policy;
pub mod preference;
pub mod proposal;
pub mod radar;
pub mod readiness;
pub mod reminder;
pub mod report;
pub mod review;
pub mod tranche;

use serde::Serialize;
use utoipa::ToSchema;

/// One page of a list, in a stable order.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Send it as `cursor` to get the next page; absent on the last.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A list that is whole on its one page.
    pub fn whole(items: Vec<T>) -> Page<T> {
        Page { items, next_cursor: None }
    }

    /// A page of at most `limit` rows out of `limit + 1` that were asked for.
    pub fn cut<R>(
        rows: Vec<R>,
        limit: i64,
        cursor: impl Fn(&R) -> String,
        view: impl Fn(R) -> T,
    ) -> Page<T> {
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = rows.len() > limit;
        let next_cursor = if more {
            limit.checked_sub(1).and_then(|last| rows.get(last)).map(cursor)
        } else {
            None
        };
        Page { items: rows.into_iter().take(limit).map(view).collect(), next_cursor }
    }
}

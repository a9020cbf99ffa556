//! Rows of several proposals, by proposal: what lies beneath a page of them is read at once, and then looked at one by
//! one.

use crate::domain::ids::ProposalId;
use std::collections::HashMap;

/// Rows by proposal, each list in the order in which its rows came.
pub struct Grouped<K>(HashMap<ProposalId, Vec<K>>);

impl<K> Grouped<K> {
    /// Groups rows by the proposal that they belong to.
    pub fn by<T>(
        rows: Vec<T>,
        key: impl Fn(&T) -> ProposalId,
        value: impl Fn(T) -> K,
    ) -> Grouped<K> {
        let mut grouped: HashMap<ProposalId, Vec<K>> = HashMap::new();
        for row in rows {
            grouped.entry(key(&row)).or_default().push(value(row));
        }
        Grouped(grouped)
    }

    /// Those of a proposal.
    pub fn of(&self, id: ProposalId) -> &[K] {
        self.0.get(&id).map_or(&[], Vec::as_slice)
    }
}

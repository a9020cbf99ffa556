//! The findings of a proposal: numbered without a gap, and closed ones whole.

use super::Check;
use crate::domain::finding::FindingState;
use crate::domain::money::Rupiah;
use crate::storage::finding::Finding;

impl Check<'_> {
    /// Findings by number, and how many were made by events.
    pub(super) fn findings(&mut self, rows: &[Finding], made: usize) {
        if rows.iter().map(|row| row.n).ne((1..).take(rows.len())) {
            let numbers: Vec<String> = rows.iter().map(|row| row.n.to_string()).collect();
            self.breach(format!("its findings have the numbers {}", numbers.join(", ")));
        }
        if rows.len() != made {
            let kept = rows.len();
            self.breach(format!("{kept} findings are kept, and its events made {made}"));
        }
        for row in rows {
            self.closing(row);
        }
    }

    /// What is closed tells how, why, when, by whom and with what settled; what is not tells none of it.
    fn closing(&mut self, row: &Finding) {
        let told = [
            row.outcome.is_some(),
            row.settled_idr.is_some(),
            row.closed_reason.is_some(),
            row.closed_at.is_some(),
            row.closed_by.is_some(),
        ];
        let is_closed = row.state == FindingState::Closed;
        if told.iter().any(|told| *told != is_closed) {
            let words = if is_closed { "closed, and lacks" } else { "not closed, and has" };
            let what = "what tells of an end";
            self.breach(format!("finding {} is {words} {what}", row.n));
        }
        let (settled, at_issue) = (row.settled_idr.unwrap_or_default(), row.at_issue());
        if settled > at_issue || settled < Rupiah::ZERO {
            let words = format!("{settled} of it is settled, and {at_issue} is at issue");
            self.breach(format!("finding {}: {words}", row.n));
        }
    }
}

//! The questions that auditors of the fund ask, and the place of a row in the order of an answer.

use crate::domain::ids::ProposalId;
use std::fmt;
use std::str::FromStr;

text_enum! {
    /// What the rows of an answer are.
    pub enum RowKind {
        /// Each is something that is not as it should be.
        Breach = "breach",
        /// Each is told; whether it is right is for the auditor to say.
        Fact = "fact",
    }
}

/// The longest key of a row within its proposal, in bytes: an id, or a number.
const MAX_KEY: usize = 40;

/// The place of a row in the order of an answer: by proposal, then by the kind of thing that it is about, then by its own key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowPlace {
    /// Of which proposal.
    pub proposal: ProposalId,
    /// Which of the kinds of things that the question looks at, from 0.
    pub strand: usize,
    /// Which; numbers stand with leading zeros, so that their order is that of texts.
    pub key: String,
}

impl fmt::Display for RowPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}~{}", self.proposal, self.strand, self.key)
    }
}

impl FromStr for RowPlace {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, '~');
        let mut next = || parts.next().ok_or(());
        let (proposal, strand, key) = (next()?, next()?, next()?);
        let is_key = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if key.len() > MAX_KEY || !key.bytes().all(is_key) {
            return Err(());
        }
        Ok(RowPlace {
            proposal: proposal.parse().map_err(|_| ())?,
            strand: strand.parse().map_err(|_| ())?,
            key: key.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back_as_it_was_written_and_nothing_else_is_one() {
        let place =
            RowPlace { proposal: ProposalId::new(), strand: 2, key: "0000000012".to_owned() };
        assert_eq!(place.to_string().parse(), Ok(place.clone()));
        for wrong in
            ["", "x~1~a", &format!("{}~x~a", place.proposal), &format!("{}~1", place.proposal)]
        {
            assert_eq!(wrong.parse::<RowPlace>(), Err(()), "{wrong}");
        }
        assert!(format!("{}~1~a b", place.proposal).parse::<RowPlace>().is_err());
    }

    #[test]
    fn rows_lie_by_proposal_then_kind_then_key() {
        let (one, two) = (ProposalId::new(), ProposalId::new());
        let place =
            |proposal, strand, key: &str| RowPlace { proposal, strand, key: key.to_owned() };
        let mut all =
            [place(two, 0, "a"), place(one, 1, "a"), place(one, 0, "b"), place(one, 0, "a")];
        all.sort();
        let sorted =
            [place(one, 0, "a"), place(one, 0, "b"), place(one, 1, "a"), place(two, 0, "a")];
        assert_eq!(all, sorted);
    }
}

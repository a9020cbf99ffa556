//! How the ministry's reviewers assess a line: four criteria, each with a score and words, and what they would grant.
//!
//! The technical ministry judges activity, output target and unit price (PMK 25/2024 Art. 22), and whether readiness
//! criteria are met.

use crate::domain::input::{Checks, MAX_LONG};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a line scores under one criterion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// Points, from 0 to the policy's `assessment_max_score`.
    #[schema(example = 80)]
    pub score: i64,
    /// Why; required for less than half of the most.
    #[serde(default)]
    #[schema(example = "Spesifikasi sesuai kebutuhan sentra.")]
    pub words: Option<String>,
}

/// What a line scores under each criterion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Scores {
    /// The activity itself: is it what the centre needs, and fit for it.
    pub technical: Score,
    /// The output target.
    pub output_target: Score,
    /// The unit price.
    pub unit_price: Score,
    /// Readiness.
    pub readiness: Score,
}

/// Whether a score is so low that it takes words: less than half of the most.
pub const fn needs_words(score: i64, most: i64) -> bool {
    score.saturating_mul(2) < most
}

impl Scores {
    /// Each criterion by its name.
    pub const fn each(&self) -> [(&'static str, &Score); 4] {
        [
            ("technical", &self.technical),
            ("output_target", &self.output_target),
            ("unit_price", &self.unit_price),
            ("readiness", &self.readiness),
        ]
    }

    /// Whether the texts are within their limits.
    pub fn check_form(&self, checks: &mut Checks, at: &str) {
        for (name, score) in self.each() {
            checks.optional_text(&format!("{at}/{name}/words"), score.words.as_deref(), MAX_LONG);
        }
    }

    /// Whether the scores are within a policy's bounds, and low ones have their words.
    pub fn check(&self, checks: &mut Checks, at: &str, most: i64) {
        for (name, score) in self.each() {
            checks.between(&format!("{at}/{name}/score"), score.score, 0, most);
            let silent = score.words.as_deref().is_none_or(|words| words.trim().is_empty());
            if needs_words(score.score, most) && silent {
                let message = format!("say why: {} is less than half of {most}", score.score);
                checks.fail(format!("{at}/{name}/words"), "required", message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(score: i64, words: Option<&str>) -> Scores {
        let one = Score { score, words: words.map(str::to_owned) };
        Scores {
            technical: one.clone(),
            output_target: one.clone(),
            unit_price: one.clone(),
            readiness: one,
        }
    }

    fn wrong(scores: &Scores, most: i64) -> Vec<String> {
        let mut checks = Checks::default();
        scores.check(&mut checks, "", most);
        checks.done().err().into_iter().flatten().map(|error| error.code).collect()
    }

    #[test]
    fn a_score_below_half_takes_words_and_half_does_not() {
        assert_eq!(wrong(&scores(50, None), 100), Vec::<String>::new());
        assert_eq!(wrong(&scores(49, None), 100), ["required"; 4]);
        assert_eq!(wrong(&scores(49, Some(" ")), 100), ["required"; 4]);
        assert_eq!(wrong(&scores(49, Some("Mahal.")), 100), Vec::<String>::new());
        assert_eq!(wrong(&scores(2, None), 5), ["required"; 4]);
        assert_eq!(wrong(&scores(3, None), 5), Vec::<String>::new());
    }

    #[test]
    fn a_score_lies_within_the_policy_s_bounds() {
        assert_eq!(wrong(&scores(101, None), 100), ["out_of_range"; 4]);
        assert_eq!(wrong(&scores(-1, Some("a")), 100), ["out_of_range"; 4]);
        assert_eq!(wrong(&scores(0, Some("a")), 100), Vec::<String>::new());
        assert_eq!(wrong(&scores(i64::MAX, None), 100), ["out_of_range"; 4]);
    }
}

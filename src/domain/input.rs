//! Limits of what is taken in, and the checks that share their sentences.

mod letters;

pub use letters::number_key;

use crate::domain::refusal::FieldError;
use chrono::{Datelike, NaiveDate};
use std::ops::RangeInclusive;

/// The longest name, title or number, in characters.
pub const MAX_SHORT: usize = 200;
/// The longest comment or description, in characters.
pub const MAX_LONG: usize = 5_000;
/// The most lines of a proposal, and the most items of any list in a request.
pub const MAX_ITEMS: usize = 500;

/// The years that dates lie in.
pub const YEARS: RangeInclusive<i32> = 1945..=2100;

/// Collects what is wrong with a request, so that all of it is said at once.
#[derive(Debug, Default)]
pub struct Checks {
    errors: Vec<FieldError>,
}

impl Checks {
    /// Notes an error.
    pub fn fail(&mut self, pointer: impl Into<String>, code: &str, message: impl Into<String>) {
        self.errors.push(FieldError::new(pointer, code, message));
    }

    /// Notes an error unless the condition holds.
    pub fn require(&mut self, holds: bool, pointer: &str, code: &str, message: &str) {
        if !holds {
            self.fail(pointer, code, message);
        }
    }

    /// A text that has to say something, within `max` characters.
    pub fn text(&mut self, pointer: &str, text: &str, max: usize) {
        if text.trim().is_empty() {
            self.fail(pointer, "required", "must not be empty");
        } else if !text.chars().any(letters::is_seen) {
            self.fail(pointer, "invisible", "must have at least one letter or sign that is seen");
        }
        self.within(pointer, text, max);
    }

    /// A text that may be empty or absent, within `max` characters; what is there is seen.
    pub fn optional_text(&mut self, pointer: &str, text: Option<&str>, max: usize) {
        if let Some(text) = text {
            let says_nothing = !text.trim().is_empty() && !text.chars().any(letters::is_seen);
            if says_nothing {
                self.fail(pointer, "invisible", "must be seen, or be left out");
            }
            self.within(pointer, text, max);
        }
    }

    fn within(&mut self, pointer: &str, text: &str, max: usize) {
        if text.chars().count() > max {
            self.fail(pointer, "too_long", format!("must have at most {max} characters"));
        }
        let is_fit = if max < MAX_LONG { letters::fits_line } else { letters::fits_text };
        if text.contains('\0') {
            self.fail(pointer, "nul", "must not contain NUL");
        } else if let Some((place, letter)) = text
            .chars()
            .zip(1..)
            .find_map(|(letter, place)| (!is_fit(letter)).then_some((place, letter)))
        {
            let message = format!(
                "must not contain characters that control a line or turn its direction; the {place}. is U+{:04X}",
                u32::from(letter)
            );
            self.fail(pointer, "control_character", message);
        }
    }

    /// A number of a contract, a payment or a decree, as it stands on paper: on one line, with plain spaces at most.
    pub fn number(&mut self, pointer: &str, text: &str) {
        self.text(pointer, text, MAX_SHORT);
        if text
            .chars()
            .any(|letter| letter != ' ' && letter.is_whitespace() && !letter.is_control())
        {
            self.fail(pointer, "space", "must have no other spaces than plain ones");
        }
    }

    /// A number within bounds.
    pub fn between(&mut self, pointer: &str, number: i64, least: i64, most: i64) {
        if !(least..=most).contains(&number) {
            self.fail(pointer, "out_of_range", format!("must be from {least} to {most}"));
        }
    }

    /// A date, where one is given: of the years in which the republic has had budgets and will plan them.
    pub fn date(&mut self, pointer: &str, date: impl Into<Option<NaiveDate>>) {
        if let Some(date) = date.into()
            && !YEARS.contains(&date.year())
        {
            let message = format!("must be from the year {} to {}", YEARS.start(), YEARS.end());
            self.fail(pointer, "out_of_range", message);
        }
    }

    /// A position, where one is given: both parts, within Indonesia.
    pub fn position(&mut self, pointer: &str, latitude: Option<f64>, longitude: Option<f64>) {
        match (latitude, longitude) {
            (None, None) => {}
            (Some(latitude), Some(longitude)) => {
                if !(-11.5..=6.5).contains(&latitude) || !(94.5..=141.5).contains(&longitude) {
                    self.fail(
                        pointer,
                        "out_of_range",
                        "must lie in Indonesia: latitude -11.5 to 6.5, longitude 94.5 to 141.5 (decimal degrees)",
                    );
                }
            }
            _ => self.fail(pointer, "incomplete", "latitude and longitude go together"),
        }
    }

    /// The errors, if there were any.
    pub fn done(self) -> Result<(), Vec<FieldError>> {
        if self.errors.is_empty() { Ok(()) } else { Err(self.errors) }
    }
}

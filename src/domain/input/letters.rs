//! Which characters a text may hold, by the properties that Unicode gives them.

use icu_properties::props::{BidiControl, DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};

fn category(letter: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(letter)
}

/// Whether a reader sees something of it, at least together with its neighbours.
pub fn is_seen(letter: char) -> bool {
    let is_nothing = matches!(
        category(letter),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::SpaceSeparator
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
            | GeneralCategory::NonspacingMark
    );
    // A pattern of Braille without dots is a sign by its category, and empty all the same.
    !is_nothing
        && letter != '\u{2800}'
        && !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(letter)
}

/// Whether it may stand in a text of one line: nothing that ends a line, moves the cursor, turns the direction of writing
/// or hides. The two joiners stay, since words of some scripts, and some signs, are written with them.
pub fn fits_line(letter: char) -> bool {
    match category(letter) {
        GeneralCategory::Control
        | GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator => false,
        GeneralCategory::Format => matches!(letter, '\u{200c}' | '\u{200d}'),
        _ => true,
    }
}

/// Whether it may stand in a text of several lines.
pub fn fits_text(letter: char) -> bool {
    match category(letter) {
        GeneralCategory::Control => matches!(letter, '\n' | '\r' | '\t'),
        _ => !CodePointSetData::new::<BidiControl>().contains(letter),
    }
}

/// A number as it is compared with others: what differs only in spaces, in the case of letters or in what nobody sees is
/// the same number.
pub fn number_key(number: &str) -> String {
    number.chars().filter(|letter| is_seen(*letter)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_seen_is_known() {
        for letter in [
            ' ', '\u{a0}', '\u{200b}', '\u{200d}', '\u{2800}', '\u{3164}', '\u{feff}', '\u{301}',
            '\u{e000}',
        ] {
            assert!(!is_seen(letter), "{:x}", u32::from(letter));
        }
        for letter in ['a', 'é', '0', '-', 'ꦱ', 'ع', '字', '🧵'] {
            assert!(is_seen(letter) && fits_line(letter) && fits_text(letter), "{letter}");
        }
    }

    #[test]
    fn a_line_is_not_turned_or_broken() {
        for letter in ['\u{202e}', '\u{2066}', '\u{200f}', '\u{61c}', '\u{85}', '\u{1b}', '\u{7f}']
        {
            assert!(!fits_line(letter) && !fits_text(letter), "{:x}", u32::from(letter));
        }
        for letter in ['\n', '\t', '\u{2028}', '\u{200b}', '\u{feff}', '\u{ad}'] {
            assert!(!fits_line(letter) && fits_text(letter), "{:x}", u32::from(letter));
        }
        assert!(fits_line('\u{200d}') && fits_line('\u{a0}'));
    }

    proptest! {
        #[test]
        fn spaces_and_case_make_no_other_number(parts in proptest::collection::vec("[A-Za-z0-9/.-]{1,6}", 1..5)) {
            let key = number_key(&parts.concat());
            prop_assert_eq!(&number_key(&parts.join(" ")), &key);
            prop_assert_eq!(&number_key(&parts.join("\u{a0}").to_uppercase()), &key);
            prop_assert_eq!(&number_key(&key), &key);
        }
    }
}

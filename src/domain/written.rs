//! Numbers as people write them in spreadsheets, in the Indonesian way (`1.000.000,00`) or the English one.
//!
//! What can be read in two ways is refused, never guessed: `1.500` as a volume may be fifteen hundred or one and a half.

use crate::domain::money::Rupiah;

/// Why a written number was not understood; the text says how to mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unclear {
    /// It is no number.
    NoNumber,
    /// It has two readings.
    TwoReadings,
    /// It is below zero.
    Negative,
    /// Money with a part of a rupiah.
    PartOfRupiah,
    /// More than three decimals.
    TooFine,
    /// Larger than what is taken in.
    TooLarge,
}

impl Unclear {
    /// A stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Unclear::NoNumber => "no_number",
            Unclear::TwoReadings => "two_readings",
            Unclear::Negative => "negative",
            Unclear::PartOfRupiah => "part_of_rupiah",
            Unclear::TooFine => "too_fine",
            Unclear::TooLarge => "too_large",
        }
    }

    /// What is wrong, and how to write it instead.
    pub fn message(self, text: &str) -> String {
        let shown: String = text.chars().take(40).collect();
        match self {
            Unclear::NoNumber => {
                format!("{shown:?} is no number; write digits, such as 1500000 or 1.500.000,00")
            }
            Unclear::TwoReadings => format!(
                "{shown:?} can be read in two ways; write it without a mark for thousands (1500), a volume with decimals (1,5)"
            ),
            Unclear::Negative => format!("{shown:?} is below zero"),
            Unclear::PartOfRupiah => {
                format!("{shown:?} has a part of a rupiah; write whole rupiah")
            }
            Unclear::TooFine => format!("{shown:?} has more than three decimals"),
            Unclear::TooLarge => format!("{shown:?} is too large"),
        }
    }
}

/// A written number: its whole part and its decimals, as digits.
struct Parts {
    whole: String,
    decimals: String,
}

/// Whole rupiah: `1000000`, `1.000.000`, `Rp1.000.000,00`, `Rp 1.000.000,-`, `1,000,000.00`. One group after a dot
/// is thousands, as money has no third of a decimal.
pub fn rupiah(text: &str) -> Result<Rupiah, Unclear> {
    let bare = text.trim();
    let bare = ["rp.", "rp", "idr"]
        .iter()
        .find_map(|mark| {
            let start = bare.get(..mark.len())?;
            start.eq_ignore_ascii_case(mark).then(|| bare.get(mark.len()..)).flatten()
        })
        .unwrap_or(bare);
    let bare = bare.trim().strip_suffix(",-").unwrap_or(bare.trim());
    let parts = parts(bare, true)?;
    // Money has two decimals at the most: three after a mark are thousands to whoever wrote them, or nobody knows.
    if parts.decimals.len() > 2 {
        return Err(Unclear::TwoReadings);
    }
    if parts.decimals.bytes().any(|digit| digit != b'0') {
        return Err(Unclear::PartOfRupiah);
    }
    let amount: i64 = parts.whole.parse().map_err(|_| Unclear::TooLarge)?;
    if amount > Rupiah::MAX_INPUT.0 { Err(Unclear::TooLarge) } else { Ok(Rupiah(amount)) }
}

/// A volume, in thousandths of the unit: `800`, `12,5`, `12.5`, `1.500,25`.
pub fn thousandths(text: &str) -> Result<i64, Unclear> {
    scaled(&parts(text.trim(), false)?)
}

/// A number that a spreadsheet holds as one, as whole rupiah.
pub fn rupiah_of(number: f64) -> Result<Rupiah, Unclear> {
    let parts = of(number)?;
    if !parts.decimals.is_empty() {
        return Err(Unclear::PartOfRupiah);
    }
    let amount: i64 = parts.whole.parse().map_err(|_| Unclear::TooLarge)?;
    if amount > Rupiah::MAX_INPUT.0 { Err(Unclear::TooLarge) } else { Ok(Rupiah(amount)) }
}

/// A number that a spreadsheet holds as one, in thousandths.
pub fn thousandths_of(number: f64) -> Result<i64, Unclear> {
    scaled(&of(number)?)
}

/// What the spreadsheet shows of a number at most, 15 significant digits, without an exponent: what a formula computed may
/// be off by less (4500000 × 1,1 is kept as 4950000.000000001).
fn of(number: f64) -> Result<Parts, Unclear> {
    if !number.is_finite() {
        return Err(Unclear::NoNumber);
    }
    if number < 0.0 {
        return Err(Unclear::Negative);
    }
    let shown: f64 = format!("{number:.14e}").parse().map_err(|_| Unclear::NoNumber)?;
    let text = shown.to_string();
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    Ok(Parts { whole: whole.to_owned(), decimals: decimals.to_owned() })
}

fn scaled(parts: &Parts) -> Result<i64, Unclear> {
    let decimals = parts.decimals.trim_end_matches('0');
    if decimals.len() > 3 {
        return Err(Unclear::TooFine);
    }
    format!("{}{decimals:0<3}", parts.whole).parse().map_err(|_| Unclear::TooLarge)
}

fn parts(text: &str, money: bool) -> Result<Parts, Unclear> {
    let text: String = text.chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}')).collect();
    if text.starts_with('-') && text.len() > 1 {
        return Err(Unclear::Negative);
    }
    let known = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
    if text.is_empty() || text.len() > 40 || !text.chars().all(known) {
        return Err(Unclear::NoNumber);
    }
    let (dots, commas) = (text.matches('.').count(), text.matches(',').count());
    match (dots, commas) {
        (0, 0) => whole(text, ""),
        (_, 0) => one_mark(&text, '.', dots, money),
        (0, _) => one_mark(&text, ',', commas, false),
        _ => {
            let decimal = if text.rfind('.') > text.rfind(',') { '.' } else { ',' };
            let grouping = if decimal == '.' { ',' } else { '.' };
            let (left, right) = text.split_once(decimal).ok_or(Unclear::NoNumber)?;
            if right.contains(['.', ',']) || right.is_empty() {
                return Err(Unclear::NoNumber);
            }
            whole(ungrouped(left, grouping)?, right)
        }
    }
}

/// Only one kind of mark: several of it part thousands, one alone may part decimals.
fn one_mark(text: &str, mark: char, count: usize, thousands: bool) -> Result<Parts, Unclear> {
    if count > 1 {
        return whole(ungrouped(text, mark)?, "");
    }
    let (left, right) = text.split_once(mark).ok_or(Unclear::NoNumber)?;
    if left.is_empty() || right.is_empty() {
        return Err(Unclear::NoNumber);
    }
    let may_be_thousands = right.len() == 3 && left.len() <= 3 && !left.starts_with('0');
    match (may_be_thousands, thousands) {
        (true, true) => whole(format!("{left}{right}"), ""),
        (true, false) => Err(Unclear::TwoReadings),
        (false, _) => whole(left.to_owned(), right),
    }
}

fn ungrouped(text: &str, mark: char) -> Result<String, Unclear> {
    let mut groups = text.split(mark);
    let first = groups.next().unwrap_or_default();
    let fits = (1..=3).contains(&first.len())
        && groups.all(|group| group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit()));
    if fits { Ok(text.replace(mark, "")) } else { Err(Unclear::NoNumber) }
}

fn whole(whole: String, decimals: &str) -> Result<Parts, Unclear> {
    Ok(Parts { whole, decimals: decimals.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grouped(number: i64, mark: char) -> String {
        let digits = number.to_string();
        let mut text = String::new();
        for (position, digit) in digits.chars().enumerate() {
            if position > 0 && (digits.len() - position).is_multiple_of(3) {
                text.push(mark);
            }
            text.push(digit);
        }
        text
    }

    #[test]
    fn money_is_read_in_either_way_of_writing() {
        for text in [
            "1000000",
            "1.000.000",
            "1.000.000,00",
            "Rp1.000.000",
            "Rp. 1.000.000,-",
            "1,000,000",
            "1,000,000.00",
            "IDR 1000000",
            "1 000 000",
            "1000000.0",
        ] {
            assert_eq!(rupiah(text), Ok(Rupiah(1_000_000)), "{text}");
        }
        assert_eq!(rupiah("1.000"), Ok(Rupiah(1_000)));
    }

    #[test]
    fn what_has_two_readings_is_refused() {
        assert_eq!(rupiah("1,000"), Err(Unclear::TwoReadings));
        for text in ["1000.000", "1000,000", "1.000,000", "1,000.000", "6.000000", "1.000.000,505"]
        {
            assert_eq!(rupiah(text), Err(Unclear::TwoReadings), "{text}");
        }
        assert_eq!(thousandths("1.500"), Err(Unclear::TwoReadings));
        assert_eq!(thousandths("1,500"), Err(Unclear::TwoReadings));
    }

    #[test]
    fn what_is_no_amount_is_refused_with_its_reason() {
        let cases = [
            ("", Unclear::NoNumber),
            ("=A1*2", Unclear::NoNumber),
            ("1e6", Unclear::NoNumber),
            ("1.00.000", Unclear::NoNumber),
            ("1.000.00", Unclear::NoNumber),
            ("1.000,000,00", Unclear::NoNumber),
            ("12,", Unclear::NoNumber),
            (",5", Unclear::NoNumber),
            ("-5", Unclear::Negative),
            ("1.000.000,50", Unclear::PartOfRupiah),
            ("99999999999999999999", Unclear::TooLarge),
            ("1000000000000001", Unclear::TooLarge),
        ];
        for (text, why) in cases {
            assert_eq!(rupiah(text), Err(why), "{text}");
        }
        assert_eq!(thousandths("1,2345"), Err(Unclear::TooFine));
        assert_eq!(rupiah_of(0.5), Err(Unclear::PartOfRupiah));
        assert_eq!(rupiah_of(f64::NAN), Err(Unclear::NoNumber));
        assert_eq!(rupiah_of(1e300), Err(Unclear::TooLarge));
    }

    #[test]
    fn volumes_have_up_to_three_decimals() {
        for (text, value) in [
            ("800", 800_000),
            ("12,5", 12_500),
            ("12.5", 12_500),
            ("0,125", 125),
            ("1.500,25", 1_500_250),
        ] {
            assert_eq!(thousandths(text), Ok(value), "{text}");
        }
        assert_eq!(thousandths_of(12.5), Ok(12_500));
        assert_eq!(thousandths_of(0.1), Ok(100));
        assert_eq!(thousandths_of(0.1 + 0.2), Ok(300));
        assert_eq!(rupiah_of(4_500_000.0 * 1.1), Ok(Rupiah(4_950_000)));
        assert_eq!(rupiah_of(999_999_999_999_999.0), Ok(Rupiah(999_999_999_999_999)));
        assert_eq!(rupiah_of(4_950_000.01), Err(Unclear::PartOfRupiah));
    }

    proptest! {
        #[test]
        fn an_amount_is_never_misread(amount in 0..=Rupiah::MAX_INPUT.0) {
            let expected = Ok(Rupiah(amount));
            prop_assert_eq!(rupiah(&amount.to_string()), expected);
            prop_assert_eq!(rupiah(&grouped(amount, '.')), expected);
            prop_assert_eq!(rupiah(&format!("Rp{},00", grouped(amount, '.'))), expected);
            prop_assert_eq!(rupiah(&format!("{}.00", grouped(amount, ','))), expected);
            let english = rupiah(&grouped(amount, ','));
            prop_assert!(english == expected || english == Err(Unclear::TwoReadings));
        }

        #[test]
        fn a_volume_is_never_misread(volume in 0..=1_000_000_000_i64) {
            let (whole, rest) = (volume / 1000, volume % 1000);
            for text in [
                format!("{whole},{rest:03}"), format!("{whole}.{rest:03}"),
                format!("{},{rest:03}", grouped(whole, '.')), format!("{}.{rest:03}", grouped(whole, ',')),
            ] {
                let read = thousandths(&text);
                prop_assert!(read == Ok(volume) || read == Err(Unclear::TwoReadings), "{}: {:?}", text, read);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            let _ = (rupiah(&text), thousandths(&text));
        }
    }
}

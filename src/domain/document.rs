//! Documents of proposals: what is taken, who brings it and when, and what a photo gives away of itself.

use crate::domain::guard::distance_m;
use crate::domain::ids::{DocumentId, RegionCode};
use crate::domain::moment::Moment;
use crate::domain::people::{Duty, Role, Sight};
use crate::domain::proposal::State;
use chrono::{Datelike, NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The longest code of a document's type, in characters.
pub const MAX_TYPE: usize = 64;
/// The longest name of a file, in bytes.
pub const MAX_FILE_NAME: usize = 255;
/// How far ahead a camera's clock may be before its photo is said to come from the future, in hours.
const CLOCK_ERROR_HOURS: i64 = 24;

text_enum! {
    /// Whether the bytes of a document may be fetched.
    pub enum DocumentStatus {
        /// Looked at, and served.
        Available = "available",
        /// Kept, but not served before the virus scanner has seen it.
        PendingScan = "pending_scan",
        /// The virus scanner found something: the bytes are gone.
        Refused = "refused",
    }
}

text_enum! {
    /// What the bytes of a document are.
    pub enum MediaType {
        /// PDF.
        Pdf = "application/pdf",
        /// JPEG.
        Jpeg = "image/jpeg",
        /// PNG.
        Png = "image/png",
        /// Excel.
        Xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        /// Word.
        Docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        /// Comma-separated values.
        Csv = "text/csv",
    }
}

impl MediaType {
    /// Whether a sender may call it that. What says nothing, says nothing wrong.
    pub fn may_be_called(self, declared: &str) -> bool {
        let declared = declared.to_ascii_lowercase();
        let also: &[&str] = match self {
            MediaType::Pdf => &["application/x-pdf"],
            MediaType::Jpeg => &["image/jpg", "image/pjpeg"],
            MediaType::Png => &["image/x-png"],
            MediaType::Xlsx | MediaType::Docx => &["application/zip"],
            // What browsers say of CSV depends on the programs that are installed.
            MediaType::Csv => &["text/plain", "application/csv", "application/vnd.ms-excel"],
        };
        declared == self.as_str()
            || declared == "application/octet-stream"
            || also.contains(&declared.as_str())
    }
}

/// A remark on a document: it is shown, and refuses nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Flag {
    /// The photo was taken further from the site than the policy tolerates.
    FarFromSite {
        /// How far, in metres.
        distance_m: i64,
        /// What is tolerated, in metres.
        tolerance_m: i64,
    },
    /// The photo does not say where it was taken.
    NoPosition,
    /// The same bytes are a document already, of this proposal or of another.
    SameBytesUsed {
        /// Which, as far as who reads it may see them; at most twenty.
        documents: Vec<SameBytes>,
    },
    /// The photo was taken in the future, or before the year that precedes the fiscal year.
    OutsidePeriod {
        /// When it was taken, as its camera says.
        taken_at: Moment,
    },
}

/// A document that has the bytes of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SameBytes {
    /// Which.
    pub document_id: DocumentId,
    /// Of whose proposal.
    pub region_code: RegionCode,
}

impl Flag {
    /// The remark as it is told to someone: that other regions have the same bytes is no matter of this one.
    pub fn told(self, sight: &Sight) -> Option<Flag> {
        match self {
            Flag::SameBytesUsed { mut documents } => {
                documents.retain(|one| sight.includes(&one.region_code));
                (!documents.is_empty()).then_some(Flag::SameBytesUsed { documents })
            }
            other => Some(other),
        }
    }
}

/// What a photo says of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Exif {
    /// When it was taken.
    pub taken_at: Option<Moment>,
    /// Where, as latitude and longitude in degrees.
    pub position: Option<(f64, f64)>,
}

/// What a photo is held against.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Where the site is, in degrees.
    pub site: Option<(f64, f64)>,
    /// How far from it a photo may be, in metres.
    pub tolerance_m: i64,
    /// The year of the money.
    pub fiscal_year: i64,
    /// Now.
    pub now: Moment,
}

/// That a photo was taken further from the site than it may be, if it was.
pub fn far_from_site(position: (f64, f64), site: (f64, f64), tolerance_m: i64) -> Option<Flag> {
    let distance_m = distance_m(position, site);
    (distance_m > tolerance_m).then_some(Flag::FarFromSite { distance_m, tolerance_m })
}

/// The remarks on a photo.
pub fn photo_flags(exif: &Exif, setting: &Setting) -> Vec<Flag> {
    let mut flags = Vec::new();
    match (exif.position, setting.site) {
        (None, _) => flags.push(Flag::NoPosition),
        (Some(position), Some(site)) => {
            flags.extend(far_from_site(position, site, setting.tolerance_m));
        }
        (Some(_), None) => {}
    }
    if let Some(taken_at) = exif.taken_at {
        let too_late = taken_at > setting.now.after(TimeDelta::hours(CLOCK_ERROR_HOURS));
        let too_early = i64::from(taken_at.0.year()) < setting.fiscal_year.saturating_sub(1);
        if too_late || too_early {
            flags.push(Flag::OutsidePeriod { taken_at });
        }
    }
    flags
}

/// Who may bring a document to a proposal that stands somewhere, and which duty that is. An allow-list: what is not
/// here is not possible; after an end nothing is.
pub fn uploaders(state: State) -> &'static [(Role, Duty)] {
    const DRAFTER: (Role, Duty) = (Role::Drafter, Duty::Drafting);
    const PLANNER: (Role, Duty) = (Role::Planner, Duty::PlanningCheck);
    const HEAD: (Role, Duty) = (Role::RegionalHead, Duty::Endorsement);
    const VERIFIER: (Role, Duty) = (Role::Verifier, Duty::Verification);
    const REVIEWER: (Role, Duty) = (Role::Reviewer, Duty::Review);
    const INSPECTOR: (Role, Duty) = (Role::Inspector, Duty::Inspection);
    match state {
        State::Draft => &[DRAFTER],
        State::Clarification => &[DRAFTER, HEAD],
        State::PlanningCheck => &[PLANNER],
        State::Endorsement => &[HEAD],
        State::Verification => &[VERIFIER],
        State::TechnicalReview | State::SiteVerification => &[REVIEWER],
        State::Harmonisation => &[REVIEWER, PLANNER],
        State::Decision => &[],
        State::Approved => &[DRAFTER, HEAD],
        State::Allocated | State::Planned | State::Contracted | State::Funded => {
            &[DRAFTER, HEAD, INSPECTOR]
        }
        State::Reporting | State::Operating => &[DRAFTER, INSPECTOR],
        State::Closed
        | State::Rejected
        | State::Withdrawn
        | State::Lapsed
        | State::Unfunded
        | State::Forfeited
        | State::Cancelled => &[],
    }
}

/// Who may bring what shows that a finding was followed up, wherever the proposal stands, while one of its findings is
/// not closed: auditors come when most is over.
pub const FOLLOWERS: &[(Role, Duty)] =
    &[(Role::Drafter, Duty::Drafting), (Role::RegionalHead, Duty::Endorsement)];
/// The type of what shows that a finding was followed up.
pub const FOLLOW_UP: &str = "finding_follow_up";

/// What goes with an act, and is asked for by no rule of any year: its type is known everywhere.
pub const ACT_TYPES: [(&str, &str); 6] = [
    ("condition_evidence", "What shows that a condition of the approval is met."),
    ("contract", "A contract, a work order, or an amendment of one."),
    ("payment_order", "An SP2D, or what it rests on."),
    ("report_annex", "What a report of the region, or its review, rests on."),
    ("correspondence", "A letter: an answer, a withdrawal, a request for a change."),
    (FOLLOW_UP, "What shows that a finding was followed up."),
];

/// Whether a type is known: by the rules of the year, or as what goes with an act; else what is, in words.
pub fn known_type(code: &str, of_the_year: &[&str]) -> Result<(), String> {
    let with_acts = ACT_TYPES.map(|(code, _)| code);
    if of_the_year.contains(&code) || with_acts.contains(&code) {
        return Ok(());
    }
    Err(format!(
        "is no type of document that the rules of this proposal know; they know {}; any proposal has {}",
        of_the_year.join(", "),
        with_acts.join(", ")
    ))
}

/// Whether a code of a type is one.
pub fn is_type(code: &str) -> bool {
    (1..=MAX_TYPE).contains(&code.len())
        && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// The name of a file as it is kept and shown: only the last component, without control characters and marks that turn
/// the direction of writing, at most 255 bytes. It is never used as a path.
pub fn file_name(given: &str) -> Option<String> {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut name: String = last.chars().filter(|c| !c.is_control() && !turns(*c)).collect();
    name = name.trim().to_owned();
    if name.len() > MAX_FILE_NAME {
        // The end tells what it is: the middle goes.
        let ending = name.rfind('.').filter(|at| name.len() - at <= 16);
        let ending = ending.and_then(|at| name.get(at..)).unwrap_or_default().to_owned();
        let mut length = MAX_FILE_NAME.saturating_sub(ending.len());
        while !name.is_char_boundary(length) {
            length = length.saturating_sub(1);
        }
        name.truncate(length);
        name.push_str(&ending);
    }
    (!name.is_empty() && name != "." && name != "..").then_some(name)
}

/// Whether the dates of a document can be: it does not end before it begins.
pub fn dates_fit(issued_on: Option<NaiveDate>, valid_until: Option<NaiveDate>) -> bool {
    match (issued_on, valid_until) {
        (Some(issued), Some(until)) => issued <= until,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moment(text: &str) -> Moment {
        serde_json::from_value(serde_json::json!(text)).expect("a moment")
    }

    fn setting() -> Setting {
        Setting {
            site: Some((-5.45, 105.25)),
            tolerance_m: 500,
            fiscal_year: 2021,
            now: moment("2021-05-01T00:00:00Z"),
        }
    }

    #[test]
    fn a_photo_at_the_site_and_in_the_period_has_no_flag() {
        let exif = Exif {
            taken_at: Some(moment("2020-12-01T00:00:00Z")),
            position: Some((-5.451, 105.251)),
        };
        assert_eq!(photo_flags(&exif, &setting()), []);
    }

    #[test]
    fn a_photo_far_away_and_out_of_time_has_both_flags() {
        for taken in ["2019-12-31T00:00:00Z", "2021-05-03T00:00:00Z"] {
            let exif = Exif { taken_at: Some(moment(taken)), position: Some((-6.2, 106.8)) };
            let flags = photo_flags(&exif, &setting());
            let [Flag::FarFromSite { distance_m, tolerance_m: 500 }, Flag::OutsidePeriod { .. }] =
                flags.as_slice()
            else {
                panic!("{flags:?}");
            };
            assert!((180_000..200_000).contains(distance_m), "{distance_m}");
        }
        assert_eq!(photo_flags(&Exif::default(), &setting()), [Flag::NoPosition]);
    }

    #[test]
    fn after_an_end_nobody_brings_anything() {
        for state in State::ALL.iter().filter(|state| state.is_end()) {
            assert!(uploaders(*state).is_empty(), "{state}");
        }
    }

    #[test]
    fn a_type_is_known_by_the_year_or_by_an_act() {
        assert_eq!(known_type("tor", &["rab", "tor"]), Ok(()));
        for (code, words) in ACT_TYPES {
            assert_eq!(known_type(code, &[]), Ok(()));
            assert!(is_type(code) && words.ends_with('.'), "{code}");
        }
        let words = known_type("kak", &["rab", "tor"]).expect_err("unknown");
        assert!(words.contains("rab, tor") && words.contains("payment_order"), "{words}");
    }

    #[test]
    fn a_path_in_a_name_is_left_out() {
        for (given, kept) in [
            ("../../etc/passwd.pdf", Some("passwd.pdf")),
            ("C:\\Users\\a\\KAK.pdf", Some("KAK.pdf")),
            ("a\r\nb\0.pdf", Some("ab.pdf")),
            ("in\u{202e}fdp.exe", Some("infdp.exe")),
            ("..", None),
            ("a/", None),
            ("\u{1}", None),
        ] {
            assert_eq!(file_name(given).as_deref(), kept, "{given:?}");
        }
        let long = file_name(&format!("{}.pdf", "é".repeat(400))).expect("a name");
        assert!(long.len() <= MAX_FILE_NAME && long.ends_with(".pdf"), "{long}");
    }

    proptest! {
        #[test]
        fn a_name_is_never_a_path_and_never_too_long(given in "\\PC{0,400}|.{0,300}") {
            if let Some(name) = file_name(&given) {
                prop_assert!(name.len() <= MAX_FILE_NAME && !name.is_empty());
                prop_assert!(!name.contains(['/', '\\', '\0', '\n', '\r']));
                prop_assert_eq!(file_name(&name), Some(name));
            }
        }
    }
}

//! What a message lists, in the recipient's language: amounts, tranches, cut lines with reasons, conditions, what was
//! lacking. Texts of people are cleaned and bounded where the message is put together.

use crate::domain::guard::Guard;
use crate::domain::moment::Zone;
use crate::domain::money::Rupiah;
use crate::domain::notice::detail::{Detail, DocumentName};
use crate::domain::people::Language;
use crate::mail::dates;
use crate::mail::names;
use crate::mail::words::words;

/// An amount with the separators of a language: `Rp5.300.000.000`, `Rp5,300,000,000`.
pub(super) fn money(amount: Rupiah, language: Language) -> String {
    match language {
        Language::Id => amount.to_string().replace(',', "."),
        Language::En => amount.to_string(),
    }
}

/// A share in basis points with the separators of a language: `62,50 %`.
fn share(basis_points: i64, language: Language) -> String {
    let text = crate::domain::money::BasisPoints(basis_points).to_string();
    match language {
        Language::Id => text.replace('.', ","),
        Language::En => text,
    }
}

/// Writes one line out, on the clocks of a zone.
pub(super) fn written(detail: &Detail, zone: Zone, language: Language) -> String {
    let say = |id: &'static str, en: &'static str| words(id, en).in_language(language);
    let rupiah = |amount: &i64| money(Rupiah(*amount), language);
    let from_to = |before: &i64, after: &i64| format!("{} → {}", rupiah(before), rupiah(after));
    let line = |n: &i64, component| {
        let name = names::component(component).in_language(language);
        format!("{} {n} ({name})", say("Rincian", "Line"))
    };
    match detail {
        Detail::LineCut { line_no, component, proposed_idr, approved_idr, reason } => {
            let amounts = from_to(proposed_idr, approved_idr);
            with(format!("{}: {amounts}", line(line_no, *component)), reason.as_deref())
        }
        Detail::LineAgreed { line_no, component, proposed_idr, agreed_idr } => {
            format!("{}: {}", line(line_no, *component), from_to(proposed_idr, agreed_idr))
        }
        Detail::LineFlagged { line_no, component, label_id, label_en, comment } => {
            let flag = in_language(label_id, label_en, language);
            with(format!("{}: {flag}", line(line_no, *component)), comment.as_deref())
        }
        Detail::ChangeAsked { n, pointer, document, comment } => {
            let place = match document {
                Some(name) => called(name, language).to_owned(),
                None => names::place(pointer, language),
            };
            format!("{} {n} ({place}): {comment}", say("Permintaan", "Request"))
        }
        Detail::Condition { text } => format!("{}: {text}", say("Syarat", "Condition")),
        Detail::LegalBasis { text } => format!("{}: {text}", say("Dasar hukum", "Legal basis")),
        Detail::Decree { number } => format!("{} {number}", say("Keputusan", "Decree")),
        Detail::Tranche { n } => tranche(*n, language),
        Detail::RequestReduced { n, before_idr, after_idr } => {
            let request = say("permintaan", "request");
            format!("{}, {request}: {}", tranche(*n, language), from_to(before_idr, after_idr))
        }
        Detail::Entry { entry, effective_on } => {
            let name = names::entry(*entry).in_language(language);
            format!("{name}, {}", dates::day(*effective_on, language))
        }
        Detail::ContractValue { number, before_idr, after_idr } => {
            let amounts = from_to(before_idr, after_idr);
            format!("{} {number}: {amounts}", say("Adendum", "Amendment"))
        }
        Detail::Ceiling { before_idr, after_idr } => {
            format!("{}: {}", say("Pagu", "Ceiling"), from_to(before_idr, after_idr))
        }
        Detail::Document(name) => {
            format!("{}: {}", say("Dokumen", "Document"), called(name, language))
        }
        Detail::Report { report, as_of, physical_bp } => {
            let name = names::report(*report).in_language(language);
            let until = say("sampai", "until");
            let progress = say("kemajuan fisik", "physical progress");
            let (day, share) = (dates::day(*as_of, language), share(*physical_bp, language));
            format!("{name} {until} {day}: {progress} {share}")
        }
        Detail::Finding { n, finding, title } => {
            let name = names::finding(*finding).in_language(language);
            format!("{} {n} ({name}): {title}", say("Temuan", "Finding"))
        }
        Detail::ClaimedAndFound { claimed_idr, found_idr } => {
            let (claimed, found) = (say("Menurut daerah", "As claimed"), say("ditemukan", "found"));
            format!("{claimed}: {}, {found}: {}", rupiah(claimed_idr), rupiah(found_idr))
        }
        Detail::FindingClosed { outcome, settled_idr } => {
            let how = names::finding_outcome(*outcome).in_language(language);
            format!("{how}; {}: {}", say("diselesaikan", "settled"), rupiah(settled_idr))
        }
        Detail::NotReached { milestone } => {
            names::not_reached(*milestone).in_language(language).to_owned()
        }
        Detail::RequestLate { received_at } => {
            let said = say("Permintaan pertama diterima terlambat", "The first request came late");
            format!("{said}: {}", dates::moment(*received_at, zone, language))
        }
        Detail::DocumentLacking(name) => {
            let said = say("Dokumen yang belum ada", "Document that was not there");
            format!("{said}: {}", called(name, language))
        }
        Detail::Unmet { guard, figures } => unmet(*guard, figures, language),
        Detail::Plain(text) => text.clone(),
    }
}

fn in_language<'a>(id: &'a str, en: &'a str, language: Language) -> &'a str {
    match language {
        Language::Id => id,
        Language::En => en,
    }
}

fn called(name: &DocumentName, language: Language) -> &str {
    in_language(&name.label_id, &name.label_en, language)
}

fn tranche(n: i64, language: Language) -> String {
    format!("{} {n}", words("Tahap", "Tranche").in_language(language))
}

/// A line, and what was said of it.
fn with(line: String, said: Option<&str>) -> String {
    match said.map(str::trim).filter(|said| !said.is_empty()) {
        Some(said) => format!("{line} – {said}"),
        None => line,
    }
}

/// A guard that did not hold, with its figures.
fn unmet(guard: Guard, figures: &[i64], language: Language) -> String {
    let said = names::unmet(guard, figures.is_empty()).in_language(language);
    if figures.is_empty() {
        return said.to_owned();
    }
    let figures: Vec<String> = figures.iter().map(i64::to_string).collect();
    format!("{said}: {}", figures.join(", "))
}

#[cfg(test)]
#[path = "details_tests.rs"]
mod tests;

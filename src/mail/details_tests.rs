//! Every kind of detail is written in the recipient's language, with the separators and names of that language.

use super::*;
use crate::domain::journal::EntryKind;
use crate::domain::line::Component;
use crate::domain::notice::detail::Milestone;
use crate::domain::report::ReportKind;
use chrono::NaiveDate;

fn said(detail: Detail) -> (String, String) {
    let in_zone = |language| written(&detail, Zone::Wib, language);
    (in_zone(Language::Id), in_zone(Language::En))
}

#[track_caller]
fn says(detail: Detail, id: &str, en: &str) {
    assert_eq!(said(detail), (id.to_owned(), en.to_owned()));
}

#[test]
fn a_cut_line_is_told_with_its_name_amounts_and_reason() {
    let cut = |reason: Option<&str>| Detail::LineCut {
        line_no: 3,
        component: Component::MachineryEquipment,
        proposed_idr: 4_800_000_000,
        approved_idr: 4_000_000_000,
        reason: reason.map(str::to_owned),
    };
    says(
        cut(Some("Harga di atas acuan.")),
        "Rincian 3 (Mesin dan peralatan): Rp4.800.000.000 → Rp4.000.000.000 – Harga di atas acuan.",
        "Line 3 (Machinery and equipment): Rp4,800,000,000 → Rp4,000,000,000 – Harga di atas acuan.",
    );
    assert!(said(cut(Some("  "))).0.ends_with("Rp4.000.000.000"));
}

#[test]
fn no_detail_mixes_the_languages_or_shows_a_code() {
    let on = NaiveDate::from_ymd_opt(2021, 6, 30).expect("date");
    says(
        Detail::Report { report: ReportKind::Quarterly, as_of: on, physical_bp: 6_250 },
        "Laporan triwulan sampai 30 Juni 2021: kemajuan fisik 62,50 %",
        "Quarterly report until 30 June 2021: physical progress 62.50 %",
    );
    says(
        Detail::Entry { entry: EntryKind::Spend, effective_on: on },
        "Pembayaran (SP2D), 30 Juni 2021",
        "Payment (SP2D), 30 June 2021",
    );
    says(Detail::Tranche { n: 1 }, "Tahap 1", "Tranche 1");
    says(
        Detail::RequestReduced { n: 2, before_idr: 900_000_000, after_idr: 0 },
        "Tahap 2, permintaan: Rp900.000.000 → Rp0",
        "Tranche 2, request: Rp900,000,000 → Rp0",
    );
    says(
        Detail::NotReached { milestone: Milestone::PlanApproved },
        "Rencana kegiatan (RK) belum disetujui",
        "The activity plan (RK) was not approved",
    );
    says(
        Detail::Unmet { guard: Guard::ContractListComplete, figures: vec![3, 5] },
        "Rincian tanpa kontrak: 3, 5",
        "Lines without a contract: 3, 5",
    );
    says(
        Detail::Unmet { guard: Guard::ContractListComplete, figures: vec![] },
        "Belum ada kontrak yang dicatat",
        "No contract was recorded",
    );
}

#[test]
fn a_request_names_the_place_that_it_is_about() {
    let asked = |pointer: &str, document: Option<DocumentName>| Detail::ChangeAsked {
        n: 1,
        pointer: pointer.to_owned(),
        document,
        comment: "Mohon dijelaskan.".to_owned(),
    };
    says(
        asked("/lines/3/unit_cost_idr", None),
        "Permintaan 1 (rincian 3): Mohon dijelaskan.",
        "Request 1 (line 3): Mohon dijelaskan.",
    );
    let name = DocumentName {
        document_type: "land_certificate".to_owned(),
        label_id: "Sertifikat tanah".to_owned(),
        label_en: "Land certificate".to_owned(),
    };
    says(
        asked("/documents/land_certificate", Some(name)),
        "Permintaan 1 (Sertifikat tanah): Mohon dijelaskan.",
        "Request 1 (Land certificate): Mohon dijelaskan.",
    );
    assert!(said(asked("/site_street", None)).1.contains("(site)"));
    assert!(said(asked("/unheard_of", None)).1.contains("(/unheard_of)"));
}

#[test]
fn a_sentence_of_an_earlier_version_is_told_as_it_was_kept() {
    says(Detail::Plain("3: A → B".to_owned()), "3: A → B", "3: A → B");
}

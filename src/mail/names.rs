//! What the values of closed vocabularies are called in messages, in both languages.

use crate::domain::finding::{FindingKind, FindingOutcome};
use crate::domain::guard::Guard;
use crate::domain::journal::EntryKind;
use crate::domain::line::Component;
use crate::domain::notice::detail::Milestone;
use crate::domain::people::Language;
use crate::domain::report::ReportKind;
use crate::mail::words::{Words, words};

/// What a line pays for.
pub(super) const fn component(component: Component) -> Words {
    let id = component.label_id();
    match component {
        Component::ProductionHouse => words(id, "Production house"),
        Component::UptOffice => words(id, "UPT office"),
        Component::ManagementOffice => words(id, "Management office"),
        Component::PackagingHouse => words(id, "Packaging house"),
        Component::PromotionCentre => words(id, "Promotion centre"),
        Component::RawMaterialStore => words(id, "Raw material store"),
        Component::MachineryEquipment => words(id, "Machinery and equipment"),
        Component::WastewaterTreatment => words(id, "Wastewater treatment (IPAL)"),
        Component::CleanWater => words(id, "Clean water (IPAB)"),
        Component::Infrastructure => words(id, "Other infrastructure"),
        Component::Supporting => words(id, "Supporting activities"),
    }
}

/// What an entry of the journal booked.
pub(super) const fn entry(entry: EntryKind) -> Words {
    match entry {
        EntryKind::Allocate => words("Penetapan alokasi", "Allocation"),
        EntryKind::Cut => words("Pengurangan alokasi", "Cut of the allocation"),
        EntryKind::Commit => words("Kontrak", "Contract"),
        EntryKind::Decommit => words("Pengurangan kontrak", "Decrease of a contract"),
        EntryKind::Release => words("Pelepasan sisa alokasi", "Release of what was left"),
        EntryKind::Disburse => words("Penyaluran dana", "Disbursement"),
        EntryKind::Spend => words("Pembayaran (SP2D)", "Payment (SP2D)"),
        EntryKind::Recover => words("Pengembalian oleh penyedia", "Repayment by a vendor"),
        EntryKind::Return => {
            words("Setoran sisa dana ke kas negara", "Leftover paid to the treasury")
        }
        EntryKind::Carry => words("Pengalihan sisa dana", "Leftover carried over"),
        EntryKind::Reverse => words("Jurnal balik", "Reversal"),
    }
}

/// What a report is for.
pub(super) const fn report(report: ReportKind) -> Words {
    match report {
        ReportKind::Quarterly => words("Laporan triwulan", "Quarterly report"),
        ReportKind::Progress => words("Laporan kemajuan", "Progress report"),
        ReportKind::Final => words("Laporan akhir", "Final report"),
    }
}

/// What an auditor found.
#[rustfmt::skip]
pub(super) const fn finding(kind: FindingKind) -> Words {
    match kind {
        FindingKind::VolumeShortfall => words("kekurangan volume", "volume shortfall"),
        FindingKind::Overpayment => words("kelebihan pembayaran", "overpayment"),
        FindingKind::LatePenalty => words("denda keterlambatan belum dipungut", "late penalty not collected"),
        FindingKind::OutsidePlan => words("di luar rencana kegiatan atau menu", "outside the plan or the menu"),
        FindingKind::UnitPrice => words("harga satuan", "unit price"),
        FindingKind::DoubleFunding => words("pendanaan ganda", "double funding"),
        FindingKind::Procurement => words("pengadaan", "procurement"),
        FindingKind::Land => words("lahan", "land"),
        FindingKind::Evidence => words("bukti", "evidence"),
        FindingKind::AssetNotRecorded => words("belum dicatat sebagai BMD", "not recorded as a regional asset"),
        FindingKind::Unused => words("tidak dimanfaatkan", "not in use"),
        FindingKind::Reporting => words("pelaporan", "reporting"),
        FindingKind::Leftover => words("sisa dana", "leftover"),
        FindingKind::InternalControl => words("pengendalian intern", "internal control"),
        FindingKind::Other => words("lain-lain", "other"),
    }
}

/// How a finding ended.
#[rustfmt::skip]
pub(super) const fn finding_outcome(outcome: FindingOutcome) -> Words {
    match outcome {
        FindingOutcome::Settled => words("Telah ditindaklanjuti", "Followed up"),
        FindingOutcome::CannotBeFollowedUp => words("Tidak dapat ditindaklanjuti dengan alasan yang sah", "Can't be followed up, for an accepted reason"),
        FindingOutcome::Withdrawn => words("Temuan dicabut", "Finding withdrawn"),
    }
}

/// What was not reached before the gate passed.
#[rustfmt::skip]
pub(super) const fn not_reached(milestone: Milestone) -> Words {
    match milestone {
        Milestone::PlanApproved => words(
            "Rencana kegiatan (RK) belum disetujui",
            "The activity plan (RK) was not approved"),
        Milestone::ContractsAccepted => words(
            "Daftar kontrak belum diterima APIP, dan karena itu permintaan penyaluran pertama tidak ada",
            "The contract list was not accepted by the inspector (APIP), and so there was no first request"),
        Milestone::FirstRequest => words(
            "Permintaan penyaluran pertama tidak diterima sebelum batas waktu",
            "No first request for a tranche was received in time"),
    }
}

/// A guard that did not hold when the service itself ended a proposal; said without figures, or before them.
#[rustfmt::skip]
pub(super) const fn unmet(guard: Guard, bare: bool) -> Words {
    match guard {
        Guard::PlanWithinCeiling => words(
            "Rencana kegiatan melebihi dana yang disisihkan", "The activity plan exceeds what is set aside"),
        Guard::PlanSupportingCap => words(
            "Kegiatan penunjang dalam rencana melebihi batasnya", "Supporting activities in the plan exceed their cap"),
        Guard::ContractListComplete if bare => words(
            "Belum ada kontrak yang dicatat", "No contract was recorded"),
        Guard::ContractListComplete => words(
            "Rincian tanpa kontrak", "Lines without a contract"),
        Guard::ConditionsLifted => words(
            "Syarat (tanda bintang) yang belum dicabut", "Conditions not lifted"),
        Guard::DesignerNotSupervisor => words(
            "Perencana dan pengawas pekerjaan adalah badan usaha yang sama", "One firm both designed and supervises the works"),
        Guard::NoHold => words(
            "Usulan ditahan auditor", "The proposal was under an audit hold"),
        _ => words(
            "Ada ketentuan yang belum dipenuhi", "A rule was not met"),
    }
}

/// What a JSON pointer into a proposal points at; the pointer itself where nothing better is known.
pub(super) fn place(pointer: &str, language: Language) -> String {
    let mut parts = pointer.trim_start_matches('/').split('/');
    let (first, second) = (parts.next().unwrap_or_default(), parts.next());
    let name = match first {
        "lines" => {
            let line = words("rincian", "line").in_language(language);
            return second.map_or(line.to_owned(), |n| format!("{line} {n}"));
        }
        "documents" => words("dokumen", "documents"),
        "title" => words("judul", "title"),
        "summary" => words("ringkasan", "summary"),
        "commodity" => words("komoditas", "commodity"),
        "theme" => words("tema", "theme"),
        "centre_id" => words("sentra", "centre"),
        "gaps" => words("kekurangan sentra", "gaps of the centre"),
        "baseline" => words("data dasar", "baseline"),
        "site_street" | "site_village" | "site_district" | "latitude" | "longitude" => {
            words("lokasi", "site")
        }
        "design_firm_name" | "design_firm_tax_number" => words("perencana", "design firm"),
        "" => words("usulan", "proposal"),
        _ => return pointer.to_owned(),
    };
    name.in_language(language).to_owned()
}

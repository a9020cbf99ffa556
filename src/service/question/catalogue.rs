//! The catalogue of questions: what each asks, what makes a row of it, and at what it looks.
//!
//! The questions are those that BPK, BPKP and APIP put to the fund; where a rule asks for one of them, it is named.

use crate::domain::question::RowKind::{Breach, Fact};
use crate::service::question::{
    Question, assets, chain, contract_files, double_funding, funds_to_finish, in_use, land,
    late_documents, leftover, not_disbursed, output, payment_orders, photos, plan_changes,
    recommendations, reported, same_firm, shortfall, supporting, unit_prices,
};

/// Practice of the inspectorates, where no rule was found that asks for it.
const PRACTICE: &str = "Audit practice (BPK, BPKP, APIP)";
/// What the inspectorate reviews of each request.
const REVIEW: &str = "PER-3/PK/2020 (APIP review of DAK Fisik)";

/// The twenty questions, by number.
pub const QUESTIONS: &[Question] = &[
    Question {
        number: 1,
        slug: "contract-files",
        kind: Breach,
        question_id: "Apakah setiap kontrak dalam daftar sama dengan kontrak dalam berkas?",
        question_en: "Is every contract in the list the contract in the file?",
        row: "A contract, or an amendment, without a file of type `contract` that has its number; whose file has another \
              date; or whose file was not looked at yet. Acts of one number and date need a file each. Value and vendor \
              stand in the file itself.",
        basis: REVIEW,
        of_one: false,
        strands: &[contract_files::contracts, contract_files::amendments],
    },
    Question {
        number: 2,
        slug: "payment-orders",
        kind: Breach,
        question_id: "Apakah setiap SP2D milik suatu kontrak, punya dokumen dasar, dan terbit setelah penyaluran?",
        question_en: "Does each payment order (SP2D) belong to a contract, rest on a document, and follow the disbursement?",
        row: "A payment order without a file of type `payment_order` of its number and date; before its contract was signed; \
              or, of the DAK, before any money had come by a disbursement, or carried over, that stands, or on a day by which \
              more was spent, less what vendors paid back, than had come.",
        basis: REVIEW,
        of_one: false,
        strands: &[payment_orders::orders],
    },
    Question {
        number: 3,
        slug: "absorption-reported",
        kind: Breach,
        question_id: "Apakah jumlah SP2D sama dengan penyerapan yang dilaporkan?",
        question_en: "Is the sum of the payment orders the absorption that was reported?",
        row: "A submitted report whose absorbed amount is another than that of the payment orders that stand, less what \
              vendors paid back, dated by the day of its submission: such as one that was recorded on a later day.",
        basis: REVIEW,
        of_one: false,
        strands: &[reported::reports],
    },
    Question {
        number: 4,
        slug: "photos",
        kind: Breach,
        question_id: "Apakah foto diambil di lokasi, dalam masa pekerjaan, dan hanya dipakai sekali?",
        question_en: "Were the photos taken at the site and within the period of the works, and used once?",
        row: "A photo further from the site than the policy tolerates; that has to say where it was taken and does not; with \
              the bytes of a document that came before and that no newer one has taken the place of; from the future or before \
              the preceding year; of works, from before they began; or of works that go on, from after their handover.",
        basis: REVIEW,
        of_one: false,
        strands: &[photos::pictures],
    },
    Question {
        number: 5,
        slug: "output-reached",
        kind: Breach,
        question_id: "Apakah volume BAST sama dengan keluaran yang dilaporkan dan target RK?",
        question_en: "Is the output of the handover (BAST) that of the final report and of the plan (RK)?",
        row: "A final report whose output is not that of the handover, or less than the whole of what was planned. Output is \
              recorded as a share of the whole, not by line.",
        basis: REVIEW,
        of_one: false,
        strands: &[output::reports],
    },
    Question {
        number: 6,
        slug: "funds-to-finish",
        kind: Breach,
        question_id: "Apakah kebutuhan dana penyelesaian sama dengan sisa kontrak?",
        question_en: "Are the funds needed to finish what contracts still have to be paid?",
        row: "A proposal whose contracts, each less what was paid on it, are more than there is for it: the cash in hand, what was given \
              back or carried on, and, until the last payment or the end of works, what can still be disbursed.",
        basis: "PMK 25/2024 Art. 45",
        of_one: false,
        strands: &[funds_to_finish::proposals],
    },
    Question {
        number: 7,
        slug: "leftover",
        kind: Fact,
        question_id: "Sisa DAK di RKUD: berapa, dari tahun berapa, dipakai untuk apa?",
        question_en: "What is left over in the region's account: how much, from which year, spent on what?",
        row: "A proposal that has ended, whose works have, or whose year is over, and that has cash in hand, returned some, or \
              carried some from year to year.",
        basis: "PMK 25/2024 Art. 45",
        of_one: false,
        strands: &[leftover::proposals],
    },
    Question {
        number: 8,
        slug: "supporting-activities",
        kind: Breach,
        question_id: "Apakah kegiatan penunjang dalam batasnya dan dari jenis yang diperbolehkan?",
        question_en: "Are supporting activities within their share, and of an allowed kind?",
        row: "A proposal that plans more for supporting activities than their share of the ceiling, or has contracts for them \
              alone that are worth more; or whose plan in force does not say which activity a supporting line pays for.",
        basis: "Perpres 123/2016 Art. 7(3)-(4)",
        of_one: false,
        strands: &[supporting::proposals],
    },
    Question {
        number: 9,
        slug: "outside-plan",
        kind: Fact,
        question_id: "Baris mana di luar RK atau menu? Siapa menyetujui perubahan, kapan, menurut versi mana?",
        question_en: "Which lines are outside the plan or the menu, and who approved which change, when, under which version?",
        row: "A change of a plan that was approved; an approved line on which the plan in force spends nothing; an approved \
              line of a component that the menu does not pay for, by the rules that the approval was given under.",
        basis: "Perpres 88/2019 Art. 4",
        of_one: false,
        strands: &[plan_changes::changes, plan_changes::lines, plan_changes::off_menu],
    },
    Question {
        number: 10,
        slug: "land-clear",
        kind: Breach,
        question_id: "Apakah lahan siap sebelum persetujuan, dan dengan dokumen apa?",
        question_en: "Was the land clear before the approval, and by which document?",
        row: "An approved proposal that lacked a document of the land or site that the rules it was approved by ask for up to the \
              decision: by the rules of readiness none was there that held, or it was dated later. A waiver that stood is named, \
              and is a row.",
        basis: "Perpres 123/2016 Art. 7",
        of_one: false,
        strands: &[land::proposals],
    },
    Question {
        number: 11,
        slug: "double-funding",
        kind: Breach,
        question_id: "Apakah sentra atau komponen yang sama didanai sumber atau tahun lain?",
        question_en: "Was the same centre or component funded by another source or in another year?",
        row: "A proposal that asks for a component that the same centre gets, or got, from another proposal or source; with \
              the region's answer, if there is one that fits.",
        basis: PRACTICE,
        of_one: false,
        strands: &[double_funding::proposals],
    },
    Question {
        number: 12,
        slug: "shortfall-and-penalties",
        kind: Breach,
        question_id: "Adakah kekurangan volume, kelebihan bayar, atau denda keterlambatan yang belum dipungut?",
        question_en: "Is there a shortfall of volume, an overpayment, or a late penalty that was not collected?",
        row: "A payment order after the last day of its contract, on which none charged a penalty, where no handover by that day is \
              recorded (not of a design, of goods beside works, nor of what the region does itself); a contract for works, or for \
              goods alone, handed over after the last day of the last such contract, without a penalty; a contract on which \
              more was paid than it is worth; a final report of \
              less than the whole output, while more than that share of the contracts is paid.",
        basis: PRACTICE,
        of_one: false,
        strands: &[
            shortfall::late,
            shortfall::handed_over_late,
            shortfall::overpaid,
            shortfall::short,
        ],
    },
    Question {
        number: 13,
        slug: "same-firm",
        kind: Breach,
        question_id: "Apakah perencana dan pengawas perusahaan yang sama? Apakah paket dipecah?",
        question_en: "Were planner and supervisor the same firm, and were packages split?",
        row: "A contract for supervision with the firm that designed the works, this year or earlier; a contract beside an \
              earlier one with the same firm for the same, which may be part of one package (not of what the region does itself).",
        basis: PRACTICE,
        of_one: false,
        strands: &[same_firm::contracts],
    },
    Question {
        number: 14,
        slug: "unit-prices",
        kind: Fact,
        question_id: "Harga satuan mana berbeda dari harga standar, dan siapa menerima selisihnya?",
        question_en: "Which unit prices differ from the standard price, and who accepted it?",
        row: "An approved line whose unit, by the amount and the volume that were approved, costs more or less than the reference \
              of the rules that the approval was given under; with who approved it and why, and who assessed what was proposed, \
              in which words.",
        basis: "PMK 25/2024 Art. 22",
        of_one: false,
        strands: &[unit_prices::lines],
    },
    Question {
        number: 15,
        slug: "not-disbursed",
        kind: Fact,
        question_id: "Mengapa suatu jumlah tidak disalurkan atau hangus: siapa melewatkan tanggal mana?",
        question_en: "Why was an amount not disbursed or forfeited: who missed which date?",
        row: "An amount that was set free and not taken back; with the date that was missed, whose step it was and what was \
              lacking, or the decision that set it free. An amount that is set aside still, of which a tranche has passed its \
              date unpaid; with what became of each request for it.",
        basis: PRACTICE,
        of_one: false,
        strands: &[not_disbursed::releases, not_disbursed::missed],
    },
    Question {
        number: 16,
        slug: "in-use",
        kind: Fact,
        question_id: "Apakah bangunan atau mesin dipakai, oleh berapa IKM, sejak kapan?",
        question_en: "Is the building or machine in use, by how many businesses, since when?",
        row: "A proposal whose works were handed over, whatever became of it, or that was closed; since when, by how many businesses, and what was seen \
              of its use. Where nobody counted, the registry's figure is told as such.",
        basis: PRACTICE,
        of_one: false,
        strands: &[in_use::proposals],
    },
    Question {
        number: 17,
        slug: "regional-asset",
        kind: Breach,
        question_id: "Apakah tercatat sebagai barang milik daerah (BMD)?",
        question_en: "Is it recorded as a regional asset (BMD)?",
        row: "A proposal whose works were handed over or have ended with some output, of which neither the handover to its users nor a document of type \
              `asset_record` has a number as a regional asset. Where a revitalisation's rules ask for no such document, the row \
              says only that none was brought.",
        basis: PRACTICE,
        of_one: false,
        strands: &[assets::proposals],
    },
    Question {
        number: 18,
        slug: "back-filled-documents",
        kind: Breach,
        question_id: "Apakah dokumen kesiapan bertanggal sebelum persetujuan, atau diisi belakangan?",
        question_en: "Were readiness documents dated before the approval, or back-filled?",
        row: "A document that the rules of the approval ask for up to it, and for no later step, that came after it: where none of its \
              type had come by then, or dated before it; with the waiver that stood at the approval. A revision of what was \
              there in time is none.",
        basis: PRACTICE,
        of_one: false,
        strands: &[late_documents::documents],
    },
    Question {
        number: 19,
        slug: "recommendations",
        kind: Fact,
        question_id: "Temuan dan rekomendasi: statusnya, batas waktunya, buktinya?",
        question_en: "Findings and recommendations: where do they stand, by when are they due, what shows it?",
        row: "A finding, with its recommendation, the last day of its follow-up, what the region did, and how it was judged.",
        basis: PRACTICE,
        of_one: false,
        strands: &[recommendations::findings],
    },
    Question {
        number: 20,
        slug: "one-rupiah",
        kind: Fact,
        question_id: "Riwayat lengkap satu rupiah: pagu, RK, kontrak, penyaluran, SP2D, BAST, aset.",
        question_en: "The whole history of one rupiah: ceiling, plan, contract, tranche, payment order, handover, asset.",
        row: "Each step of the proposal's money, in that order, each step's in the order of its recording.",
        basis: PRACTICE,
        of_one: true,
        strands: &[
            chain::ceiling,
            chain::plans,
            chain::bindings,
            chain::tranches,
            chain::payments,
            chain::endings,
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_question_has_a_number_and_a_name_of_its_own() {
        let numbers: Vec<u8> = QUESTIONS.iter().map(|one| one.number).collect();
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
        let is_slug = |slug: &str| slug.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        let mut slugs: Vec<&str> = QUESTIONS.iter().map(|one| one.slug).collect();
        assert!(slugs.iter().all(|slug| is_slug(slug)));
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), QUESTIONS.len());
    }
}

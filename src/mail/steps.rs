//! What the recipient of a message has to do next: by what was told first, else by where the proposal stands.

use crate::domain::notice::NoticeEvent;
use crate::domain::people::Role;
use crate::domain::proposal::State;
use crate::mail::words::{Words, words};

type Steps = &'static [(Role, Step)];

/// Said to everybody who has nothing to do.
pub const NOTHING: Words =
    words("Tidak ada. Pesan ini hanya pemberitahuan.", "Nothing. This is for your information.");

/// A step, as the subject of a message names it and as its body does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// A few words, for a subject.
    pub short: Words,
    /// A sentence.
    pub full: Words,
}

const fn step(
    short_id: &'static str,
    short_en: &'static str,
    id: &'static str,
    en: &'static str,
) -> Step {
    Step { short: words(short_id, short_en), full: words(id, en) }
}

/// What a recipient with these roles has to do after an event that left the proposal in a state; nothing for most.
pub fn next(event: NoticeEvent, state: State, roles: &[Role]) -> Option<Words> {
    first(event, state, roles).map(|step| step.full)
}

/// The same, with its few words. A subject names the first step of who holds several roles.
pub fn first(event: NoticeEvent, state: State, roles: &[Role]) -> Option<Step> {
    all(event, state, roles).first().copied()
}

/// Every step of who holds several roles.
pub fn all(event: NoticeEvent, state: State, roles: &[Role]) -> Vec<Step> {
    let steps = by_event(event).unwrap_or(by_state(state));
    steps.iter().filter(|(role, _)| roles.contains(role)).map(|(_, step)| *step).collect()
}

/// Whether what is to do after an event depends on where the proposal stands.
pub const fn depends_on_state(event: NoticeEvent) -> bool {
    by_event(event).is_none()
}

/// Steps of what has a course of its own beside the proposal's: plans, tranches, reports, an agreement. Where it has one
/// without steps nobody has anything to do.
const fn by_event(event: NoticeEvent) -> Option<Steps> {
    Some(match event {
        NoticeEvent::ProposeAgreement => AGREEMENT,
        NoticeEvent::RecordHandover => HANDOVER,
        NoticeEvent::WaiverRevoked => WAIVER_REVOKED,
        NoticeEvent::HoldSet => HOLD_SET,
        NoticeEvent::HoldLifted => HOLD_LIFTED,
        NoticeEvent::PaymentHeld => PAYMENT_HELD,
        NoticeEvent::FindingOpened => FINDING_OPENED,
        NoticeEvent::FindingReturned => FINDING_RETURNED,
        NoticeEvent::FindingAnswered => FINDING_ANSWERED,
        NoticeEvent::PlanSubmitted => PLAN_SUBMITTED,
        NoticeEvent::PlanReturned => PLAN_RETURNED,
        NoticeEvent::TrancheRequested => TRANCHE_REQUESTED,
        NoticeEvent::TrancheReviewed => TRANCHE_REVIEWED,
        NoticeEvent::TrancheVerified => TRANCHE_VERIFIED,
        NoticeEvent::TrancheRefused => TRANCHE_REFUSED,
        NoticeEvent::EntryReversed => ENTRY_REVERSED,
        NoticeEvent::ContractAmended => CONTRACT_AMENDED,
        NoticeEvent::MoneyRecovered => MONEY_RECOVERED,
        NoticeEvent::LeftoverCarried => LEFTOVER_CARRIED,
        NoticeEvent::CeilingChanged => CEILING_CHANGED,
        NoticeEvent::ReportSubmitted => REPORT_SUBMITTED,
        NoticeEvent::ReportReturned => REPORT_RETURNED,
        NoticeEvent::ReviewerAssigned => REVIEWER_ASSIGNED,
        NoticeEvent::Approve => APPROVED,
        NoticeEvent::ReportReviewed
        | NoticeEvent::FindingClosed
        | NoticeEvent::Reminder
        | NoticeEvent::Digest
        | NoticeEvent::ReviewerReleased
        | NoticeEvent::Invited
        | NoticeEvent::PasswordReset
        | NoticeEvent::PasswordSet => &[],
        NoticeEvent::TrancheReduced
        | NoticeEvent::RequestPlanningCheck
        | NoticeEvent::Return
        | NoticeEvent::ConfirmPlanning
        | NoticeEvent::Submit
        | NoticeEvent::Verify
        | NoticeEvent::NotRecommend
        | NoticeEvent::RequestClarification
        | NoticeEvent::Answer
        | NoticeEvent::Lapse
        | NoticeEvent::Recommend
        | NoticeEvent::AdviseAgainst
        | NoticeEvent::ConfirmSite
        | NoticeEvent::FailSite
        | NoticeEvent::AcceptAgreement
        | NoticeEvent::DeclineAgreement
        | NoticeEvent::CloseWithoutAgreement
        | NoticeEvent::ApproveWithConditions
        | NoticeEvent::ReturnToReview
        | NoticeEvent::Reject
        | NoticeEvent::Allocate
        | NoticeEvent::DeclineAllocation
        | NoticeEvent::ApprovePlan
        | NoticeEvent::ApprovePlanChange
        | NoticeEvent::AcceptContracts
        | NoticeEvent::Disburse
        | NoticeEvent::Forfeit
        | NoticeEvent::CompleteWorks
        | NoticeEvent::EndShort
        | NoticeEvent::HandOver
        | NoticeEvent::Close
        | NoticeEvent::CloseUnused
        | NoticeEvent::Withdraw
        | NoticeEvent::Cancel
        | NoticeEvent::Revive
        | NoticeEvent::ConditionLifted
        | NoticeEvent::WaiverGranted => return None,
    })
}

/// What is approved without conditions asks nothing of the region.
#[rustfmt::skip]
const APPROVED: Steps = &[
    (Role::Treasurer, RECORD_ALLOCATION),
];
const RECORD_ALLOCATION: Step = step(
    "tetapkan alokasi",
    "record the allocation",
    "Tetapkan alokasinya, atau catat bahwa tidak ada alokasi.",
    "Record its allocation, or that it gets none.",
);

#[rustfmt::skip]
const AGREEMENT: Steps = &[
    (Role::Planner, step("jawab kesepakatan", "answer the agreement",
        "Terima atau tolak volume dan nilai yang diajukan.",
        "Accept or decline the proposed volumes and amounts.")),
];
#[rustfmt::skip]
const HANDOVER: Steps = &[
    (Role::RegionalHead, step("ajukan penyaluran sekaligus", "request the lump sum",
        "Ajukan permintaan penyaluran sekaligus atas dasar rekomendasi.",
        "Request the lump sum on recommendation.")),
];
#[rustfmt::skip]
const HOLD_SET: Steps = &[
    (Role::Drafter, step("jelaskan kepada auditor", "account to the auditor",
        "Jelaskan kepada auditor apa yang disebut di atas.",
        "Account to the auditor for what is named above.")),
    (Role::Treasurer, step("jangan bayar", "do not pay",
        "Jangan bayar usulan ini sebelum penahanannya dicabut.",
        "Do not pay this proposal before its hold is lifted.")),
];
#[rustfmt::skip]
const HOLD_LIFTED: Steps = &[
    (Role::RegionalHead, step("ajukan lagi yang tertahan", "request again what was held back",
        "Ajukan lagi permintaan penyaluran yang tertahan, bila ada.",
        "Request again what was held back, if anything was.")),
];
#[rustfmt::skip]
const PAYMENT_HELD: Steps = &[
    (Role::RegionalHead, step("ajukan lagi setelah penahanan dicabut", "request again once the hold is lifted",
        "Ajukan permintaan baru setelah penahanannya dicabut; permintaan yang lama tetap mencegah alokasi hangus.",
        "Make a new request once the hold is lifted; the old one still keeps the allocation from being forfeited.")),
];
#[rustfmt::skip]
const FINDING_OPENED: Steps = &[
    (Role::Drafter, step("tindak lanjuti temuan", "follow up the finding",
        "Laksanakan rekomendasinya, unggah buktinya, dan sampaikan tindak lanjut sebelum batas waktu.",
        "Do what is recommended, upload what shows it, and tell of it before the due date.")),
    (Role::RegionalHead, step("pastikan temuan ditindaklanjuti", "see that it is followed up",
        "Pastikan rekomendasinya dilaksanakan sebelum batas waktu.",
        "See that what is recommended is done before the due date.")),
];
#[rustfmt::skip]
const FINDING_RETURNED: Steps = &[
    (Role::Drafter, step("lengkapi tindak lanjut", "complete the follow-up",
        "Lengkapi yang disebut di atas dan sampaikan tindak lanjut lagi sebelum batas waktu.",
        "Complete what is named above and tell of it again before the due date.")),
    (Role::RegionalHead, step("pastikan tindak lanjut lengkap", "see that it is completed",
        "Pastikan yang disebut di atas dilengkapi sebelum batas waktu.",
        "See that what is named above is completed before the due date.")),
];
#[rustfmt::skip]
const FINDING_ANSWERED: Steps = &[
    (Role::Auditor, step("nilai tindak lanjut", "judge the follow-up",
        "Nilai tindak lanjut ini: tutup temuannya, atau kembalikan dengan alasan.",
        "Judge this follow-up: close the finding, or return it with the reason.")),
];
#[rustfmt::skip]
const PLAN_SUBMITTED: Steps = &[
    (Role::Approver, step("putuskan RK", "decide on the plan",
        "Periksa rencana kegiatan, lalu setujui atau kembalikan.",
        "Check the activity plan; approve or return it.")),
];
#[rustfmt::skip]
const PLAN_RETURNED: Steps = &[
    (Role::Drafter, step("perbaiki RK", "correct the plan",
        "Perbaiki rencana kegiatan dan sampaikan kembali.",
        "Correct the activity plan and submit it again.")),
];
#[rustfmt::skip]
const WAIVER_REVOKED: Steps = &[
    (Role::Drafter, step("unggah dokumen", "upload the document",
        "Unggah dokumen yang pengecualiannya dicabut.",
        "Upload the document whose waiver was revoked.")),
];
#[rustfmt::skip]
const TRANCHE_REQUESTED: Steps = &[
    (Role::Inspector, step("reviu permintaan penyaluran", "review the tranche request",
        "Reviu permintaan penyaluran ini.",
        "Review this tranche request.")),
];
#[rustfmt::skip]
const TRANCHE_REVIEWED: Steps = &[
    (Role::Treasurer, step("verifikasi permintaan penyaluran", "verify the tranche request",
        "Verifikasi permintaan penyaluran ini; pembayarnya harus orang lain.",
        "Verify this tranche request; another person has to pay it.")),
];
#[rustfmt::skip]
const TRANCHE_VERIFIED: Steps = &[
    (Role::Treasurer, step("bayar permintaan penyaluran", "pay the tranche request",
        "Bayar permintaan ini, jika bukan Anda yang memverifikasinya.",
        "Pay this request, unless you verified it.")),
];
#[rustfmt::skip]
const TRANCHE_REFUSED: Steps = &[
    (Role::RegionalHead, step("perbaiki dan ajukan lagi", "put it right and request again",
        "Perbaiki yang disebut di atas dan ajukan permintaan baru.",
        "Put right what is named above and make a new request.")),
    (Role::Drafter, step("bantu memperbaiki permintaan", "help to put the request right",
        "Bantu kepala daerah memperbaiki yang disebut di atas.",
        "Help the regional head to put right what is named above.")),
];
#[rustfmt::skip]
const ENTRY_REVERSED: Steps = &[
    (Role::Drafter, step("periksa dan catat kembali", "check and record again",
        "Catat kembali dengan benar bila yang dibatalkan memang terjadi.",
        "Record it again as it was, if what was taken back did happen.")),
];
#[rustfmt::skip]
const CONTRACT_AMENDED: Steps = &[
    (Role::Inspector, step("bandingkan adendum", "compare the amendment",
        "Bandingkan adendum ini dengan kontraknya.",
        "Compare the amendment with its contract.")),
];
#[rustfmt::skip]
const MONEY_RECOVERED: Steps = &[
    (Role::Drafter, step("setorkan atau alihkan dana", "return or carry over the money",
        "Setorkan dana itu ke kas negara, atau alihkan menurut ketentuan.",
        "Return the money to the treasury, or carry it over as the rules say.")),
];
#[rustfmt::skip]
const LEFTOVER_CARRIED: Steps = &[
    (Role::Inspector, step("periksa dasar hukumnya", "check the legal basis",
        "Periksa dasar hukum dan penggunaan sisa dana ini.",
        "Check the legal basis and the use of this leftover.")),
];
#[rustfmt::skip]
const CEILING_CHANGED: Steps = &[
    (Role::Drafter, step("sesuaikan RK bila perlu", "adjust the plan if need be",
        "Sesuaikan rencana kegiatan bila perlu.",
        "Adjust the activity plan if need be.")),
];
#[rustfmt::skip]
const REPORT_SUBMITTED: Steps = &[
    (Role::Inspector, step("reviu laporan", "review the report",
        "Reviu laporan ini, atau kembalikan dengan catatan.",
        "Review this report, or return it with a comment.")),
];
#[rustfmt::skip]
const REPORT_RETURNED: Steps = &[
    (Role::Drafter, step("perbaiki laporan", "correct the report",
        "Perbaiki dan sampaikan laporan baru.",
        "Correct it and submit a new report.")),
];

#[rustfmt::skip]
const REVIEWER_ASSIGNED: Steps = &[
    (Role::Reviewer, step("telaah usulan", "review the proposal",
        "Telaah usulan ini bila sudah sampai di kementerian; bila ada benturan kepentingan, nyatakan.",
        "Review this proposal once it is with the ministry; if you have a conflict of interest, declare it.")),
];

/// Steps of the workflow itself.
#[rustfmt::skip]
const fn by_state(state: State) -> Steps {
    match state {
        State::Draft => const { &[
            (Role::Drafter, step("perbaiki usulan", "correct the proposal",
        "Perbaiki usulan dan kirim kembali ke Bappeda.",
        "Correct the proposal and send it to Bappeda again.")),
        ] },
        State::PlanningCheck => const { &[
            (Role::Planner, step("periksa kesesuaian rencana", "check against the plans",
        "Periksa kesesuaiannya dengan rencana daerah, lalu nyatakan sesuai atau kembalikan.",
        "Check it against the regional plans; confirm or return it.")),
        ] },
        State::Endorsement => const { &[
            (Role::RegionalHead, step("sahkan atau kembalikan", "endorse or return",
        "Sahkan dan sampaikan usulan, atau kembalikan.",
        "Endorse and submit the proposal, or return it.")),
        ] },
        State::Verification => const { &[
            (Role::Verifier, step("verifikasi usulan", "verify the proposal",
        "Verifikasi setiap rincian, lalu teruskan, kembalikan, atau jangan rekomendasikan.",
        "Check every line; verify, return, or do not recommend.")),
        ] },
        State::TechnicalReview => const { &[
            (Role::Reviewer, step("telaah usulan", "review the proposal",
        "Telaah usulan: nilai setiap rincian, minta klarifikasi bila perlu, beri rekomendasi.",
        "Review the proposal: assess every line, ask where needed, give your recommendation.")),
        ] },
        State::Clarification => const { &[
            (Role::Drafter, step("jawab klarifikasi", "answer the clarification",
        "Jawab setiap permintaan klarifikasi sebelum batas waktu; tanpa jawaban usulan gugur.",
        "Answer every request before the due date; without an answer the proposal lapses.")),
            (Role::RegionalHead, step("pastikan klarifikasi dijawab", "see that it is answered",
        "Pastikan jawaban dikirim sebelum batas waktu; perubahan rincian, nilai, atau lokasi harus Anda jawab sendiri.",
        "See that the answer is sent before the due date; a change of line, amount or site is yours to answer.")),
        ] },
        State::SiteVerification => const { &[
            (Role::Reviewer, step("kunjungi lokasi", "visit the site",
        "Kunjungi lokasi dan catat hasilnya.",
        "Visit the site and record what you found.")),
            (Role::Drafter, step("siapkan kunjungan lokasi", "prepare the site visit",
        "Siapkan lokasi dan dokumennya untuk kunjungan.",
        "Prepare the site and its documents for the visit.")),
        ] },
        State::Harmonisation => const { &[
            (Role::Reviewer, step("ajukan kesepakatan", "propose an agreement",
        "Ajukan volume dan nilai untuk setiap rincian.",
        "Propose volumes and amounts for every line.")),
            (Role::Planner, step("bahas volume dan nilai", "discuss volumes and amounts",
        "Bahas volume dan nilai dengan penelaah; jawab bila kesepakatan diajukan.",
        "Discuss volumes and amounts with the reviewer; answer once an agreement is proposed.")),
        ] },
        State::Decision => const { &[
            (Role::Approver, step("putuskan usulan", "decide on the proposal",
        "Putuskan usulan ini.",
        "Decide on this proposal.")),
        ] },
        State::Approved => const { &[
            (Role::Treasurer, RECORD_ALLOCATION),
            (Role::Drafter, step("penuhi syarat", "meet the conditions",
        "Penuhi setiap syarat yang belum dicabut, dan tunggu alokasi.",
        "Meet each condition that is not lifted, and await the allocation.")),
            (Role::Reviewer, step("cabut syarat yang dipenuhi", "lift conditions once met",
        "Cabut setiap syarat setelah dipenuhi daerah.",
        "Lift each condition once the region has met it.")),
        ] },
        State::Allocated => const { &[
            (Role::Drafter, step("sampaikan RK", "submit the activity plan",
        "Susun dan sampaikan rencana kegiatan (RK).",
        "Write and submit the activity plan (RK).")),
        ] },
        State::Planned => const { &[
            (Role::Drafter, step("daftarkan kontrak", "register the contracts",
        "Daftarkan kontrak dan penuhi syarat yang tersisa sebelum batas waktu.",
        "Register the contracts and meet what conditions remain before the due date.")),
            (Role::Inspector, step("reviu daftar kontrak", "review the contract list",
        "Reviu daftar kontrak bila lengkap, lalu terima.",
        "Review the contract list when it is complete, then accept it.")),
        ] },
        State::Contracted => const { &[
            (Role::RegionalHead, step("ajukan penyaluran pertama", "make the first request",
        "Ajukan permintaan penyaluran pertama yang lengkap sebelum batas waktu.",
        "Make a complete first request before the due date.")),
            (Role::Drafter, step("siapkan dokumen penyaluran", "prepare the request",
        "Siapkan dokumen permintaan penyaluran dan laporkan kemajuan.",
        "Prepare the documents of the request and report progress.")),
        ] },
        State::Funded => const { &[
            (Role::Drafter, step("catat SP2D dan kemajuan", "record payments and progress",
        "Catat setiap SP2D dan laporkan kemajuan; catat bila pekerjaan selesai.",
        "Record every SP2D and report progress; record when the works are complete.")),
        ] },
        State::Reporting => const { &[
            (Role::Drafter, step("sampaikan laporan akhir", "submit the final report",
        "Sampaikan laporan akhir dan selesaikan sisa dana.",
        "Submit the final report and settle what is left over.")),
            (Role::Inspector, step("reviu laporan akhir", "review the final report",
        "Reviu laporan akhir.",
        "Review the final report.")),
        ] },
        State::Operating => const { &[
            (Role::Inspector, step("periksa pemanfaatan sentra", "check the use of the centre",
        "Periksa pemanfaatan sentra pada waktunya, lalu tutup.",
        "Check the use of the centre when it is time, then close.")),
        ] },
        State::Closed
        | State::Rejected
        | State::Withdrawn
        | State::Lapsed
        | State::Unfunded
        | State::Forfeited
        | State::Cancelled => &[],
    }
}

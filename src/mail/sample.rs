//! What notices would say of a made-up proposal: the facts that the service raises for each event, for looking at messages
//! before any is sent. Dates that are due are those of the policy of 2021.

use crate::domain::finding::{FindingKind, FindingOutcome};
use crate::domain::guard::Guard;
use crate::domain::ids::{ProposalId, UserId};
use crate::domain::journal::EntryKind;
use crate::domain::line::Component;
use crate::domain::moment::{Moment, Zone};
use crate::domain::notice::detail::{Detail, DocumentName, DueAt, Milestone, NoticeDue};
use crate::domain::notice::telling::{Audience, audience};
use crate::domain::notice::{AccountFacts, NoticeEvent, NoticeFacts};
use crate::domain::people::Role;
use crate::domain::policy::{Deadline, Policy};
use crate::domain::proposal::{Menu, State};
use crate::domain::reminder::{Earlier, ReminderFacts};
use crate::domain::report::ReportKind;
use crate::domain::{deadline, workflow};
use chrono::{NaiveDate, NaiveTime, TimeDelta};
use uuid::Uuid;

/// Whom the messages greet.
pub const RECIPIENT: &str = "Dian Permata";

/// The proposal that the samples are about.
const PROPOSAL: ProposalId = ProposalId(Uuid::from_u128(0x0171_c3a0_0000_7000_8000_0000_0000_0001));
const OWNER: UserId = UserId(Uuid::from_u128(0x0171_c3a0_0000_7000_8000_0000_0000_0002));

/// The facts of an event about a proposal that stands in a state afterwards.
pub fn facts(event: NoticeEvent, state: State) -> Result<NoticeFacts, String> {
    let policy = Policy::parse(include_str!("../../policies/2021.toml"));
    let policy = policy.map_err(|errors| format!("the policy of 2021: {errors:?}"))?;
    let at = told_at(state);
    let (comment, amount, details) = said(event);
    let by = actor(event);
    Ok(NoticeFacts {
        at,
        tells: Vec::new(),
        only: None,
        proposal_id: PROPOSAL,
        title: "Revitalisasi Sentra IKM Kopi Robusta".to_owned(),
        region_code: "18.08".into(),
        region_name: "Kabupaten Way Kanan".to_owned(),
        commodity: "kopi".to_owned(),
        fiscal_year: policy.fiscal_year,
        state,
        actor: name(by).to_owned(),
        actor_id: None,
        comment: comment.map(str::to_owned),
        due: match event {
            NoticeEvent::FindingOpened | NoticeEvent::FindingReturned => {
                let days = policy.findings.as_ref().map_or(0, |rule| rule.follow_up_days);
                let last = at.after(TimeDelta::days(days)).date_in(Zone::Wib);
                Some(due_on(&policy, at, Zone::Wib.end_of(last), Zone::Wib))
            }
            NoticeEvent::FindingAnswered | NoticeEvent::FindingClosed => None,
            _ => due(state, &policy, at),
        },
        missed: match event {
            NoticeEvent::Lapse => Some(Zone::Wib.end_of(answer_due())),
            NoticeEvent::Forfeit => Some(policy.contract_gate.moment()),
            _ => None,
        },
        amount,
        details,
        reminder: (event == NoticeEvent::Reminder).then(|| reminder(&policy, at)),
    })
}

/// The gate of the year two working weeks ahead, of which the drafter was told before.
fn reminder(policy: &Policy, at: Moment) -> ReminderFacts {
    let gate = policy.contract_gate;
    let due = deadline::Due {
        kind: deadline::DeadlineKind::ContractGate,
        rule: None,
        at: gate.moment(),
        zone: gate.zone,
        n: None,
    };
    let (days_left, working_days_left) = deadline::left(&policy.calendar(), at, &due);
    ReminderFacts {
        kind: due.kind,
        n: due.n,
        due_at: due.at,
        due_zone: due.zone,
        days_left,
        working_days_left,
        at_risk_idr: 4_950_000_000,
        moved_by: None,
        earlier: vec![Earlier {
            at: at.after(chrono::TimeDelta::days(-7)),
            tells: vec![Role::Drafter],
        }],
        proposals: Vec::new(),
        count: 1,
    }
}

/// The facts of an event about an account.
pub fn account_facts(event: NoticeEvent) -> AccountFacts {
    let at = moment(2021, 1, 4, 9);
    AccountFacts {
        at,
        user_id: OWNER,
        actor: name(Role::Administrator).to_owned(),
        invitation_id: None,
        until: event.brings_code().then(|| at.after(chrono::TimeDelta::days(3))),
    }
}

/// Where the proposal stands after an event that leaves it there.
pub const fn usual_state(event: NoticeEvent) -> State {
    match event {
        NoticeEvent::ReviewerAssigned | NoticeEvent::ReviewerReleased => State::TechnicalReview,
        NoticeEvent::ConditionLifted
        | NoticeEvent::WaiverGranted
        | NoticeEvent::WaiverRevoked
        | NoticeEvent::Reminder => State::Planned,
        NoticeEvent::PlanSubmitted | NoticeEvent::PlanReturned | NoticeEvent::CeilingChanged => {
            State::Allocated
        }
        NoticeEvent::TrancheReduced => State::Cancelled,
        NoticeEvent::EntryReversed
        | NoticeEvent::ContractAmended
        | NoticeEvent::ReportSubmitted
        | NoticeEvent::ReportReviewed
        | NoticeEvent::ReportReturned => State::Funded,
        NoticeEvent::MoneyRecovered | NoticeEvent::LeftoverCarried => State::Reporting,
        _ => State::Contracted,
    }
}

/// Who did it: the role of the arrow, or whose call it is.
fn actor(event: NoticeEvent) -> Role {
    if let Audience::Arrow(action) = audience(event) {
        let of = |arrow: &&workflow::Arrow| arrow.action == action;
        let arrow = Menu::ALL.iter().find_map(|menu| workflow::arrows(*menu).find(of));
        return arrow.map_or(Role::System, |arrow| arrow.role);
    }
    match event {
        NoticeEvent::HoldSet | NoticeEvent::HoldLifted => Role::Auditor,
        NoticeEvent::PaymentHeld
        | NoticeEvent::TrancheVerified
        | NoticeEvent::TrancheRefused
        | NoticeEvent::CeilingChanged => Role::Treasurer,
        NoticeEvent::ConditionLifted => Role::Reviewer,
        NoticeEvent::TrancheRequested => Role::RegionalHead,
        NoticeEvent::TrancheReviewed
        | NoticeEvent::EntryReversed
        | NoticeEvent::ReportReviewed
        | NoticeEvent::ReportReturned => Role::Inspector,
        NoticeEvent::PlanSubmitted
        | NoticeEvent::ContractAmended
        | NoticeEvent::MoneyRecovered
        | NoticeEvent::LeftoverCarried
        | NoticeEvent::ReportSubmitted => Role::Drafter,
        NoticeEvent::WaiverGranted
        | NoticeEvent::WaiverRevoked
        | NoticeEvent::PlanReturned
        | NoticeEvent::TrancheReduced
        | NoticeEvent::ReviewerAssigned
        | NoticeEvent::ReviewerReleased => Role::Approver,
        _ => Role::System,
    }
}

const fn name(role: Role) -> &'static str {
    match role {
        Role::Drafter => "Sri Wahyuni",
        Role::Planner => "Agus Setiawan",
        Role::RegionalHead => "Rahmat Hidayat",
        Role::Verifier => "Nurul Aini",
        Role::Reviewer => "Budi Santoso",
        Role::Approver => "Ratna Kusuma",
        Role::Treasurer => "Hendra Wijaya",
        Role::Inspector => "Yusuf Maulana",
        Role::Auditor => "Maria Simanjuntak",
        Role::Administrator => "Administrator",
        Role::System => "Sentra",
    }
}

/// A full hour in Way Kanan.
fn moment(year: i32, month: u32, day: u32, hour: u32) -> Moment {
    let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
    Zone::Wib.at(date(year, month, day), time)
}

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

fn answer_due() -> NaiveDate {
    date(2020, 7, 30)
}

/// When a proposal of 2021 may come to stand in a state.
fn told_at(state: State) -> Moment {
    match state {
        State::Draft | State::PlanningCheck | State::Endorsement => moment(2020, 5, 13, 9),
        State::Verification | State::Withdrawn => moment(2020, 5, 28, 14),
        State::TechnicalReview | State::SiteVerification => moment(2020, 7, 10, 10),
        State::Clarification | State::Harmonisation => moment(2020, 7, 15, 10),
        State::Lapsed => moment(2020, 7, 31, 0),
        State::Decision => moment(2020, 8, 19, 15),
        State::Approved | State::Rejected | State::Cancelled => moment(2020, 9, 15, 11),
        State::Allocated | State::Unfunded => moment(2020, 12, 1, 9),
        State::Planned => moment(2021, 1, 4, 10),
        State::Contracted => moment(2021, 5, 20, 13),
        State::Funded => moment(2021, 7, 8, 9),
        State::Forfeited => moment(2021, 7, 21, 17),
        State::Reporting => moment(2021, 10, 4, 10),
        State::Operating => moment(2021, 11, 2, 10),
        State::Closed => moment(2022, 1, 14, 9),
    }
}

/// By when the next step is due from a state, as the policy says.
fn due(state: State, policy: &Policy, now: Moment) -> Option<NoticeDue> {
    let of_policy = |stated: Deadline| (stated.moment(), stated.zone);
    let (at, zone) = match state {
        State::Draft | State::PlanningCheck | State::Endorsement => {
            of_policy(policy.window_at(false, now)?.closes)
        }
        State::Clarification | State::Harmonisation => (Zone::Wib.end_of(answer_due()), Zone::Wib),
        State::Allocated => of_policy(policy.plan.due),
        State::Planned | State::Contracted => of_policy(policy.contract_gate),
        _ => return None,
    };
    Some(due_on(policy, now, at, zone))
}

fn due_on(policy: &Policy, now: Moment, at: Moment, zone: Zone) -> NoticeDue {
    let kind = deadline::DeadlineKind::ContractGate;
    let due = deadline::Due { kind, rule: None, at, zone, n: None };
    let (_, working_days_left) = deadline::left(&policy.calendar(), now, &due);
    NoticeDue::At(DueAt { at, zone, working_days_left })
}

fn document(code: &str, id: &str, en: &str) -> DocumentName {
    DocumentName {
        document_type: code.to_owned(),
        label_id: id.to_owned(),
        label_en: en.to_owned(),
    }
}

fn environmental() -> DocumentName {
    document(
        "environmental_document",
        "Dokumen lingkungan (UKL-UPL atau SPPL)",
        "Environmental document",
    )
}

fn cut() -> Detail {
    Detail::LineCut {
        line_no: 3,
        component: Component::MachineryEquipment,
        proposed_idr: 1_480_000_000,
        approved_idr: 1_260_000_000,
        reason: Some("Harga mesin sangrai disesuaikan dengan harga acuan.".to_owned()),
    }
}

fn asked() -> Vec<Detail> {
    let line = Detail::ChangeAsked {
        n: 1,
        pointer: "/lines/3/unit_cost_idr".to_owned(),
        document: None,
        comment: "Harga satuan mesin sangrai di atas harga acuan; mohon penawaran pembanding."
            .to_owned(),
    };
    let paper = Detail::ChangeAsked {
        n: 2,
        pointer: "/documents/environmental_document".to_owned(),
        document: Some(environmental()),
        comment: "Halaman pengesahan tidak terbaca.".to_owned(),
    };
    vec![line, paper]
}

fn lacking() -> Vec<Detail> {
    vec![
        Detail::NotReached { milestone: Milestone::ContractsAccepted },
        Detail::Unmet { guard: Guard::ContractListComplete, figures: vec![3, 5] },
        Detail::Unmet { guard: Guard::ConditionsLifted, figures: vec![1] },
        Detail::LegalBasis { text: "Perpres 123/2016; PMK 130/2019".to_owned() },
    ]
}

fn condition() -> Detail {
    Detail::Condition {
        text: "IPAL harus sudah masuk dalam rencana kegiatan sebelum kontrak.".to_owned(),
    }
}

/// A finding, with its amounts where they are told.
fn shortfall(amounts: bool) -> Vec<Detail> {
    let finding = FindingKind::VolumeShortfall;
    let title = "Fondasi rumah produksi lebih pendek dari kontrak".to_owned();
    let mut all = vec![Detail::Finding { n: 1, finding, title }];
    if amounts {
        all.push(Detail::ClaimedAndFound { claimed_idr: 1_260_000_000, found_idr: 1_212_000_000 });
    }
    all
}

fn tranche() -> Vec<Detail> {
    vec![Detail::Tranche { n: 1 }]
}

fn flagged() -> Detail {
    Detail::LineFlagged {
        line_no: 5,
        component: Component::Supporting,
        label_id: "Perlu diperjelas".to_owned(),
        label_en: "To be clarified".to_owned(),
        comment: Some("Rincian honor pengawas belum ada.".to_owned()),
    }
}

fn agreed() -> Detail {
    Detail::LineAgreed {
        line_no: 3,
        component: Component::MachineryEquipment,
        proposed_idr: 1_480_000_000,
        agreed_idr: 1_260_000_000,
    }
}

fn report() -> Detail {
    Detail::Report { report: ReportKind::Quarterly, as_of: date(2021, 6, 30), physical_bp: 4_250 }
}

/// Comment, amount and details of an event, as the service raises them.
#[rustfmt::skip]
fn said(event: NoticeEvent) -> (Option<&'static str>, Option<i64>, Vec<Detail>) {
    match event {
        NoticeEvent::Return => (Some("Lengkapi data dasar sentra sebelum diajukan lagi."), None, asked()),
        NoticeEvent::Verify => (None, None, vec![flagged()]),
        NoticeEvent::NotRecommend => (Some("Lokasi tidak sesuai dengan rencana tata ruang."), None, Vec::new()),
        NoticeEvent::RequestClarification | NoticeEvent::Lapse => (None, None, asked()),
        NoticeEvent::AdviseAgainst => (Some("Bahan baku dalam radius 20 km tidak mencukupi."), None, Vec::new()),
        NoticeEvent::FailSite => (Some("Jalan masuk ke lokasi belum ada."), None, Vec::new()),
        NoticeEvent::ProposeAgreement => (None, None, vec![agreed()]),
        NoticeEvent::DeclineAgreement => (Some("Volume mesin tidak dapat dikurangi tanpa menghentikan satu lini."), None, Vec::new()),
        NoticeEvent::Approve => (None, Some(5_080_000_000), vec![cut()]),
        NoticeEvent::ApproveWithConditions => (None, Some(5_080_000_000), vec![cut(), condition()]),
        NoticeEvent::ReturnToReview => (Some("Penilaian rincian 3 belum menyebut harga acuan."), None, Vec::new()),
        NoticeEvent::Reject => (Some("Sentra yang sama dibiayai pada tahun 2019."), None, Vec::new()),
        NoticeEvent::Allocate => (Some("Perpres 113/2020"), Some(5_080_000_000), Vec::new()),
        NoticeEvent::DeclineAllocation => (Some("Perpres 113/2020"), None, Vec::new()),
        NoticeEvent::Disburse => (None, Some(1_270_000_000), tranche()),
        NoticeEvent::Forfeit => (None, Some(5_080_000_000), lacking()),
        NoticeEvent::EndShort => (Some("Kontrak berakhir; kemajuan fisik 81 %."), None, Vec::new()),
        NoticeEvent::CloseUnused => (Some("Rumah produksi tidak dipakai saat diperiksa."), None, Vec::new()),
        NoticeEvent::Withdraw => (Some("Lahan dialihkan untuk kegiatan lain."), None, Vec::new()),
        NoticeEvent::Cancel => (Some("Daerah tidak sanggup menyediakan dana pendamping."), None, Vec::new()),
        NoticeEvent::Revive => (Some("Batas waktu dipindahkan karena keadaan kahar."), Some(5_080_000_000),
            vec![Detail::Decree { number: "KMK 18/KM.7/2021".to_owned() }]),
        NoticeEvent::HoldSet => (Some("Dua kontrak menyebut pekerjaan yang sama."), None, Vec::new()),
        NoticeEvent::HoldLifted => (Some("Penjelasan daerah diterima."), None, Vec::new()),
        NoticeEvent::PaymentHeld => (Some("Dua kontrak menyebut pekerjaan yang sama."), Some(1_270_000_000), tranche()),
        NoticeEvent::FindingOpened => (Some("Tagih kekurangan volume dari penyedia dan setorkan ke kas daerah."), Some(48_000_000), shortfall(true)),
        NoticeEvent::FindingAnswered => (Some("Penyedia telah menyetor; STS 118 terlampir."), Some(48_000_000), shortfall(false)),
        NoticeEvent::FindingReturned => (Some("STS yang dilampirkan milik kontrak lain."), Some(48_000_000), shortfall(false)),
        NoticeEvent::FindingClosed => (Some("STS 118 sesuai dengan rekening koran kas daerah."), Some(48_000_000), {
            let mut all = shortfall(false);
            all.push(Detail::FindingClosed { outcome: FindingOutcome::Settled, settled_idr: 48_000_000 });
            all
        }),
        NoticeEvent::ConditionLifted => (Some("RK versi 2 memuat IPAL."), None, vec![condition()]),
        NoticeEvent::WaiverGranted => (Some("Luas lahan di bawah batas wajib UKL-UPL."), None, vec![Detail::Document(environmental())]),
        NoticeEvent::WaiverRevoked => (Some("Luas lahan berubah."), None, vec![Detail::Document(environmental())]),
        NoticeEvent::PlanSubmitted => (None, Some(5_080_000_000), Vec::new()),
        NoticeEvent::PlanReturned => (Some("Jadwal pengadaan mesin belum ada."), None, Vec::new()),
        NoticeEvent::TrancheRequested | NoticeEvent::TrancheReviewed | NoticeEvent::TrancheVerified => (None, Some(1_270_000_000), tranche()),
        NoticeEvent::TrancheRefused => (Some("Daftar kontrak tidak sama dengan lampirannya."), Some(1_270_000_000), tranche()),
        NoticeEvent::TrancheReduced => (Some("Daerah tidak sanggup menyediakan dana pendamping."), Some(1_270_000_000),
            vec![Detail::RequestReduced { n: 1, before_idr: 2_470_000_000, after_idr: 1_200_000_000 }]),
        NoticeEvent::EntryReversed => (Some("SP2D tercatat dua kali."), Some(176_520_000),
            vec![Detail::Entry { entry: EntryKind::Spend, effective_on: date(2021, 6, 25) }]),
        NoticeEvent::ContractAmended => (Some("Volume fondasi bertambah."), Some(1_310_000_000),
            vec![Detail::ContractValue { number: "027/11/ADD-1/2021".to_owned(), before_idr: 1_260_000_000, after_idr: 1_310_000_000 }]),
        NoticeEvent::MoneyRecovered => (Some("Denda keterlambatan dikembalikan penyedia."), Some(12_600_000), Vec::new()),
        NoticeEvent::LeftoverCarried => (Some("Sisa dana dipakai untuk usulan tahun 2022."), Some(48_000_000),
            vec![Detail::LegalBasis { text: "PMK 198/PMK.07/2021".to_owned() }]),
        NoticeEvent::CeilingChanged => (Some("Perpres 113/2020, perubahan rincian"), Some(4_900_000_000),
            vec![Detail::Ceiling { before_idr: 5_080_000_000, after_idr: 4_900_000_000 }]),
        NoticeEvent::ReportSubmitted | NoticeEvent::ReportReviewed => (None, None, vec![report()]),
        NoticeEvent::ReportReturned => (Some("Foto kemajuan tidak menunjukkan lokasi."), None, vec![report()]),
        _ => (None, None, Vec::new()),
    }
}

//! What a reminder of a deadline says: what is due where and in how many working days, what is lost otherwise, what the
//! recipient has to do, by when on the clocks of the region, and who was told before.

use crate::domain::deadline::DeadlineKind;
use crate::domain::moment::{Moment, Zone};
use crate::domain::money::Rupiah;
use crate::domain::notice::NoticeFacts;
use crate::domain::people::{Language, Role};
use crate::domain::reminder::ReminderFacts;
use crate::mail::details::money;
use crate::mail::render::{MAX_SUBJECT, cut, line};
use crate::mail::words::{Words, role_name, words};
use crate::mail::{Site, dates};
use chrono::{Datelike, NaiveDate, Timelike, Weekday};

/// What is due, and what is lost otherwise.
struct Due {
    /// The name; `{n}` stands for the tranche or the quarter.
    name: Words,
    /// What is lost when it is not met.
    lost: Words,
}

#[rustfmt::skip]
const fn due(kind: DeadlineKind) -> Due {
    let (name, lost) = match kind {
        DeadlineKind::Submission => (words("pengajuan usulan", "submission of the proposal"),
            words("Usulan yang belum disampaikan kepala daerah sampai saat itu tidak diterima lagi dalam masa pengajuan ini.", "A proposal that the regional head has not submitted by then is not taken in this window any more.")),
        DeadlineKind::Correction => (words("pengajuan kembali usulan", "resubmission of the proposal"),
            words("Usulan yang dikembalikan dan belum disampaikan lagi sampai saat itu tidak diterima lagi.", "A returned proposal that was not submitted again by then is not taken any more.")),
        DeadlineKind::Clarification => (words("jawaban klarifikasi", "answer to the clarification"),
            words("Tanpa jawaban sampai saat itu usulan gugur.", "Without an answer by then the proposal lapses.")),
        DeadlineKind::Harmonisation => (words("jawaban atas kesepakatan", "answer to the agreement"),
            words("Tanpa jawaban sampai saat itu kementerian dapat memutuskan tanpa kesepakatan.", "Without an answer by then the ministry can decide without an agreement.")),
        DeadlineKind::PlanApproval => (words("persetujuan rencana kegiatan (RK)", "approval of the activity plan (RK)"),
            words("Tanpa RK yang disetujui tidak ada kontrak dan tidak ada penyaluran.", "Without an approved RK there is no contract and no disbursement.")),
        DeadlineKind::ContractGate => (words("kontrak dan permintaan pertama", "contracts and first request"),
            words("Bila sampai saat itu tidak ada daftar kontrak yang diterima dan permintaan penyaluran pertama yang lengkap, seluruh alokasi hangus.", "If there are no accepted contracts and no complete first request by then, the whole allocation is forfeited.")),
        DeadlineKind::RecommendationGate => (words("permintaan sekaligus atas rekomendasi", "request of the lump sum on recommendation"),
            words("Bila sampai saat itu tidak ada serah terima dan permintaan yang lengkap, seluruh alokasi hangus.", "If there is no handover and no complete request by then, the whole allocation is forfeited.")),
        DeadlineKind::TrancheDocuments => (words("dokumen penyaluran tahap {n}", "documents of tranche {n}"),
            words("Tahap yang dokumennya belum lengkap sampai saat itu tidak disalurkan, dan tahap sesudahnya juga tidak.", "A tranche whose documents are not complete by then is not disbursed, nor is any after it.")),
        DeadlineKind::TrancheWindow => (words("penyaluran tahap {n}", "payment of tranche {n}"),
            words("Yang belum disalurkan sampai saat itu tidak disalurkan lagi.", "What is not disbursed by then is not disbursed any more.")),
        DeadlineKind::QuarterlyReport => (words("laporan triwulan {n}", "report of quarter {n}"),
            words("Laporan yang terlambat dapat menahan penyaluran tahap berikutnya.", "A late report can hold back the next tranche.")),
        DeadlineKind::FinalReport => (words("laporan akhir", "final report"),
            words("Tanpa laporan akhir usulan tidak dapat ditutup, dan laporan setahun menjadi syarat tahap pertama tahun berikutnya.", "Without a final report the proposal can't be closed, and the report of the year is a condition of next year's first tranche.")),
        DeadlineKind::OperationCheck => (words("pemeriksaan pemanfaatan sentra", "check of the centre's use"),
            words("Tanpa pemeriksaan usulan tidak dapat ditutup.", "Without the check the proposal can't be closed.")),
        DeadlineKind::FindingFollowUp => (words("tindak lanjut temuan {n}", "follow-up of finding {n}"),
            words("Temuan yang belum ditindaklanjuti tetap terbuka, dan auditor melaporkannya demikian.", "A finding that is not followed up stays open, and the auditor reports it so.")),
    };
    Due { name, lost }
}

/// What whoever has to act does about it; nothing for those who only look after it.
#[rustfmt::skip]
const fn own_step(kind: DeadlineKind, role: Role) -> Option<Words> {
    use DeadlineKind::*;
    Some(match (kind, role) {
        (Submission | Correction, Role::Drafter) => words("Lengkapi usulan dan kirim ke Bappeda; sisakan waktu bagi Bappeda dan kepala daerah.", "Complete the proposal and send it to Bappeda; leave Bappeda and the regional head their time."),
        (Submission | Correction, Role::Planner) => words("Periksa usulan yang ada di meja Anda, dan tanyakan kepada dinas bila belum dikirim.", "Check the proposal if it is with you, and ask the dinas if it was not sent yet."),
        (Submission | Correction, Role::RegionalHead) => words("Sahkan dan sampaikan usulan bila sudah di meja Anda; bila belum, minta dinas dan Bappeda menyelesaikannya.", "Endorse and submit the proposal if it is with you; if not, have the dinas and Bappeda finish it."),
        (Clarification, Role::Drafter) => words("Jawab setiap permintaan klarifikasi.", "Answer every request for clarification."),
        (Clarification, Role::RegionalHead) => words("Pastikan klarifikasi dijawab; perubahan rincian, nilai, atau lokasi harus Anda jawab sendiri.", "See that the clarification is answered; a change of line, amount or site is yours to answer."),
        (Harmonisation, Role::Planner) => words("Terima atau tolak volume dan nilai yang diajukan kementerian.", "Accept or decline the volumes and amounts that the ministry proposed."),
        (Harmonisation, Role::Reviewer) => words("Tanyakan jawaban daerah; harmonisasi dapat ditutup tanpa kesepakatan.", "Ask for the region's answer; the harmonisation can be closed without an agreement."),
        (PlanApproval, Role::Drafter) => words("Susun dan sampaikan RK bila belum; sesudah itu pastikan kementerian menyetujuinya.", "Write and submit the RK if it was not yet; then see that the ministry approves it."),
        (PlanApproval, Role::Approver) => words("Setujui atau kembalikan RK yang telah disampaikan; bila belum ada, hubungi daerah ini.", "Approve or return the RK that was submitted; if there is none, call this region."),
        (ContractGate, Role::Drafter) => words("Selesaikan pemilihan penyedia, catat kontraknya, dan siapkan dokumen permintaan pertama. Laporkan hari ini kepada kepala daerah apa yang masih menghambat.", "Finish the tender, record the contracts and prepare the documents of the first request. Report today to the regional head what still stands in the way."),
        (ContractGate, Role::Inspector) => words("Reviu daftar kontrak dan permintaan pertama segera setelah masuk; antrean reviu tidak boleh menghanguskan alokasi.", "Review the contract list and the first request as soon as they come in; a queue of reviews must not cost the allocation."),
        (ContractGate, Role::RegionalHead) => words("Minta laporan tender hari ini, dan ajukan permintaan pertama yang lengkap segera setelah kontrak diterima.", "Ask for the state of the tender today, and make a complete first request as soon as the contracts are accepted."),
        (ContractGate, Role::Planner) => words("Tanyakan kepada dinas apa yang menghambat kontrak, dan bantu menyelesaikannya.", "Ask the dinas what holds up the contracts, and help to solve it."),
        (RecommendationGate, Role::Drafter) => words("Catat berita acara serah terima dan siapkan dokumen permintaan.", "Record the handover minutes and prepare the documents of the request."),
        (RecommendationGate, Role::RegionalHead) => words("Ajukan permintaan sekaligus segera setelah serah terima dicatat.", "Make the request of the lump sum as soon as the handover is recorded."),
        (RecommendationGate, Role::Inspector) => words("Reviu permintaan segera setelah masuk.", "Review the request as soon as it comes in."),
        (TrancheDocuments, Role::Drafter) => words("Catat setiap SP2D dan kemajuan, dan lengkapi dokumen tahap ini.", "Record every SP2D and the progress, and complete the documents of this tranche."),
        (TrancheDocuments, Role::RegionalHead) => words("Ajukan permintaan tahap ini untuk setiap usulan yang sudah memenuhi syarat.", "Request this tranche for every proposal that meets its conditions."),
        (TrancheDocuments | TrancheWindow, Role::Inspector) => words("Reviu permintaan tahap ini segera setelah masuk.", "Review the request of this tranche as soon as it comes in."),
        (TrancheDocuments, Role::Treasurer) => words("Verifikasi permintaan tahap ini segera setelah direviu.", "Verify the request of this tranche as soon as it is reviewed."),
        (TrancheWindow, Role::Treasurer) => words("Verifikasi dan bayar permintaan yang sudah masuk; verifikasi dan pembayaran oleh dua orang.", "Verify and pay the requests that came in; two people do so."),
        (TrancheWindow, Role::RegionalHead) => words("Pastikan permintaan tahap ini sudah diajukan, direviu, dan diverifikasi.", "See that this tranche is requested, reviewed and verified."),
        (QuarterlyReport, Role::Drafter) => words("Susun dan sampaikan laporan triwulan.", "Write and submit the quarterly report."),
        (FinalReport, Role::Drafter) => words("Susun dan sampaikan laporan akhir, dan selesaikan sisa dana.", "Write and submit the final report, and settle what is left over."),
        (FinalReport | QuarterlyReport, Role::RegionalHead) => words("Minta dinas menyampaikan laporannya.", "Have the dinas submit its report."),
        (OperationCheck, Role::Inspector) => words("Periksa pemanfaatan sentra di tempat, lalu tutup usulan.", "Check the use of the centre on the spot, then close the proposal."),
        (OperationCheck, Role::Drafter) => words("Siapkan bukti pemanfaatan sentra: pelaku IKM, foto, pengelola.", "Prepare what shows the use of the centre: businesses, pictures, manager."),
        (FindingFollowUp, Role::Drafter) => words("Laksanakan rekomendasinya, unggah buktinya, dan sampaikan tindak lanjutnya.", "Do what is recommended, upload what shows it, and tell of it."),
        (FindingFollowUp, Role::RegionalHead) => words("Pastikan rekomendasi auditor dilaksanakan dan tindak lanjutnya disampaikan.", "See that what the auditor recommends is done and told of."),
        (FindingFollowUp, Role::Inspector) => words("Pantau tindak lanjutnya, dan bantu dinas melengkapi buktinya.", "Watch over the follow-up, and help the dinas to complete what shows it."),
        (FindingFollowUp, Role::Auditor) => words("Hubungi daerah ini: temuan Anda belum ditindaklanjuti.", "Call this region: your finding is not followed up."),
        _ => return None,
    })
}

/// What those do who only look after it.
#[rustfmt::skip]
const fn rung_step(role: Role) -> Words {
    match role {
        Role::Verifier => words("Hubungi pemerintah daerah ini hari ini; pastikan batas waktunya diketahui dan ada yang mengerjakannya.", "Call this region's government today; see that the date is known and somebody works on it."),
        Role::Reviewer | Role::Approver | Role::Treasurer => words("Hubungi daerah ini dan provinsinya; pastikan batas waktunya dipenuhi atau alasannya diketahui.", "Call this region and its province; see that the date is met, or that the reason is known."),
        _ => words("Tanyakan kepada yang mengerjakannya apa yang masih kurang, dan bantu menyelesaikannya.", "Ask those who work on it what is still lacking, and help to finish it."),
    }
}

/// What a reminder says, where other messages say what happened.
pub(super) struct Spoken {
    /// The subject.
    pub subject: String,
    /// The heading.
    pub heading: String,
    /// What is due, when, and what is lost otherwise.
    pub what: String,
    /// Figures, who was told before, further proposals.
    pub details: Vec<String>,
    /// What the recipient has to do.
    pub next: &'static str,
    /// By when, on the clocks of the region.
    pub due: String,
    /// Where it stands in the API.
    pub link: String,
}

/// Says a reminder to somebody who holds some roles.
pub(super) fn speak(
    site: &Site,
    reminder: &ReminderFacts,
    facts: &NoticeFacts,
    roles: &[Role],
    language: Language,
) -> Spoken {
    let about = due(reminder.kind);
    let n = reminder.n.unwrap_or_default().to_string();
    let name = about.name.in_language(language).replace("{n}", &n);
    let stage = stage(reminder, facts.at, language);
    let heading = format!("{stage}: {name}");
    let region = line(&facts.region_name);
    let whole = format!("{heading} – {region} {}", facts.fiscal_year);
    let subject = match reminder.count {
        ..=1 => format!("{whole} – {}", line(&facts.title)),
        count => format!("{whole} ({})", proposals(count, language)),
    };
    let zone = Zone::of(&facts.region_code);
    let until = by_the_clocks(reminder, zone, language);
    let passed = reminder.is_overdue(facts.at);
    let what = match (language, passed) {
        (Language::Id, false) => format!("Batas waktu {name}: {until}. {}", about.lost.id),
        (Language::En, false) => format!("Due {until}: {name}. {}", about.lost.en),
        (Language::Id, true) => {
            format!(
                "Batas waktu {name} sudah lewat: {until}. Yang diminta masih dapat dipenuhi, dan masih harus. {}",
                about.lost.id
            )
        }
        (Language::En, true) => {
            format!(
                "This was due {until}: {name}. It can still be done, and still has to be. {}",
                about.lost.en
            )
        }
    };
    let step = roles.iter().find_map(|role| own_step(reminder.kind, *role));
    let step = step.or_else(|| roles.first().map(|role| rung_step(*role)));
    Spoken {
        subject: cut(&subject, MAX_SUBJECT),
        heading,
        what,
        details: details(reminder, zone, language),
        next: step.unwrap_or(super::steps::NOTHING).in_language(language),
        due: until,
        link: link(site, reminder, facts),
    }
}

/// `3 hari kerja lagi`, `Hari kerja terakhir`, `Terlambat 2 hari kerja`.
fn stage(reminder: &ReminderFacts, at: Moment, language: Language) -> String {
    let days = reminder.working_days_left;
    let late = days.saturating_abs().max(1);
    let plural = |days: i64| if days == 1 { "working day" } else { "working days" };
    match (language, reminder.is_overdue(at)) {
        (Language::Id, true) => format!("Terlambat {late} hari kerja"),
        (Language::En, true) => format!("{late} {} overdue", plural(late)),
        (Language::Id, false) if days < 1 => "Hari kerja terakhir".to_owned(),
        (Language::En, false) if days < 1 => "Last working day".to_owned(),
        (Language::Id, false) => format!("{days} hari kerja lagi"),
        (Language::En, false) => format!("{days} {} left", plural(days)),
    }
}

fn proposals(count: i64, language: Language) -> String {
    match language {
        Language::Id => format!("{count} usulan"),
        Language::En => format!("{count} proposals"),
    }
}

/// The deadline on the clocks of the region, and on those that count where they are others.
fn by_the_clocks(reminder: &ReminderFacts, zone: Zone, language: Language) -> String {
    let own = until(reminder.due_at, zone, language);
    if reminder.due_zone == zone {
        return own;
    }
    let there = clock(reminder.due_at, reminder.due_zone, language).1;
    format!("{own} (= {there} {})", reminder.due_zone)
}

/// `Sabtu, 21 Juli 2018 pukul 17.00 WIB`; a day that lasts until its end is told as that day, 24.00.
fn until(at: Moment, zone: Zone, language: Language) -> String {
    let (day, hour) = clock(at, zone, language);
    let day = date(day, language);
    match language {
        Language::Id => format!("{day} pukul {hour} {zone}"),
        Language::En => format!("{day}, {hour} {zone}"),
    }
}

/// Day and hour on the clocks of a zone, before an instant that is too late.
fn clock(at: Moment, zone: Zone, language: Language) -> (NaiveDate, String) {
    let wall = at.after(chrono::TimeDelta::hours(zone.hours())).0;
    let separator = match language {
        Language::Id => '.',
        Language::En => ':',
    };
    let midnight = wall.hour() == 0 && wall.minute() == 0;
    match wall.date().pred_opt().filter(|_| midnight) {
        Some(day) => (day, format!("24{separator}00")),
        None => (wall.date(), format!("{:02}{separator}{:02}", wall.hour(), wall.minute())),
    }
}

fn date(day: NaiveDate, language: Language) -> String {
    format!("{}, {}", weekday(day.weekday()).in_language(language), dates::day(day, language))
}

const fn weekday(day: Weekday) -> Words {
    match day {
        Weekday::Mon => words("Senin", "Monday"),
        Weekday::Tue => words("Selasa", "Tuesday"),
        Weekday::Wed => words("Rabu", "Wednesday"),
        Weekday::Thu => words("Kamis", "Thursday"),
        Weekday::Fri => words("Jumat", "Friday"),
        Weekday::Sat => words("Sabtu", "Saturday"),
        Weekday::Sun => words("Minggu", "Sunday"),
    }
}

fn details(reminder: &ReminderFacts, zone: Zone, language: Language) -> Vec<String> {
    let at_risk = money(Rupiah(reminder.at_risk_idr), language);
    let (days, working) = (reminder.days_left, reminder.working_days_left);
    let mut lines = match language {
        Language::Id => vec![format!("Nilai yang dipertaruhkan: {at_risk}")],
        Language::En => vec![format!("At risk: {at_risk}")],
    };
    if days >= 0 {
        lines.push(match language {
            Language::Id => format!("Sisa waktu: {working} hari kerja ({days} hari)"),
            Language::En => format!("Time left: {working} working days ({days} days)"),
        });
    }
    if let Some(number) = reminder.moved_by.as_deref().map(line) {
        lines.push(match language {
            Language::Id => format!("Batas waktu ini dipindahkan oleh {number}"),
            Language::En => format!("This date was moved by {number}"),
        });
    }
    for earlier in &reminder.earlier {
        let roles: Vec<&str> =
            earlier.tells.iter().map(|role| role_name(*role).in_language(language)).collect();
        let day = date(earlier.at.date_in(zone), language);
        lines.push(match language {
            Language::Id => format!("Sudah diingatkan pada {day}: {}", roles.join(", ")),
            Language::En => format!("Reminded on {day}: {}", roles.join(", ")),
        });
    }
    lines.extend(named(reminder, language));
    lines
}

/// The proposals that it is about, where they are several.
fn named(reminder: &ReminderFacts, language: Language) -> Vec<String> {
    if reminder.count <= 1 {
        return Vec::new();
    }
    let mut lines: Vec<String> = reminder
        .proposals
        .iter()
        .map(|one| format!("{}: {}", line(&one.title), money(Rupiah(one.at_risk_idr), language)))
        .collect();
    let named = i64::try_from(reminder.proposals.len()).unwrap_or(i64::MAX);
    let more = reminder.count.saturating_sub(named);
    if more > 0 {
        lines.push(match language {
            Language::Id => format!("dan {more} usulan lain"),
            Language::En => format!("and {more} more"),
        });
    }
    lines
}

/// One proposal, or all of the region that are due by the same rule.
fn link(site: &Site, reminder: &ReminderFacts, facts: &NoticeFacts) -> String {
    let base = site.base_url();
    if reminder.count <= 1 {
        return format!("{base}/api/v1/proposals/{}", facts.proposal_id);
    }
    format!(
        "{base}/api/v1/deadlines?region_code={}&fiscal_year={}&kind={}",
        facts.region_code, facts.fiscal_year, reminder.kind
    )
}

#[cfg(test)]
#[path = "reminder_tests.rs"]
mod tests;

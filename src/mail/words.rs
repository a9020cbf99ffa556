//! What messages say of each event, state and role, in both languages.

use crate::domain::notice::NoticeEvent;
use crate::domain::people::{Language, Role};
use crate::domain::proposal::State;

/// The same words in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// Indonesian.
    pub id: &'static str,
    /// English.
    pub en: &'static str,
}

impl Words {
    /// The words in a language.
    pub const fn in_language(self, language: Language) -> &'static str {
        match language {
            Language::Id => self.id,
            Language::En => self.en,
        }
    }
}

/// Indonesian first, then English.
pub const fn words(id: &'static str, en: &'static str) -> Words {
    Words { id, en }
}

/// What a message says of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// The beginning of the subject.
    pub subject: Words,
    /// What happened; `{actor}` stands for who did it.
    pub sentence: Words,
}

/// What a message says of an event.
#[rustfmt::skip]
pub const fn told(event: NoticeEvent) -> Told {
    use NoticeEvent::*;
    let (subject, sentence) = match event {
        RequestPlanningCheck => (words("Usulan menunggu pemeriksaan Bappeda", "Proposal awaits the planning check"),
            words("{actor} mengirim usulan ini ke Bappeda untuk diperiksa.", "{actor} sent this proposal to Bappeda for its planning check.")),
        Return => (words("Usulan dikembalikan", "Proposal returned"),
            words("{actor} mengembalikan usulan ini untuk diperbaiki.", "{actor} returned this proposal for correction.")),
        ConfirmPlanning => (words("Usulan sesuai rencana daerah", "Proposal fits the regional plans"),
            words("{actor} menyatakan usulan ini sesuai dengan rencana daerah.", "{actor} confirmed that this proposal fits the regional plans.")),
        Submit => (words("Usulan disampaikan", "Proposal submitted"),
            words("{actor} mengesahkan dan menyampaikan usulan ini.", "{actor} endorsed and submitted this proposal.")),
        Verify => (words("Usulan diverifikasi provinsi", "Proposal verified by the province"),
            words("{actor} memverifikasi usulan ini untuk provinsi.", "{actor} verified this proposal for the province.")),
        NotRecommend => (words("Usulan tidak direkomendasikan provinsi", "Proposal not recommended by the province"),
            words("{actor} tidak merekomendasikan usulan ini untuk provinsi; usulan berakhir.", "{actor} did not recommend this proposal for the province; it has ended.")),
        RequestClarification => (words("Klarifikasi diminta", "Clarification requested"),
            words("{actor} meminta klarifikasi atas usulan ini.", "{actor} requested clarification of this proposal.")),
        Answer => (words("Klarifikasi dijawab", "Clarification answered"),
            words("{actor} menjawab permintaan klarifikasi.", "{actor} answered the request for clarification.")),
        Lapse => (words("Usulan gugur", "Proposal lapsed"),
            words("Klarifikasi tidak dijawab sampai batas waktu; usulan ini gugur.", "The clarification was not answered in time; this proposal has lapsed.")),
        Recommend => (words("Usulan direkomendasikan penelaah", "Proposal recommended by the reviewer"),
            words("{actor} merekomendasikan usulan ini setelah penelaahan teknis.", "{actor} recommended this proposal after technical review.")),
        AdviseAgainst => (words("Penelaah tidak menyarankan usulan", "Reviewer advises against the proposal"),
            words("{actor} menyarankan agar usulan ini tidak disetujui.", "{actor} advised against this proposal.")),
        ConfirmSite => (words("Lokasi terverifikasi", "Site confirmed"),
            words("{actor} mengunjungi lokasi dan menyatakannya sesuai.", "{actor} visited the site and confirmed it.")),
        FailSite => (words("Lokasi tidak memenuhi syarat", "Site not confirmed"),
            words("{actor} mengunjungi lokasi dan menyatakannya tidak memenuhi syarat.", "{actor} visited the site and did not confirm it.")),
        ProposeAgreement => (words("Kesepakatan diajukan", "Agreement proposed"),
            words("{actor} mengajukan kesepakatan volume dan nilai untuk setiap rincian.", "{actor} proposed volumes and amounts for every line.")),
        AcceptAgreement => (words("Kesepakatan diterima", "Agreement accepted"),
            words("{actor} menerima volume dan nilai yang diajukan.", "{actor} accepted the proposed volumes and amounts.")),
        DeclineAgreement => (words("Kesepakatan ditolak", "Agreement declined"),
            words("{actor} menolak volume dan nilai yang diajukan.", "{actor} declined the proposed volumes and amounts.")),
        CloseWithoutAgreement => (words("Harmonisasi ditutup tanpa kesepakatan", "Closed without agreement"),
            words("{actor} menutup harmonisasi tanpa kesepakatan setelah batas waktu lewat.", "{actor} closed the harmonisation without agreement after its due date.")),
        Approve => (words("Usulan disetujui", "Proposal approved"),
            words("{actor} menyetujui usulan ini.", "{actor} approved this proposal.")),
        ApproveWithConditions => (words("Usulan disetujui dengan syarat", "Proposal approved with conditions"),
            words("{actor} menyetujui usulan ini dengan syarat (tanda bintang).", "{actor} approved this proposal with conditions.")),
        ReturnToReview => (words("Usulan kembali ke penelaahan", "Proposal back in review"),
            words("{actor} mengembalikan usulan ini ke penelaahan teknis.", "{actor} sent this proposal back to technical review.")),
        Reject => (words("Usulan ditolak", "Proposal rejected"),
            words("{actor} menolak usulan ini.", "{actor} rejected this proposal.")),
        Allocate => (words("Alokasi ditetapkan", "Allocation recorded"),
            words("{actor} menetapkan alokasi untuk usulan ini.", "{actor} set money aside for this proposal.")),
        DeclineAllocation => (words("Usulan tidak memperoleh alokasi", "Proposal not funded"),
            words("{actor} mencatat bahwa usulan ini tidak memperoleh alokasi.", "{actor} recorded that this proposal gets no allocation.")),
        ApprovePlan => (words("Rencana kegiatan disetujui", "Activity plan approved"),
            words("{actor} menyetujui rencana kegiatan (RK).", "{actor} approved the activity plan (RK).")),
        ApprovePlanChange => (words("Perubahan rencana kegiatan disetujui", "Change of the activity plan approved"),
            words("{actor} menyetujui perubahan rencana kegiatan (RK); rencana yang baru berlaku sekarang.", "{actor} approved a change of the activity plan (RK); the new plan holds now.")),
        AcceptContracts => (words("Daftar kontrak diterima", "Contract list accepted"),
            words("{actor} menerima daftar kontrak.", "{actor} accepted the contract list.")),
        RecordHandover => (words("Serah terima dicatat", "Handover recorded"),
            words("{actor} mencatat berita acara serah terima (BAST).", "{actor} recorded the handover minutes (BAST).")),
        Disburse => (words("Dana disalurkan", "Money disbursed"),
            words("{actor} menyalurkan dana untuk usulan ini.", "{actor} disbursed money for this proposal.")),
        Forfeit => (words("Alokasi hangus", "Allocation forfeited"),
            words("Batas waktu kontrak lewat tanpa permintaan penyaluran yang lengkap; alokasi usulan ini hangus.", "The contract date passed without a complete request; this proposal's allocation is forfeited.")),
        CompleteWorks => (words("Pekerjaan selesai", "Works completed"),
            words("{actor} mencatat bahwa pekerjaan selesai.", "{actor} recorded that the works are complete.")),
        EndShort => (words("Pekerjaan dihentikan sebelum selesai", "Works ended short"),
            words("{actor} mencatat bahwa pekerjaan berakhir sebelum selesai.", "{actor} recorded that the works ended before completion.")),
        HandOver => (words("Sentra diserahterimakan", "Centre handed over"),
            words("{actor} menyerahterimakan sentra kepada pengelola.", "{actor} handed the centre over to its manager.")),
        Close => (words("Usulan ditutup", "Proposal closed"),
            words("{actor} menutup usulan ini; semua telah dipertanggungjawabkan.", "{actor} closed this proposal; everything is accounted for.")),
        CloseUnused => (words("Usulan ditutup: sentra tidak dimanfaatkan", "Proposal closed: centre unused"),
            words("{actor} menutup usulan ini dengan temuan bahwa sentra tidak dimanfaatkan.", "{actor} closed this proposal with a finding that the centre is not in use.")),
        Withdraw => (words("Usulan ditarik", "Proposal withdrawn"),
            words("{actor} menarik usulan ini.", "{actor} withdrew this proposal.")),
        Cancel => (words("Usulan dibatalkan", "Proposal cancelled"),
            words("{actor} membatalkan usulan ini.", "{actor} cancelled this proposal.")),
        Revive => (words("Usulan dihidupkan kembali", "Proposal revived"),
            words("{actor} menghidupkan kembali usulan ini; usulan berlanjut dari status sekarang.", "{actor} revived this proposal; it goes on from where it stands now.")),
        HoldSet => (words("Usulan ditahan auditor", "Audit hold set"),
            words("{actor} menahan usulan ini: selama ditahan, usulan tidak dibayar dan tidak ditutup; langkah lain tetap berjalan.", "{actor} set a hold on this proposal: while it stands, the proposal is not paid and not closed; everything else goes on.")),
        HoldLifted => (words("Penahanan auditor dicabut", "Audit hold lifted"),
            words("{actor} mencabut satu penahanan atas usulan ini.", "{actor} lifted a hold on this proposal.")),
        PaymentHeld => (words("Pembayaran usulan ditahan", "Payment held back"),
            words("Usulan ini ditahan auditor dan tidak ikut dibayar oleh {actor}; usulan lain dalam permintaan itu dibayar.", "This proposal is under an audit hold and was left out of what {actor} paid; the others of the request were paid.")),
        FindingOpened => (words("Temuan auditor", "Audit finding"),
            words("{actor} mencatat temuan atas usulan ini, dengan rekomendasi dan batas waktu tindak lanjut.", "{actor} made a finding on this proposal, with a recommendation and a date for its follow-up.")),
        FindingAnswered => (words("Temuan ditindaklanjuti", "Finding followed up"),
            words("{actor} menyampaikan tindak lanjut atas satu temuan.", "{actor} told what was done about a finding.")),
        FindingReturned => (words("Tindak lanjut belum memadai", "Follow-up not sufficient"),
            words("{actor} menilai tindak lanjut atas satu temuan belum memadai.", "{actor} judged the follow-up of a finding not sufficient.")),
        FindingClosed => (words("Temuan ditutup", "Finding closed"),
            words("{actor} menutup satu temuan atas usulan ini.", "{actor} closed a finding on this proposal.")),
        ConditionLifted => (words("Syarat dicabut", "Condition lifted"),
            words("{actor} mencabut satu syarat (tanda bintang) usulan ini.", "{actor} lifted a condition of this proposal.")),
        WaiverGranted => (words("Dokumen dikecualikan", "Document waived"),
            words("{actor} mengecualikan satu dokumen: usulan ini boleh berlanjut tanpa dokumen itu.", "{actor} waived a document: this proposal may go on without it.")),
        WaiverRevoked => (words("Pengecualian dokumen dicabut", "Waiver revoked"),
            words("{actor} mencabut pengecualian satu dokumen: dokumen itu diperlukan lagi.", "{actor} revoked a waiver: the document is needed again.")),
        PlanSubmitted => (words("Rencana kegiatan disampaikan", "Activity plan submitted"),
            words("{actor} menyampaikan rencana kegiatan (RK).", "{actor} submitted the activity plan (RK).")),
        PlanReturned => (words("Rencana kegiatan dikembalikan", "Activity plan returned"),
            words("{actor} mengembalikan rencana kegiatan (RK) untuk diperbaiki.", "{actor} returned the activity plan (RK) for correction.")),
        TrancheRequested => (words("Penyaluran diminta", "Tranche requested"),
            words("{actor} mengajukan permintaan penyaluran dana.", "{actor} requested a tranche.")),
        TrancheReviewed => (words("Permintaan penyaluran direviu", "Tranche request reviewed"),
            words("{actor} mereviu permintaan penyaluran dana.", "{actor} reviewed the tranche request.")),
        TrancheVerified => (words("Permintaan penyaluran diverifikasi", "Tranche request verified"),
            words("{actor} memverifikasi permintaan penyaluran dana.", "{actor} verified the tranche request.")),
        TrancheRefused => (words("Permintaan penyaluran ditolak", "Tranche request refused"),
            words("{actor} menolak permintaan penyaluran dana.", "{actor} refused the tranche request.")),
        TrancheReduced => (words("Usulan dikeluarkan dari permintaan penyaluran", "Proposal left out of a tranche request"),
            words("Usulan ini tidak dapat dibayar lagi setelah tindakan {actor}, dan dikeluarkan dari permintaan penyaluran; usulan lain dalam permintaan itu tetap berjalan.", "This proposal can't be paid any more after what {actor} did, and was left out of the tranche request; the others in it proceed.")),
        EntryReversed => (words("Pembukuan dibatalkan", "Entry of the journal taken back"),
            words("{actor} membatalkan satu pembukuan usulan ini dengan jurnal balik.", "{actor} took back an entry of this proposal's journal.")),
        ContractAmended => (words("Kontrak diubah (adendum)", "Contract amended"),
            words("{actor} mencatat perubahan (adendum) sebuah kontrak usulan ini.", "{actor} recorded an amendment of one of this proposal's contracts.")),
        MoneyRecovered => (words("Penyedia mengembalikan dana", "A vendor paid back"),
            words("{actor} mencatat dana yang dikembalikan penyedia ke kas daerah.", "{actor} recorded money that a vendor paid back to the region.")),
        LeftoverCarried => (words("Sisa dana dialihkan ke usulan lain", "Leftover carried over"),
            words("{actor} mencatat sisa dana yang digunakan usulan lain pada tahun berikutnya.", "{actor} recorded leftover that another proposal uses in a later year.")),
        CeilingChanged => (words("Pagu usulan diubah", "Ceiling changed"),
            words("{actor} mengubah dana yang disisihkan untuk usulan ini.", "{actor} changed what is set aside for this proposal.")),
        ReportSubmitted => (words("Laporan disampaikan", "Report submitted"),
            words("{actor} menyampaikan laporan.", "{actor} submitted a report.")),
        ReportReviewed => (words("Laporan direviu", "Report reviewed"),
            words("{actor} mereviu laporan.", "{actor} reviewed the report.")),
        ReportReturned => (words("Laporan dikembalikan", "Report returned"),
            words("{actor} mengembalikan laporan untuk diperbaiki.", "{actor} returned the report for correction.")),
        Invited => (words("Undangan ke Sentra", "Invitation to Sentra"),
            words("{actor} membuatkan akun Sentra untuk Anda. Tetapkan kata sandi Anda dengan kode di bawah ini.", "{actor} made an account for you in Sentra. Set your password with the code below.")),
        PasswordReset => (words("Tetapkan ulang kata sandi Sentra Anda", "Set your Sentra password anew"),
            words("{actor} meminta agar kata sandi Anda ditetapkan ulang. Kata sandi yang lama tetap berlaku sampai kode di bawah ini dipakai; bila Anda tidak memerlukannya, abaikan pesan ini dan jangan berikan kode ini kepada siapa pun.", "{actor} asked for your password to be set anew. The old one holds until the code below is used; if you do not need it, leave this message, and give the code to nobody.")),
        PasswordSet => (words("Kata sandi Sentra Anda telah diganti", "Your Sentra password was changed"),
            words("Kata sandi akun Anda telah ditetapkan ulang, dan semua sesi lain diakhiri. Bila bukan Anda yang melakukannya, segera hubungi administrator.", "Your account's password was set anew, and every other session was ended. If that was not you, tell an administrator at once.")),
        ReviewerAssigned => (words("Anda ditugaskan menelaah usulan", "You are assigned to review a proposal"),
            words("{actor} menugaskan Anda menelaah usulan ini.", "{actor} assigned you to review this proposal.")),
        ReviewerReleased => (words("Penugasan Anda berakhir", "Your assignment has ended"),
            words("{actor} mengakhiri penugasan Anda sebagai penelaah usulan ini.", "{actor} ended your assignment as a reviewer of this proposal.")),
        // Said by `mail::reminder`, which knows what is due.
        Reminder => (words("Pengingat batas waktu", "Reminder of a deadline"),
            words("{actor} mengingatkan Anda akan satu batas waktu usulan ini.", "{actor} reminds you of a deadline of this proposal.")),
        Digest => (words("Ringkasan harian", "Daily digest"),
            words("Berikut yang terjadi sejak ringkasan terakhir, menurut usulan; yang terbaru di akhir.", "This is what happened since the last digest, by proposal; the newest last.")),
    };
    Told { subject, sentence }
}

/// The name of a state.
pub const fn state_name(state: State) -> Words {
    match state {
        State::Draft => words("Konsep", "Draft"),
        State::PlanningCheck => words("Pemeriksaan Bappeda", "Planning check"),
        State::Endorsement => words("Pengesahan kepala daerah", "Endorsement"),
        State::Verification => words("Verifikasi provinsi", "Verification by the province"),
        State::TechnicalReview => words("Penelaahan teknis", "Technical review"),
        State::Clarification => words("Klarifikasi", "Clarification"),
        State::SiteVerification => words("Verifikasi lokasi", "Site verification"),
        State::Harmonisation => words("Harmonisasi", "Harmonisation"),
        State::Decision => words("Menunggu keputusan", "Decision"),
        State::Approved => words("Disetujui", "Approved"),
        State::Allocated => words("Memperoleh alokasi", "Allocated"),
        State::Planned => words("Rencana disetujui", "Planned"),
        State::Contracted => words("Terkontrak", "Contracted"),
        State::Funded => words("Dana disalurkan", "Funded"),
        State::Reporting => words("Pelaporan", "Reporting"),
        State::Operating => words("Beroperasi", "Operating"),
        State::Closed => words("Ditutup", "Closed"),
        State::Rejected => words("Ditolak", "Rejected"),
        State::Withdrawn => words("Ditarik", "Withdrawn"),
        State::Lapsed => words("Gugur", "Lapsed"),
        State::Unfunded => words("Tanpa alokasi", "Unfunded"),
        State::Forfeited => words("Hangus", "Forfeited"),
        State::Cancelled => words("Dibatalkan", "Cancelled"),
    }
}

/// The name of a role.
pub const fn role_name(role: Role) -> Words {
    match role {
        Role::Drafter => words("penyusun (dinas)", "drafter (dinas)"),
        Role::Planner => words("Bappeda", "planner (Bappeda)"),
        Role::RegionalHead => words("kepala daerah", "regional head"),
        Role::Verifier => words("verifikator provinsi", "verifier of the province"),
        Role::Reviewer => words("penelaah", "reviewer"),
        Role::Approver => words("pejabat penyetuju", "approver"),
        Role::Treasurer => words("bendahara", "treasurer"),
        Role::Inspector => words("APIP", "inspector (APIP)"),
        Role::Auditor => words("auditor", "auditor"),
        Role::Administrator => words("administrator", "administrator"),
        Role::System => words("Sentra", "Sentra"),
    }
}

/// The fixed words of a message's layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the English word of its name")]
pub struct Labels {
    pub greeting: &'static str,
    pub proposal: &'static str,
    pub region: &'static str,
    pub fiscal_year: &'static str,
    pub state: &'static str,
    pub by: &'static str,
    pub at: &'static str,
    pub amount: &'static str,
    pub comment: &'static str,
    pub details: &'static str,
    pub next: &'static str,
    pub due: &'static str,
    pub open: &'static str,
    pub told_as: &'static str,
    pub missed: &'static str,
    pub code: &'static str,
    pub until: &'static str,
    pub redeem: &'static str,
    pub automatic: &'static str,
    pub to_do: &'static str,
    pub to_know: &'static str,
}

/// The fixed words of a message's layout in a language.
pub const fn labels(language: Language) -> Labels {
    match language {
        Language::Id => Labels {
            greeting: "Yth.",
            proposal: "Usulan",
            region: "Daerah",
            fiscal_year: "Tahun anggaran",
            state: "Status sekarang",
            by: "Oleh",
            at: "Waktu",
            amount: "Nilai",
            comment: "Catatan",
            details: "Keterangan",
            next: "Yang perlu Anda lakukan",
            due: "Batas waktu",
            open: "Data usulan di API Sentra (JSON, memerlukan token Anda)",
            missed: "Batas waktu yang terlewat",
            code: "Kode",
            until: "Berlaku sampai",
            redeem: "Kirim kata sandi baru Anda (12 sampai 200 karakter) ke alamat ini",
            told_as: "Pesan ini dikirim kepada Anda sebagai",
            automatic: "Pesan otomatis dari Sentra; balasan tidak dibaca.",
            to_do: "Tindakan Anda",
            to_know: "Info",
        },
        Language::En => Labels {
            greeting: "Dear",
            proposal: "Proposal",
            region: "Region",
            fiscal_year: "Fiscal year",
            state: "It now stands at",
            by: "By",
            at: "At",
            amount: "Amount",
            comment: "Comment",
            details: "Details",
            next: "What you have to do",
            due: "Due",
            open: "The proposal in Sentra's API (JSON, takes your token)",
            missed: "Date that was missed",
            code: "Code",
            until: "Holds until",
            redeem: "Send your new password (12 to 200 characters) to this address",
            told_as: "You are told of this as",
            automatic: "Automatic message from Sentra; replies are not read.",
            to_do: "Your action",
            to_know: "Info",
        },
    }
}

//! What a person wants to be mailed at once, once a day or not at all: the kinds of messages, and the hour of the digest.

use crate::domain::ids::UserId;
use crate::domain::input::Checks;
use crate::domain::moment::{Moment, Zone};
use crate::domain::notice::NoticeEvent;
use crate::domain::people::Grant;
use crate::domain::refusal::FieldError;
use chrono::{NaiveDate, NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// A kind of message, as people choose how they are told.
    pub enum MailKind {
        /// What was decided of a proposal, and what ends, holds or revives it. Can't be off.
        Decision = "decision",
        /// Money: set aside, requested, paid, refused, taken back. Can't be off.
        Payment = "payment",
        /// A step that somebody has to take next.
        Task = "task",
        /// How a proposal gets on; for information.
        Progress = "progress",
        /// Reports: submitted, reviewed, sent back.
        Report = "report",
        /// A date that is near, or was missed.
        Reminder = "reminder",
        /// The account itself. Always at once: its codes do not wait.
        Account = "account",
    }
}

text_enum! {
    /// How messages of a kind are told.
    pub enum Delivery {
        /// Each by itself, when it happens.
        AtOnce = "at_once",
        /// Together, once a day.
        Daily = "daily",
        /// Not by mail. They are listed all the same.
        Off = "off",
    }
}

impl MailKind {
    /// The kind of an event's messages; none for a digest, which brings several kinds.
    pub const fn of(event: NoticeEvent) -> Option<MailKind> {
        use NoticeEvent as E;
        let kind = match event {
            E::Return
            | E::NotRecommend
            | E::Lapse
            | E::AdviseAgainst
            | E::FailSite
            | E::CloseWithoutAgreement
            | E::Approve
            | E::ApproveWithConditions
            | E::ReturnToReview
            | E::Reject
            | E::ApprovePlan
            | E::ApprovePlanChange
            | E::PlanReturned
            | E::Forfeit
            | E::EndShort
            | E::Close
            | E::CloseUnused
            | E::Withdraw
            | E::Cancel
            | E::Revive
            | E::HoldSet
            | E::HoldLifted
            | E::FindingOpened
            | E::FindingReturned
            | E::FindingClosed
            | E::WaiverGranted
            | E::WaiverRevoked => MailKind::Decision,
            E::Allocate
            | E::DeclineAllocation
            | E::Disburse
            | E::PaymentHeld
            | E::TrancheRequested
            | E::TrancheReviewed
            | E::TrancheVerified
            | E::TrancheRefused
            | E::TrancheReduced
            | E::EntryReversed
            | E::MoneyRecovered
            | E::LeftoverCarried
            | E::CeilingChanged => MailKind::Payment,
            E::RequestPlanningCheck
            | E::ConfirmPlanning
            | E::Submit
            | E::Verify
            | E::RequestClarification
            | E::Answer
            | E::ProposeAgreement
            | E::PlanSubmitted
            | E::FindingAnswered
            | E::ReviewerAssigned => MailKind::Task,
            E::Recommend
            | E::ConfirmSite
            | E::AcceptAgreement
            | E::DeclineAgreement
            | E::ConditionLifted
            | E::AcceptContracts
            | E::ContractAmended
            | E::RecordHandover
            | E::CompleteWorks
            | E::HandOver
            | E::ReviewerReleased => MailKind::Progress,
            E::ReportSubmitted | E::ReportReviewed | E::ReportReturned => MailKind::Report,
            E::Reminder => MailKind::Reminder,
            E::Invited | E::PasswordReset | E::PasswordSet => MailKind::Account,
            E::Digest => return None,
        };
        Some(kind)
    }

    /// Whether a person may choose not to be mailed of it.
    pub const fn can_be_off(self) -> bool {
        match self {
            MailKind::Task | MailKind::Progress | MailKind::Report | MailKind::Reminder => true,
            MailKind::Decision | MailKind::Payment | MailKind::Account => false,
        }
    }

    /// Whether it may wait for the digest.
    pub const fn can_wait(self) -> bool {
        !matches!(self, MailKind::Account)
    }
}

/// The hour of the digest for who has set none: before the offices open.
pub const DIGEST_HOUR: i64 = 7;

/// How each kind is told. What is left out is told at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Deliveries {
    /// What was decided of a proposal: `at_once` or `daily`.
    #[schema(example = "at_once")]
    pub decision: Option<Delivery>,
    /// Money: `at_once` or `daily`.
    #[schema(example = "at_once")]
    pub payment: Option<Delivery>,
    /// A step that somebody has to take next.
    #[schema(example = "at_once")]
    pub task: Option<Delivery>,
    /// How a proposal gets on.
    #[schema(example = "daily")]
    pub progress: Option<Delivery>,
    /// Reports.
    #[schema(example = "daily")]
    pub report: Option<Delivery>,
    /// A date that is near, or was missed.
    #[schema(example = "at_once")]
    pub reminder: Option<Delivery>,
    /// The account itself: `at_once`, and nothing else.
    #[schema(example = "at_once")]
    pub account: Option<Delivery>,
}

impl Deliveries {
    /// How a kind is told.
    pub fn of(&self, kind: MailKind) -> Delivery {
        let set = match kind {
            MailKind::Decision => self.decision,
            MailKind::Payment => self.payment,
            MailKind::Task => self.task,
            MailKind::Progress => self.progress,
            MailKind::Report => self.report,
            MailKind::Reminder => self.reminder,
            MailKind::Account => self.account,
        };
        set.unwrap_or(Delivery::AtOnce)
    }

    /// The same with a kind told in another way.
    #[must_use]
    pub fn with(mut self, kind: MailKind, delivery: Delivery) -> Deliveries {
        let place = match kind {
            MailKind::Decision => &mut self.decision,
            MailKind::Payment => &mut self.payment,
            MailKind::Task => &mut self.task,
            MailKind::Progress => &mut self.progress,
            MailKind::Report => &mut self.report,
            MailKind::Reminder => &mut self.reminder,
            MailKind::Account => &mut self.account,
        };
        *place = Some(delivery);
        self
    }

    /// The same with every kind said.
    #[must_use]
    pub fn whole(self) -> Deliveries {
        MailKind::ALL.iter().fold(self, |all, kind| all.with(*kind, self.of(*kind)))
    }
}

/// How a person wants to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Preferences {
    /// The hour of the digest, 0 to 23, on the clocks of where the person works.
    pub digest_hour: i64,
    /// How each kind is told.
    pub deliveries: Deliveries,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { digest_hour: DIGEST_HOUR, deliveries: Deliveries::default() }
    }
}

impl Preferences {
    /// Whether they can be taken: decisions, payments and the account are always told.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        let hour = "/digest_hour";
        checks.require(
            (0..=23).contains(&self.digest_hour),
            hour,
            "hour",
            "must be an hour from 0 to 23",
        );
        for kind in MailKind::ALL {
            let pointer = format!("/deliveries/{kind}");
            match self.deliveries.of(*kind) {
                Delivery::Off if !kind.can_be_off() => checks.fail(
                    pointer,
                    "cannot_be_off",
                    "is always told: choose at_once, or daily where that is possible",
                ),
                Delivery::Daily if !kind.can_wait() => {
                    checks.fail(pointer, "cannot_wait", "is told at once: choose at_once");
                }
                Delivery::AtOnce | Delivery::Daily | Delivery::Off => {}
            }
        }
        checks.done()
    }

    /// How an event's messages are told.
    pub fn delivery(&self, event: NoticeEvent) -> Delivery {
        MailKind::of(event).map_or(Delivery::AtOnce, |kind| self.deliveries.of(kind))
    }

    /// These after unsubscribing from a topic.
    #[must_use]
    pub fn without(self, topic: Topic) -> Preferences {
        let ends = |kind: MailKind| match topic {
            Topic::Kind(one) => one == kind && kind.can_be_off(),
            Topic::Digest => kind.can_be_off() && self.deliveries.of(kind) == Delivery::Daily,
        };
        let deliveries = MailKind::ALL
            .iter()
            .filter(|kind| ends(**kind))
            .fold(self.deliveries, |all, kind| all.with(*kind, Delivery::Off));
        Preferences { deliveries, ..self }
    }
}

/// What one click unsubscribes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// A kind of message.
    Kind(MailKind),
    /// Everything in the daily digest that can be off.
    Digest,
}

impl Topic {
    /// What a message of an event can be unsubscribed from, if from anything.
    pub fn of(event: NoticeEvent) -> Option<Topic> {
        MailKind::of(event).filter(|kind| kind.can_be_off()).map(Topic::Kind)
    }

    /// Its stable text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Topic::Kind(kind) => kind.as_str(),
            Topic::Digest => "digest",
        }
    }

    /// The topic of a text; none for what can't be off.
    pub fn parse(text: &str) -> Option<Topic> {
        if text == Topic::Digest.as_str() {
            return Some(Topic::Digest);
        }
        let kind: MailKind = text.parse().ok()?;
        kind.can_be_off().then_some(Topic::Kind(kind))
    }
}

/// Where a person's day begins: the zone of their first grant over a region, else that of Jakarta.
pub fn zone_of(grants: &[Grant]) -> Zone {
    grants.iter().find_map(|grant| grant.region.as_ref()).map_or(Zone::Wib, Zone::of)
}

/// The next moment after `now` at which the clocks of a zone show the hour of the digest.
pub fn next_digest(now: Moment, hour: i64, zone: Zone) -> Moment {
    let today = digest_on(now.date_in(zone), hour, zone);
    if now < today { today } else { today.after(TimeDelta::days(1)) }
}

/// The day whose digest is due at a moment: today's once its hour has come, else yesterday's.
pub fn digest_day(now: Moment, hour: i64, zone: Zone) -> NaiveDate {
    let today = now.date_in(zone);
    let begun = digest_on(today, hour, zone) <= now;
    if begun { today } else { today.pred_opt().unwrap_or(today) }
}

/// The moment of a day's digest.
pub fn digest_on(day: NaiveDate, hour: i64, zone: Zone) -> Moment {
    let time = u32::try_from(hour).ok().and_then(|hour| NaiveTime::from_hms_opt(hour, 0, 0));
    zone.at(day, time.unwrap_or(NaiveTime::MIN))
}

/// The facts of a digest, as its notice keeps them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestFacts {
    /// When it was made.
    pub at: Moment,
    /// For whom.
    pub user_id: UserId,
    /// The day that it is of, on the clocks of where that person works.
    pub day: NaiveDate,
    /// How many messages it brings.
    pub messages: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decisions_payments_and_the_account_are_always_told() {
        for kind in MailKind::ALL {
            let off = Preferences {
                deliveries: Deliveries::default().with(*kind, Delivery::Off),
                ..Preferences::default()
            };
            assert_eq!(off.check().is_ok(), kind.can_be_off(), "{kind}");
            assert_eq!(Topic::parse(kind.as_str()).is_some(), kind.can_be_off(), "{kind}");
        }
        for event in NoticeEvent::ALL {
            let kind = MailKind::of(*event);
            assert_eq!(kind.is_none(), *event == NoticeEvent::Digest, "{event}");
            assert_eq!(kind == Some(MailKind::Account), event.is_about_account(), "{event}");
        }
        for sure in [NoticeEvent::Reject, NoticeEvent::Approve, NoticeEvent::Disburse] {
            assert_eq!(Topic::of(sure), None, "{sure}");
        }
    }

    #[test]
    fn every_wrong_choice_is_said_at_once() {
        let wrong = Preferences {
            digest_hour: 24,
            deliveries: Deliveries {
                decision: Some(Delivery::Off),
                account: Some(Delivery::Daily),
                ..Deliveries::default()
            },
        };
        let errors = wrong.check().expect_err("refused");
        let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/digest_hour", "/deliveries/decision", "/deliveries/account"]);
    }

    #[test]
    fn leaving_the_digest_leaves_what_is_in_it_and_can_be_left() {
        let deliveries = Deliveries {
            decision: Some(Delivery::Daily),
            progress: Some(Delivery::Daily),
            report: Some(Delivery::AtOnce),
            ..Deliveries::default()
        };
        let after = Preferences { digest_hour: 9, deliveries }.without(Topic::Digest);
        assert_eq!(after.digest_hour, 9);
        assert_eq!(after.deliveries.of(MailKind::Decision), Delivery::Daily);
        assert_eq!(after.deliveries.of(MailKind::Progress), Delivery::Off);
        assert_eq!(after.deliveries.of(MailKind::Report), Delivery::AtOnce);
        assert!(after.check().is_ok());
    }

    proptest! {
        #[test]
        fn the_next_digest_is_within_a_day_and_at_its_hour(
            minutes in 0_i64..1_000_000, hour in 0_i64..24, zone in 0_usize..3,
        ) {
            let zone = Zone::ALL[zone];
            let day = NaiveDate::from_ymd_opt(2021, 1, 1).expect("date");
            let now = Moment(day.and_time(NaiveTime::MIN)).after(TimeDelta::minutes(minutes));
            let next = next_digest(now, hour, zone);
            prop_assert!(now < next && next.since(now) <= TimeDelta::days(1));
            prop_assert_eq!(digest_on(next.date_in(zone), hour, zone), next);
            prop_assert_eq!(digest_day(next, hour, zone), next.date_in(zone));
            prop_assert_eq!(digest_day(now, hour, zone).succ_opt(), Some(next.date_in(zone)));
        }

        #[test]
        fn unsubscribing_twice_is_unsubscribing_once(choices in proptest::collection::vec(0_usize..3, 7), topic in 0_usize..8) {
            let deliveries = MailKind::ALL.iter().zip(&choices).fold(Deliveries::default(), |all, (kind, choice)| {
                all.with(*kind, Delivery::ALL[*choice])
            });
            let before = Preferences { deliveries, ..Preferences::default() };
            let topic = MailKind::ALL.get(topic).map_or(Topic::Digest, |kind| Topic::Kind(*kind));
            let once = before.without(topic);
            prop_assert_eq!(once, once.without(topic));
            prop_assert!(before.check().is_err() || once.check().is_ok());
        }
    }
}

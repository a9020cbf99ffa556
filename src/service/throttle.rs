//! How often a sign-in may fail, so that guessing is slow and the owner is not locked out by somebody else's guesses.

use crate::domain::ids::UserId;
use crate::domain::moment::Moment;
use crate::service::error::Error;
use crate::storage::AnyConnection;
use crate::storage::throttle::{self, Failures, Tally};
use chrono::TimeDelta;
use std::net::{IpAddr, Ipv6Addr};

/// The limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long a failure counts.
    pub window: TimeDelta,
    /// Failures of one account from one address before the first wait.
    pub pair: i64,
    /// The first wait; each failure after it doubles it, up to the window.
    pub first_wait: TimeDelta,
    /// Failures of one account from anywhere before addresses that it is not known to use have to wait.
    pub account: i64,
    /// Failures from one address before accounts that are not known to use it have to wait.
    pub address: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            window: TimeDelta::minutes(15),
            pair: 5,
            first_wait: TimeDelta::seconds(30),
            account: 20,
            address: 50,
        }
    }
}

impl Limits {
    /// The moment from which failures count.
    pub fn since(&self, now: Moment) -> Moment {
        now.after(-self.window)
    }

    /// Whether another attempt may be made now.
    ///
    /// Where the owner has signed in before (`known`), only the failures of this account from this very address
    /// count: guesses from elsewhere, and a neighbour's behind the same address, keep nobody from an own account.
    pub fn permit(&self, failures: &Failures, known: bool, now: Moment) -> Result<(), Error> {
        let mut until = self.pair_wait(failures.pair.failures).and_then(|wait| {
            let last = failures.pair.last?;
            Some(last.after(wait))
        });
        if !known {
            let over = |tally: Tally, limit| {
                if tally.failures >= limit { Some(tally.last?.after(self.window)) } else { None }
            };
            until = until
                .max(over(failures.account, self.account))
                .max(over(failures.address, self.address));
        }
        match until {
            Some(until) if until > now => {
                // Rounded up: who waits as long as told is let in.
                let wait = until.since(now).num_milliseconds().saturating_add(999) / 1000;
                Err(Error::Throttled(wait.max(1)))
            }
            _ => Ok(()),
        }
    }

    fn pair_wait(&self, failures: i64) -> Option<TimeDelta> {
        let over = failures.checked_sub(self.pair).filter(|over| *over >= 0)?;
        let doublings = u32::try_from(over).unwrap_or(u32::MAX);
        let factor = 2_i32.checked_pow(doublings);
        let wait = factor.and_then(|factor| self.first_wait.checked_mul(factor));
        Some(wait.unwrap_or(self.window).min(self.window))
    }
}

/// An attempt to show a password, as it is counted.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The lower-case e-mail address that was given, whether somebody has it or not.
    pub account: String,
    /// From where, as it is counted.
    pub address: String,
    /// When.
    pub now: Moment,
    /// The limits that it stands under.
    pub limits: Limits,
}

impl Attempt {
    /// Whether it may be made; asked before hashing, and again where its outcome would be told, so that guesses sent
    /// all at once learn no more than guesses sent one after the other.
    pub fn permit(&self, tx: &mut AnyConnection, user: Option<UserId>) -> Result<(), Error> {
        let since = self.limits.since(self.now);
        let failures = throttle::count(tx, &self.account, &self.address, since)?;
        let known = match user {
            Some(user) => throttle::is_known(tx, user, &self.address)?,
            None => false,
        };
        self.limits.permit(&failures, known, self.now)
    }

    /// Counts it as a failure.
    pub fn failed(&self, tx: &mut AnyConnection) -> Result<(), Error> {
        let since = self.limits.since(self.now);
        Ok(throttle::failed(tx, &self.account, &self.address, self.now, since)?)
    }

    /// Forgets the failures before it, and remembers that the user uses the address.
    pub fn succeeded(&self, tx: &mut AnyConnection, user: UserId) -> Result<(), Error> {
        Ok(throttle::succeeded(tx, &self.account, user, &self.address, self.now)?)
    }
}

/// The address as it is counted: of IPv6 the network of 64 bits, since whoever has one has all of its addresses.
pub fn counted(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let network = Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX));
            format!("{network}/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    fn noon() -> Moment {
        let date = NaiveDate::from_ymd_opt(2021, 3, 1).expect("date");
        Moment(date.and_hms_opt(12, 0, 0).expect("time"))
    }

    fn failures(pair: i64, account: i64, address: i64) -> Failures {
        let tally = |failures| Tally { failures, last: (failures > 0).then(noon) };
        Failures { pair: tally(pair), account: tally(account), address: tally(address) }
    }

    fn wait(failures: Failures, known: bool) -> Option<i64> {
        match Limits::default().permit(&failures, known, noon()) {
            Ok(()) => None,
            Err(Error::Throttled(seconds)) => Some(seconds),
            Err(_) => Some(-1),
        }
    }

    #[test]
    fn each_failure_of_a_pair_doubles_the_wait_up_to_the_window() {
        let waits: Vec<_> = (4..=12).map(|n| wait(failures(n, n, n), true)).collect();
        assert_eq!(
            waits,
            [None, Some(30), Some(60), Some(120), Some(240), Some(480)]
                .into_iter()
                .chain([Some(900); 3])
                .collect::<Vec<_>>()
        );
        assert_eq!(wait(failures(i64::MAX, 0, 0), true), Some(900));
    }

    #[test]
    fn a_known_address_is_spared_the_limits_of_strangers() {
        assert_eq!(wait(failures(0, 20, 0), false), Some(900));
        assert_eq!(wait(failures(0, 20, 0), true), None);
        assert_eq!(wait(failures(0, 0, 50), false), Some(900));
        assert_eq!(wait(failures(0, 0, 50), true), None);
        assert_eq!(wait(failures(0, 19, 49), false), None);
    }

    #[test]
    fn addresses_are_counted_by_what_one_holder_has() {
        let counted = |text: &str| super::counted(text.parse().expect("address"));
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(counted("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(counted("192.0.2.7"), "192.0.2.7");
    }
}

//! The one place that reads the clock; a demonstration and tests set their own.

use crate::domain::moment::Moment;
use std::sync::{Arc, Mutex};

/// Tells the time.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The machine's.
    #[default]
    System,
    /// One that is set by hand and only moves forward.
    Set(Arc<Mutex<Moment>>),
}

impl Clock {
    /// A clock that stands at a moment until it is moved.
    pub fn set_to(now: Moment) -> Clock {
        Clock::Set(Arc::new(Mutex::new(now)))
    }

    /// Now.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    pub fn now(&self) -> Moment {
        match self {
            Clock::System => Moment::from(chrono::Utc::now()),
            Clock::Set(now) => *now.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        }
    }

    /// Moves a set clock forward; never back. The machine's clock moves by itself.
    pub fn advance_to(&self, moment: Moment) {
        if let Clock::Set(now) = self {
            let mut now = now.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            *now = (*now).max(moment);
        }
    }
}

//! Whether a refusal is believed of its recipient, where its words may as well be meant for all mail from here: "550 no
//! such user" is also what a relay says that takes nothing from this machine, and knows no better words.

use std::sync::atomic::{AtomicBool, Ordering};

/// That the relay takes mail: it took a message since the last refusal of this kind. One refusal is believed for each time
/// that it did; so a relay which begins to refuse everything costs one message, and one that never took any costs none.
#[derive(Debug, Default)]
pub struct Trust(AtomicBool);

impl Trust {
    /// The relay took a message.
    pub fn earned(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether a refusal is believed of its recipient. The next one is not, unless a message is taken before it.
    pub fn spend(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_refusal_is_believed_for_each_time_that_something_was_taken() {
        let trust = Trust::default();
        assert!(!trust.spend(), "nothing was taken yet");
        trust.earned();
        trust.earned();
        assert_eq!([trust.spend(), trust.spend()], [true, false]);
        trust.earned();
        assert!(trust.spend());
    }
}

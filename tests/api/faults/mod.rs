//! What goes wrong around a running Sentra, made to happen: killed, cut off, full, busy, late. Each test is bounded and
//! stays on the loopback address; the full count of each is `#[ignore]`d, with its command.

mod busy;
mod disk_full;
mod drain;
mod hiccups;
mod kill;
pub mod load;
mod lock;
mod mail;
mod money;
mod private;
mod restart;
pub mod seed;
mod sweep;
mod verify;

//! The way out: a relay, or, where none is configured, a folder of `.eml` files.

use crate::domain::mail::Letter;
use crate::mail::dkim::Signer;
use crate::mail::line::Line;
use crate::mail::message::{Sealed, seal};
use crate::mail::relay::{Outcome, Relay, tidy};
use crate::mail::{SettingError, Site};
use crate::service::private;
use lettre::Address;
use lettre::message::Mailbox;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where messages go.
#[derive(Debug, Clone)]
pub enum Transport {
    /// To a relay.
    Smtp(Box<Relay>),
    /// Into a folder, each as `<mail id>.eml`: the embedded default.
    Files(PathBuf),
}

impl Transport {
    /// The relay where a URL is given, else the folder.
    pub fn choose(smtp_url: Option<&str>, folder: &Path) -> Result<Transport, SettingError> {
        match smtp_url {
            Some(url) => Relay::parse(url).map(|relay| Transport::Smtp(Box::new(relay))),
            None => Ok(Transport::Files(folder.to_owned())),
        }
    }
}

/// Sends letters from one sender.
#[derive(Debug, Clone)]
pub struct Mailer {
    from: Mailbox,
    transport: Transport,
    signer: Option<Arc<Signer>>,
}

impl Mailer {
    /// Letters come from `sentra@` the site's host, or from another sender.
    pub fn new(
        site: &Site,
        sender: Option<&str>,
        transport: Transport,
    ) -> Result<Mailer, SettingError> {
        let refused = |given: &str| SettingError::Sender(given.to_owned());
        let from = match sender {
            Some(given) => given.parse().map_err(|_| refused(given))?,
            None => {
                let address = format!("sentra@{}", site.host());
                let parsed: Address = address.parse().map_err(|_| refused(&address))?;
                Mailbox::new(Some("Sentra".to_owned()), parsed)
            }
        };
        Ok(Mailer { from, transport, signer: None })
    }

    /// The same mailer, which signs what it sends (DKIM), or does not.
    pub fn signing(self, signer: Option<Arc<Signer>>) -> Mailer {
        Mailer { signer, ..self }
    }

    /// Begins to send one letter after the other, over one line.
    pub fn session(&self) -> Session<'_> {
        let way = match &self.transport {
            Transport::Smtp(relay) => Way::Line(Box::new(Line::new(relay))),
            Transport::Files(folder) => Way::Folder(folder),
        };
        Session { from: &self.from, signer: self.signer.as_deref(), way }
    }
}

enum Way<'a> {
    Line(Box<Line<'a>>),
    Folder(&'a Path),
}

/// Several letters, over one line.
pub struct Session<'a> {
    from: &'a Mailbox,
    signer: Option<&'a Signer>,
    way: Way<'a>,
}

impl Session<'_> {
    /// Sends a letter, and says how that ended.
    pub fn send(&mut self, letter: &Letter) -> Outcome {
        self.send_watched(letter, &mut || {})
    }

    /// Sends a letter; `before_dot` is called when only the final dot is left to be sent to a relay, and may wait.
    pub fn send_watched(&mut self, letter: &Letter, before_dot: &mut dyn FnMut()) -> Outcome {
        let sealed = match self.sealed(letter) {
            Ok(sealed) => sealed,
            Err(outcome) => return outcome,
        };
        match &mut self.way {
            Way::Line(line) => line.send(&self.from.email, &sealed.to, &sealed.bytes, before_dot),
            Way::Folder(folder) => match write(folder, letter, &sealed) {
                Ok(name) => Outcome::Sent(format!("written as {name}")),
                // Full or forbidden: no letter's fault.
                Err(error) => Outcome::Unreachable(tidy(&error.to_string())),
            },
        }
    }
}

impl Session<'_> {
    /// The bytes of a letter, signed where that is wanted: the same at every attempt.
    fn sealed(&self, letter: &Letter) -> Result<Sealed, Outcome> {
        if let Err(error) = letter.address.parse::<Address>() {
            let reason = format!("the address can't be used: {error}");
            return Err(Outcome::AddressRefused(tidy(&reason)));
        }
        let refused = |reason: String| Outcome::Permanent(tidy(&reason));
        let mut sealed = seal(self.from, letter).map_err(refused)?;
        if let Some(signer) = self.signer {
            // Whatever is wrong with the key is no letter's fault.
            sealed.bytes = signer
                .sign(&sealed.bytes, letter.dated_at)
                .map_err(|reason| Outcome::Unreachable(tidy(&reason)))?;
        }
        Ok(sealed)
    }
}

/// Writes the file whole or not at all. A second time writes the same bytes over it.
fn write(folder: &Path, letter: &Letter, sealed: &Sealed) -> io::Result<String> {
    private::folder(folder)?;
    let name = format!("{}.eml", letter.id);
    let beside = folder.join(format!(".{}.tmp", letter.id));
    let mut file = private::file(&beside)?;
    file.write_all(&sealed.bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, folder.join(&name))?;
    // The name is as durable as the bytes only when the folder is written too.
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::message::tests::letter;

    #[test]
    fn without_a_relay_letters_become_files() {
        let folder = tempfile::tempdir().expect("folder");
        let site = Site::parse("http://127.0.0.1:8080").expect("site");
        let transport = Transport::choose(None, &folder.path().join("mail")).expect("transport");
        let mailer = Mailer::new(&site, None, transport).expect("mailer");
        let letter = letter("a@dinas.example");
        let path = folder.path().join("mail").join(format!("{}.eml", letter.id));
        assert!(matches!(mailer.session().send(&letter), Outcome::Sent(_)));
        let first = std::fs::read(&path).expect("file");
        assert!(matches!(mailer.session().send(&letter), Outcome::Sent(_)));
        assert_eq!(first, std::fs::read(&path).expect("file"));
        assert!(String::from_utf8_lossy(&first).contains("From: Sentra <sentra@localhost>"));
        assert_eq!(std::fs::read_dir(folder.path().join("mail")).expect("folder").count(), 1);
        #[cfg(unix)]
        for (path, expected) in [(path, 0o600), (folder.path().join("mail"), 0o700)] {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).expect("there").permissions().mode() & 0o777;
            assert_eq!(mode, expected, "{}", path.display());
        }
    }

    #[test]
    fn a_folder_that_cant_be_written_is_no_letters_fault() {
        let file = tempfile::NamedTempFile::new().expect("file");
        let site = Site::parse("http://localhost").expect("site");
        let mailer =
            Mailer::new(&site, None, Transport::Files(file.path().to_owned())).expect("mailer");
        let outcome = mailer.session().send(&letter("a@dinas.example"));
        assert!(matches!(outcome, Outcome::Unreachable(_)), "{outcome:?}");
    }

    #[test]
    fn a_sender_has_to_be_an_address() {
        let site = Site::parse("http://localhost").expect("site");
        let files = Transport::Files(PathBuf::from("."));
        assert!(Mailer::new(&site, Some("nobody"), files.clone()).is_err());
        assert!(Mailer::new(&site, Some("DAK <dak@kemenperin.example>"), files).is_ok());
    }
}

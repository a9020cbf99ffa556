//! Asking clamd whether bytes hold a virus: its `INSTREAM` command over a socket, bounded in time.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// How long a connection, and each read and write, may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes of one chunk.
const CHUNK_BYTES: usize = 64 * 1024;
/// The longest reply.
const REPLY_BYTES: u64 = 4 * 1024;

/// Where clamd listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clamd {
    /// A socket in the file system.
    Unix(PathBuf),
    /// Host and port.
    Tcp(String),
}

trait Socket: Read + Write {}

impl Socket for UnixStream {}
impl Socket for TcpStream {}

impl FromStr for Clamd {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
            return Ok(Clamd::Unix(path.into()));
        }
        match text.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
                Ok(Clamd::Tcp(text.to_owned()))
            }
            _ => Err("must be unix:/path or host:port".to_owned()),
        }
    }
}

/// What clamd found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A virus, by the name of its signature.
    Virus(String),
}

impl Clamd {
    /// Has the bytes looked at. An error means that nothing is known of them. Blocks.
    pub fn scan(&self, bytes: &mut File) -> io::Result<Found> {
        converse(self.connect()?, bytes)
    }

    /// Whether it answers at all: what it says of one file may be about that file. Blocks.
    pub fn answers(&self) -> bool {
        self.connect().and_then(ping).unwrap_or(false)
    }

    fn connect(&self) -> io::Result<Box<dyn Socket>> {
        match self {
            Clamd::Unix(path) => {
                let socket = UnixStream::connect(path)?;
                socket.set_read_timeout(Some(PATIENCE))?;
                socket.set_write_timeout(Some(PATIENCE))?;
                Ok(Box::new(socket))
            }
            Clamd::Tcp(address) => {
                let address = address.to_socket_addrs()?.next();
                let address = address.ok_or_else(|| io::Error::other("the host has no address"))?;
                let socket = TcpStream::connect_timeout(&address, PATIENCE)?;
                socket.set_read_timeout(Some(PATIENCE))?;
                socket.set_write_timeout(Some(PATIENCE))?;
                Ok(Box::new(socket))
            }
        }
    }
}

fn ping(mut socket: impl Read + Write) -> io::Result<bool> {
    socket.write_all(b"zPING\0")?;
    socket.flush()?;
    let mut reply = String::new();
    socket.take(REPLY_BYTES).read_to_string(&mut reply)?;
    Ok(reply.trim_end_matches(['\0', '\n']) == "PONG")
}

fn converse(mut socket: impl Read + Write, bytes: &mut File) -> io::Result<Found> {
    io::Seek::rewind(bytes)?;
    socket.write_all(b"zINSTREAM\0")?;
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        let read = bytes.read(&mut buffer)?;
        let length = u32::try_from(read).map_err(io::Error::other)?;
        socket.write_all(&length.to_be_bytes())?;
        if read == 0 {
            break;
        }
        socket.write_all(buffer.get(..read).unwrap_or_default())?;
    }
    socket.flush()?;
    let mut reply = String::new();
    socket.take(REPLY_BYTES).read_to_string(&mut reply)?;
    understand(&reply)
}

/// `stream: OK`, `stream: NAME FOUND`, or an error, each ended by a zero byte.
fn understand(reply: &str) -> io::Result<Found> {
    let said = reply.trim_end_matches(['\0', '\n']).strip_prefix("stream: ");
    match said {
        Some("OK") => Ok(Found::Nothing),
        Some(said) => match said.strip_suffix(" FOUND") {
            Some(name) => Ok(Found::Virus(name.to_owned())),
            None => Err(io::Error::other(format!("clamd says {said:?}"))),
        },
        None => Err(io::Error::other(format!("clamd says {reply:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ok_is_clean() {
        assert_eq!(understand("stream: OK\0").expect("a reply"), Found::Nothing);
        let virus = understand("stream: Win.Test.EICAR_HDB-1 FOUND\0").expect("a reply");
        assert_eq!(virus, Found::Virus("Win.Test.EICAR_HDB-1".to_owned()));
        for reply in
            ["", "stream: ", "OK", "INSTREAM size limit exceeded. ERROR\0", "stream: OKAY\0"]
        {
            assert!(understand(reply).is_err(), "{reply}");
        }
    }

    #[test]
    fn an_address_is_a_socket_or_host_and_port() {
        assert_eq!("unix:/run/clamd".parse(), Ok(Clamd::Unix("/run/clamd".into())));
        assert_eq!("localhost:3310".parse(), Ok(Clamd::Tcp("localhost:3310".to_owned())));
        for text in ["", "unix:", "localhost", ":3310", "a:b", "a:99999"] {
            assert!(text.parse::<Clamd>().is_err(), "{text}");
        }
    }
}

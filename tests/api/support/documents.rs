//! Files as people send them, and a virus scanner that speaks clamd's own protocol.

use crate::support::app::{Person, TestApp};
use crate::support::client::Call;
use reqwest::Method;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A file: its name, the type that its sender says, its bytes.
pub type File<'a> = (&'a str, &'a str, &'a [u8]);

pub const PDF: File<'static> =
    ("KAK.pdf", "application/pdf", b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n%%EOF\n");
pub const CSV: File<'static> = ("rab.csv", "text/csv", b"uraian;jumlah\nRumah produksi;800\n");

/// What every scanner calls a virus; it does nothing. Put together here, so that no scanner refuses this source.
pub fn eicar() -> Vec<u8> {
    [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE!$H+H*"]
        .concat()
        .into_bytes()
}

/// The body of a form.
pub fn form(boundary: &str, fields: &[(&str, &str)], files: &[File<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
        body.extend_from_slice(head.as_bytes());
    }
    for (name, media, bytes) in files {
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: {media}\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    body
}

/// A call that brings a document to a proposal.
pub fn upload<'a>(
    app: &'a TestApp,
    person: &Person,
    proposal: &str,
    fields: &[(&str, &str)],
    file: File<'_>,
) -> Call<'a> {
    let call = app.by(person, Method::POST, &format!("/proposals/{proposal}/documents"));
    call.fresh_key().raw("multipart/form-data; boundary=sentra", form("sentra", fields, &[file]))
}

/// An entry of a TIFF directory: its tag, its kind (2 text, 4 number, 5 fractions), how many, its bytes.
type Entry = (u16, u16, u32, Vec<u8>);

/// A TIFF directory that stands at an offset; values that are longer than four bytes follow it.
fn directory(at: usize, entries: &[Entry]) -> Vec<u8> {
    let number = |value: usize| u32::try_from(value).expect("short").to_be_bytes();
    let mut bytes = u16::try_from(entries.len()).expect("few").to_be_bytes().to_vec();
    let mut beyond = Vec::new();
    for (tag, kind, count, value) in entries {
        bytes.extend_from_slice(&tag.to_be_bytes());
        bytes.extend_from_slice(&kind.to_be_bytes());
        bytes.extend_from_slice(&count.to_be_bytes());
        if value.len() <= 4 {
            let mut value = value.clone();
            value.resize(4, 0);
            bytes.extend_from_slice(&value);
        } else {
            bytes.extend_from_slice(&number(at + 2 + 12 * entries.len() + 4 + beyond.len()));
            beyond.extend_from_slice(value);
        }
    }
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&beyond);
    bytes
}

/// Degrees, minutes and seconds, as fractions of ten thousandths.
fn degrees(value: f64) -> Vec<u8> {
    let value = value.abs();
    let minutes = value.fract() * 60.0;
    let parts = [value.trunc(), minutes.trunc(), minutes.fract() * 60.0];
    parts.iter().fold(Vec::new(), |mut bytes, part| {
        let part: u32 = format!("{:.0}", part * 10_000.0).parse().expect("a number");
        bytes.extend_from_slice(&part.to_be_bytes());
        bytes.extend_from_slice(&10_000_u32.to_be_bytes());
        bytes
    })
}

/// A photo that tells when it was taken, and where.
pub fn photo(taken: &str, position: Option<(f64, f64)>) -> Vec<u8> {
    let word = |tag: u16, text: &str| {
        let bytes = [text.as_bytes(), b"\0"].concat();
        (tag, 2, u32::try_from(bytes.len()).expect("short"), bytes)
    };
    let pointer =
        |tag: u16, to: usize| (tag, 4, 1, u32::try_from(to).expect("short").to_be_bytes().to_vec());
    // Two entries behind the head of eight bytes: where the camera's own directory is, and where the position's.
    let first = 8 + 2 + 2 * 12 + 4;
    let camera = directory(first, &[word(0x9003, taken)]);
    let second = first + camera.len();
    let place = position.map_or(Vec::new(), |(latitude, longitude)| {
        vec![
            word(1, if latitude < 0.0 { "S" } else { "N" }),
            (2, 5, 3, degrees(latitude)),
            word(3, if longitude < 0.0 { "W" } else { "E" }),
            (4, 5, 3, degrees(longitude)),
        ]
    });
    let tiff = [
        b"MM\0*\0\0\0\x08".to_vec(),
        directory(8, &[pointer(0x8769, first), pointer(0x8825, second)]),
        camera,
        directory(second, &place),
    ]
    .concat();
    let mut bytes = b"\xff\xd8\xff\xe1".to_vec();
    bytes.extend_from_slice(&u16::try_from(tiff.len() + 8).expect("short").to_be_bytes());
    bytes.extend_from_slice(b"Exif\0\0");
    bytes.extend_from_slice(&tiff);
    bytes.extend_from_slice(b"\xff\xda\0\x02\xff\xd9");
    bytes
}

/// A scanner that can be made to hang up instead of answering.
pub struct FakeClamd {
    pub address: SocketAddr,
    pub down: Arc<AtomicBool>,
}

impl FakeClamd {
    /// It takes no file of more bytes than this.
    pub const MOST_BYTES: usize = 512 * 1024;

    pub fn start() -> FakeClamd {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let down = Arc::new(AtomicBool::new(false));
        let is_down = down.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if !is_down.load(Ordering::SeqCst) {
                    let _ = converse(stream);
                }
            }
        });
        FakeClamd { address, down }
    }

    pub fn is_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }
}

fn converse(mut stream: TcpStream) -> std::io::Result<()> {
    let mut command = Vec::new();
    while command.last() != Some(&0) {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        command.push(byte[0]);
    }
    if command == b"zPING\0" {
        return stream.write_all(b"PONG\0");
    }
    assert_eq!(&command, b"zINSTREAM\0");
    let mut bytes = Vec::new();
    loop {
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let length = usize::try_from(u32::from_be_bytes(length)).expect("a length");
        if length == 0 {
            break;
        }
        let start = bytes.len();
        bytes.resize(start + length, 0);
        stream.read_exact(&mut bytes[start..])?;
        if bytes.len() > FakeClamd::MOST_BYTES {
            return stream.write_all(b"INSTREAM size limit exceeded. ERROR\0");
        }
    }
    let needle = eicar();
    let found = bytes.windows(needle.len()).any(|window| window == needle);
    stream.write_all(if found { b"stream: Eicar-Test-Signature FOUND\0" } else { b"stream: OK\0" })
}

//! Files as people send them, and a virus scanner that speaks clamd's own protocol.

use crate::support::app::{Person, TestApp};
use crate::support::client::Call;
use exif::experimental::Writer;
use exif::{Field, In, Rational, Tag, Value};
use reqwest::Method;
use std::io::{Cursor, Read, Write};
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

/// A photo that tells when it was taken, and where.
pub fn photo(taken: &str, position: Option<(f64, f64)>) -> Vec<u8> {
    let degrees = |value: f64| {
        let of = |num: f64, denom| Rational {
            num: format!("{:.0}", num.trunc()).parse().expect("a number"),
            denom,
        };
        let value = value.abs();
        let minutes = value.fract() * 60.0;
        Value::Rational(vec![
            of(value.trunc(), 1),
            of(minutes.trunc(), 1),
            of(minutes.fract() * 6e5, 10_000),
        ])
    };
    let field = |tag, value| Field { tag, ifd_num: In::PRIMARY, value };
    let word = |text: &str| Value::Ascii(vec![text.as_bytes().to_vec()]);
    let mut fields = vec![field(Tag::DateTimeOriginal, word(taken))];
    if let Some((latitude, longitude)) = position {
        fields.push(field(Tag::GPSLatitudeRef, word(if latitude < 0.0 { "S" } else { "N" })));
        fields.push(field(Tag::GPSLatitude, degrees(latitude)));
        fields.push(field(Tag::GPSLongitudeRef, word(if longitude < 0.0 { "W" } else { "E" })));
        fields.push(field(Tag::GPSLongitude, degrees(longitude)));
    }
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut tiff = Cursor::new(Vec::new());
    writer.write(&mut tiff, false).expect("EXIF");
    let tiff = tiff.into_inner();
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
    let mut command = [0; 10];
    stream.read_exact(&mut command)?;
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
    }
    let needle = eicar();
    let found = bytes.windows(needle.len()).any(|window| window == needle);
    stream.write_all(if found { b"stream: Eicar-Test-Signature FOUND\0" } else { b"stream: OK\0" })
}

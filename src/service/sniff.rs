//! What the bytes of a file are, whatever they are called.

use crate::domain::document::{Exif, MediaType};
use crate::domain::moment::Moment;
use chrono::TimeDelta;
use nom_exif::{EntryValue, ExifDateTime, ExifTag, MediaParser, MediaSource};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};

/// How much of a file is looked at for its kind.
const HEAD_BYTES: u64 = 4 * 1024;
/// The longest list of content types that an office file may have.
const CONTENT_TYPES_BYTES: u64 = 256 * 1024;
/// The most parts of an office file.
const MOST_PARTS: usize = 20_000;

/// What a file is; else what it seems to be, in words. Reads it, and so blocks.
pub fn media_type(file: &mut File) -> io::Result<Result<MediaType, String>> {
    let mut head = Vec::new();
    file.rewind()?;
    file.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
    file.rewind()?;
    let found = infer::get(&head);
    Ok(match found.map(|found| found.mime_type()) {
        Some("application/pdf") if head.starts_with(b"%PDF-") => Ok(MediaType::Pdf),
        Some("image/jpeg") => Ok(MediaType::Jpeg),
        Some("image/png") => Ok(MediaType::Png),
        _ if head.starts_with(b"PK") => office(file),
        Some("application/pdf") => Err("a PDF with something before its beginning".to_owned()),
        Some(other) => Err(other.to_owned()),
        None => csv(file)?,
    })
}

/// An office file is a ZIP whose list of content types names its main part; any other ZIP is not taken.
fn office(file: &mut File) -> Result<MediaType, String> {
    let zip = || "a ZIP archive".to_owned();
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|_| zip())?;
    if archive.len() > MOST_PARTS {
        return Err(zip());
    }
    let mut types = String::new();
    let part = archive.by_name("[Content_Types].xml").map_err(|_| zip())?;
    part.take(CONTENT_TYPES_BYTES).read_to_string(&mut types).map_err(|_| zip())?;
    if types.contains("macroEnabled") {
        return Err("an office file with macros".to_owned());
    }
    let main = |kind: &str| types.contains(&format!("{kind}.main+xml\""));
    if main("spreadsheetml.sheet") {
        Ok(MediaType::Xlsx)
    } else if main("wordprocessingml.document") {
        Ok(MediaType::Docx)
    } else {
        Err(zip())
    }
}

/// CSV is text: UTF-8 without control characters, with a separator in its first line, and no mark-up.
fn csv(file: &mut File) -> io::Result<Result<MediaType, String>> {
    let mut buffer = vec![0; 64 * 1024];
    let mut text = Text::default();
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        if !text.take(buffer.get(..read).unwrap_or_default()) {
            return Ok(Err("bytes of an unknown kind".to_owned()));
        }
    }
    file.rewind()?;
    if !text.rest.is_empty() {
        return Ok(Err("text that ends within a character".to_owned()));
    }
    let start = text.start.trim_start_matches('\u{feff}').trim_start();
    if start.starts_with('<') || start.starts_with("#!") {
        return Ok(Err("mark-up or a script".to_owned()));
    }
    let first = start.lines().next().unwrap_or_default();
    Ok(if first.contains([',', ';', '\t']) {
        Ok(MediaType::Csv)
    } else {
        Err("text that is no CSV: its first line has no separator".to_owned())
    })
}

/// Text that comes in parts.
#[derive(Default)]
struct Text {
    start: String,
    rest: Vec<u8>,
}

impl Text {
    /// Whether it is still text with this part.
    fn take(&mut self, part: &[u8]) -> bool {
        self.rest.extend_from_slice(part);
        let (text, left) = match std::str::from_utf8(&self.rest) {
            Ok(text) => (text, 0),
            // A character that the next part completes.
            Err(error) if error.error_len().is_none() => {
                let (whole, cut) = self.rest.split_at(error.valid_up_to());
                (std::str::from_utf8(whole).unwrap_or_default(), cut.len())
            }
            Err(_) => return false,
        };
        if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\r' | '\n')) {
            return false;
        }
        if self.start.len() < 4096 {
            self.start.extend(text.chars().take(4096));
        }
        let from = self.rest.len().saturating_sub(left);
        self.rest.drain(..from);
        true
    }
}

/// What a photo says of itself; what can't be read is not said. `ahead` is how far local time is ahead of UTC, for
/// cameras that do not tell. Reads the file, and so blocks.
pub fn exif(file: &mut File, ahead: TimeDelta) -> Exif {
    if file.rewind().is_err() {
        return Exif::default();
    }
    let parsed = MediaSource::seekable(BufReader::new(file))
        .and_then(|source| MediaParser::new().parse_exif(source));
    let Ok(found) = parsed.map(nom_exif::Exif::from) else { return Exif::default() };
    Exif { taken_at: taken_at(&found, ahead), position: position(&found) }
}

fn taken_at(found: &nom_exif::Exif, ahead: TimeDelta) -> Option<Moment> {
    let told = |tag: ExifTag| found.get(tag).and_then(EntryValue::as_datetime);
    match told(ExifTag::DateTimeOriginal).or_else(|| told(ExifTag::ModifyDate))? {
        ExifDateTime::Aware(told) => Some(Moment(told.naive_utc())),
        // Without an offset the region's own time is meant.
        ExifDateTime::Naive(local) => local.checked_sub_signed(ahead).map(Moment),
    }
}

fn position(found: &nom_exif::Exif) -> Option<(f64, f64)> {
    let told = found.gps_info()?;
    let within = |value: &f64, most: f64| value.is_finite() && value.abs() <= most;
    let latitude = told.latitude_decimal().filter(|value| within(value, 90.0))?;
    let longitude = told.longitude_decimal().filter(|value| within(value, 180.0))?;
    Some((latitude, longitude))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    fn of(bytes: &[u8]) -> Result<MediaType, String> {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(bytes).expect("written");
        media_type(&mut file).expect("read")
    }

    fn zipped(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, text) in parts {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("a part");
            zip.write_all(text.as_bytes()).expect("written");
        }
        zip.finish().expect("a file").into_inner()
    }

    #[test]
    fn what_is_taken_is_told_by_its_bytes() {
        let sheet = "<Types><Override PartName=\"/xl/workbook.xml\" ContentType=\
                     \"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/></Types>";
        assert_eq!(of(b"%PDF-1.7\n1 0 obj"), Ok(MediaType::Pdf));
        assert_eq!(of(b"\xff\xd8\xff\xe0\0\x10JFIF"), Ok(MediaType::Jpeg));
        assert_eq!(of(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), Ok(MediaType::Png));
        assert_eq!(of("\u{feff}nama;jumlah\nKain;5\n".as_bytes()), Ok(MediaType::Csv));
        assert_eq!(of(&zipped(&[("[Content_Types].xml", sheet)])), Ok(MediaType::Xlsx));
        let text = sheet.replace("spreadsheetml.sheet", "wordprocessingml.document");
        assert_eq!(of(&zipped(&[("[Content_Types].xml", &text)])), Ok(MediaType::Docx));
    }

    #[test]
    fn anything_else_is_not_taken() {
        for bytes in [
            b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0".to_vec(),
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>1,2</script></svg>".to_vec(),
            b"<!DOCTYPE html><html>a,b</html>".to_vec(),
            b"#!/bin/sh\necho a,b".to_vec(),
            b"GIF89a\x01\0\x01\0".to_vec(),
            b"only words\n".to_vec(),
            b"a,b\0c".to_vec(),
            b"a,b\xff\xfe".to_vec(),
            b"a,b\xe2\x82".to_vec(),
            zipped(&[("a.txt", "a")]),
            zipped(&[("[Content_Types].xml", "macroEnabled.main+xml\"")]),
            b"PK\x03\x04".to_vec(),
        ] {
            assert!(of(&bytes).is_err(), "{}", String::from_utf8_lossy(&bytes));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_stumble(bytes in proptest::collection::vec(any::<u8>(), 0..600), start in 0_usize..5) {
            let starts: [&[u8]; 5] = [b"", b"PK\x03\x04", b"\xff\xd8\xff\xe1\0\x40Exif\0\0MM\0*", b"%PDF-", b"a,b\n"];
            let bytes = [starts[start], bytes.as_slice()].concat();
            let mut file = tempfile::tempfile().expect("a file");
            file.write_all(&bytes).expect("written");
            let _ = media_type(&mut file).expect("read");
            let _ = exif(&mut file, TimeDelta::hours(7));
        }

        #[test]
        fn text_is_text_however_it_is_cut(text in "[a-zé€𝄞,;\n]{1,80}", at in 0_usize..80) {
            let bytes = text.as_bytes();
            let (one, two) = bytes.split_at(at.min(bytes.len()));
            let mut parts = Text::default();
            prop_assert!(parts.take(one) && parts.take(two) && parts.rest.is_empty());
            prop_assert_eq!(parts.start, text);
        }
    }
}

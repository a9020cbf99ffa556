//! The archive as it is written: each file is hashed on its way, and all of them together are bounded.

use crate::service::error::Error;
use crate::service::store::StoreError;
use crate::service::trail::hex;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// A file of the archive, as the manifest names it.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its path.
    pub path: String,
    /// How many bytes.
    pub size_bytes: u64,
    /// Their SHA-256, in hexadecimal.
    pub sha256: String,
}

/// An archive that is being written.
pub struct Archive {
    zip: ZipWriter<BufWriter<File>>,
    /// Bytes that may still be written beside those of documents.
    left: u64,
    /// What was written, but for documents.
    pub files: Vec<Kept>,
}

/// A file of the archive that is being written.
pub struct Part<'a> {
    zip: &'a mut ZipWriter<BufWriter<File>>,
    hash: Sha256,
    size: u64,
    most: u64,
}

impl Write for Part<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.zip.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        self.size = self.size.saturating_add(u64::try_from(written).unwrap_or(u64::MAX));
        if self.size > self.most {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the pack is too large"));
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.zip.flush()
    }
}

/// What failed while the archive was written.
pub fn failed(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::FileTooLarge {
        let message = "There is more to tell of it than a pack has room for; read its lists.";
        return Error::refused("too_large", "", message);
    }
    Error::Store(StoreError::from(error))
}

fn broken(error: zip::result::ZipError) -> Error {
    failed(error.into())
}

impl Archive {
    /// An archive in a file, with room for so many bytes beside those of documents.
    pub fn over(file: File, most: u64) -> Archive {
        Archive { zip: ZipWriter::new(BufWriter::new(file)), left: most, files: Vec::new() }
    }

    /// Writes a file of words and figures.
    pub fn write<T>(
        &mut self,
        path: &str,
        work: impl FnOnce(&mut Part<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (kept, done) = self.part(path, (CompressionMethod::Deflated, self.left), work)?;
        self.left = self.left.saturating_sub(kept.size_bytes);
        self.files.push(kept);
        Ok(done)
    }

    /// Writes the bytes of a document, which do not get smaller.
    pub fn keep(
        &mut self,
        path: &str,
        work: impl FnOnce(&mut Part<'_>) -> Result<(), Error>,
    ) -> Result<Kept, Error> {
        self.part(path, (CompressionMethod::Stored, u64::MAX), work).map(|(kept, ())| kept)
    }

    fn part<T>(
        &mut self,
        path: &str,
        (method, most): (CompressionMethod, u64),
        work: impl FnOnce(&mut Part<'_>) -> Result<T, Error>,
    ) -> Result<(Kept, T), Error> {
        // No clock: the same evidence makes the same archive.
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .last_modified_time(DateTime::default());
        self.zip.start_file(path, options).map_err(broken)?;
        let mut part = Part { zip: &mut self.zip, hash: Sha256::new(), size: 0, most };
        let done = work(&mut part)?;
        let (size_bytes, sha256) = (part.size, hex(&part.hash.finalize()));
        Ok((Kept { path: path.to_owned(), size_bytes, sha256 }, done))
    }

    /// Ends the archive: its file from its beginning, and how many bytes it has.
    pub fn finish(self) -> Result<(File, u64), Error> {
        let buffered = self.zip.finish().map_err(broken)?;
        let mut file = buffered.into_inner().map_err(|error| failed(error.into_error()))?;
        let size = file.stream_position().map_err(failed)?;
        file.rewind().map_err(failed)?;
        Ok((file, size))
    }
}

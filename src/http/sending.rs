//! Files that are made for one answer: sent a few bytes at a time, and given up when the client takes none of them for long.
//! A file of that kind, and the turn of whoever had it made, are held until it is sent: somebody who asks for many and reads
//! none of them could fill the disk otherwise.

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, Stream};
use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// Bytes that are read and sent at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// What is sent: the file, and what is held with it.
struct Sent<T> {
    left: Mutex<Option<(tokio::fs::File, T)>>,
    /// How often bytes of it were taken.
    taken: AtomicU64,
}

impl<T> Sent<T> {
    fn left(&self) -> MutexGuard<'_, Option<(tokio::fs::File, T)>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bytes of a file. It goes, with what is held, when the last of them is sent, when the client goes away, or when the
/// client takes none of them for `stall`; then the answer breaks off.
pub fn sent<T: Send + 'static>(
    file: File,
    held: T,
    stall: Duration,
) -> impl Stream<Item = io::Result<Bytes>> + 'static {
    let file = tokio::fs::File::from_std(file);
    let sent = Arc::new(Sent { left: Mutex::new(Some((file, held))), taken: AtomicU64::new(0) });
    // A server asks for more only when there is room for it: nothing within the answer would notice that nobody reads.
    tokio::spawn(give_up(Arc::downgrade(&sent), stall));
    stream::try_unfold(sent, |sent| async move {
        let Some((mut file, held)) = sent.left().take() else {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the client reads too slowly"));
        };
        let mut chunk = BytesMut::with_capacity(CHUNK_BYTES);
        if file.read_buf(&mut chunk).await? == 0 {
            return Ok(None);
        }
        *sent.left() = Some((file, held));
        sent.taken.fetch_add(1, Ordering::Relaxed);
        Ok(Some((chunk.freeze(), sent)))
    })
}

/// Lets go of what is sent once no bytes of it were taken for a while.
async fn give_up<T>(sent: Weak<Sent<T>>, stall: Duration) {
    let mut before = 0;
    loop {
        tokio::time::sleep(stall).await;
        let Some(sent) = sent.upgrade() else { return };
        let now = sent.taken.load(Ordering::Relaxed);
        if now == before {
            let left = sent.left().take();
            if left.is_some() {
                tracing::info!(
                    "an answer is given up: its client took nothing of it for {stall:?}"
                );
            }
        }
        before = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt;
    use std::io::{Seek, Write};
    use std::pin::pin;

    fn file() -> File {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&vec![7; 3 * CHUNK_BYTES]).expect("written");
        file.rewind().expect("from its beginning");
        file
    }

    #[actix_web::test]
    async fn what_nobody_reads_is_let_go_of_and_the_answer_breaks_off() {
        let held = Arc::new(());
        let mut answer = pin!(sent(file(), Arc::clone(&held), Duration::from_millis(40)));
        assert!(answer.next().await.is_some_and(|chunk| chunk.is_ok()));
        assert_eq!(Arc::strong_count(&held), 2);
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(Arc::strong_count(&held), 1);
        assert!(answer.next().await.is_some_and(|chunk| chunk.is_err()));
    }

    #[actix_web::test]
    async fn what_is_read_slowly_is_held_until_its_end() {
        let held = Arc::new(());
        let mut answer = pin!(sent(file(), Arc::clone(&held), Duration::from_secs(2)));
        let mut bytes = 0;
        while let Some(chunk) = answer.next().await {
            bytes += chunk.expect("bytes").len();
            assert_eq!(Arc::strong_count(&held), 2);
            tokio::time::sleep(Duration::from_millis(800)).await;
        }
        assert_eq!((bytes, Arc::strong_count(&held)), (3 * CHUNK_BYTES, 1));
    }
}

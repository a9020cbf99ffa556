//! `Database::read` is one snapshot.

use crate::on_both;
use crate::support::database::{Failed, number, write};
use diesel::connection::SimpleConnection;
use sentra::storage::AnyConnection;

const COUNT: &str = "SELECT COUNT(*) FROM settings";

fn add(db: &sentra::storage::Database, name: &str) {
    write(db, |tx| {
        tx.batch_execute(&format!("INSERT INTO settings (name, value) VALUES ('{name}', '')"))
            .map_err(Failed::from)
    })
    .expect("write");
}

on_both! {
    fn a_write_between_two_reads_is_not_seen(db) {
        add(db.database(), "before");
        let look = |c: &mut AnyConnection| number(c, COUNT).map_err(Failed::from);
        let (first, second) = db
            .database()
            .read(|c| {
                let first = look(c)?;
                add(db.database(), "meanwhile");
                Ok::<_, Failed>((first, look(c)?))
            })
            .expect("read");
        assert_eq!((first, second), (1, 1));
        assert_eq!(db.database().read(look).expect("read"), 2);
    }

    fn a_reader_that_fails_or_panics_leaves_the_pool_whole(db) {
        let small = db.pools(sentra::storage::PoolSettings {
            size: 1,
            wait: std::time::Duration::from_secs(20),
        });
        let failed = small.read(|_| Err::<(), _>(Failed::Otherwise("of its own")));
        assert!(matches!(failed, Err(Failed::Otherwise("of its own"))));
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            small.read(|_| -> Result<(), Failed> { panic!("in the middle of reading") })
        }));
        assert!(panicked.is_err());
        add(&small, "after");
        assert_eq!(small.read(|c| number(c, COUNT).map_err(Failed::from)).expect("read"), 1);
    }
}

//! The database: its connections, its tables, and how older ones become today's.
//!
//! `PRAGMA user_version` counts the migrations that were made. One that was released is never
//! edited: a change of the tables is a new entry at the end of [`MIGRATIONS`].

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::OpenError;

/// Marks a database as ours (`PRAGMA application_id`): "Lant" in ASCII.
const APPLICATION_ID: i64 = 0x4c61_6e74;

/// Entry `n` turns schema `n` into schema `n + 1`.
const MIGRATIONS: &[&str] = &[
    // 1. Documents and queues.
    //
    // Rows with a row id and an index on the side, not `WITHOUT ROWID`: documents may be large, and
    // then a tree that holds only keys is the one that stays in memory. A message's bytes stand apart
    // from its state for the same reason: leasing rewrites a few integers, not a megabyte.
    "
    CREATE TABLE counter (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        value INTEGER NOT NULL
    ) STRICT;
    INSERT INTO counter (only, value) VALUES (1, 0);

    CREATE TABLE documents (
        partition TEXT NOT NULL,
        name TEXT NOT NULL,
        revision INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        UNIQUE (partition, name)
    ) STRICT;

    CREATE TABLE queues (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        depth INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE messages (
        id INTEGER PRIMARY KEY,
        queue INTEGER NOT NULL,
        due_ms INTEGER NOT NULL,
        lease INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        sent_ms INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX messages_due ON messages (queue, due_ms, id);

    CREATE TABLE payloads (
        message INTEGER PRIMARY KEY,
        bytes BLOB NOT NULL
    ) STRICT;
    ",
];

/// Statements a connection keeps compiled; more than the engine has.
const STATEMENTS_KEPT: usize = 64;

/// Pages in the log that make the writer fold it into the database: 16 MiB. Fewer would cost more fsyncs
/// and write the index's hot pages more often; more would take longer to read after a crash.
const LOG_PAGES: u32 = 4096;

/// What is left of the log file after a checkpoint, at most, in bytes.
const LOG_KEPT: u32 = 64 * 1024 * 1024;

/// Opens the database at `path` for writing, made or brought up to date if need be.
pub(super) fn open(path: &Path) -> Result<Connection, OpenError> {
    // Made here first, so that it is its owner's alone; SQLite gives its log the same mode.
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|source| OpenError::Directory { path: path.to_owned(), source })?;
    let refuse = |source: rusqlite::Error| OpenError::Database { path: path.to_owned(), failure: source.into() };
    let mut connection = connect(path).map_err(refuse)?;
    recognise(&connection, path)?;
    connection.pragma_update(None, "journal_mode", "wal").map_err(refuse)?;
    connection.pragma_update(None, "synchronous", "full").map_err(refuse)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES).map_err(refuse)?;
    connection.pragma_update(None, "journal_size_limit", LOG_KEPT).map_err(refuse)?;
    migrate(&mut connection).map_err(refuse)?;
    Ok(connection)
}

/// Opens the database at `path`, which [`open`] has seen, for reading.
pub(super) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(path)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Makes the names in a directory durable.
pub(super) fn sync_directory(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // Only an operator's `sqlite3` on the side ever makes us wait.
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(connection)
}

/// Refuses what another program, or a later release, has written.
fn recognise(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let refuse = |source: rusqlite::Error| OpenError::Database { path: path.to_owned(), failure: source.into() };
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(refuse)?;
    if tables > 0 && number("application_id").map_err(refuse)? != APPLICATION_ID {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    let found = number("user_version").map_err(refuse)?;
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    Ok(())
}

/// Makes the migrations that are missing, all or none.
fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let made: usize = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if made < MIGRATIONS.len() {
        for migration in &MIGRATIONS[made..] {
            transaction.execute_batch(migration)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(prepare: impl FnOnce(&Connection), expected: impl FnOnce(&Result<Connection, OpenError>) -> bool) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store.db");
        prepare(&Connection::open(&path).unwrap());
        let opened = open(&path);
        assert!(expected(&opened), "{opened:?}");
    }

    #[test]
    fn a_commit_waits_for_the_disk() {
        check(
            |_| {},
            |opened| {
                let connection = opened.as_ref().unwrap();
                let level: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
                let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
                (level, mode.as_str()) == (2, "wal")
            },
        );
    }

    #[test]
    fn a_newer_schema_is_refused() {
        check(
            |connection| {
                connection.pragma_update(None, "user_version", 99).unwrap();
            },
            |opened| matches!(opened, Err(OpenError::Newer { found: 99, .. })),
        );
    }

    #[test]
    fn a_strangers_database_is_refused() {
        check(
            |connection| connection.execute_batch("CREATE TABLE theirs (a)").unwrap(),
            |opened| matches!(opened, Err(OpenError::Foreign { .. })),
        );
    }

    #[test]
    fn what_is_no_database_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store.db");
        std::fs::write(&path, "not a database, and long enough to be read as a header".repeat(40)).unwrap();
        let opened = open(&path);
        assert!(matches!(&opened, Err(OpenError::Database { failure: crate::Failure::Damaged(_), .. })), "{opened:?}");
    }

    #[test]
    fn opening_twice_migrates_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store.db");
        drop(open(&path).unwrap());
        let connection = open(&path).unwrap();
        let counters: i64 = connection.query_row("SELECT count(*) FROM counter", [], |row| row.get(0)).unwrap();
        assert_eq!(counters, 1);
    }
}

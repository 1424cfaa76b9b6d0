//! The index of a client: verified entries, and the newest state for look-ups.
//!
//! It can be deleted and is then built anew from the log. It is also the client's memory of the
//! newest entry that it has seen, which a log that was rolled back does not match.

use std::collections::BTreeSet;
use std::path::Path;

use nomogram::Digest;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use crate::act::Act;
use crate::error::Error;
use crate::state::{State, VersionRecord};
use crate::statement::{Sequence, Statement};

/// Counts up when tables change; an index of another number is built anew.
const FORMAT: i64 = 1;

const TABLES: &str = "
    CREATE TABLE entry (seq INTEGER PRIMARY KEY, digest BLOB NOT NULL, leaf BLOB NOT NULL, statement BLOB NOT NULL) STRICT;
    CREATE TABLE version (model TEXT, number INTEGER, record BLOB NOT NULL, PRIMARY KEY (model, number)) STRICT, WITHOUT ROWID;
    CREATE TABLE alias (model TEXT, alias TEXT, number INTEGER NOT NULL, PRIMARY KEY (model, alias)) STRICT, WITHOUT ROWID;
    CREATE TABLE erased (blob BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
    CREATE TABLE folded (n_entries INTEGER NOT NULL) STRICT;
";

/// Digest, leaf and statement of an entry, as the table has them.
type EntryRow = ([u8; 32], [u8; 32], Vec<u8>);

/// A verified entry, as the index keeps it.
#[derive(Clone, Debug)]
pub(crate) struct IndexedEntry {
    pub(crate) statement: Statement,
    /// The digest of the file.
    pub(crate) digest: Digest,
    /// The hash of the leaf.
    pub(crate) leaf: Digest,
}

/// The index of a client.
#[derive(Debug)]
pub(crate) struct Index {
    connection: Connection,
    place: String,
}

impl Index {
    /// Opens the index in a file, or in memory. A file that is no index of this format is replaced.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Error> {
        let place = path.map_or("in memory".into(), |path| path.display().to_string());
        let Some(path) = path else {
            let connection =
                Connection::open_in_memory().map_err(|cause| failed(&place, &cause))?;
            return Self::with_tables(connection, place);
        };
        match Self::open_file(path, &place) {
            Ok(index) => Ok(index),
            Err(Error::Index { detail, .. }) if !is_index(path) => {
                remove(path).map_err(|cause| failed(&place, &format!("{detail}; {cause}")))?;
                Self::open_file(path, &place)
            }
            Err(error) => Err(error),
        }
    }

    fn open_file(path: &Path, place: &str) -> Result<Self, Error> {
        let connection = Connection::open(path).map_err(|cause| failed(place, &cause))?;
        let prepare = || -> rusqlite::Result<i64> {
            connection.busy_timeout(std::time::Duration::from_secs(30))?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_query_value(None, "user_version", |row| row.get(0))
        };
        let format = prepare().map_err(|cause| failed(place, &cause))?;
        match format {
            FORMAT => Ok(Self { connection, place: place.to_owned() }),
            _ => Self::with_tables(connection, place.to_owned()),
        }
    }

    /// Makes the tables anew.
    fn with_tables(mut connection: Connection, place: String) -> Result<Self, Error> {
        let mut make = || -> rusqlite::Result<()> {
            let transaction =
                connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let format: i64 =
                transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
            // Another process may have made them meanwhile.
            if format != FORMAT {
                for table in ["entry", "version", "alias", "erased", "folded"] {
                    transaction.execute_batch(&format!("DROP TABLE IF EXISTS {table};"))?;
                }
                transaction.execute_batch(TABLES)?;
                transaction.execute("INSERT INTO folded VALUES (0)", [])?;
                transaction.pragma_update(None, "user_version", FORMAT)?;
            }
            transaction.commit()
        };
        make().map_err(|cause| failed(&place, &cause))?;
        Ok(Self { connection, place })
    }

    /// The number of entries, and the digest of the last one.
    pub(crate) fn head(&self) -> Result<(u64, Option<Digest>), Error> {
        let query = "SELECT seq, digest FROM entry ORDER BY seq DESC LIMIT 1";
        let row = self.connection.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)));
        let row: Option<(i64, [u8; 32])> = row.optional().map_err(|cause| self.failed(&cause))?;
        Ok(match row {
            None => (0, None),
            Some((seq, digest)) => (seq.unsigned_abs() + 1, Some(Digest::from_bytes(digest))),
        })
    }

    /// The digest of the first entry.
    pub(crate) fn first(&self) -> Result<Option<Digest>, Error> {
        let query = "SELECT digest FROM entry WHERE seq = 0";
        let row = self.connection.query_row(query, [], |row| row.get(0).map(Digest::from_bytes));
        row.optional().map_err(|cause| self.failed(&cause))
    }

    /// The entries from `first` on.
    pub(crate) fn entries(&self, first: Sequence) -> Result<Vec<IndexedEntry>, Error> {
        let read = || -> rusqlite::Result<Vec<EntryRow>> {
            let query = "SELECT digest, leaf, statement FROM entry WHERE seq >= ? ORDER BY seq";
            let mut query = self.connection.prepare_cached(query)?;
            let rows = query.query_map([first.cast_signed()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
            rows.collect()
        };
        let rows = read().map_err(|cause| self.failed(&cause))?;
        let entry = |(digest, leaf, statement): EntryRow| {
            let statement =
                serde_json::from_slice(&statement).map_err(|cause| self.failed(&cause))?;
            let (digest, leaf) = (Digest::from_bytes(digest), Digest::from_bytes(leaf));
            Ok(IndexedEntry { statement, digest, leaf })
        };
        rows.into_iter().map(entry).collect()
    }

    /// The hashes of all leaves.
    pub(crate) fn leaves(&self) -> Result<Vec<Digest>, Error> {
        let read = || -> rusqlite::Result<Vec<Digest>> {
            let mut query =
                self.connection.prepare_cached("SELECT leaf FROM entry ORDER BY seq")?;
            let rows = query.query_map([], |row| row.get(0).map(Digest::from_bytes))?;
            rows.collect()
        };
        read().map_err(|cause| self.failed(&cause))
    }

    /// Adds entries, and the state after them.
    pub(crate) fn add(&mut self, entries: &[IndexedEntry], state: &State) -> Result<(), Error> {
        let place = self.place.clone();
        let failed = |cause: rusqlite::Error| failed(&place, &cause);
        let behavior = rusqlite::TransactionBehavior::Immediate;
        let transaction = self.connection.transaction_with_behavior(behavior).map_err(failed)?;
        for entry in entries {
            let statement = serde_json::to_vec(&entry.statement).map_err(|cause| Error::Index {
                place: place.clone(),
                detail: cause.to_string(),
            })?;
            // Another process may have added it meanwhile.
            let mut insert = transaction
                .prepare_cached("INSERT OR IGNORE INTO entry VALUES (?, ?, ?, ?)")
                .map_err(failed)?;
            let seq = entry.statement.seq.cast_signed();
            let row = params![seq, entry.digest.as_bytes(), entry.leaf.as_bytes(), statement];
            insert.execute(row).map_err(failed)?;
        }
        write_state(&transaction, entries, state).map_err(failed)?;
        transaction.commit().map_err(failed)
    }

    /// The version of that number, or the newest one.
    pub(crate) fn version(
        &self,
        model: &str,
        number: Option<u32>,
    ) -> Result<Option<VersionRecord>, Error> {
        let query = "SELECT record FROM version WHERE model = ?1 AND (?2 IS NULL OR number = ?2) \
                     ORDER BY number DESC LIMIT 1";
        let read = || -> rusqlite::Result<Option<Vec<u8>>> {
            let mut query = self.connection.prepare_cached(query)?;
            query.query_row(params![model, number], |row| row.get(0)).optional()
        };
        let record = read().map_err(|cause| self.failed(&cause))?;
        record
            .map(|record| serde_json::from_slice(&record).map_err(|cause| self.failed(&cause)))
            .transpose()
    }

    /// The number of the version that an alias has.
    pub(crate) fn alias(&self, model: &str, alias: &str) -> Result<Option<u32>, Error> {
        let read = || {
            let query = "SELECT number FROM alias WHERE model = ? AND alias = ?";
            let mut query = self.connection.prepare_cached(query)?;
            query.query_row([model, alias], |row| row.get(0)).optional()
        };
        read().map_err(|cause| self.failed(&cause))
    }

    /// Whether a blob was erased by order.
    pub(crate) fn is_erased(&self, blob: &Digest) -> Result<bool, Error> {
        let read = || {
            let mut query =
                self.connection.prepare_cached("SELECT 1 FROM erased WHERE blob = ?")?;
            query.exists([blob.as_bytes()])
        };
        read().map_err(|cause| self.failed(&cause))
    }

    fn failed(&self, cause: &dyn std::fmt::Display) -> Error {
        failed(&self.place, cause)
    }
}

/// Writes the versions and aliases that `entries` changed, unless a process with a longer log did.
fn write_state(
    transaction: &Transaction<'_>,
    entries: &[IndexedEntry],
    state: &State,
) -> rusqlite::Result<()> {
    let n_entries = state.n_entries().cast_signed();
    let query = "UPDATE folded SET n_entries = ?1 WHERE n_entries < ?1";
    if transaction.execute(query, [n_entries])? == 0 {
        return Ok(());
    }
    let acts = || entries.iter().map(|entry| &entry.statement.act);
    let versions: BTreeSet<(&str, u32)> =
        acts().filter_map(|act| act.model().zip(act.number())).collect();
    let mut insert =
        transaction.prepare_cached("INSERT OR REPLACE INTO version VALUES (?, ?, ?)")?;
    for (name, number) in versions {
        let model = state.models().get(name);
        let Some(record) = model.and_then(|model| model.versions.get(&number)) else { continue };
        let record = serde_json::to_vec(record)
            .map_err(|cause| rusqlite::Error::ToSqlConversionFailure(Box::new(cause)))?;
        insert.execute(params![name, number, record])?;
    }
    for name in acts().filter_map(Act::model).collect::<BTreeSet<_>>() {
        let Some(model) = state.models().get(name) else { continue };
        transaction.execute("DELETE FROM alias WHERE model = ?", [name])?;
        for (alias, number) in
            model.aliases.keys().filter_map(|alias| Some((alias, model.alias(alias)?)))
        {
            transaction
                .execute("INSERT INTO alias VALUES (?, ?, ?)", params![name, alias, number])?;
        }
    }
    for blob in state.erased().keys() {
        transaction.execute("INSERT OR IGNORE INTO erased VALUES (?)", [blob.as_bytes()])?;
    }
    Ok(())
}

fn failed(place: &str, cause: &dyn std::fmt::Display) -> Error {
    Error::Index { place: place.to_owned(), detail: cause.to_string() }
}

/// Whether a file begins as a database does.
fn is_index(path: &Path) -> bool {
    std::fs::read(path)
        .is_ok_and(|bytes| bytes.is_empty() || bytes.starts_with(b"SQLite format 3\0"))
}

/// Removes an index with its journal.
pub(crate) fn remove(path: &Path) -> std::io::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::remove_file(&name) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(cause),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

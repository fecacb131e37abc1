//! Writes bodies ahead of the flip (D6).
//!
//! One thread gathers bodies into packs and inserts them, another compresses; when the other is behind, the first
//! compresses too. Packs are committed in the order they were gathered, a bounded number of bytes at a time, and a
//! definition comes after its files: a body that is there is there with all it refers to. The store is not locked
//! while bodies are asked for, so they may come from the store itself.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::sync::mpsc::{self, TrySendError};
use std::thread;

use rusqlite::{Connection, OptionalExtension, params};
use strata_model::id::Digest;
use strata_model::plan::{Bodies, Body, Edit, Plan};
use zstd::bulk::Compressor;

use super::transaction::Transaction;
use super::{SqliteStore, environment};
use crate::{ApplyError, Lease, Progress, Stage, StoreError};

/// Raw size at which a pack is closed; a larger body has a pack of its own.
const PACK_BYTES: usize = 96 << 10;
/// Raw size of the packs of one transaction; also how often the lease is renewed.
const CHUNK_BYTES: usize = 48 << 20;
/// Packs waiting for the other thread.
const QUEUE: usize = 4;
/// Definitions of XML shrink to a tenth at this level; higher ones cost more time than the writes they save.
const LEVEL: i32 = 1;

/// What has been written ahead.
pub(super) struct Staged {
    /// Prunes that collected bodies, as counted before staging began.
    pub(super) collections: i64,
}

/// Neighbouring bodies, before compression.
#[derive(Default)]
pub(super) struct RawPack {
    bytes: Vec<u8>,
    bodies: Vec<Piece>,
    /// Digest, ordinal, path, file.
    files: Vec<(Digest, i64, String, Option<Digest>)>,
}

struct Piece {
    digest: Digest,
    start: usize,
    length: usize,
}

/// A pack ready to be written.
pub(super) struct Pack {
    /// Its bytes are gone once they are packed.
    raw: RawPack,
    raw_size: usize,
    packed: Vec<u8>,
}

/// Brings every body that the plan refers to into the store.
pub(super) fn stage(
    store: &SqliteStore,
    lease: &Lease,
    plan: &Plan,
    bodies: &dyn Bodies,
    progress: &dyn Fn(Progress),
) -> Result<Staged, ApplyError> {
    let (collections, missing) = {
        let inner = store.lock();
        (collections(&inner.conn)?, absent(&inner.conn, wanted(plan))?)
    };
    if missing.is_empty() {
        return Ok(Staged { collections });
    }
    thread::scope(|scope| {
        let (to_pack, raw_packs) = mpsc::sync_channel::<(u64, RawPack)>(QUEUE);
        let (from_packer, packs) = mpsc::channel();
        scope.spawn(move || {
            for (no, raw) in raw_packs {
                if from_packer.send((no, pack(raw))).is_err() {
                    break;
                }
            }
        });
        let mut stager = Stager {
            store,
            lease,
            sources: [bodies, plan],
            present: HashSet::new(),
            open: RawPack::default(),
            to_pack,
            packs,
            gathered: 0,
            written: 0,
            ready: BTreeMap::new(),
            ready_bytes: 0,
        };
        let total = missing.len() as u64;
        for (done, digest) in missing.iter().enumerate() {
            if done % 512 == 0 {
                progress(Progress { stage: Stage::Bodies, done: done as u64, total });
            }
            stager.add_definition(digest)?;
        }
        stager.finish()?;
        progress(Progress { stage: Stage::Bodies, done: total, total });
        Ok(Staged { collections })
    })
}

/// Returns how many prunes have collected bodies; the flip compares.
pub(super) fn collections(conn: &Connection) -> Result<i64, StoreError> {
    let sql = "SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'collections'";
    Ok(conn.query_row(sql, [], |row| row.get(0))?)
}

/// Lists the digests that opened rows bear, in the order of the edits, each once.
fn wanted(plan: &Plan) -> Vec<Digest> {
    let mut seen = HashSet::new();
    let mut wanted = Vec::new();
    for edit in &plan.edits {
        let digest = match edit {
            Edit::LayerOpen(layer) => Some(layer.digest),
            Edit::SolutionOpen(solution) => solution.residue,
            Edit::SettingsReplace { .. }
            | Edit::PublisherOpen(_)
            | Edit::PublisherClose(_)
            | Edit::SolutionClose(_)
            | Edit::ComponentAdd(_)
            | Edit::LayerClose { .. }
            | Edit::MemberOpen(_)
            | Edit::MemberClose(_)
            | Edit::ActivationOpen(_)
            | Edit::ActivationClose(_)
            | Edit::RowsClose { .. }
            | Edit::RowsReopen { .. }
            | Edit::ColumnClose { .. }
            | Edit::ColumnReopen { .. } => None,
        };
        wanted.extend(digest.filter(|digest| seen.insert(*digest)));
    }
    wanted
}

/// Keeps the digests that the store lacks.
fn absent(conn: &Connection, mut digests: Vec<Digest>) -> Result<Vec<Digest>, StoreError> {
    let is_empty: bool = conn.query_row("SELECT NOT EXISTS (SELECT 1 FROM body)", [], |row| row.get(0))?;
    if is_empty {
        return Ok(digests);
    }
    // Neighbours share pages, so ask in the order of the index.
    let mut sorted = digests.clone();
    sorted.sort_unstable();
    let mut present = HashSet::new();
    let mut statement = conn.prepare_cached("SELECT 1 FROM body WHERE digest = ?1")?;
    for digest in sorted {
        if statement.exists([digest.0])? {
            present.insert(digest);
        }
    }
    digests.retain(|digest| !present.contains(digest));
    Ok(digests)
}

struct Stager<'a> {
    store: &'a SqliteStore,
    lease: &'a Lease,
    sources: [&'a dyn Bodies; 2],
    /// Files seen so far; definitions are distinct already, but one may be another's file.
    present: HashSet<Digest>,
    open: RawPack,
    to_pack: mpsc::SyncSender<(u64, RawPack)>,
    packs: mpsc::Receiver<(u64, Result<Pack, StoreError>)>,
    gathered: u64,
    written: u64,
    ready: BTreeMap<u64, Pack>,
    ready_bytes: usize,
}

impl<'a> Stager<'a> {
    fn add_definition(&mut self, digest: &Digest) -> Result<(), ApplyError> {
        let sources = self.sources;
        let body = sources.iter().find_map(|source| source.definition(digest));
        let body = body.ok_or(ApplyError::MissingBody { digest: *digest })?;
        for (_, file) in &body.files {
            self.add_file(file)?;
        }
        if !self.present.contains(digest) {
            self.make_room(body.bytes.len())?;
            self.open.push_body(*digest, &body.bytes);
        }
        self.open.push_files(digest, &body);
        Ok(())
    }

    fn add_file(&mut self, digest: &Digest) -> Result<(), ApplyError> {
        if !self.present.insert(*digest) || self.is_stored(digest)? {
            return Ok(());
        }
        let sources = self.sources;
        let bytes = sources.iter().find_map(|source| source.file(digest));
        let bytes = bytes.ok_or(ApplyError::MissingBody { digest: *digest })?;
        self.make_room(bytes.len())?;
        self.open.push_body(*digest, &bytes);
        Ok(())
    }

    fn is_stored(&self, digest: &Digest) -> Result<bool, StoreError> {
        let inner = self.store.lock();
        let mut statement = inner.conn.prepare_cached("SELECT 1 FROM body WHERE digest = ?1")?;
        Ok(statement.query_row([digest.0], |_| Ok(())).optional()?.is_some())
    }

    /// Closes the open pack if another body would make it too large.
    fn make_room(&mut self, length: usize) -> Result<(), ApplyError> {
        if !self.open.bytes.is_empty() && self.open.bytes.len() + length > PACK_BYTES {
            self.close()?;
        }
        if self.open.bytes.capacity() == 0 {
            self.open.bytes.reserve_exact(length.max(PACK_BYTES));
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), ApplyError> {
        let raw = std::mem::take(&mut self.open);
        let no = self.gathered;
        self.gathered += 1;
        match self.to_pack.try_send((no, raw)) {
            Ok(()) => {}
            Err(TrySendError::Full((no, raw)) | TrySendError::Disconnected((no, raw))) => {
                self.take(no, pack(raw)?);
            }
        }
        while let Ok((no, packed)) = self.packs.try_recv() {
            self.take(no, packed?);
        }
        if self.ready_bytes >= CHUNK_BYTES { self.write() } else { Ok(()) }
    }

    fn take(&mut self, no: u64, pack: Pack) {
        self.ready_bytes += pack.raw_size;
        self.ready.insert(no, pack);
    }

    /// Commits the packs whose predecessors are all there.
    fn write(&mut self) -> Result<(), ApplyError> {
        let inner = self.store.lock();
        let transaction = inner.transaction()?;
        environment::renew(&transaction, self.lease)?;
        let mut packs = Vec::new();
        while let Some(pack) = self.ready.remove(&self.written) {
            self.written += 1;
            self.ready_bytes -= pack.raw_size;
            packs.push(pack);
        }
        insert(&transaction, &packs)?;
        Ok(transaction.commit().map_err(StoreError::from)?)
    }

    fn finish(mut self) -> Result<(), ApplyError> {
        if !self.open.is_empty() {
            self.close()?;
        }
        while (self.ready.len() as u64) < self.gathered - self.written {
            let (no, packed) = self.packs.recv().expect("the other thread answers for each pack it took");
            self.take(no, packed?);
        }
        self.write()
    }
}

impl RawPack {
    pub(super) fn is_empty(&self) -> bool {
        self.bodies.is_empty() && self.files.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= PACK_BYTES
    }

    pub(super) fn push_body(&mut self, digest: Digest, bytes: &[u8]) {
        self.bodies.push(Piece { digest, start: self.bytes.len(), length: bytes.len() });
        self.bytes.extend_from_slice(bytes);
    }

    fn push_files(&mut self, digest: &Digest, body: &Body<'_>) {
        let home = body.home.iter().map(|home| (*digest, -1, home.clone(), None));
        let files = (0..).zip(&body.files).map(|(ordinal, (path, file))| (*digest, ordinal, path.clone(), Some(*file)));
        self.files.extend(home.chain(files));
    }
}

/// Compresses with tables that each thread makes once.
fn compress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    thread_local! {
        static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    }
    COMPRESSOR.with_borrow_mut(|compressor| match compressor {
        Some(compressor) => compressor.compress(bytes),
        None => compressor.insert(Compressor::new(LEVEL)?).compress(bytes),
    })
}

pub(super) fn pack(mut raw: RawPack) -> Result<Pack, StoreError> {
    let packed = compress(&raw.bytes).map_err(|error| StoreError::Damaged(Box::new(error)))?;
    let raw_size = std::mem::take(&mut raw.bytes).len();
    Ok(Pack { raw, raw_size, packed })
}

/// Inserts packs and where their bodies lie; a body that another process stored meanwhile stays where it is.
pub(super) fn insert(transaction: &Transaction<'_>, packs: &[Pack]) -> Result<(), StoreError> {
    let mut add_pack = transaction.writer("INSERT INTO pack (raw_size, bytes) VALUES (?1, ?2)")?;
    let mut add_body = transaction.writer(
        "INSERT INTO body (digest, pack_no, start, length) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (digest) DO NOTHING",
    )?;
    let mut add_file = transaction.writer(
        "INSERT INTO definition_file (definition_digest, ordinal, path, file_digest) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (definition_digest, ordinal) DO NOTHING",
    )?;
    let mut places = Vec::new();
    for Pack { raw, raw_size, packed } in packs {
        add_pack.run(params![raw_size, packed])?;
        let no = transaction.conn.last_insert_rowid();
        places.extend(raw.bodies.iter().map(|piece| (piece, no)));
    }
    // Random keys go in fastest in order.
    places.sort_unstable_by_key(|(piece, _)| piece.digest);
    for (piece, no) in places {
        add_body.run(params![piece.digest.0, no, piece.start, piece.length])?;
    }
    for (definition, ordinal, path, file) in packs.iter().flat_map(|pack| &pack.raw.files) {
        add_file.run(params![definition.0, ordinal, path, file.map(|file| file.0)])?;
    }
    Ok(())
}

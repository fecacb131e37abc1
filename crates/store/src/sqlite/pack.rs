//! Reads bodies: pieces of packs, each a zstd frame of neighbouring definitions and files.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};
use strata_model::id::Digest;
use strata_model::plan::Body;

use super::Inner;
use crate::StoreError;

/// How many unpacked bytes are kept for the next question.
const CACHE_BYTES_MAX: usize = 32 << 20;

/// Packs read last, unpacked.
#[derive(Default)]
pub(super) struct PackCache {
    packs: VecDeque<(i64, Arc<[u8]>)>,
    size_bytes: usize,
}

impl PackCache {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    fn get(&mut self, conn: &Connection, no: i64) -> Result<Arc<[u8]>, StoreError> {
        if let Some((_, raw)) = self.packs.iter().find(|(kept, _)| *kept == no) {
            return Ok(Arc::clone(raw));
        }
        let raw = Arc::<[u8]>::from(unpack(conn, no)?);
        self.size_bytes += raw.len();
        self.packs.push_back((no, Arc::clone(&raw)));
        while self.size_bytes > CACHE_BYTES_MAX {
            let Some((_, oldest)) = self.packs.pop_front() else { break };
            self.size_bytes -= oldest.len();
        }
        Ok(raw)
    }
}

/// Returns the bytes under a digest.
pub(super) fn bytes(inner: &mut Inner, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT pack_no, start, length FROM body WHERE digest = ?1";
    let place = inner
        .conn
        .prepare_cached(sql)?
        .query_row([digest.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((pack_no, start, length)) = place else { return Ok(None) };
    let pack = inner.packs.get(&inner.conn, pack_no)?;
    Ok(Some(piece(&pack, start, length)?.to_vec()))
}

/// Returns a definition with its home and files.
pub(super) fn definition(inner: &mut Inner, digest: &Digest) -> Result<Option<Body<'static>>, StoreError> {
    let Some(bytes) = bytes(inner, digest)? else { return Ok(None) };
    let mut body = Body { bytes: Cow::Owned(bytes), ..Body::default() };
    let sql = "SELECT path, file_digest FROM definition_file WHERE definition_digest = ?1 ORDER BY ordinal";
    let mut statement = inner.conn.prepare_cached(sql)?;
    for row in statement.query_map([digest.0], |row| Ok((row.get(0)?, row.get::<_, Option<[u8; 32]>>(1)?)))? {
        match row? {
            (home, None) => body.home = Some(home),
            (path, Some(file)) => body.files.push((path, Digest(file))),
        }
    }
    Ok(Some(body))
}

pub(super) fn piece(pack: &[u8], start: usize, length: usize) -> Result<&[u8], StoreError> {
    let range: Option<Range<usize>> = start.checked_add(length).map(|end| start..end);
    let piece = range.and_then(|range| pack.get(range));
    piece.ok_or_else(|| StoreError::Damaged(Box::new(io::Error::other("a body lies outside its pack"))))
}

pub(super) fn unpack(conn: &Connection, no: i64) -> Result<Vec<u8>, StoreError> {
    let (size, packed): (usize, Vec<u8>) = conn
        .prepare_cached("SELECT raw_size, bytes FROM pack WHERE pack_no = ?1")?
        .query_row([no], |row| Ok((row.get(0)?, row.get(1)?)))?;
    zstd::bulk::decompress(&packed, size).map_err(|error| StoreError::Damaged(Box::new(error)))
}

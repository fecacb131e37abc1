//! The files of a package become a zip, the same bytes for the same files.
//!
//! Entries are as server exports have them: made by DOS with no attributes, flag `0x0002` (and the one that says UTF-8
//! where a name needs it), deflated, or stored where that is not longer. All bear one time. The directory is of the
//! zip64 kind only where a plain one cannot say it. `[Content_Types].xml` is always made from the other entries.
//!
//! Not here: what the files hold ([`crate::assemble`]).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use flate2::{Compress, Compression, FlushCompress, Status};
use libdeflater::{CompressionLvl, Compressor};

use crate::content_types::{self, CONTENT_TYPES};

/// What everybody's zips are deflated with: the middle of speed and size.
const LEVEL: i32 = 6;

/// Below so many bytes a second thread costs more than it saves.
const THREADS_FROM: usize = 1 << 18;

/// Longer files are deflated in pieces of this size, which follow one another in one stream: one document is most of a
/// large package, and would keep a single core busy.
const PIECE: usize = 4 << 20;

const FLAG_MAXIMUM: u16 = 0x0002;
const FLAG_UTF8: u16 = 0x0800;
const METHOD_STORED: u16 = 0;
const METHOD_DEFLATED: u16 = 8;
const MADE_BY: u16 = 45;
const NEEDS: u16 = 20;
const NEEDS_ZIP64: u16 = 45;
/// 1 January 1980, the first day that a zip can name.
const DATE: u16 = 0x0021;
const TIME: u16 = 0;
const EXTRA_ZIP64: u16 = 0x0001;

/// A file as it will stand in the zip.
struct Packed<'a> {
    name: &'a str,
    bytes: Body<'a>,
    size: u64,
    crc: u32,
}

enum Body<'a> {
    Stored(&'a [u8]),
    Deflated(Vec<u8>),
}

/// Writes files, in their order, and their content types behind them.
///
/// Names are the paths that [`crate::Limits`] let through: relative, with `/`, each once.
pub fn zip<P, B>(files: &[(P, B)]) -> Vec<u8>
where
    P: AsRef<str> + Sync,
    B: AsRef<[u8]> + Sync,
{
    let given = files.iter().map(|(path, bytes)| (path.as_ref(), bytes.as_ref()));
    let given: Vec<_> = given.filter(|(path, _)| !path.eq_ignore_ascii_case(CONTENT_TYPES)).collect();
    let types = content_types::of(given.iter().map(|(path, _)| *path));
    let mut entries = given;
    entries.push((CONTENT_TYPES, types.as_bytes()));
    lay_out(&pack_all(&entries))
}

/// What one thread deflates at a time: a file, or a piece of a long one.
struct Unit<'a> {
    entry: usize,
    bytes: &'a [u8],
    share: Share,
}

enum Share {
    Whole,
    First,
    Middle,
    Last,
}

/// A unit deflated, and the checksum of its file if it begins one.
struct Deflated {
    entry: usize,
    bytes: Vec<u8>,
    crc: Option<u32>,
}

/// Deflates on as many threads as there are cores, the longest units first.
fn pack_all<'a>(entries: &[(&'a str, &'a [u8])]) -> Vec<Packed<'a>> {
    let total: usize = entries.iter().map(|(_, bytes)| bytes.len()).sum();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let units: Vec<_> = entries.iter().enumerate().flat_map(|(entry, (_, bytes))| units(entry, bytes)).collect();
    let threads = if total < THREADS_FROM { 1 } else { cores.min(units.len()) };
    let mut order: Vec<usize> = (0..units.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(units[*index].bytes.len()));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut compressor = Compressor::new(CompressionLvl::new(LEVEL).unwrap_or_default());
        let mut done = Vec::new();
        while let Some(index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let unit = &units[*index];
            let crc = match unit.share {
                Share::Whole | Share::First => Some(libdeflater::crc32(entries[unit.entry].1)),
                Share::Middle | Share::Last => None,
            };
            done.push((*index, Deflated { entry: unit.entry, bytes: deflate(&mut compressor, unit), crc }));
        }
        done
    };
    let mut deflated = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut deflated = work();
        deflated.extend(others.into_iter().flat_map(|other| other.join().expect("deflating does not panic")));
        deflated
    });
    deflated.sort_unstable_by_key(|(index, _)| *index);
    put_together(entries, deflated.into_iter().map(|(_, deflated)| deflated))
}

/// Cuts a long file into pieces, the same ones however many cores there are.
fn units(entry: usize, bytes: &[u8]) -> Vec<Unit<'_>> {
    if bytes.len() <= PIECE {
        return vec![Unit { entry, bytes, share: Share::Whole }];
    }
    let last = bytes.len().div_ceil(PIECE) - 1;
    let share = |index: usize| match index {
        0 => Share::First,
        index if index == last => Share::Last,
        _ => Share::Middle,
    };
    bytes.chunks(PIECE).enumerate().map(|(index, bytes)| Unit { entry, bytes, share: share(index) }).collect()
}

fn deflate(compressor: &mut Compressor, unit: &Unit<'_>) -> Vec<u8> {
    let flush = match unit.share {
        Share::Whole => {
            let mut deflated = vec![0; compressor.deflate_compress_bound(unit.bytes.len())];
            let length = compressor.deflate_compress(unit.bytes, &mut deflated);
            deflated.truncate(length.expect("the bound leaves room"));
            deflated.shrink_to_fit();
            return deflated;
        }
        Share::First | Share::Middle => FlushCompress::Sync,
        Share::Last => FlushCompress::Finish,
    };
    deflate_piece(unit.bytes, flush)
}

/// Deflates a piece so that the next one can follow: what ends with a flush ends on a byte.
fn deflate_piece(bytes: &[u8], flush: FlushCompress) -> Vec<u8> {
    let mut stream = Compress::new(Compression::new(LEVEL.unsigned_abs()), false);
    let mut deflated = Vec::with_capacity(bytes.len() / 4 + 1024);
    loop {
        let taken = usize::try_from(stream.total_in()).unwrap_or(usize::MAX).min(bytes.len());
        let status = stream.compress_vec(&bytes[taken..], &mut deflated, flush).expect("deflating to memory");
        let is_flushed = stream.total_in() == bytes.len() as u64 && deflated.len() < deflated.capacity();
        if status == Status::StreamEnd || flush == FlushCompress::Sync && is_flushed {
            deflated.shrink_to_fit();
            return deflated;
        }
        deflated.reserve(bytes.len() / 4 + 1024);
    }
}

fn put_together<'a>(entries: &[(&'a str, &'a [u8])], deflated: impl Iterator<Item = Deflated>) -> Vec<Packed<'a>> {
    let mut packed: Vec<Packed<'a>> = Vec::with_capacity(entries.len());
    for unit in deflated {
        let (name, bytes) = entries[unit.entry];
        match (unit.crc, packed.last_mut()) {
            (None, Some(Packed { bytes: Body::Deflated(begun), .. })) => begun.extend(unit.bytes),
            (crc, _) => packed.push(Packed {
                name,
                bytes: Body::Deflated(unit.bytes),
                size: bytes.len() as u64,
                crc: crc.unwrap_or_default(),
            }),
        }
    }
    for (packed, (_, bytes)) in packed.iter_mut().zip(entries) {
        if packed.body().len() >= bytes.len() {
            packed.bytes = Body::Stored(bytes);
        }
    }
    packed
}

impl Packed<'_> {
    fn body(&self) -> &[u8] {
        match &self.bytes {
            Body::Stored(bytes) => bytes,
            Body::Deflated(bytes) => bytes,
        }
    }

    fn method(&self) -> u16 {
        match self.bytes {
            Body::Stored(_) => METHOD_STORED,
            Body::Deflated(_) => METHOD_DEFLATED,
        }
    }

    fn flags(&self) -> u16 {
        if self.name.is_ascii() { FLAG_MAXIMUM } else { FLAG_MAXIMUM | FLAG_UTF8 }
    }

    /// The fields that the header before an entry and its record in the directory share; `wide` are those that only
    /// the extra field can say.
    fn common(&self, wide: &[u64]) -> Vec<u8> {
        let mut fields = Vec::with_capacity(26);
        let needs = if wide.is_empty() { NEEDS } else { NEEDS_ZIP64 };
        for field in [needs, self.flags(), self.method(), TIME, DATE] {
            fields.extend(field.to_le_bytes());
        }
        fields.extend(self.crc.to_le_bytes());
        fields.extend(narrow(self.body().len() as u64).to_le_bytes());
        fields.extend(narrow(self.size).to_le_bytes());
        fields.extend(u16::try_from(self.name.len()).expect("paths are bounded").to_le_bytes());
        let extra = if wide.is_empty() { 0 } else { 4 + 8 * wide.len() };
        fields.extend(u16::try_from(extra).expect("three numbers at most").to_le_bytes());
        fields
    }

    /// The numbers that do not fit: size, packed size, and in the directory the place of the entry.
    fn wide(&self, at: Option<u64>) -> Vec<u64> {
        let packed = self.body().len() as u64;
        // Before an entry both sizes are said or none.
        let sizes = self.size >= u64::from(u32::MAX) || packed >= u64::from(u32::MAX);
        let mut wide = if sizes { vec![self.size, packed] } else { Vec::new() };
        wide.extend(at.filter(|at| *at >= u64::from(u32::MAX)));
        wide
    }
}

/// A number of a plain zip, or the sign that the extra field says it.
fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn extra(wide: &[u64], zip: &mut Vec<u8>) {
    if wide.is_empty() {
        return;
    }
    zip.extend(EXTRA_ZIP64.to_le_bytes());
    zip.extend(u16::try_from(8 * wide.len()).expect("three numbers at most").to_le_bytes());
    zip.extend(wide.iter().flat_map(|number| number.to_le_bytes()));
}

/// Writes files, in their order, as a zip that is no package: what lies inside one.
pub(crate) fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    lay_out(&pack_all(files))
}

fn lay_out(entries: &[Packed<'_>]) -> Vec<u8> {
    let bodies: usize = entries.iter().map(|entry| entry.body().len() + 2 * entry.name.len() + 80).sum();
    let mut zip = Vec::with_capacity(bodies + 128);
    let mut directory = Vec::with_capacity(entries.len() * 96);
    for entry in entries {
        let at = zip.len() as u64;
        let wide = entry.wide(None);
        zip.extend(b"PK\x03\x04");
        zip.extend(entry.common(&wide));
        zip.extend(entry.name.as_bytes());
        extra(&wide, &mut zip);
        zip.extend(entry.body());
        record(entry, at, &mut directory);
    }
    let start = zip.len() as u64;
    zip.extend(&directory);
    end(entries.len() as u64, start, directory.len() as u64, &mut zip);
    zip
}

fn record(entry: &Packed<'_>, at: u64, directory: &mut Vec<u8>) {
    let wide = entry.wide(Some(at));
    directory.extend(b"PK\x01\x02");
    directory.extend(MADE_BY.to_le_bytes());
    directory.extend(entry.common(&wide));
    // No comment, the first disk, no attributes inside or outside.
    directory.extend([0; 10]);
    directory.extend(narrow(at).to_le_bytes());
    directory.extend(entry.name.as_bytes());
    extra(&wide, directory);
}

fn end(count: u64, start: u64, size: u64, zip: &mut Vec<u8>) {
    let limit = u64::from(u32::MAX);
    if count >= u64::from(u16::MAX) || start >= limit || size >= limit {
        let at = zip.len() as u64;
        zip.extend(b"PK\x06\x06");
        zip.extend(44_u64.to_le_bytes());
        zip.extend(MADE_BY.to_le_bytes());
        zip.extend(NEEDS_ZIP64.to_le_bytes());
        zip.extend([0; 8]);
        for number in [count, count, size, start] {
            zip.extend(number.to_le_bytes());
        }
        zip.extend(b"PK\x06\x07\0\0\0\0");
        zip.extend(at.to_le_bytes());
        zip.extend(1_u32.to_le_bytes());
    }
    let count = u16::try_from(count).unwrap_or(u16::MAX);
    zip.extend(b"PK\x05\x06\0\0\0\0");
    zip.extend(count.to_le_bytes());
    zip.extend(count.to_le_bytes());
    zip.extend(narrow(size).to_le_bytes());
    zip.extend(narrow(start).to_le_bytes());
    zip.extend([0; 2]);
}

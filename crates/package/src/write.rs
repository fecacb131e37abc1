//! The files of a package become a zip, the same bytes for the same files.
//!
//! Entries are as server exports have them: made by DOS with no attributes, flag `0x0002` (and the one that says UTF-8
//! where a name needs it), deflated, or stored where that is not longer. All bear one time. The directory is of the
//! zip64 kind only where a plain one cannot say it. `[Content_Types].xml` is always made from the other entries.
//!
//! Not here: what the files hold ([`crate::assemble`]).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use libdeflater::{CompressionLvl, Compressor};

use crate::content_types::{self, CONTENT_TYPES};

/// What everybody's zips are deflated with: the middle of speed and size.
const LEVEL: i32 = 6;

/// Below so many bytes a second thread costs more than it saves.
const THREADS_FROM: usize = 1 << 18;

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

/// Deflates on as many threads as there are cores, the longest file first.
fn pack_all<'a>(entries: &[(&'a str, &'a [u8])]) -> Vec<Packed<'a>> {
    let total: usize = entries.iter().map(|(_, bytes)| bytes.len()).sum();
    let cores = thread::available_parallelism().map_or(1, usize::from).min(entries.len());
    let threads = if total < THREADS_FROM { 1 } else { cores };
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(entries[*index].1.len()));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut compressor = Compressor::new(CompressionLvl::new(LEVEL).unwrap_or_default());
        let mut done = Vec::new();
        while let Some(index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (name, bytes) = entries[*index];
            done.push((*index, pack(&mut compressor, name, bytes)));
        }
        done
    };
    let mut packed = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut packed = work();
        packed.extend(others.into_iter().flat_map(|other| other.join().expect("deflating does not panic")));
        packed
    });
    packed.sort_unstable_by_key(|(index, _)| *index);
    packed.into_iter().map(|(_, packed)| packed).collect()
}

fn pack<'a>(compressor: &mut Compressor, name: &'a str, bytes: &'a [u8]) -> Packed<'a> {
    let mut deflated = vec![0; compressor.deflate_compress_bound(bytes.len())];
    let length = compressor.deflate_compress(bytes, &mut deflated).unwrap_or(usize::MAX);
    let body = if length < bytes.len() {
        deflated.truncate(length);
        deflated.shrink_to_fit();
        Body::Deflated(deflated)
    } else {
        Body::Stored(bytes)
    };
    Packed { name, bytes: body, size: bytes.len() as u64, crc: libdeflater::crc32(bytes) }
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

//! The directory of a zip, read to the letter.
//!
//! Zip readers differ in what they make of duplicate names, of entries that share bytes and of headers that
//! contradict each other; a package that means one thing here and another elsewhere is not safe (D13). So every
//! record is looked at, none is dropped, and contradictions are refused. Zip64, split archives and bytes before
//! the first entry do not occur in packages and are refused too.
//!
//! Not here: names (see [`crate::container`]) and inflating.

use std::ops::Range;

use crate::ReadPackageError;

/// One record of the directory.
pub(crate) struct Record<'a> {
    pub(crate) raw_name: &'a [u8],
    pub(crate) is_encrypted: bool,
    pub(crate) is_link: bool,
    pub(crate) method: u16,
    pub(crate) crc: u32,
    pub(crate) size: u64,
    /// Where the packed bytes are.
    pub(crate) packed: Range<usize>,
    /// The packed bytes with the local header before them.
    pub(crate) extent: Range<usize>,
}

const END_SIGNATURE: &[u8] = b"PK\x05\x06";
const END_BYTES: usize = 22;
const RECORD_SIGNATURE: u32 = 0x0201_4b50;
const RECORD_BYTES: usize = 46;
const LOCAL_SIGNATURE: u32 = 0x0403_4b50;
const LOCAL_BYTES: usize = 30;
const COMMENT_BYTES_MAX: usize = u16::MAX as usize;

/// The end record: where the directory is and how many records it says it has.
struct End {
    directory: Range<usize>,
    count: usize,
}

/// Reads every record of the directory, in its order.
pub(crate) fn read(bytes: &[u8], entries_max: usize) -> Result<Vec<Record<'_>>, ReadPackageError> {
    let end = find_end(bytes)?;
    if end.count > entries_max {
        let message = format!("{} entries, more than the {entries_max} allowed", end.count);
        return Err(ReadPackageError::unsafe_package(message));
    }
    let mut records = Vec::with_capacity(end.count);
    let mut at = end.directory.start;
    while at < end.directory.end {
        if records.len() == end.count {
            return Err(ReadPackageError::unsafe_package("the zip's directory holds more entries than it counts"));
        }
        let (record, next) = read_record(bytes, at, &end.directory)?;
        records.push(record);
        at = next;
    }
    if records.len() != end.count {
        return Err(damaged("its directory holds fewer entries than it counts"));
    }
    Ok(records)
}

fn damaged(what: &str) -> ReadPackageError {
    ReadPackageError::not_a_package(format!("the zip is damaged or cut short: {what}"))
}

fn find_end(bytes: &[u8]) -> Result<End, ReadPackageError> {
    let from = bytes.len().saturating_sub(END_BYTES + COMMENT_BYTES_MAX);
    let fits = |at: &usize| {
        let comment = u16_at(bytes, at + 20).map(usize::from);
        comment.and_then(|comment| at.checked_add(END_BYTES + comment)) == Some(bytes.len())
    };
    let found = memchr::memmem::rfind_iter(&bytes[from..], END_SIGNATURE).map(|at| from + at).find(fits);
    let at = found.ok_or_else(|| damaged("it has no end record"))?;
    let broken = || damaged("its end record is incomplete");
    let number = |offset| u16_at(bytes, at + offset).map(usize::from).ok_or_else(broken);
    let (disk, start_disk, count_here, count) = (number(4)?, number(6)?, number(8)?, number(10)?);
    let size = u32_at(bytes, at + 12).ok_or_else(broken)?;
    let start = u32_at(bytes, at + 16).ok_or_else(broken)?;
    if count == usize::from(u16::MAX) || size == u32::MAX || start == u32::MAX {
        return Err(ReadPackageError::not_a_package("the zip is of the zip64 kind, which packages do not use"));
    }
    if disk != 0 || start_disk != 0 || count_here != count {
        return Err(ReadPackageError::not_a_package("the zip is one piece of a split archive"));
    }
    let start = usize::try_from(start).map_err(|_| broken())?;
    let size = usize::try_from(size).map_err(|_| broken())?;
    let directory = start..start.checked_add(size).ok_or_else(broken)?;
    if directory.end != at {
        return Err(damaged("its directory is not where the end record says"));
    }
    Ok(End { directory, count })
}

fn read_record<'a>(
    bytes: &'a [u8],
    at: usize,
    directory: &Range<usize>,
) -> Result<(Record<'a>, usize), ReadPackageError> {
    let broken = || damaged("a record of its directory is incomplete");
    let short = |offset| u16_at(bytes, at + offset).ok_or_else(broken);
    let long = |offset| u32_at(bytes, at + offset).ok_or_else(broken);
    if long(0)? != RECORD_SIGNATURE {
        return Err(damaged("its directory holds something else"));
    }
    let (made_by, flags, method, crc) = (short(4)?, short(8)?, short(10)?, long(16)?);
    let (packed, size) = (long(20)?, long(24)?);
    let (name, extra, comment) = (usize::from(short(28)?), usize::from(short(30)?), usize::from(short(32)?));
    let (attributes, local) = (long(38)?, long(42)?);
    let next = at + RECORD_BYTES + name + extra + comment;
    if next > directory.end {
        return Err(broken());
    }
    let raw_name = bytes.get(at + RECORD_BYTES..at + RECORD_BYTES + name).ok_or_else(broken)?;
    if [packed, size, local].contains(&u32::MAX) {
        return Err(ReadPackageError::not_a_package("the zip is of the zip64 kind, which packages do not use"));
    }
    let packed = packed_range(bytes, local, packed, raw_name, directory.start)?;
    let made_on_unix = made_by >> 8 == 3;
    let record = Record {
        raw_name,
        is_encrypted: flags & 0x2041 != 0,
        is_link: made_on_unix && (attributes >> 16) & 0o170_000 == 0o120_000,
        method,
        crc,
        size: u64::from(size),
        extent: usize::try_from(local).map_err(|_| broken())?..packed.end,
        packed,
    };
    Ok((record, next))
}

/// Finds the packed bytes behind the local header, which must name the same entry.
fn packed_range(
    bytes: &[u8],
    local: u32,
    packed: u32,
    raw_name: &[u8],
    directory_start: usize,
) -> Result<Range<usize>, ReadPackageError> {
    let name = String::from_utf8_lossy(raw_name).escape_debug().to_string();
    let outside = || damaged("an entry reaches past the entries").in_part(&name);
    let local = usize::try_from(local).map_err(|_| outside())?;
    if u32_at(bytes, local) != Some(LOCAL_SIGNATURE) {
        return Err(damaged("an entry is not where the directory says").in_part(&name));
    }
    let short = |offset: usize| u16_at(bytes, local + offset).map(usize::from).ok_or_else(outside);
    let (name_length, extra_length) = (short(26)?, short(28)?);
    let name_start = local + LOCAL_BYTES;
    if bytes.get(name_start..name_start + name_length) != Some(raw_name) {
        return Err(ReadPackageError::unsafe_package("the entry bears two different names").in_part(&name));
    }
    let start = name_start + name_length + extra_length;
    let end = usize::try_from(packed).ok().and_then(|packed| start.checked_add(packed)).ok_or_else(outside)?;
    if end > directory_start { Err(outside()) } else { Ok(start..end) }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let pair = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(pair.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

//! Containers: the bytes of a zip or cabinet become named parts, and nothing unsafe gets through (D13).
//!
//! Declared sizes are not trusted: an entry gets the memory that the limits allow it, and an entry whose content is
//! longer or shorter than declared is refused. Names are normalised to `/`; traversal, absolute paths, drive
//! letters, control characters, device names, links, encryption, overlapping entries and duplicate names with
//! different content are refused by name.
//!
//! Cabinets: stored and MSZIP folders are read, and LZX where the `cab` crate manages; Quantum is not readable.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use crate::zip_directory::{self, Record};
use crate::{Limits, ReadPackageError};
use libdeflater::Decompressor;
use strata_model::package::PackageNote;

const METHOD_STORED: u16 = 0;
const METHOD_DEFLATED: u16 = 8;

/// No deflate stream expands further, so no larger buffer is worth allocating.
const DEFLATE_RATIO_MAX: usize = 1_032;

/// Files by path, in container order.
pub(crate) struct Files {
    pub(crate) files: Vec<(String, Vec<u8>)>,
    pub(crate) notes: Vec<PackageNote>,
    /// The largest file and its declared checksum, which is still to be compared.
    pub(crate) unverified: Option<(usize, u32)>,
}

/// A zip entry that has been looked at but not inflated.
struct Entry {
    name: String,
    stored: bool,
    packed: std::ops::Range<usize>,
    size: usize,
    crc: u32,
}

/// Opens a zip.
pub(crate) fn open_zip(bytes: &[u8], limits: &Limits) -> Result<Files, ReadPackageError> {
    let entries = zip_entries(bytes, limits)?;
    let mut files = Vec::with_capacity(entries.len());
    let half = split_point(&entries);
    // The largest entry alone is most of the work; the others are inflated beside it.
    let (left, right) = std::thread::scope(|scope| {
        let other = scope.spawn(|| inflate_all(bytes, &entries, true, |index| index != half));
        let own = inflate_all(bytes, &entries, false, |index| index == half);
        (own, other.join())
    });
    let right = right.map_err(|_| ReadPackageError::not_a_package("the zip could not be inflated"))?;
    let (mut left, mut right) = (left?.into_iter(), right?.into_iter());
    for (index, entry) in entries.iter().enumerate() {
        let content = if index == half { left.next() } else { right.next() };
        files.push((entry.name.clone(), content.unwrap_or_default()));
    }
    let largest = entries.get(half).map(|entry| (entry.name.clone(), entry.crc));
    let mut files = unique(files)?;
    files.unverified = largest.and_then(|(name, crc)| {
        let index = files.files.iter().position(|(path, _)| *path == name)?;
        Some((index, crc))
    });
    Ok(files)
}

/// Inflates one entry of a zip.
pub(crate) fn peek(bytes: &[u8], name: &str, limits: &Limits) -> Option<Vec<u8>> {
    let entries = zip_entries(bytes, limits).ok()?;
    let entry = entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(name))?;
    inflate(&mut Decompressor::new(), bytes, entry, true).ok()
}

fn zip_entries(bytes: &[u8], limits: &Limits) -> Result<Vec<Entry>, ReadPackageError> {
    let records = zip_directory::read(bytes, limits.entries_max)?;
    check_overlaps(&records)?;
    let mut entries = Vec::with_capacity(records.len());
    let mut total = 0_u64;
    for record in &records {
        let name = part_name(&decode_name(record.raw_name), limits)?;
        if record.is_encrypted {
            return Err(ReadPackageError::unsafe_package("the entry is encrypted").in_part(&name));
        }
        if record.is_link {
            return Err(ReadPackageError::unsafe_package("the entry is a symbolic link").in_part(&name));
        }
        let packed = record.packed.clone();
        total = total.saturating_add(record.size);
        check_size(&name, packed.len() as u64, record.size, total, limits)?;
        if name.ends_with('/') {
            continue;
        }
        let stored = match record.method {
            METHOD_STORED => true,
            METHOD_DEFLATED => false,
            other => {
                let message = format!("the entry is compressed by method {other}, which packages do not use");
                return Err(ReadPackageError::not_a_package(message).in_part(&name));
            }
        };
        let size = usize::try_from(record.size)
            .map_err(|_| ReadPackageError::unsafe_package("the entry is too large").in_part(&name))?;
        if !stored && size / DEFLATE_RATIO_MAX > packed.len() {
            return Err(ReadPackageError::unsafe_package("the entry declares more than it can hold").in_part(&name));
        }
        entries.push(Entry { name, stored, packed, size, crc: record.crc });
    }
    Ok(entries)
}

fn check_size(name: &str, packed: u64, size: u64, total: u64, limits: &Limits) -> Result<(), ReadPackageError> {
    if total > limits.inflated_bytes_max {
        let message = format!("the package inflates to more than the {} bytes allowed", limits.inflated_bytes_max);
        return Err(ReadPackageError::unsafe_package(message).in_part(name));
    }
    if size > Limits::RATIO_FROM && size / packed.max(1) > limits.ratio_max {
        let message =
            format!("the entry inflates {} times, more than the {} allowed", size / packed.max(1), limits.ratio_max);
        return Err(ReadPackageError::unsafe_package(message).in_part(name));
    }
    Ok(())
}

/// Entries that share bytes are how a small zip becomes a large bomb.
fn check_overlaps(records: &[Record<'_>]) -> Result<(), ReadPackageError> {
    let mut extents: Vec<_> = records.iter().collect();
    extents.sort_by_key(|record| record.extent.start);
    match extents.windows(2).find(|pair| pair[1].extent.start < pair[0].extent.end) {
        Some(pair) => {
            let message = format!("the entry overlaps `{}`", decode_name(pair[0].raw_name).escape_debug());
            let name = decode_name(pair[1].raw_name).escape_debug().to_string();
            Err(ReadPackageError::unsafe_package(message).in_part(&name))
        }
        None => Ok(()),
    }
}

fn split_point(entries: &[Entry]) -> usize {
    let largest = entries.iter().enumerate().max_by_key(|(_, entry)| entry.size);
    largest.map_or(0, |(index, _)| index)
}

fn inflate_all(
    bytes: &[u8],
    entries: &[Entry],
    verify: bool,
    mine: impl Fn(usize) -> bool,
) -> Result<Vec<Vec<u8>>, ReadPackageError> {
    let mut decompressor = Decompressor::new();
    let wanted = entries.iter().enumerate().filter(|(index, _)| mine(*index));
    wanted.map(|(_, entry)| inflate(&mut decompressor, bytes, entry, verify)).collect()
}

fn inflate(
    decompressor: &mut Decompressor,
    bytes: &[u8],
    entry: &Entry,
    verify: bool,
) -> Result<Vec<u8>, ReadPackageError> {
    let packed = &bytes[entry.packed.clone()];
    let damaged = |message: &str| ReadPackageError::not_a_package(message).in_part(&entry.name);
    let content = if entry.stored {
        packed.to_vec()
    } else {
        let mut content = vec![0; entry.size];
        let length = decompressor
            .deflate_decompress(packed, &mut content)
            .map_err(|_| damaged("the entry is damaged: it does not inflate to its declared size"))?;
        content.truncate(length);
        content
    };
    if content.len() != entry.size {
        return Err(damaged("the entry is damaged: its size is not the declared one"));
    }
    if verify && libdeflater::crc32(&content) != entry.crc {
        return Err(checksum_differs(&entry.name));
    }
    Ok(content)
}

/// The refusal of an entry whose checksum is not the declared one.
pub(crate) fn checksum_differs(name: &str) -> ReadPackageError {
    ReadPackageError::not_a_package("the entry is damaged: its checksum differs").in_part(name)
}

/// Opens a cabinet.
pub(crate) fn open_cab(bytes: &[u8], limits: &Limits) -> Result<Files, ReadPackageError> {
    let broken = |error: std::io::Error| {
        ReadPackageError::not_a_package(format!("the cabinet is damaged or of a kind that cannot be read: {error}"))
    };
    let mut cabinet = cab::Cabinet::new(Cursor::new(bytes)).map_err(broken)?;
    let names: Vec<_> = cabinet
        .folder_entries()
        .flat_map(|folder| {
            folder
                .file_entries()
                .map(|file| (file.name().to_owned(), u64::from(file.uncompressed_size())))
                .collect::<Vec<_>>()
        })
        .collect();
    if names.len() > limits.entries_max {
        return Err(ReadPackageError::unsafe_package(format!("{} entries, more than allowed", names.len())));
    }
    let mut files = Vec::with_capacity(names.len());
    let mut total = 0_u64;
    for (raw, size) in names {
        let name = part_name(&raw, limits)?;
        total = total.saturating_add(size);
        check_size(&name, bytes.len() as u64, size, total, limits)?;
        let mut content = Vec::new();
        let reader = cabinet.read_file(&raw).map_err(broken)?;
        reader.take(size.saturating_add(1)).read_to_end(&mut content).map_err(broken)?;
        files.push((name, content));
    }
    unique(files)
}

/// Keeps the first of identical duplicates and refuses different ones: readers disagree on which wins.
pub(crate) fn unique(files: Vec<(String, Vec<u8>)>) -> Result<Files, ReadPackageError> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept: Vec<(String, Vec<u8>)> = Vec::with_capacity(files.len());
    let mut notes = Vec::new();
    for (name, content) in files {
        match seen.get(&name.to_lowercase()) {
            Some(first) if kept[*first].1 == content && kept[*first].0 == name => {
                notes.push(PackageNote { part: name, message: "stands twice in the container, identical".to_owned() });
            }
            Some(first) => {
                let message = format!("`{}` stands in the container too, with other content or case", kept[*first].0);
                return Err(ReadPackageError::unsafe_package(message).in_part(&name));
            }
            None => {
                seen.insert(name.to_lowercase(), kept.len());
                kept.push((name, content));
            }
        }
    }
    Ok(Files { files: kept, notes, unverified: None })
}

/// Decodes a name that may lack the UTF-8 flag: UTF-8 where it is valid, else code page 437.
fn decode_name(raw: &[u8]) -> String {
    match std::str::from_utf8(raw) {
        Ok(name) => name.to_owned(),
        Err(_) => raw.iter().map(|byte| code_page_437(*byte)).collect(),
    }
}

fn code_page_437(byte: u8) -> char {
    const HIGH: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
    match byte {
        0..=127 => char::from(byte),
        high => HIGH.chars().nth(usize::from(high) - 128).unwrap_or('\u{fffd}'),
    }
}

/// Normalises and checks the path of a part.
pub(crate) fn part_name(raw: &str, limits: &Limits) -> Result<String, ReadPackageError> {
    let name = raw.replace('\\', "/");
    let refuse =
        |what: &str| Err(ReadPackageError::unsafe_package(what.to_owned()).in_part(&name.escape_debug().to_string()));
    if name.is_empty() || name.len() > limits.name_bytes_max {
        return refuse("the path is empty or too long");
    }
    if name.starts_with('/') || name.as_bytes().get(1) == Some(&b':') {
        return refuse("the path is absolute");
    }
    if name.chars().any(|c| c.is_control()) {
        return refuse("the path holds control characters");
    }
    let steps: Vec<_> = name.split('/').collect();
    for (index, step) in steps.iter().enumerate() {
        let is_folder_mark = step.is_empty() && index + 1 == steps.len();
        if *step == ".." || *step == "." || (step.is_empty() && !is_folder_mark) {
            return refuse("the path leads out of the package or says nothing");
        }
        if is_device(step) {
            return refuse("the path names a device");
        }
    }
    Ok(name)
}

/// Names that open a device instead of a file on some systems.
pub(crate) fn is_device(step: &str) -> bool {
    let stem = step.split('.').next().unwrap_or(step).trim_end().to_ascii_uppercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit())
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d13_unsafe_names_are_refused_and_backslashes_are_not() {
        let limits = Limits::default();
        assert_eq!(part_name("Workflows\\a.json", &limits).as_deref(), Ok("Workflows/a.json"));
        for name in ["../a", "a/../b", "/a", "C:/a", "a\0b", "NUL", "x/com1.txt", "a//b", "", "./a"] {
            let error = part_name(name, &limits).expect_err(name);
            assert_eq!(error.code.name, "UnsafePackage", "{name}");
        }
    }

    #[test]
    fn names_without_the_flag_are_code_page_437() {
        assert_eq!(decode_name(b"a\x81.xml"), "aü.xml");
        assert_eq!(decode_name("ä.xml".as_bytes()), "ä.xml");
    }
}

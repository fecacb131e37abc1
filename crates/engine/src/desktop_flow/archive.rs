//! The packed files of a flow of schema v1: a zip in base64, whose texts are UTF-16 without a mark (corpus).

use std::io::{Cursor, Read as _, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::base64::{decode, encode};

/// More than this nobody packs into a flow; what claims more is not unpacked (D13).
const BYTES_MAX: u64 = 256 << 20;
const FILES_MAX: usize = 10_000;

/// One file in the package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PackedFile {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// Unpacks the files, in their order; `None` where the text is no such package or too large a one.
pub(crate) fn unpack(base64: &str) -> Option<Vec<PackedFile>> {
    let mut archive = ZipArchive::new(Cursor::new(decode(base64)?)).ok()?;
    if archive.len() > FILES_MAX {
        return None;
    }
    let mut left = BYTES_MAX;
    let mut files = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let entry = archive.by_index(index).ok()?;
        if entry.is_dir() {
            continue;
        }
        let name = entry.name().ok()?.into_owned();
        let mut bytes = Vec::new();
        entry.take(left + 1).read_to_end(&mut bytes).ok()?;
        left = left.checked_sub(bytes.len() as u64)?;
        files.push(PackedFile { name, bytes });
    }
    Some(files)
}

/// Packs files; the same files give the same text.
pub(crate) fn pack(files: &[PackedFile]) -> String {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for file in files {
        writer.start_file(&file.name, options).expect("memory takes a file");
        writer.write_all(&file.bytes).expect("memory takes bytes");
    }
    encode(&writer.finish().expect("memory takes the directory").into_inner())
}

/// Reads a text of the package: UTF-16, or UTF-8 where somebody wrote that.
pub(crate) fn text(bytes: &[u8]) -> Option<String> {
    if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        return utf16(rest);
    }
    match bytes {
        // No text of a flow begins with a letter outside of Latin-1.
        [first, 0, ..] if *first != 0 => utf16(bytes),
        _ => String::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).to_vec()).ok(),
    }
}

/// Writes a text as clients do.
pub(crate) fn text_bytes(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn utf16(bytes: &[u8]) -> Option<String> {
    let (pairs, []) = bytes.as_chunks::<2>() else { return None };
    let units: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_back_as_they_were_packed() {
        let files = [
            PackedFile { name: "script.robin".to_owned(), bytes: text_bytes("SET x TO $'''ü'''\r\n") },
            PackedFile { name: "a/b.png".to_owned(), bytes: vec![0x89, b'P', b'N', b'G', 0, 255] },
        ];
        let packed = pack(&files);
        assert_eq!(unpack(&packed).as_deref(), Some(&files[..]));
        assert_eq!(pack(&files), packed, "the same text");
        assert_eq!(text(&files[0].bytes).as_deref(), Some("SET x TO $'''ü'''\r\n"));
        assert_eq!(text(&files[1].bytes), None);
        assert_eq!(unpack("UEsDBA=="), None);
        assert_eq!(unpack("…"), None);
    }
}

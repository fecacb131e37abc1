//! Zips that we write: the same bytes each time, what is said about packages, readable by us and by others.

use std::io::{Cursor, Read as _};

use strata_model::package::Package;
use strata_package::{Limits, read, write};
use strata_testkit::corpus::Corpus;

use crate::{CUSTOMIZATIONS, SOLUTION};

/// A package with a compressible file, one that is not, an empty one, one without extension and one with a strange name.
fn files() -> Vec<(String, Vec<u8>)> {
    let mut noise = Vec::new();
    let mut state = 1_u32;
    while noise.len() < 300_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.extend(state.to_be_bytes().first());
    }
    let file = |path: &str, bytes: &[u8]| (path.to_owned(), bytes.to_vec());
    vec![
        file("customizations.xml", CUSTOMIZATIONS.as_bytes()),
        file("widgets/w/widget.xml", b"<widget uniquename=\"w\" />"),
        file("widgets/w/data", &noise),
        file("widgets/w/text.json", &b"{\"a\":1}".repeat(50_000)),
        file("widgets/w/empty.txt", b""),
        file("widgets/w/\u{e4}.txt", b"1"),
        file("[content_types].XML", b"<Types>old</Types>"),
        file("solution.xml", SOLUTION.as_bytes()),
    ]
}

/// Little-endian numbers of the directory's records: flags, method, version made by, date and time.
fn records(zip: &[u8]) -> Vec<(u16, u16, u16, [u8; 4])> {
    let mut records = Vec::new();
    let number = |at: usize| u16::from_le_bytes([zip[at], zip[at + 1]]);
    for at in 0..zip.len() - 4 {
        if &zip[at..at + 4] == b"PK\x01\x02" {
            let time = zip[at + 12..at + 16].try_into().expect("four bytes");
            records.push((number(at + 8), number(at + 10), number(at + 4), time));
        }
    }
    records
}

#[test]
fn l58_the_same_files_give_the_same_bytes_and_our_reader_notes_nothing() {
    let zip = write::zip(&files());
    assert_eq!(zip, write::zip(&files()));
    let package = read(zip, &Limits::default()).expect("readable");
    assert_eq!(package.notes, []);
    assert_eq!(package.components.len(), 1);
    assert_eq!(package.components[0].definition.files.len(), 4);
}

#[test]
fn l58_other_programs_read_the_zip_and_find_the_names_in_order() {
    let files = files();
    let mut archive = zip::ZipArchive::new(Cursor::new(write::zip(&files))).expect("a zip");
    let mut kept = files.iter().filter(|(path, _)| !path.starts_with('['));
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).expect("an entry");
        let name = entry.name().expect("a name").into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("readable");
        match kept.next() {
            Some(file) => assert_eq!((&name, &bytes), (&file.0, &file.1)),
            None => {
                assert_eq!(name, "[Content_Types].xml");
                let text = String::from_utf8(bytes).expect("text");
                assert!(!text.contains("old") && text.contains("PartName=\"/widgets/w/data\""), "{text}");
            }
        }
    }
    assert_eq!(archive.len(), files.len());
}

#[test]
fn a_long_file_is_one_stream_whatever_it_holds() {
    const PIECE: usize = 4 << 20;
    let line =
        |index: usize| format!("<attribute PhysicalName=\"contoso_{index}\"><MaxLength>{}</MaxLength>\r\n", index % 97);
    let text: Vec<u8> = (0..).flat_map(|index| line(index).into_bytes()).take(2 * PIECE + 77).collect();
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    })
    .take(PIECE + 5)
    .collect();
    let files: Vec<(String, Vec<u8>)> = [PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, text.len()]
        .into_iter()
        .map(|length| (format!("a/{length}.xml"), text[..length].to_vec()))
        .chain([("a/noise.bin".to_owned(), noise)])
        .collect();
    let mut archive = zip::ZipArchive::new(Cursor::new(write::zip(&files))).expect("a zip");
    for (path, bytes) in &files {
        let mut entry = archive.by_name(path).expect("an entry");
        let is_stored = entry.compression() == zip::CompressionMethod::Stored;
        assert_eq!(is_stored, path.contains("noise"), "{path}");
        let mut read = Vec::new();
        entry.read_to_end(&mut read).expect("sound");
        assert!(read == *bytes, "{path}");
    }
}

#[test]
fn entries_are_as_server_exports_have_them() {
    let records = records(&write::zip(&files()));
    assert_eq!(records.len(), 8);
    for (flags, method, made_by, time) in &records {
        assert!(matches!(flags, 0x0002 | 0x0802) && matches!(method, 0 | 8), "{flags:x} {method}");
        assert_eq!((made_by >> 8, time), (0, &[0, 0, 0x21, 0]), "DOS, and one time");
    }
    let stored = |index: usize| records[index].1 == 0;
    assert!(stored(2) && stored(4) && !stored(3), "noise and nothing do not deflate");
    assert_eq!(records.iter().filter(|(flags, ..)| flags & 0x0800 != 0).count(), 1, "one name is not ASCII");
}

#[test]
fn zip64_is_used_above_the_limits_of_a_plain_zip_only() {
    let many = |count: usize| (0..count).map(|index| (format!("a/{index}.txt"), b"1")).collect::<Vec<_>>();
    let has_zip64 = |zip: &[u8]| zip.windows(4).any(|four| four == b"PK\x06\x06");
    // The content types are one entry more.
    let below = write::zip(&many(65_533));
    assert!(!has_zip64(&below) && zip::ZipArchive::new(Cursor::new(below)).expect("a zip").len() == 65_534);
    let above = write::zip(&many(65_534));
    assert!(has_zip64(&above) && zip::ZipArchive::new(Cursor::new(above)).expect("a zip").len() == 65_535);
}

#[test]
fn d3_a_package_of_the_corpus_written_again_is_the_same_package() {
    let Some(corpus) = Corpus::find() else { return };
    for sample in corpus.packages() {
        let package = read(sample.bytes, &Limits::default()).expect("readable");
        let is_file = |path: &str| !path.contains('#');
        let files: Vec<_> =
            package.parts.iter().filter(|part| is_file(&part.path)).map(|part| (&part.path, &part.bytes)).collect();
        let again = read(write::zip(&files), &Limits::default()).expect("readable");
        let digests = |package: &Package| -> Vec<_> {
            package.components.iter().map(|component| (component.key.clone(), component.digest)).collect()
        };
        assert_eq!(digests(&package), digests(&again), "{}", sample.path);
        let residue = |package: &Package| package.bytes(&package.residue).into_owned();
        assert_eq!(residue(&package), residue(&again), "{}", sample.path);
        let notes = package.notes.iter().filter(|note| !note.message.starts_with("stands twice"));
        assert!(notes.eq(&again.notes), "{}", sample.path);
    }
}

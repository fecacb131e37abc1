//! Zips that contradict themselves: each kind is refused by name, or tolerated with a note (D13).

use strata_package::{Limits, ReadPackageError, read};

use crate::made::{self, Entry};

fn refusal(bytes: Vec<u8>) -> ReadPackageError {
    read(bytes, &Limits::default()).expect_err("the package is hostile")
}

fn assert_unsafe(bytes: Vec<u8>, part: &str) {
    let error = refusal(bytes);
    assert_eq!((error.code.name, error.part.as_deref()), ("UnsafePackage", Some(part)), "{error}");
}

#[test]
fn d13_identical_duplicates_are_noted_and_different_ones_refused() {
    let first = Entry::stored("a/b.txt", b"1");
    let package = read(made::with([first.clone(), first.clone()]), &Limits::default()).expect("tolerated");
    assert_eq!(package.notes.iter().filter(|note| note.part == "a/b.txt").count(), 1);
    assert_unsafe(made::with([first.clone(), Entry::stored("a/b.txt", b"2")]), "a/b.txt");
    assert_unsafe(made::with([first, Entry::stored("a\\b.txt", b"2")]), "a/b.txt");
}

#[test]
fn d13_a_second_solution_xml_with_other_content_is_refused() {
    let other = made::SOLUTION.replace("Core", "Evil");
    assert_unsafe(made::with([Entry::deflated("Solution.xml", other.as_bytes())]), "Solution.xml");
}

#[test]
fn d13_entries_that_share_bytes_are_refused() {
    let first = Entry::stored("a/b.txt", b"content");
    let second = Entry { shares_previous: true, ..first.clone() };
    assert_unsafe(made::with([first, second]), "a/b.txt");
}

#[test]
fn d13_an_entry_with_two_names_is_refused() {
    let first = Entry::stored("a/b.txt", b"content");
    let second = Entry { name: b"a/c.txt".to_vec(), shares_previous: true, ..first.clone() };
    assert_unsafe(made::with([first, second]), "a/c.txt");
}

#[test]
fn d13_encrypted_entries_and_links_are_refused() {
    let plain = Entry::stored("a/b.txt", b"content");
    assert_unsafe(made::with([Entry { flags: 1, ..plain.clone() }]), "a/b.txt");
    let link = Entry { made_by: 3 << 8, attributes: 0o120_777 << 16, ..plain };
    assert_unsafe(made::with([link]), "a/b.txt");
}

#[test]
fn d13_an_entry_that_declares_more_than_deflate_can_hold_costs_no_memory() {
    let lying = Entry { size: 1 << 30, ..Entry::deflated("a/b.txt", &[7; 2 << 20]) };
    assert_unsafe(made::with([lying]), "a/b.txt");
}

#[test]
fn l58_wrong_sizes_checksums_and_methods_are_damage() {
    let plain = Entry::deflated("a/b.txt", b"content content content");
    for entry in [
        Entry { size: plain.size - 1, ..plain.clone() },
        Entry { size: plain.size + 1, ..plain.clone() },
        Entry { crc: plain.crc ^ 1, ..plain.clone() },
        Entry { method: 12, ..plain.clone() },
        Entry { packed: b"\xff\xff".to_vec(), ..plain.clone() },
    ] {
        let error = refusal(made::with([entry]));
        assert_eq!((error.code.hex, error.part.as_deref()), (Some("0x80048060"), Some("a/b.txt")), "{error}");
    }
}

#[test]
fn folders_backslashes_and_old_code_pages_are_read() {
    let old = Entry { name: b"a\\\x81.txt".to_vec(), ..Entry::stored("x", b"1") };
    let package = read(made::with([Entry::stored("a\\", b""), old]), &Limits::default()).expect("readable");
    assert!(package.parts.iter().any(|part| part.path == "a/ü.txt"));
}

#[test]
fn l67_attributes_are_checked_even_where_nobody_looks() {
    for inside in ["<Gadget Id=\"1\"><x a=b /></Gadget>", "<Gadget Id=\"1\"><x a='1' a='2' /></Gadget>"] {
        let error = refusal(made::of_sections(&format!("<Gadgets>\n{inside}</Gadgets>")));
        assert_eq!((error.code.hex, error.line), (Some("0x80048013"), Some(2)), "{error}");
    }
    let error = refusal(made::of_sections("<Gadgets><Gadget Id=\"1\"><x a='&b;' /></Gadget></Gadgets>"));
    assert_eq!(error.code.name, "UnsafePackage", "{error}");
}

#[test]
fn d13_many_rows_take_time_in_proportion() {
    let row = |index: usize| {
        let content = format!("<widget uniquename=\"w{index}\" />");
        [
            Entry::stored(&format!("widgets/w{index}/widget.xml"), content.as_bytes()),
            Entry::stored(&format!("widgets/w{index}/data"), b"1"),
        ]
    };
    let package = read(made::with((0..20_000).flat_map(row)), &Limits::default()).expect("readable");
    assert_eq!(package.components.len(), 20_000);
    assert!(package.components.iter().all(|component| component.definition.files.len() == 1));
}

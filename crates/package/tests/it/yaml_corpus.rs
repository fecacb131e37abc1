//! The YAML layout over real packages: nothing is lost there and back, byte for byte where the sidecar is kept.

use std::collections::BTreeMap;

use strata_model::package::Package;
use strata_package::tree;
use strata_package::yaml::{PackOptions, Packed, pack, unpack};
use strata_package::{Limits, read, write};
use strata_testkit::corpus::Corpus;
use strata_testkit::fidelity::compare;

pub(crate) type Files = Vec<(String, Vec<u8>)>;

/// The files of a zip, as its package was read.
pub(crate) fn files_of(package: &Package) -> Files {
    let is_real = |path: &str| !path.ends_with("#skeleton") && !path.eq_ignore_ascii_case("[Content_Types].xml");
    let parts = package.parts.iter().filter(|part| is_real(&part.path));
    parts.map(|part| (part.path.clone(), part.bytes.clone())).collect()
}

pub(crate) fn unpacked(files: &Files) -> Files {
    unpack(files, &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn packed(tree: &Files) -> Packed {
    let packed = pack(tree, &PackOptions::default(), &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(packed.missing, []);
    packed
}

pub(crate) fn reread(files: &Files) -> Package {
    read(write::zip(files), &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// How many components of each type a package holds.
fn counts(package: &Package) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for component in &package.components {
        *counts.entry(component.key.component_type.name().to_owned()).or_default() += 1;
    }
    counts
}

fn each_package(mut check: impl FnMut(&str, &Package, &Files)) {
    let Some(corpus) = Corpus::find() else { return };
    for sample in corpus.packages() {
        let package = read(sample.bytes, &Limits::default()).unwrap_or_else(|error| panic!("{}: {error}", sample.path));
        let files = files_of(&package);
        check(&sample.path, &package, &files);
    }
}

fn sorted(files: &Files) -> Files {
    let mut files = files.clone();
    files.sort();
    files
}

#[test]
fn every_package_comes_back_byte_for_byte() {
    each_package(|path, package, files| {
        let tree = unpacked(files);
        let packed = packed(&tree);
        for ((name, bytes), (other, other_bytes)) in sorted(files).iter().zip(&sorted(&packed.files)) {
            assert_eq!(name, other, "{path}");
            assert!(bytes == other_bytes, "{path}: {name} differs");
        }
        assert_eq!(files.len(), packed.files.len(), "{path}");
        assert_eq!(packed.notes, [], "{path}");
        let again = reread(&packed.files);
        let fidelity = compare(package, &again);
        assert!(fidelity.is_complete(), "{path}: {fidelity}");
        assert_eq!(counts(package), counts(&again), "{path}");
        // And the tree that comes of what came of the tree.
        assert!(unpacked(&packed.files) == tree, "{path}: the second tree differs");
    });
}

#[test]
fn without_the_sidecar_only_order_and_layout_are_lost() {
    each_package(|path, package, files| {
        let mut tree = unpacked(files);
        tree.retain(|(name, _)| !name.ends_with("/packaging.yml"));
        let again = reread(&packed(&tree).files);
        assert_eq!(counts(package), counts(&again), "{path}");
        let fidelity = compare(package, &again);
        // What stands interleaved in FetchXML comes in groups, and an empty section or list is no content.
        let is_order = |line: &String| {
            line.contains("fetch[1]") || line.starts_with("customizations.xml ") || line.contains("attributes[1]: \"\"")
        };
        let others: Vec<_> = fidelity.differing.iter().filter(|line| !is_order(line)).take(5).collect();
        assert!(others.is_empty(), "{path}: {others:#?}");
    });
}

#[test]
fn trees_are_safe_for_every_file_system_and_readable() {
    each_package(|path, _, files| {
        for (name, bytes) in unpacked(files) {
            assert!(name.len() < 240 && !name.contains("..") && !name.contains("//"), "{path}: {name}");
            let illegal = |c: char| c.is_control() || "<>:\"\\|?*".contains(c);
            assert!(!name.chars().any(illegal), "{path}: {name}");
            if name.ends_with(".yml") {
                let text = String::from_utf8(bytes).unwrap_or_else(|_| panic!("{path}: {name}"));
                assert!(
                    text.ends_with('\n') && !text.contains('\r') && !text.starts_with('\u{feff}'),
                    "{path}: {name}"
                );
            }
        }
    });
}

/// A tree in the XML layout becomes one in the YAML layout and back, through the zip, and is the same tree.
#[test]
fn the_two_layouts_agree_through_the_zip() {
    let (limits, lines) = (Limits::default(), tree::Unpack { newline: tree::Newline::Lf });
    let to_xml = |path: &str, files: Files| {
        let tree = tree::unpack(files, &lines, &limits).unwrap_or_else(|error| panic!("{path}: {error}"));
        tree.files
    };
    each_package(|path, package, files| {
        let xml = to_xml(path, files.clone());
        let zip = tree::pack(xml.clone(), &tree::Pack { managed: None }, &limits);
        let zip = zip.unwrap_or_else(|error| panic!("{path}: {error:?}")).files;
        let zip = packed(&unpacked(&zip)).files;
        assert!(compare(package, &reread(&zip)).differing.is_empty(), "{path}");
        assert!(to_xml(path, zip) == xml, "{path}: the second tree has other bytes");
    });
}

//! Unpacking and packing, judged on real packages and trees.
//!
//! `docs/fidelity-trees.md` is what these tests measure; `STRATA_BLESS=1 cargo test -p strata-package trees` writes it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::LazyLock;

use strata_model::package::{Mode, Package};
use strata_package::tree::{NamedFile, Newline, Pack, PackError, Packed, Unpack, pack, unpack, unpack_both};
use strata_package::{Limits, read, read_files, read_parts, write};
use strata_testkit::corpus::{Corpus, Sample, Tree};
use strata_testkit::fidelity::{Fidelity, compare};

const UNPACK: Unpack = Unpack { newline: Newline::Lf };
const AS_IT_IS: Pack = Pack { managed: None };

fn limits() -> Limits {
    Limits::default()
}

fn files_of(path: &str, zip: &[u8]) -> Vec<NamedFile> {
    read_files(zip, &limits()).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn package_of(path: &str, zip: Vec<u8>) -> Package {
    read(zip, &limits()).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn tree_package(path: &str, files: Vec<NamedFile>) -> Package {
    read_parts(files, &limits()).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Packs a tree; what it names and source control does not hold is made up.
fn packed(path: &str, files: &mut Vec<NamedFile>, options: &Pack) -> Packed {
    match pack(files.clone(), options, &limits()) {
        Ok(packed) => packed,
        Err(PackError::Missing(missing)) => {
            files.extend(missing.into_iter().map(|file| (file.path, b"made up".to_vec())));
            pack(files.clone(), options, &limits()).unwrap_or_else(|error| panic!("{path}: {error:?}"))
        }
        Err(error) => panic!("{path}: {error:?}"),
    }
}

/// Each package of the corpus with how much of it came back; measured once for all tests.
type Measured = Vec<(String, Fidelity)>;

static ZIPS: LazyLock<Measured> = LazyLock::new(|| {
    let corpus = Corpus::find();
    corpus.iter().flat_map(Corpus::packages).map(|sample| (sample.path.clone(), zip_tree_zip(&sample))).collect()
});

fn zip_tree_zip(sample: &Sample) -> Fidelity {
    let before = package_of(&sample.path, sample.bytes.clone());
    let tree = unpack(files_of(&sample.path, &sample.bytes), &UNPACK, &limits())
        .unwrap_or_else(|error| panic!("{}: {error}", sample.path));
    let packed =
        pack(tree.files.clone(), &AS_IT_IS, &limits()).unwrap_or_else(|error| panic!("{}: {error:?}", sample.path));
    assert_eq!((&tree.notes, &packed.notes), (&Vec::new(), &Vec::new()), "{}", sample.path);
    // A reader of the tree sees what a reader of the zip sees.
    assert_complete(&sample.path, &compare(&before, &tree_package(&sample.path, tree.files.clone())));
    let after = package_of(&sample.path, write::zip(&packed.files));
    let again = unpack(packed.files, &UNPACK, &limits()).unwrap_or_else(|error| panic!("{}: {error}", sample.path));
    assert_eq!(paths(&again.files), paths(&tree.files), "{}", sample.path);
    assert!(again.files == tree.files, "{}: the second tree has other bytes", sample.path);
    compare(&before, &after)
}

#[test]
fn d3_every_zip_comes_back_whole_from_its_tree() {
    for (path, fidelity) in ZIPS.iter() {
        assert_complete(path, fidelity);
    }
}

fn paths(files: &[NamedFile]) -> Vec<&str> {
    files.iter().map(|(path, _)| path.as_str()).collect()
}

fn assert_complete(path: &str, fidelity: &Fidelity) {
    assert!(fidelity.is_complete(), "{path}: {fidelity}");
}

/// The solution of which the corpus holds the zip and the tree that the platform's own tool made of it.
#[test]
fn a_real_tree_is_what_unpacking_its_zip_gives() {
    let Some(corpus) = Corpus::find() else { return };
    let zip = corpus.packages().find(|sample| sample.path.ends_with("customHIL_1_0_0_3.zip")).expect("in the corpus");
    let real = corpus.trees().find(|tree| tree.path.contains("customHIL")).expect("in the corpus");
    let ours = unpack(files_of(&zip.path, &zip.bytes), &UNPACK, &limits()).expect("unpacks");
    let lines = |files: &[NamedFile]| -> BTreeMap<String, String> {
        files.iter().map(|(path, bytes)| (path.clone(), String::from_utf8_lossy(bytes).replace("\r\n", "\n"))).collect()
    };
    assert_eq!(lines(&ours.files), lines(&real.files), "byte for byte but for line ends");
    let packed = pack(real.files, &AS_IT_IS, &limits()).expect("packs");
    let (before, after) = (package_of(&zip.path, zip.bytes), package_of(&zip.path, write::zip(&packed.files)));
    assert_complete(&zip.path, &compare(&before, &after));
}

/// A real tree, packed and unpacked again.
struct Again {
    before: Vec<NamedFile>,
    after: Vec<NamedFile>,
    package: Package,
    packed: Package,
}

fn again(path: &str, files: &[NamedFile], managed: bool) -> Again {
    let mut files = files.to_vec();
    let packed = packed(path, &mut files, &Pack { managed: Some(managed) });
    let zip = package_of(path, write::zip(&packed.files));
    let after = unpack(packed.files, &UNPACK, &limits()).unwrap_or_else(|error| panic!("{path}: {error}")).files;
    let package = tree_package(path, said(&files, managed));
    Again { before: files, after, package, packed: zip }
}

/// A tree of both kinds that says it is of one.
fn said(files: &[NamedFile], managed: bool) -> Vec<NamedFile> {
    let said = if managed { "<Managed>1</Managed>" } else { "<Managed>0</Managed>" };
    let edit = |(path, bytes): &NamedFile| match path.as_str() {
        "Other/Solution.xml" => {
            (path.clone(), String::from_utf8_lossy(bytes).replace("<Managed>2</Managed>", said).into_bytes())
        }
        _ => (path.clone(), bytes.clone()),
    };
    files.iter().map(edit).collect()
}

fn kinds(tree: &[NamedFile]) -> Vec<bool> {
    let package = tree_package("a tree", tree.to_vec());
    match package.manifest.mode {
        Mode::Both => vec![false, true],
        Mode::Managed => vec![true],
        Mode::Unmanaged => vec![false],
    }
}

static TREES: LazyLock<Measured> = LazyLock::new(|| {
    let corpus = Corpus::find();
    let trees = corpus.iter().flat_map(Corpus::trees);
    let each = |tree: Tree| kinds(&tree.files).into_iter().map(move |managed| tree_zip_tree(&tree, managed));
    trees.flat_map(each).collect()
});

fn tree_zip_tree(tree: &Tree, managed: bool) -> (String, Fidelity) {
    let path = format!("{}, {}", tree.path, if managed { "managed" } else { "unmanaged" });
    let again = again(&path, &tree.files, managed);
    let plain = |path: &str| path.replace("_managed.xml", ".xml");
    let names = |files: &[NamedFile]| -> BTreeSet<String> { files.iter().map(|(path, _)| plain(path)).collect() };
    assert_eq!(names(&again.before), names(&again.after), "{path}");
    assert_eq!(again.packed.is_managed(), managed, "{path}");
    let fidelity = compare(&again.package, &tree_package(&path, again.after));
    (path, fidelity)
}

#[test]
fn d3_every_real_tree_comes_back_from_its_zip() {
    for (path, fidelity) in TREES.iter() {
        // One tree has a site map that its skeleton does not mention.
        let is_known = |line: &String| line.starts_with("customizations.xml ImportExportXml/SiteMap[1]: nothing");
        assert!(fidelity.differing.iter().all(is_known), "{path}: {fidelity}");
        assert!(fidelity.differing.is_empty() || path.contains("NonprofitCore"), "{path}: {fidelity}");
    }
}

/// Pairs of packages that are the unmanaged and the managed one of a solution.
fn pairs(corpus: &Corpus) -> Vec<(String, Vec<u8>, Vec<u8>)> {
    let zips: BTreeMap<String, Vec<u8>> = corpus.packages().map(|sample| (sample.path, sample.bytes)).collect();
    let managed = |path: &str| zips.get(&path.replace(".zip", "_managed.zip")).cloned();
    zips.iter().filter_map(|(path, bytes)| Some((path.clone(), bytes.clone(), managed(path)?))).collect()
}

static PAIRS: LazyLock<Measured> = LazyLock::new(|| {
    let corpus = Corpus::find();
    let pairs = corpus.iter().flat_map(pairs);
    pairs
        .map(|(path, unmanaged, managed)| (path.replace(".zip", "_managed.zip"), both(&path, unmanaged, managed)))
        .collect()
});

/// How much of the managed package comes back; the unmanaged one does whole.
fn both(path: &str, unmanaged: Vec<u8>, managed: Vec<u8>) -> Fidelity {
    let tree = unpack_both(files_of(path, &unmanaged), files_of(path, &managed), &UNPACK, &limits())
        .unwrap_or_else(|error| panic!("{path}: {error}"));
    let pack_as = |managed| pack(tree.files.clone(), &Pack { managed: Some(managed) }, &limits()).expect("packs");
    let back = package_of(path, write::zip(&pack_as(false).files));
    assert_complete(path, &compare(&package_of(path, unmanaged), &back));
    let back = package_of(path, write::zip(&pack_as(true).files));
    assert!(back.is_managed(), "{path}");
    let fidelity = compare(&package_of(path, managed), &back);
    let is_told = tree.notes.iter().any(|note| note.message.contains("managed package"));
    assert!(fidelity.is_complete() || is_told, "{path}: {fidelity}");
    fidelity
}

#[test]
fn a_tree_of_both_kinds_gives_the_unmanaged_package_whole_and_names_what_the_managed_one_loses() {
    let complete = PAIRS.iter().filter(|(_, fidelity)| fidelity.is_complete()).count();
    assert!(PAIRS.is_empty() || complete >= 6, "{complete} of {}", PAIRS.len());
}

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/fidelity-trees.md");

const HEAD: &str = "# Fidelity of trees

How much of a package is left after it was unpacked and packed, and of a tree after it was packed and unpacked. Measured on real
packages by `crates/package/tests/it/trees.rs`; `STRATA_BLESS=1 cargo test -p strata-package trees` writes this page, and a test
fails when it is not true.

A leaf is an attribute, a text, a comment, an empty element or a member file (`testkit::fidelity`). Member files are compared by
bytes.
";

fn row(page: &mut String, path: &str, fidelity: &Fidelity) {
    let percent = if fidelity.is_complete() { "100 %".to_owned() } else { format!("{:.3} %", fidelity.percent()) };
    writeln!(page, "| {path} | {} | {} | {percent} |", fidelity.leaves, fidelity.equal).expect("a string");
}

fn table(page: &mut String, measured: &Measured, title: &str, text: &str) {
    write!(page, "\n## {title}\n\n{text}\n\n| package | leaves | equal | share |\n|---|---|---|---|\n")
        .expect("a string");
    for (path, fidelity) in measured {
        row(page, path, fidelity);
    }
}

fn measured() -> String {
    let mut page = HEAD.to_owned();
    table(&mut page, &ZIPS, "Zip, tree, zip", "Unpacked as the kind of package it is, packed again.");
    table(
        &mut page,
        &TREES,
        "Tree, zip, tree",
        "Packed as each kind that the tree holds, unpacked again. Payloads that source control leaves out were made up first. \
         The one leaf of `NonprofitCore` is the section `SiteMap`, which the tree's skeleton does not mention although there \
         is a site map; packing adds it.",
    );
    table(
        &mut page,
        &PAIRS,
        "Two zips, one tree of both kinds, the managed zip",
        "The layout holds forms, apps and site maps twice and everything else once, as the unmanaged package has it. So the \
         unmanaged package comes back whole (the test asserts it), and the managed one differs where the two kinds differ \
         elsewhere: mostly forms that are there for reference, which managed exports leave out. Unpacking names these files, \
         and `--verify` the leaves.",
    );
    page
}

#[test]
fn the_page_of_figures_is_true() {
    if Corpus::find().is_none() {
        return;
    }
    let page = measured();
    if std::env::var_os("STRATA_BLESS").is_some() {
        std::fs::write(PAGE, &page).expect("writable");
        return;
    }
    // How many leaves there are depends on the reader; how many of them come back must not.
    let shares = |page: &str| -> Vec<(String, String)> {
        let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
        let rows = page.lines().map(cells).filter(|cells| cells.len() == 6);
        rows.map(|cells| (cells[1].clone(), cells[4].clone())).collect()
    };
    let committed = std::fs::read_to_string(Path::new(PAGE)).unwrap_or_default();
    let hint = "docs/fidelity-trees.md is out of date: STRATA_BLESS=1 cargo test -p strata-package trees";
    assert_eq!(shares(&committed), shares(&page), "{hint}");
}

//! `docs/fidelity-yaml.md`: what is left of real packages after they were YAML, measured.
//!
//! `STRATA_BLESS=1 cargo test --workspace yaml_report` writes the page.

use std::fmt::Write as _;
use std::path::Path;

use strata_package::{Limits, read};
use strata_testkit::corpus::Corpus;
use strata_testkit::fidelity::{Fidelity, compare};

use crate::yaml_corpus::{Files, files_of, packed, reread, unpacked};

const HEAD: &str = "# Fidelity of YAML trees

What is left of a package after it was unpacked into the YAML layout and packed again, measured on real packages by
`crates/package/tests/it/yaml_report.rs`; `STRATA_BLESS=1 cargo test --workspace yaml_report` writes this page, and a test fails when
a share on it is no longer true.

A leaf is an attribute, a text, a comment, an empty element or a member file (`testkit::fidelity`). *Same bytes* counts the files of
the zip, the two documents included, that came back byte for byte; *same tree* says that what was packed unpacks to the same
tree. *Without the sidecar* is the share of leaves after `packaging.yml` was deleted: what is missing there is the order of
interleaved elements in FetchXML, and empty elements. *Components* counts those of the package and of what came back.

| package | leaves | share | without the sidecar | files in the tree | same bytes | same tree | components |
|---|---|---|---|---|---|---|---|
";

fn percent(fidelity: &Fidelity) -> String {
    if fidelity.is_complete() { "100 %".to_owned() } else { format!("{:.2} %", fidelity.percent()) }
}

fn row(path: &str, zip: Vec<u8>) -> String {
    let package = read(zip, &Limits::default()).unwrap_or_else(|error| panic!("{path}: {error}"));
    let files = files_of(&package);
    let tree = unpacked(&files);
    let back = packed(&tree).files;
    let again = reread(&back);
    let fidelity = compare(&package, &again);
    let bare: Files = tree.iter().filter(|(name, _)| !name.ends_with("/packaging.yml")).cloned().collect();
    let unsorted = compare(&package, &reread(&packed(&bare).files));
    let same = files.iter().filter(|file| back.contains(file)).count();
    let is_same = if unpacked(&back) == tree { "yes" } else { "no" };
    format!(
        "| {path} | {} | {} | {} | {} | {same} of {} | {is_same} | {} → {} |",
        fidelity.leaves,
        percent(&fidelity),
        percent(&unsorted),
        tree.len(),
        files.len(),
        package.components.len(),
        again.components.len(),
    )
}

/// Package, and the columns that must not get worse unseen.
fn judged(page: &str) -> Vec<(String, String, String)> {
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let rows = page.lines().map(cells).filter(|cells| cells.len() == 10 && cells[3].ends_with('%'));
    rows.map(|cells| (cells[1].clone(), cells[3].clone(), cells[7].clone())).collect()
}

#[test]
fn the_page_of_figures_is_true() {
    let Some(corpus) = Corpus::find() else { return };
    let mut page = HEAD.to_owned();
    for sample in corpus.packages() {
        writeln!(page, "{}", row(&sample.path, sample.bytes)).expect("a string");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/fidelity-yaml.md");
    if std::env::var_os("STRATA_BLESS").is_some() {
        std::fs::write(&path, &page).expect("writable");
    }
    let written = std::fs::read_to_string(&path).expect("the page");
    let now = judged(&page);
    assert!(now.iter().all(|(_, share, _)| share == "100 %"), "{now:#?}");
    assert_eq!(judged(&written), now, "STRATA_BLESS=1 cargo test --workspace yaml_report");
}

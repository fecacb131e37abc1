//! Real packages merged three-way: the laws over versions of one solution, and edits of both sides that come together.

use std::path::{Path, PathBuf};

use strata_engine::compare::compare;
use strata_model::package::Package;
use strata_ops::three_way::{MergeRequest, Prefer, merge};
use strata_ops::view::{ConflictView, MergeView};
use strata_package::{Limits, read};
use strata_testkit::{fidelity, zipped};

use crate::corpus::each_package;

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a scratch folder") }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).expect("a scratch file");
        path
    }

    /// Merges three packages; returns the result and what was said.
    fn merge(&self, base: &[u8], ours: &[u8], theirs: &[u8], prefer: Option<Prefer>) -> (Package, MergeView) {
        let out = self.folder.path().join("merged.zip");
        let request = MergeRequest {
            base: self.file("base.zip", base),
            ours: self.file("ours.zip", ours),
            theirs: self.file("theirs.zip", theirs),
            out: out.clone(),
            prefer,
            overwrite: true,
            plan_only: false,
        };
        let view = merge(&request).unwrap_or_else(|error| panic!("{:#?}", error.report()));
        (package(&std::fs::read(out).expect("the result")), view)
    }
}

fn package(bytes: &[u8]) -> Package {
    read(bytes.to_vec(), &Limits::default()).expect("a package")
}

/// Neighbouring versions of one solution of one kind: the earlier and the later.
fn versions(mut check: impl FnMut(&str, &[u8], &[u8])) {
    let mut seen: Vec<(String, Vec<u8>, Package)> = Vec::new();
    each_package(|path, bytes, package| seen.push((path.to_owned(), bytes.to_vec(), package)));
    for (index, (path, bytes, package)) in seen.iter().enumerate() {
        let is_next = |other: &&(String, Vec<u8>, Package)| {
            other.2.manifest.unique_name == package.manifest.unique_name && other.2.is_managed() == package.is_managed()
        };
        if let Some((other, later, _)) = seen[index + 1..].iter().find(is_next) {
            check(&format!("{path} and {other}"), bytes, later);
        }
    }
}

#[test]
fn what_one_side_changed_is_the_result() {
    let bench = Bench::new();
    versions(|path, base, x| {
        let wanted = package(x);
        for (ours, theirs) in [(x, base), (base, x), (x, x)] {
            let (merged, view) = bench.merge(base, ours, theirs, None);
            assert!(view.conflicts.is_empty(), "{path}: {:?}", view.conflicts);
            let judged = fidelity::compare(&wanted, &merged);
            assert!(judged.is_complete(), "{path}: {judged}");
            assert_eq!(merged.notes, wanted.notes, "{path}");
        }
    });
}

#[test]
fn both_sides_of_a_real_release_come_together() {
    // What came between two versions is one side; an edit of our own is the other.
    let bench = Bench::new();
    let mut merges = 0;
    versions(|path, base, later| {
        let label = "<Languages>";
        let mut is_edited = false;
        let edited = zipped::rewritten(base, |name, text| match name {
            "customizations.xml" if text.contains(label) => {
                is_edited = true;
                text.replace(label, "<WeirdThings><Weird Name=\"ours\" /></WeirdThings><Languages>")
            }
            _ => text,
        });
        if !is_edited {
            return;
        }
        for (ours, theirs) in [(later, edited.as_slice()), (edited.as_slice(), later)] {
            let (merged, view) = bench.merge(base, ours, theirs, None);
            assert!(view.conflicts.is_empty(), "{path}: {:?}", view.conflicts);
            let (later, edited) = (package(later), package(&edited));
            let ours_alone = compare(&later, &merged);
            let of_ours: Vec<_> = ours_alone.components.iter().filter_map(|change| change.component()).collect();
            let wanted: Vec<_> = compare(&package(base), &edited)
                .components
                .iter()
                .filter_map(|change| change.component().map(|component| component.key.clone()))
                .collect();
            assert_eq!(of_ours.iter().map(|component| component.key.clone()).collect::<Vec<_>>(), wanted, "{path}");
        }
        merges += 1;
    });
    assert!(strata_testkit::corpus::Corpus::find().is_none() || merges > 3, "{merges}");
}

const FORM: &str = "11111111-0000-4000-8000-000000000001";

fn made(version: &str, lines: &str) -> Vec<u8> {
    zipped::package(&format!("Core {version} unmanaged contoso\n{lines}"))
}

fn form(cells: &[(&str, &str)]) -> String {
    let cell = |(column, disabled): &(&str, &str)| {
        format!(
            "<row><cell id=\"{{{column}}}\"><control id=\"{column}\" datafieldname=\"{column}\" disabled=\"{disabled}\" \
             /></cell></row>"
        )
    };
    let rows: String = cells.iter().map(cell).collect();
    format!(
        "systemform contoso_order {FORM} <form><tabs><tab id=\"{{t}}\"><columns><column width=\"100%\"><sections>\
         <section id=\"{{s}}\"><rows>{rows}</rows></section></sections></column></columns></tab></tabs></form>"
    )
}

#[test]
fn forms_are_merged_cell_by_cell_and_of_versions_the_higher_counts() {
    let bench = Bench::new();
    let table = "entity contoso_order\nattribute contoso_order.contoso_notes <MaxLength>100</MaxLength>";
    let base = made("1.0.0.0", &format!("{table}\n{}", form(&[("a", "false"), ("b", "false")])));
    let ours = made("1.2.0.0", &format!("{table}\n{}", form(&[("a", "true"), ("b", "false"), ("ours", "false")])));
    let theirs = made(
        "1.1.0.0",
        &format!("{}\n{}", table.replace("100", "200"), form(&[("theirs", "false"), ("a", "false"), ("b", "true")])),
    );
    let (merged, view) = bench.merge(&base, &ours, &theirs, None);
    assert!(view.conflicts.is_empty(), "{:?}", view.conflicts);
    let wanted = made(
        "1.2.0.0",
        &format!(
            "{}\n{}",
            table.replace("100", "200"),
            form(&[("theirs", "false"), ("a", "true"), ("b", "true"), ("ours", "false")])
        ),
    );
    assert_eq!(differing(&wanted, &merged), Vec::<String>::new());
}

/// What differs between the package that was wanted and the one that came.
fn differing(wanted: &[u8], merged: &Package) -> Vec<String> {
    let wanted = package(wanted);
    let comparison = compare(&wanted, merged);
    let components = comparison.components.iter().flat_map(|change| &change.properties);
    components.chain(&comparison.solution).map(|change| format!("{change:?}")).collect()
}

#[test]
fn what_both_changed_is_a_conflict_and_nothing_is_lost_before_somebody_decides() {
    let bench = Bench::new();
    let column = |length: &str| {
        format!("entity contoso_order\nattribute contoso_order.contoso_notes <MaxLength>{length}</MaxLength>")
    };
    let (base, ours, theirs) = (made("1.0", &column("100")), made("1.0", &column("200")), made("1.0", &column("300")));
    let (merged, view) = bench.merge(&base, &ours, &theirs, None);
    let [conflict] = view.conflicts.as_slice() else { panic!("{:?}", view.conflicts) };
    assert_eq!(
        conflict.component.as_ref().map(|component| component.name.as_str()),
        Some("contoso_order.contoso_notes")
    );
    let said = (conflict.path.as_str(), conflict.base.as_deref(), conflict.ours.as_deref(), conflict.theirs.as_deref());
    assert_eq!(said, ("MaxLength", Some("100"), Some("200"), Some("300")));
    assert_eq!(differing(&ours, &merged), Vec::<String>::new());
    let (merged, view) = bench.merge(&base, &ours, &theirs, Some(Prefer::Theirs));
    assert_eq!(view.resolved, Some("theirs"));
    assert_eq!(differing(&theirs, &merged), Vec::<String>::new());
    // Taken away here, changed there: it stays, and somebody is asked.
    let without = made("1.0", "entity contoso_order");
    for (ours, theirs) in [(&without, &theirs), (&theirs, &without)] {
        let (merged, view) = bench.merge(&base, ours, theirs, None);
        assert_eq!((view.conflicts.len(), view.conflicts[0].path.as_str()), (1, ""));
        assert!(merged.components.iter().any(|component| component.name == "contoso_order.contoso_notes"));
    }
    // Taken away here, left alone there: it goes.
    let (merged, view) = bench.merge(&base, &without, &base, None);
    assert!(view.conflicts.is_empty() && merged.components.len() == 1);
}

#[test]
fn strangers_are_not_merged_and_a_target_is_not_overwritten() {
    let bench = Bench::new();
    let request = |theirs: &[u8], out: &str| MergeRequest {
        base: bench.file("base.zip", &made("1.0", "entity contoso_order")),
        ours: bench.file("ours.zip", &made("1.1", "entity contoso_order")),
        theirs: bench.file("theirs.zip", theirs),
        out: bench.folder.path().join(out),
        prefer: None,
        overwrite: false,
        plan_only: false,
    };
    let other = zipped::package("Sales 1.0 unmanaged contoso\nentity contoso_order");
    let error = merge(&request(&other, "out.zip")).expect_err("another solution");
    assert!(error.to_string().contains("Core and Sales"), "{error}");
    let managed = zipped::package("Core 1.0 managed contoso\nentity contoso_order");
    assert!(merge(&request(&managed, "out.zip")).is_err());
    let error = merge(&request(b"<a />", "out.zip")).expect_err("no package");
    assert_eq!(error.exit_code(), 4, "{error}");
    let mut single = request(b"<a />", "out.xml");
    single.theirs = bench.file("theirs.xml", b"<a />");
    assert!(merge(&single).expect_err("a file among packages").to_string().contains("single files"));
    bench.file("out.zip", b"kept");
    let theirs = made("1.0", "entity contoso_order");
    assert!(merge(&request(&theirs, "out.zip")).is_err());
    assert_eq!(std::fs::read(bench.folder.path().join("out.zip")).expect("the target"), b"kept");
    // Our own side may be the target: that is how git calls a merge driver.
    assert!(merge(&request(&theirs, "ours.zip")).is_ok());
}

#[test]
fn trees_are_merged_into_a_tree_with_marks() {
    let bench = Bench::new();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/contoso-core-1.0");
    let side = |name: &str, edit: &dyn Fn(&str, String) -> String| {
        let root = bench.folder.path().join(name);
        for (path, bytes) in tree_files(&examples) {
            let target = root.join(&path);
            std::fs::create_dir_all(target.parent().expect("a folder")).expect("a folder");
            let edited = match String::from_utf8(bytes) {
                Ok(text) => edit(&path, text).into_bytes(),
                Err(error) => error.into_bytes(),
            };
            std::fs::write(target, edited).expect("a file");
        }
        root
    };
    let length = |to: &'static str| {
        move |path: &str, text: String| match path.ends_with("Entity.xml") {
            true => text.replacen("<MaxLength>100</MaxLength>", &format!("<MaxLength>{to}</MaxLength>"), 1),
            false => text,
        }
    };
    let version = |path: &str, text: String| match path.ends_with("Solution.xml") {
        true => text.replace("<Version>1.0.0.0<", "<Version>1.7.0.0<"),
        false => text,
    };
    let (base, theirs) = (side("base", &|_, text| text), side("theirs", &version));
    let merged = |ours: &Path, theirs: &Path, out: &str, prefer| {
        let request = MergeRequest {
            base: base.clone(),
            ours: ours.to_owned(),
            theirs: theirs.to_owned(),
            out: bench.folder.path().join(out),
            prefer,
            overwrite: false,
            plan_only: false,
        };
        (merge(&request).unwrap_or_else(|error| panic!("{:#?}", error.report())), tree_files(&request.out))
    };
    let ours = side("ours", &length("400"));
    let both = side("wanted", &|path, text| version(path, length("400")(path, text)));
    assert_ne!(tree_files(&base), tree_files(&ours));
    let (view, files) = merged(&ours, &theirs, "out", None);
    assert!(view.conflicts.is_empty() && view.files.is_empty(), "{:?}", view.conflicts);
    assert_eq!(files, tree_files(&both));
    // Both changed one value: it is said of the component, and marked in its file.
    let other = side("other", &length("300"));
    let (view, files) = merged(&ours, &other, "contested", None);
    let is_named = |conflict: &ConflictView| conflict.path == "MaxLength" && conflict.component.is_some();
    assert!(!view.conflicts.is_empty() && view.conflicts.iter().all(is_named), "{:?}", view.conflicts);
    let marked: Vec<_> = files.iter().filter(|(path, _)| view.files.contains(path)).collect();
    assert!(!marked.is_empty() && marked.len() == view.files.len());
    for (path, text) in marked {
        let text = String::from_utf8_lossy(text);
        assert!(["<<<<<<< ours", "=======", ">>>>>>> theirs"].iter().all(|mark| text.contains(mark)), "{path}: {text}");
    }
    let (view, _) = merged(&ours, &other, "settled", Some(Prefer::Theirs));
    assert_eq!((view.resolved, view.files.len()), (Some("theirs"), 0));
    let settled = strata_ops::read_package(&bench.folder.path().join("settled")).expect("a tree");
    let wanted = strata_ops::read_package(&other).expect("a tree");
    assert!(compare(&wanted, &settled).components.is_empty());
    // In place of our side: what is merged, and nothing else.
    merged(&ours, &theirs, "ours", None);
    assert_eq!(tree_files(&ours), tree_files(&both));
}

/// Every file below a folder, in path order.
fn tree_files(root: &Path) -> Vec<(String, Vec<u8>)> {
    let (mut files, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let below = path.strip_prefix(root).expect("below").to_string_lossy().replace('\\', "/");
            files.push((below, std::fs::read(path).expect("a file")));
        }
    }
    files.sort();
    files
}

#[test]
fn single_files_are_merged_and_marked() {
    let bench = Bench::new();
    let files = |base: &str, ours: &str, theirs: &str| {
        let request = MergeRequest {
            base: bench.file("base.xml", base.as_bytes()),
            ours: bench.file("ours.xml", ours.as_bytes()),
            theirs: bench.file("theirs.xml", theirs.as_bytes()),
            out: bench.folder.path().join("out.xml"),
            prefer: None,
            overwrite: true,
            plan_only: false,
        };
        let view = merge(&request).expect("merged");
        (view, std::fs::read_to_string(&request.out).expect("the result"))
    };
    let head = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
    let entity = |length: &str, label: &str| {
        format!(
            "{head}<Entity>\n  <Name>a</Name>\n  <MaxLength>{length}</MaxLength>\n  <Label>{label}</Label>\n</Entity>"
        )
    };
    let (view, merged) = files(&entity("1", "x"), &entity("2", "x"), &entity("1", "y"));
    assert!(view.conflicts.is_empty() && merged == entity("2", "y"), "{merged}");
    let (view, merged) = files(&entity("1", "x"), &entity("2", "x"), &entity("3", "y"));
    assert_eq!((view.conflicts.len(), view.is_marked), (1, true));
    let contested = "<<<<<<< ours\n  <MaxLength>2</MaxLength>\n=======\n  <MaxLength>3</MaxLength>\n>>>>>>> theirs";
    assert_eq!(merged, entity("?", "y").replace("  <MaxLength>?</MaxLength>", contested));
}

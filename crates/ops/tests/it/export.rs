//! Exports over every real package: what came in goes out again.
//!
//! `docs/fidelity-export.md` says it in figures; `STRATA_BLESS=1` writes it. Every leaf that differs must be explained by
//! one row of [`EXPLAINED`], and no more than a few may.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use strata_checker::{Checked, Options, check};
use strata_model::package::{Package, Presence};
use strata_ops::export::package_of;
use strata_ops::{ExportOptions, PublishScope, Request};
use strata_package::{Limits, read, read_parts};
use strata_testkit::corpus::{Corpus, Sample};
use strata_testkit::fidelity::{self, Fidelity};

use crate::{Scratch, assuming};

/// Why a leaf may differ: how its line begins, how it ends, what the report says.
const EXPLAINED: &[(&str, &str, &str)] = &[
    (
        "solution.xml (missing ",
        ": nothing → \"\"",
        "a requirement that the definition names and that the exporting server did not list; declared once more than needed",
    ),
    ("template:", "", "the texts of an e-mail template stand in files of a tree, and inside the template of a package"),
    ("customizations.xml ", ": \"\" → nothing", "a place that the skeleton of a tree leaves empty, filled"),
    ("customizations.xml ", ": nothing → \"\"", "a place that the skeleton of a tree leaves empty, filled"),
    (
        "systemform:",
        "",
        "managed: the label of a column of the platform's own, blank where it is the platform's label, which the catalogue does not hold",
    ),
];

/// What a difference needs in the environment and the corpus does not have.
const NEEDS_BASE: &str =
    "managed: a difference to a form or a site map of another solution, which is not in the corpus";

fn packaged(bytes: Vec<u8>) -> Package {
    read(bytes, &Limits::default()).expect("readable")
}

fn options(package: &Package, managed: bool) -> ExportOptions {
    ExportOptions { solution: package.manifest.unique_name.clone(), managed, version: None, only: None }
}

fn exported(scratch: &Scratch, options: &ExportOptions) -> Vec<u8> {
    let made = package_of(&scratch.workspace, None, options);
    made.unwrap_or_else(|error| panic!("{:#?}", error.report())).0
}

/// A fresh environment with a package, everything published.
fn environment_with(path: &Path, scratch: Scratch) -> Scratch {
    scratch.import(path, &assuming()).unwrap_or_else(|error| panic!("{}: {:#?}", path.display(), error.report()));
    scratch.run(&Request::Publish(PublishScope::All)).unwrap_or_else(|error| panic!("{:#?}", error.report()));
    scratch
}

/// One comparison, ready for the report.
struct Line {
    what: String,
    fidelity: Fidelity,
    /// Leaves of components that the real package holds as differences to what is not there.
    without_base: usize,
    explained: BTreeMap<&'static str, usize>,
}

impl Line {
    fn of(what: String, fidelity: Fidelity, differences: &[String]) -> Self {
        let mut line = Self { what, fidelity, without_base: 0, explained: BTreeMap::new() };
        for differing in &line.fidelity.differing {
            if differences.iter().any(|key| differing.starts_with(key.as_str())) {
                line.without_base += 1;
                continue;
            }
            let fits = |(start, end, _): &&(&str, &str, &str)| differing.starts_with(start) && differing.ends_with(end);
            let reason = EXPLAINED.iter().find(fits).unwrap_or_else(|| panic!("{}: {differing}", line.what)).2;
            *line.explained.entry(reason).or_default() += 1;
        }
        line
    }

    /// The share of equal leaves among those that can be told at all.
    fn percent(&self) -> f64 {
        let leaves = self.fidelity.leaves - self.without_base;
        100.0 * self.fidelity.equal as f64 / leaves as f64
    }
}

fn unmanaged_zips(corpus: &Corpus) -> Vec<(Sample, Package)> {
    let read = |sample: Sample| {
        let package = packaged(sample.bytes.clone());
        (sample, package)
    };
    corpus.packages().map(read).filter(|(_, package)| !package.is_managed()).collect()
}

fn zip_lines(corpus: &Corpus) -> Vec<Line> {
    let mut lines = Vec::new();
    for (sample, package) in unmanaged_zips(corpus) {
        let scratch = Scratch::new();
        let file = scratch.file("package.zip", &sample.bytes);
        let scratch = environment_with(&file, scratch);
        let bytes = exported(&scratch, &options(&package, false));
        assert_eq!(bytes, exported(&scratch, &options(&package, false)), "{}: the same bytes twice", sample.path);
        let back = packaged(bytes.clone());
        assert_eq!(
            back.notes,
            package.notes.iter().filter(|note| !note.message.starts_with("stands twice")).cloned().collect::<Vec<_>>()
        );
        lines.push(Line::of(format!("{}, unmanaged", sample.path), fidelity::compare(&package, &back), &[]));
        assert_no_worse(&sample.path, &package, &back);
        let again = Scratch::new();
        let file = again.file("again.zip", &bytes);
        let again = environment_with(&file, again);
        assert_eq!(bytes, exported(&again, &options(&package, false)), "{}: a second round", sample.path);
        let pair = sample.path.replace(".zip", "_managed.zip");
        if let Some(real) = corpus.packages().find(|other| other.path == pair) {
            let real = packaged(real.bytes);
            let ours = packaged(exported(&scratch, &options(&package, true)));
            let differences = real.components.iter().filter(|component| component.presence == Presence::Diff);
            let differences: Vec<_> = differences.map(|component| format!("{} ", component.key)).collect();
            lines.push(Line::of(format!("{}, managed", sample.path), fidelity::compare(&real, &ours), &differences));
        }
    }
    lines
}

fn tree_lines(corpus: &Corpus) -> Vec<Line> {
    let mut lines = Vec::new();
    for tree in corpus.trees() {
        let package = read_parts(tree.files.clone(), &Limits::default()).expect("readable");
        let scratch = Scratch::new();
        for (path, bytes) in &tree.files {
            scratch.file(&format!("tree/{path}"), bytes);
        }
        let folder = scratch.folder.path().join("tree");
        let scratch = environment_with(&folder, scratch);
        let back = packaged(exported(&scratch, &options(&package, false)));
        lines.push(Line::of(format!("{}, unmanaged", tree.path), fidelity::compare(&package, &back), &[]));
    }
    lines
}

/// Checks that an export has no finding that the original has not.
fn assert_no_worse(path: &str, before: &Package, after: &Package) {
    let findings = |package: &Package| {
        let name = "package.zip";
        let report = check(&[Checked { package, name: Some(name), size: 0, against: None }], &Options::plain());
        let mut found: Vec<_> = report.findings.iter().map(|finding| (finding.rule, finding.message.clone())).collect();
        found.sort();
        found
    };
    let known = findings(before);
    let new: Vec<_> = findings(after).into_iter().filter(|finding| !known.contains(finding)).collect();
    assert_eq!(new, [], "{path}");
}

fn report(lines: &[Line]) -> String {
    let mut text = String::from(
        "# Export fidelity\n\nEvery unmanaged package and tree of the corpus is imported into a fresh environment (with \
         `--assume-missing`), published and exported. *Unmanaged* compares the export with what was imported; *managed* compares \
         a managed export with the real managed package of the same version. A leaf is an attribute, a text, a comment, an empty \
         element, a member file or an entry of the manifest.\n\nDifferences to a base that the corpus does not have cannot be \
         made: the real managed package says what changed, the unmanaged one what came of it. Such components are counted apart.\n\n\
         | package | leaves | equal | need a base | % of the others |\n|---|---|---|---|---|\n",
    );
    let mut explained: BTreeMap<&str, usize> = BTreeMap::new();
    for line in lines {
        let Fidelity { leaves, equal, .. } = &line.fidelity;
        writeln!(text, "| {} | {leaves} | {equal} | {} | {:.3} |", line.what, line.without_base, line.percent())
            .expect("text");
        for (reason, count) in &line.explained {
            *explained.entry(reason).or_default() += count;
        }
        if line.without_base > 0 {
            *explained.entry(NEEDS_BASE).or_default() += line.without_base;
        }
    }
    text.push_str("\nEvery other leaf that differs:\n\n| leaves | why |\n|---|---|\n");
    for (reason, count) in explained {
        writeln!(text, "| {count} | {reason} |").expect("text");
    }
    text.push_str("\nWritten by `STRATA_BLESS=1 cargo test -p strata-ops --test it fidelity`; a test fails when it is not true.\n");
    text
}

#[test]
fn l53_l55_fidelity_of_exports_over_the_corpus() {
    let Some(corpus) = Corpus::find() else { return };
    let mut lines = zip_lines(&corpus);
    lines.extend(tree_lines(&corpus));
    for line in &lines {
        let goal = if line.what.ends_with("unmanaged") { 99.9 } else { 99.0 };
        let templates = line
            .explained
            .iter()
            .filter(|(reason, _)| reason.contains("e-mail"))
            .map(|(_, count)| count)
            .sum::<usize>();
        let percent =
            100.0 * (line.fidelity.equal + templates) as f64 / (line.fidelity.leaves - line.without_base) as f64;
        assert!(percent >= goal, "{}: {percent:.3}", line.what);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/fidelity-export.md");
    let text = report(&lines);
    if std::env::var_os("STRATA_BLESS").is_some() {
        std::fs::write(&path, &text).expect("docs can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(committed, text, "STRATA_BLESS=1 cargo test -p strata-ops --test it fidelity");
}

//! Every package of the corpus is known to import, so nothing High or Critical may be found in it that is not explained.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use strata_checker::{Checked, Finding, Options, Severity, check};
use strata_model::package::Package;
use strata_package::{Limits, read, read_parts};
use strata_testkit::corpus::Corpus;

/// Why a finding is right although the package imports, or why it cannot be told from one that is right: rule, package,
/// component (the beginning of it), reason.
const EXPLAINED: &[(&str, &str, &str, &str)] = &[
    (
        "STR002",
        "automotive-sales/AutomotiveSales.src",
        "workflow:919e14d1",
        "a flow that was left out when the tree was put under source control",
    ),
    ("STR007", "xrm-ci/XrmCIFrameworkSample", "pluginassembly:", "assemblies are built, not kept in source control"),
    ("STR007", "xrm-ci/XrmCIFrameworkSample", "webresource:", "scripts are copied into the tree when it is packed"),
    (
        "STR101",
        "",
        "",
        "declared by the package itself: it imports only where somebody has made those components by hand",
    ),
    (
        "STR107",
        "business-approvals-kit/",
        "workflow:a68e0a7e",
        "its connector comes in a package of its own, and is not declared",
    ),
    ("STR401", "small-singles/Contoso_sample", "environmentvariablevalue:", "the sample exists to show such a value"),
    (
        "STR401",
        "business-approvals-kit/BusinessApprovalKit_2024_07",
        "environmentvariablevalue:",
        "a value left in the tree",
    ),
    (
        "STR801",
        "copilot-studio-accelerator/CopilotStudioAccelerator",
        "role:0a494458-e8a9-f011-bbd3-6045bd08568b",
        "an administrator's role that was copied whole: it does change some 80 tables of the organization",
    ),
    (
        "STR801",
        "copilot-studio-accelerator/CopilotStudioAccelerator",
        "role:45c28934-9baa-f011-bbd3-0022480942a2",
        "a maker's role that was copied whole: it does change more than 70 tables of the organization",
    ),
];

fn each(mut visit: impl FnMut(&str, &Package)) {
    let Some(corpus) = Corpus::find() else { return };
    for sample in corpus.packages() {
        let package = read(sample.bytes, &Limits::default()).unwrap_or_else(|error| panic!("{}: {error}", sample.path));
        visit(&sample.path, &package);
    }
    for tree in corpus.trees() {
        let package =
            read_parts(tree.files, &Limits::default()).unwrap_or_else(|error| panic!("{}: {error}", tree.path));
        visit(&tree.path, &package);
    }
}

fn found(package: &Package) -> Vec<Finding> {
    check(&[Checked { package, name: None, size: 0, against: None }], &Options::plain()).findings
}

fn named(finding: &Finding) -> String {
    match &finding.component {
        Some(component) => format!("{}:{}", component.type_name, component.name),
        None => finding.path.clone(),
    }
}

#[expect(clippy::print_stderr, reason = "figures for whoever asks for them with --nocapture")]
fn print(counts: &BTreeMap<&str, (usize, usize)>, packages: usize, took: Duration) {
    for (rule, (packages, findings)) in counts {
        eprintln!("{rule}: {findings} findings in {packages} packages");
    }
    eprintln!("{packages} packages checked in {took:?}");
}

#[test]
fn nothing_grave_is_found_in_what_imports_unless_it_is_explained() {
    let mut used = vec![0; EXPLAINED.len()];
    let mut unexplained = Vec::new();
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut took = Duration::ZERO;
    let mut packages = 0;
    each(|path, package| {
        let start = Instant::now();
        let findings = found(package);
        took += start.elapsed();
        packages += 1;
        let mut rules: Vec<_> = findings.iter().map(|finding| finding.rule).collect();
        for finding in &findings {
            counts.entry(finding.rule).or_default().1 += 1;
        }
        rules.sort_unstable();
        rules.dedup();
        rules.into_iter().for_each(|rule| counts.entry(rule).or_default().0 += 1);
        for finding in findings.iter().filter(|finding| finding.severity >= Severity::High) {
            let component = named(finding);
            let row = EXPLAINED.iter().position(|(rule, package, begins, _)| {
                *rule == finding.rule && path.contains(package) && component.starts_with(begins)
            });
            match row {
                Some(row) => used[row] += 1,
                None => unexplained.push(format!("{} {path} {component}: {}", finding.rule, finding.message)),
            }
        }
    });
    if packages == 0 {
        return;
    }
    print(&counts, packages, took);
    assert!(unexplained.is_empty(), "{} are not explained:\n{}", unexplained.len(), unexplained.join("\n"));
    let unused: Vec<_> = EXPLAINED.iter().zip(used).filter(|(_, used)| *used == 0).map(|(row, _)| row).collect();
    assert!(unused.is_empty(), "explained, but not found: {unused:?}");
}

//! One run: every rule over every package, then what people decided about the results.

use std::collections::BTreeMap;

use strata_model::id::Digest;
use strata_model::package::Package;

use crate::against::Against;
use crate::context::{Context, Place};
use crate::finding::{Draft, Finding, Findings};
use crate::options::Options;
use crate::pattern;
use crate::rule::{Needs, Rule, Severity};
use crate::rules;

/// A package that is to be checked.
#[derive(Debug, Clone, Copy)]
pub struct Checked<'a> {
    pub package: &'a Package,
    /// How the package is called where several are asked for, whether they can be read or not: its path.
    pub name: Option<&'a str>,
    /// Of the file that it came in, in bytes.
    pub size: u64,
    /// What this package is compared with.
    pub against: Option<&'a Against<'a>>,
}

/// What a run found.
#[derive(Debug, Clone)]
pub struct Report {
    /// The worst first, then by rule, package, part and place.
    pub findings: Vec<Finding>,
    /// Rules that were not run because nothing to compare with was given.
    pub skipped: Vec<&'static str>,
    /// How many findings the baseline knew.
    pub known: usize,
    /// What was said of packages that could not be read, so that nothing was looked for in them.
    pub unread: Vec<String>,
}

impl Report {
    /// Tells whether something that counts is as bad as that.
    pub fn reaches(&self, severity: Severity) -> bool {
        self.findings.iter().any(|finding| !finding.suppressed && finding.severity >= severity)
    }

    /// Counts what is not suppressed, from the worst to the mildest.
    pub fn counts(&self) -> [(Severity, usize); 5] {
        Severity::ALL.map(|severity| {
            let is_meant = |finding: &&Finding| !finding.suppressed && finding.severity == severity;
            (severity, self.findings.iter().filter(is_meant).count())
        })
    }

    /// Adds a finding that did not come from a rule's function and orders all of them.
    pub fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
        sort(&mut self.findings);
    }
}

/// Runs the rules over packages.
pub fn check(packages: &[Checked<'_>], options: &Options) -> Report {
    let is_applicable = |rule: &Rule| match rule.needs {
        Needs::Baseline => packages.iter().any(|checked| checked.against.is_some()),
        Needs::Several => packages.len() > 1,
        Needs::Package | Needs::Catalogue => true,
    };
    let chosen: Vec<_> = rules::all().filter(|rule| options.runs(rule)).collect();
    let (running, skipped): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|rule| is_applicable(rule));
    let mut findings = Vec::new();
    for (index, checked) in packages.iter().enumerate() {
        let is_other = |(other, _): &(usize, &Checked<'_>)| *other != index;
        let others: Vec<_> = packages.iter().enumerate().filter(is_other).map(|(_, checked)| checked.package).collect();
        let context = Context::new(checked.package, checked.size, &others, checked.against);
        run(&context, &running, checked.name, options, &mut findings);
    }
    findings.retain(|finding| !is_excluded(finding, &options.exclude));
    suppress(&mut findings, options);
    let known = forget_known(&mut findings, options);
    sort(&mut findings);
    Report { findings, skipped: skipped.into_iter().map(|rule| rule.id).collect(), known, unread: Vec::new() }
}

/// Runs the rules over one package.
fn run(
    context: &Context<'_>,
    rules: &[&'static Rule],
    name: Option<&str>,
    options: &Options,
    findings: &mut Vec<Finding>,
) {
    let mut lines = Lines::default();
    for rule in rules {
        let mut found = Findings::new(rule);
        (rule.check)(context, &mut found);
        let level = options.levels.get(rule.id).copied();
        for draft in found.drafts {
            findings.push(finish(context.package(), rule, draft, name, level, &mut lines));
        }
    }
}

fn finish(
    package: &Package,
    rule: &Rule,
    draft: Draft,
    name: Option<&str>,
    level: Option<Severity>,
    lines: &mut Lines,
) -> Finding {
    let manifest = || {
        let slice = package.residue.slices.first()?;
        (slice.part < package.parts.len()).then_some(Place { part: slice.part, offset: 0 })
    };
    let place = draft.place.or_else(manifest);
    let (part, at) = match place.and_then(|place| Some((place, package.parts.get(place.part)?))) {
        // A line of a document that was put together is a line of no file.
        Some((place, part)) if part.piece_at(place.offset).is_some() => {
            (part.piece_at(place.offset).map(str::to_owned), None)
        }
        Some((place, part)) => {
            (Some(part.source.clone().unwrap_or_else(|| part.path.clone())), Some(lines.of(package, place)))
        }
        None => (None, None),
    };
    let subject = match name {
        Some(_) => format!("{}\n{}", package.manifest.unique_name.to_lowercase(), draft.subject),
        None => draft.subject,
    };
    Finding {
        rule: rule.id,
        severity: level.unwrap_or(draft.severity),
        message: draft.message,
        component: draft.component,
        part,
        line: at.map(|at| at.line),
        column: at.map(|at| at.column),
        column_utf16: at.map(|at| at.column_utf16),
        suppressed: false,
        fingerprint: fingerprint(rule.id, &subject, &draft.path),
        path: draft.path,
        package: name.map(str::to_owned),
        reason: None,
    }
}

/// What a finding is known by from run to run: the rule, the component, the property; never a line.
pub(crate) fn fingerprint(rule: &str, subject: &str, path: &str) -> String {
    let text = format!("{rule}\0{subject}\0{path}");
    let mut digest = Digest::of(text.as_bytes()).to_string();
    digest.truncate(32);
    digest
}

/// A place as people count, all from 1.
#[derive(Debug, Clone, Copy)]
struct Position {
    line: u32,
    /// In bytes.
    column: u32,
    column_utf16: u32,
}

/// Where the lines of the parts begin, counted once.
#[derive(Debug, Default)]
struct Lines(BTreeMap<usize, Counted>);

/// A part whose lines and characters were counted; lines may be as long as the part.
#[derive(Debug)]
struct Counted {
    /// Where the lines after the first begin.
    starts: Vec<usize>,
    /// UTF-16 units before each block.
    units: Vec<usize>,
}

const BLOCK: usize = 1024;

impl Lines {
    fn of(&mut self, package: &Package, place: Place) -> Position {
        let bytes = &package.parts[place.part].bytes;
        self.0.entry(place.part).or_insert_with(|| Counted::of(bytes)).position(bytes, place.offset)
    }
}

impl Counted {
    fn of(bytes: &[u8]) -> Self {
        let before = |sum: &mut usize, block: &[u8]| {
            let before = *sum;
            *sum += units(block);
            Some(before)
        };
        Self {
            starts: memchr::memchr_iter(b'\n', bytes).map(|at| at + 1).collect(),
            units: bytes.chunks(BLOCK).scan(0, before).collect(),
        }
    }

    fn position(&self, bytes: &[u8], offset: usize) -> Position {
        let offset = offset.min(bytes.len());
        let before = self.starts.partition_point(|start| *start <= offset);
        // A byte order mark is no part of the text.
        let first = if bytes.starts_with(b"\xef\xbb\xbf") { offset.min(3) } else { 0 };
        let start = if before == 0 { first } else { self.starts[before - 1] };
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let utf16 = self.units_before(bytes, offset) - self.units_before(bytes, start);
        Position { line: number(before + 1), column: number(offset - start + 1), column_utf16: number(utf16 + 1) }
    }

    fn units_before(&self, bytes: &[u8], offset: usize) -> usize {
        // At the very end of full blocks there is no further one.
        let block = (offset / BLOCK).min(self.units.len().saturating_sub(1));
        let before = self.units.get(block).copied().unwrap_or_default();
        before + bytes.get(block * BLOCK..offset).map_or(0, units)
    }
}

/// Counts UTF-16 units by the first bytes of characters, so that pieces add up wherever they are cut.
fn units(bytes: &[u8]) -> usize {
    let of = |byte: &u8| usize::from(*byte & 0xc0 != 0x80) + usize::from(*byte >= 0xf0);
    bytes.iter().map(of).sum()
}

/// Tells whether a file's or a component's findings do not count.
fn is_excluded(finding: &Finding, patterns: &[String]) -> bool {
    let component = finding.component.as_ref().map(|component| format!("{}:{}", component.type_name, component.name));
    let part = finding.part.as_deref();
    let file = part.and_then(|part| part.rsplit('/').next());
    let known = [part, file, component.as_deref()];
    patterns.iter().any(|wanted| known.into_iter().flatten().any(|text| pattern::matches(wanted, text)))
}

/// Marks what somebody let be, and reports entries that have ended or that nothing matches.
fn suppress(findings: &mut Vec<Finding>, options: &Options) {
    let mut about = Vec::new();
    for suppression in &options.suppressions {
        let ended = suppression.has_ended(&options.today);
        let mut matched = 0;
        for finding in findings.iter_mut().filter(|finding| suppression.matches(finding)) {
            matched += 1;
            if !ended {
                finding.suppressed = true;
                finding.reason.get_or_insert_with(|| suppression.reason.clone());
            }
        }
        let what = match (ended, matched) {
            (true, 0) => "has ended, and nothing matches it any more",
            (true, _) => "has ended",
            // A rule that does not run finds nothing.
            (false, 0)
                if rules::all().any(|rule| options.runs(rule) && pattern::matches(&suppression.rule, rule.id)) =>
            {
                "matches nothing"
            }
            (false, 0) if rules::all().any(|rule| pattern::matches(&suppression.rule, rule.id)) => continue,
            (false, 0) => "names a rule that does not exist",
            (false, _) => continue,
        };
        about.push((suppression, what));
    }
    let Some(rule) = rules::find("STR000").filter(|rule| options.runs(rule)) else { return };
    for (suppression, what) in about {
        let path = format!("{} {}", suppression.name(), suppression.path.as_deref().unwrap_or_default());
        findings.push(Finding {
            rule: rule.id,
            severity: options.level(rule),
            message: format!("suppression {} ({}) {what}", suppression.number, suppression.name()),
            component: None,
            part: Some(options.suppressions_file.clone()),
            line: Some(1),
            column: Some(1),
            column_utf16: Some(1),
            suppressed: false,
            fingerprint: fingerprint(rule.id, "suppressions", &path),
            path: path.trim().to_owned(),
            package: None,
            reason: None,
        });
    }
}

/// Drops what the baseline knows, and counts it.
fn forget_known(findings: &mut Vec<Finding>, options: &Options) -> usize {
    let Some(mut baseline) = options.baseline.clone() else { return 0 };
    let before = findings.len();
    findings.retain(|finding| !baseline.take(&finding.fingerprint));
    before - findings.len()
}

/// The worst first, then by rule, package, place and what it is about.
fn sort(findings: &mut [Finding]) {
    findings.sort_by(|left, right| {
        let key = |finding: &'_ Finding| {
            (finding.rule, finding.package.clone(), finding.part.clone(), finding.line, finding.column)
        };
        right.severity.cmp(&left.severity).then_with(|| key(left).cmp(&key(right))).then_with(|| {
            (&left.path, &left.fingerprint, &left.message).cmp(&(&right.path, &right.fingerprint, &right.message))
        })
    });
}

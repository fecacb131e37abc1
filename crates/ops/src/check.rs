//! Static checks of packages: reads them and what goes with a run, and writes the file of results.
//!
//! A package that cannot be read is reported too where its fault is one that a rule speaks of; the error stays.
//!
//! Not here: rules (`strata-checker`), text for people.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;
use strata_checker::against::TargetForm;
use strata_checker::options::{self, OptionsError};
use strata_checker::rules::uncovered;
use strata_checker::sarif::{self, Base};
use strata_checker::unreadable::{self, Unreadable};
use strata_checker::{Against, Checked, Needs, Options, Report, Rule, baseline, rules, suppression};
use strata_engine::catalogue;
use strata_engine::layering::StackedLayer;
use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::environment::{ComponentState, Environment, Footprint, Snapshot};
use strata_model::id::SolutionNo;
use strata_model::layer::Layer;
use strata_model::package::{Container, Package, Presence};
use strata_model::rules::Rules;

use crate::names::did_you_mean;
use crate::{OpsError, PackageSource, Workspace, read_package};

pub use strata_checker::{Finding, Severity};

/// The file that says which findings somebody has let be.
const SUPPRESSIONS: &str = ".strata-check.json";

/// What is to be checked, and how.
#[derive(Debug, Clone, Default)]
pub struct CheckRequest {
    /// Packages; the last step of a path may be a pattern.
    pub paths: Vec<PathBuf>,
    /// An earlier package, where `--against` names a file.
    pub against: Option<PathBuf>,
    /// The results of an earlier run.
    pub baseline: Option<PathBuf>,
    /// Where to write the results.
    pub sarif: Option<PathBuf>,
    /// Ids and patterns of ids; empty for all.
    pub rules: Vec<String>,
    pub overrides: Option<PathBuf>,
    pub exclude: Vec<String>,
    /// `None`: the one beside the package, or where the command runs.
    pub suppressions: Option<PathBuf>,
}

/// What came of it.
#[derive(Debug)]
pub struct CheckAnswer {
    pub report: Report,
    /// What should be said beside the findings.
    pub warnings: Vec<String>,
    /// The first package that could not be read.
    pub unreadable: Option<OpsError>,
    /// How many packages were checked.
    pub packages: usize,
}

/// Checks packages; `target` is the environment that `--against` names.
pub fn check(request: &CheckRequest, target: Option<(&Workspace, &str)>) -> Result<CheckAnswer, OpsError> {
    let mut warnings = Vec::new();
    let paths = expanded(&request.paths)?;
    let options = read_options(request, &paths, &mut warnings)?;
    let earlier = request.against.as_deref().map(|path| Ok::<_, OpsError>((path, read_package(path)?))).transpose()?;
    let mut packages = Vec::new();
    let mut unreadable = None;
    let mut faults = Vec::new();
    let mut unread = Vec::new();
    for path in &paths {
        match read_package(path) {
            Ok(package) => packages.push((path, size(path, &package), package)),
            Err(error) => {
                faults.extend(fault(&error, path, paths.len() > 1));
                unread.push(error.to_string());
                unreadable.get_or_insert(error);
            }
        }
    }
    let compared = compared(&earlier, target, &packages, &mut warnings)?;
    let names: Vec<_> = packages.iter().map(|(path, ..)| path.display().to_string()).collect();
    let described = packages.iter().zip(&names).zip(&compared);
    let checked: Vec<_> = described
        .map(|(((_, size, package), name), against)| Checked {
            package,
            name: (paths.len() > 1).then_some(name.as_str()),
            size: *size,
            against: against.as_ref(),
        })
        .collect();
    let mut report = strata_checker::check(&checked, &options);
    report.unread = unread;
    faults.into_iter().filter(|fault| is_wanted(fault, &options)).for_each(|fault| report.add(fault));
    if let Some(out) = &request.sarif {
        write_sarif(out, &report, &paths, &options)?;
    }
    Ok(CheckAnswer { report, warnings, unreadable, packages: packages.len() })
}

/// Checks one package that was sent, against an environment where one is named.
pub fn check_sent(
    source: &PackageSource,
    size: u64,
    rules: &[String],
    target: Option<(&Workspace, &str)>,
) -> Result<Report, OpsError> {
    let mut options = Options { today: today(), ..Options::plain() };
    if !rules.is_empty() {
        options.rules = Some(options::selected(rules).map_err(|error| unknown_rule(&error))?);
    }
    let package = match source.read() {
        Ok(package) => package,
        Err(error) => {
            // A fault that a rule speaks of is an answer too.
            let fault = fault(&error, source.path(), false).filter(|fault| is_wanted(fault, &options)).ok_or(error)?;
            let mut report = strata_checker::check(&[], &options);
            report.add(fault);
            return Ok(report);
        }
    };
    let against = target.map(|(workspace, name)| against_environment(workspace, name, &package)).transpose()?;
    let checked = Checked { package: &package, name: None, size, against: against.as_ref() };
    Ok(strata_checker::check(&[checked], &options))
}

/// Returns what each package is compared with: what the environment has of it, or the earlier package of its solution.
fn compared<'a>(
    earlier: &'a Option<(&Path, Package)>,
    target: Option<(&Workspace, &str)>,
    packages: &[(&PathBuf, u64, Package)],
    warnings: &mut Vec<String>,
) -> Result<Vec<Option<Against<'a>>>, OpsError> {
    let Some((path, earlier)) = earlier else {
        let of = |(_, _, package): &(&PathBuf, u64, Package)| {
            target.map(|(workspace, name)| against_environment(workspace, name, package)).transpose()
        };
        return packages.iter().map(of).collect();
    };
    let solution = &earlier.manifest.unique_name;
    let is_same = |package: &Package| package.manifest.unique_name.eq_ignore_ascii_case(solution);
    if !packages.is_empty() && !packages.iter().any(|(_, _, package)| is_same(package)) {
        warnings.push(format!("{}: it is of solution {solution}, of which no package is checked", path.display()));
    }
    Ok(packages.iter().map(|(_, _, package)| is_same(package).then(|| against_package(path, earlier))).collect())
}

fn is_wanted(fault: &Finding, options: &Options) -> bool {
    rules::find(fault.rule).is_some_and(|rule| options.runs(rule))
}

/// Replaces patterns by the files that they fit, in the order of their names.
fn expanded(paths: &[PathBuf]) -> Result<Vec<PathBuf>, OpsError> {
    let mut found = Vec::new();
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !name.contains(['*', '?']) || path.exists() {
            found.push(path.clone());
            continue;
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let unreadable = |source| OpsError::Unreadable { path: folder.to_owned(), source };
        let mut fitting = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let fits = entry.file_name().to_str().is_some_and(|other| strata_checker::matches(name, other));
            if fits {
                fitting.push(path.with_file_name(entry.file_name()));
            }
        }
        if fitting.is_empty() {
            let source = io::Error::new(io::ErrorKind::NotFound, "no file fits the pattern");
            return Err(OpsError::Unreadable { path: path.clone(), source });
        }
        fitting.sort();
        found.extend(fitting);
    }
    Ok(found)
}

fn size(path: &Path, package: &Package) -> u64 {
    match package.container {
        Container::Zip | Container::Cab => fs::metadata(path).map(|metadata| metadata.len()).unwrap_or_default(),
        Container::Folder => {
            let real = package.parts.iter().filter(|part| !part.path.contains('#'));
            real.map(|part| part.bytes.len() as u64).sum()
        }
    }
}

/// What the reader said about a package, as a finding.
fn fault(error: &OpsError, path: &Path, is_one_of_several: bool) -> Option<Finding> {
    let OpsError::Package { source, .. } = error else { return None };
    let message = source.to_string();
    let mut finding = unreadable::finding(Unreadable {
        code: source.code,
        message: &message,
        part: source.part.as_deref(),
        line: source.line,
        column: source.column,
    })?;
    finding.package = is_one_of_several.then(|| path.display().to_string());
    Some(finding)
}

fn read_text(path: &Path) -> Result<String, OpsError> {
    fs::read_to_string(path).map_err(|source| OpsError::Unreadable { path: path.to_owned(), source })
}

/// Says that a file that goes with the run is not what it should be.
fn malformed(path: &Path, error: &OptionsError) -> OpsError {
    let source = io::Error::new(io::ErrorKind::InvalidData, error.to_string());
    OpsError::Unreadable { path: path.to_owned(), source }
}

fn read_options(request: &CheckRequest, paths: &[PathBuf], warnings: &mut Vec<String>) -> Result<Options, OpsError> {
    let mut options = Options { today: today(), exclude: request.exclude.clone(), ..Options::plain() };
    if !request.rules.is_empty() {
        options.rules = Some(options::selected(&request.rules).map_err(|error| unknown_rule(&error))?);
    }
    if let Some(path) = &request.overrides {
        let read = options::overrides(&read_text(path)?).map_err(|error| malformed(path, &error))?;
        options.levels = read.levels;
        warnings.extend(read.unknown.iter().map(|id| unknown_override(id, path)));
    }
    let beside = || paths.first().and_then(|path| suppressions_beside(path));
    if let Some(path) = request.suppressions.clone().or_else(beside) {
        options.suppressions = suppression::read(&read_text(&path)?).map_err(|error| malformed(&path, &error))?;
        options.suppressions_file = slashed(&path);
    }
    if let Some(path) = &request.baseline {
        options.baseline = Some(baseline::read(&read_text(path)?).map_err(|error| malformed(path, &error))?);
    }
    Ok(options)
}

/// Looks for suppressions in the folder that is checked, beside the file, and where the command runs.
fn suppressions_beside(package: &Path) -> Option<PathBuf> {
    let around = if package.is_dir() { Some(package) } else { package.parent() };
    let folders = around.into_iter().chain([Path::new("")]);
    folders.map(|folder| folder.join(SUPPRESSIONS)).find(|path| path.is_file())
}

fn today() -> String {
    Timestamp::now().to_string().chars().take(10).collect()
}

fn unknown_override(id: &str, path: &Path) -> String {
    let guess =
        did_you_mean(id, rules::all().map(|rule| rule.id)).map(|guess| format!("; {guess}")).unwrap_or_default();
    match uncovered::find(id) {
        Some(rule) => format!("{}: {id} is not covered here: {}", path.display(), rule.why.text()),
        None => format!("{}: there is no rule {id}{guess}", path.display()),
    }
}

/// Makes the error for an id that no rule of ours has.
fn unknown_rule(error: &OptionsError) -> OpsError {
    let OptionsError::UnknownRule { id } = error else {
        return OpsError::request(ErrorCode::INVALID_VALUE, error.to_string());
    };
    if let Some(rule) = uncovered::find(id) {
        let message = format!("the official rule {} is not covered: {}", rule.id, rule.why.text());
        return OpsError::request(ErrorCode::NOT_FOUND, message);
    }
    let error = OpsError::request(ErrorCode::NOT_FOUND, format!("there is no rule {id}"));
    match did_you_mean(id, rules::all().map(|rule| rule.id)) {
        Some(guess) => error.hint(guess),
        None => error.hint("see the rules in docs/checker.md, or `strata check --explain STR001`"),
    }
}

/// A rule in words.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    pub rule: &'static str,
    pub severity: Severity,
    pub category: &'static str,
    /// `false`: an official rule that is not covered.
    pub covered: bool,
    pub component: Option<&'static str>,
    pub condition: Option<&'static str>,
    /// What goes wrong otherwise; why it is not covered.
    pub why: &'static str,
    pub cure: &'static [&'static str],
    /// What it looks at: `package`, `catalogue`, `baseline`, `several`.
    pub needs: Option<&'static str>,
    pub help: Option<&'static str>,
}

/// Explains a rule, or every rule where `all` is asked for; official rules that are not covered too.
pub fn explain(id: &str) -> Result<Vec<Explanation>, OpsError> {
    if id.trim().eq_ignore_ascii_case("all") {
        return Ok(rules::all().map(of_rule).chain(uncovered::RULES.iter().map(of_uncovered)).collect());
    }
    let found = rules::find(id).map(of_rule).or_else(|| uncovered::find(id).map(of_uncovered));
    let unknown = || unknown_rule(&OptionsError::UnknownRule { id: id.trim().to_owned() });
    found.map(|found| vec![found]).ok_or_else(unknown)
}

fn of_rule(rule: &'static Rule) -> Explanation {
    Explanation {
        rule: rule.id,
        severity: rule.severity,
        category: rule.category.word(),
        covered: true,
        component: Some(rule.component),
        condition: Some(rule.condition),
        why: rule.why,
        cure: rule.cure,
        needs: Some(match rule.needs {
            Needs::Package => "package",
            Needs::Catalogue => "catalogue",
            Needs::Baseline => "baseline",
            Needs::Several => "several",
        }),
        help: Some(rule.help).filter(|help| !help.is_empty()),
    }
}

fn of_uncovered(rule: &'static uncovered::Uncovered) -> Explanation {
    Explanation {
        rule: rule.id,
        severity: rule.severity,
        category: rule.category.word(),
        covered: false,
        component: None,
        condition: None,
        why: rule.why.text(),
        cure: &[],
        needs: None,
        help: None,
    }
}

/// Returns what to do first about what a rule finds.
pub fn cure(id: &str) -> Option<&'static str> {
    rules::find(id)?.cure.first().copied()
}

fn write_sarif(out: &Path, report: &Report, paths: &[PathBuf], options: &Options) -> Result<(), OpsError> {
    let here = std::env::current_dir();
    let base = |path: &PathBuf| {
        let near = here.as_deref().ok().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path);
        let text = slashed(near);
        let encoded = sarif::encoded(text.trim_end_matches('/'));
        let uri = match encoded.as_str() {
            "" | "." if near.is_relative() => String::new(),
            _ if near.is_relative() => format!("{encoded}/"),
            _ => format!("file:///{}/", encoded.trim_start_matches('/')),
        };
        Base { name: path.display().to_string(), uri, is_folder: path.is_dir() }
    };
    let bases: Vec<_> = paths.iter().map(base).collect();
    let text = sarif::write(report, &bases, options, env!("CARGO_PKG_VERSION"));
    fs::write(out, text).map_err(|source| OpsError::Unwritable { path: out.to_owned(), source })
}

/// Writes a path with `/` and without a leading `./`.
fn slashed(path: &Path) -> String {
    let text = path.display().to_string().replace('\\', "/");
    text.strip_prefix("./").map_or(text.clone(), str::to_owned)
}

fn against_package<'a>(path: &Path, package: &'a Package) -> Against<'a> {
    Against {
        name: path.display().to_string(),
        installed: Some(package.manifest.version.clone()),
        package: Some(package),
        languages: package.manifest.languages.clone(),
        ..Against::default()
    }
}

/// Reads what the rules ask about an environment.
fn against_environment<'a>(workspace: &Workspace, name: &str, package: &Package) -> Result<Against<'a>, OpsError> {
    let environment = workspace.environment_named(name)?;
    let store = workspace.store();
    let headers = store.snapshot(&environment, None, &Footprint::default())?;
    let family: Vec<SolutionNo> = headers
        .solution_named(&package.manifest.unique_name)
        .map(|installed| {
            let is_of = |other: &&strata_model::solution::Solution| {
                other.no == installed.no || other.parent == Some(installed.no)
            };
            headers.solutions.iter().filter(is_of).map(|solution| solution.no).collect()
        })
        .unwrap_or_default();
    let is_table = |key: &&ComponentKey| key.component_type.is("entity");
    let keys: Vec<_> = package.components.iter().map(|component| component.key.clone()).collect();
    let footprint = Footprint {
        children_of: keys.iter().filter(is_table).map(|key| key.as_str().to_owned()).collect(),
        keys,
        solutions: family.clone(),
        ..Footprint::default()
    };
    let mut snapshot = store.snapshot(&environment, None, &footprint)?;
    see_forms(workspace, &environment, &mut snapshot)?;
    let installed = snapshot.solution_named(&package.manifest.unique_name);
    Ok(Against {
        name: format!("environment {}", environment.name),
        platform: Some(environment.settings.platform_version.clone()),
        installed: installed.filter(|solution| !solution.assumed).map(|solution| solution.version.clone()),
        package: None,
        languages: environment.settings.languages.clone(),
        below: below(workspace, &snapshot, package, &family)?,
        forms: forms(workspace, &snapshot, &family)?,
        dropped_tables: dropped_tables(&snapshot, package, &family),
    })
}

/// Sees all forms of the tables of which the solution has a form.
fn see_forms(workspace: &Workspace, environment: &Environment, snapshot: &mut Snapshot) -> Result<(), OpsError> {
    let forms = snapshot.components.values().filter(|state| state.component.key.component_type.is("systemform"));
    let mut tables: Vec<_> = forms.filter_map(|form| Some(form.component.parent()?.as_str().to_owned())).collect();
    tables.sort();
    tables.dedup();
    let more = Footprint { children_of: tables, ..Footprint::default() };
    for (key, state) in workspace.store().snapshot(environment, None, &more)?.components {
        snapshot.components.entry(key).or_insert(state);
    }
    Ok(())
}

fn is_of_family(layer: &Layer, family: &[SolutionNo]) -> bool {
    family.contains(&layer.solution)
}

/// Reads the managed layers below those of the solution, for each component of the package.
fn below(
    workspace: &Workspace,
    snapshot: &Snapshot,
    package: &Package,
    family: &[SolutionNo],
) -> Result<BTreeMap<ComponentKey, Vec<StackedLayer>>, OpsError> {
    let languages = &snapshot.environment.settings.languages;
    let mut below = BTreeMap::new();
    for component in package.components.iter().filter(|component| component.presence != Presence::Reference) {
        let Some(state) = snapshot.components.get(&component.key) else { continue };
        let mut stack = Vec::new();
        for layer in state.managed().take_while(|layer| !is_of_family(layer, family)) {
            let body = workspace.store().definition(&layer.digest)?.unwrap_or_default();
            stack.push(StackedLayer::read(&component.key.component_type, "below", &body, layer.is_diff, languages));
        }
        below.insert(component.key.clone(), stack);
    }
    Ok(below)
}

/// Returns the forms of the snapshot; those of tables of the system have others that are not known here.
fn forms(workspace: &Workspace, snapshot: &Snapshot, family: &[SolutionNo]) -> Result<Vec<TargetForm>, OpsError> {
    let form_type = ComponentType::named("systemform");
    let mut forms = Vec::new();
    for state in snapshot.components.values().filter(|state| state.component.key.component_type == form_type) {
        let Some(table) = state.component.parent().filter(|table| !catalogue::contains(table, &Rules::OURS)) else {
            continue;
        };
        let Some(top) = state.layers.last() else { continue };
        let body = workspace.store().definition(&top.digest)?.unwrap_or_default();
        let Some(kind) = body.home.as_deref().and_then(|home| home.strip_prefix("forms/")) else { continue };
        forms.push(TargetForm {
            form: state.component.key.clone(),
            table,
            form_type: kind.to_owned(),
            is_ours: is_only_ours(state, family),
            is_fallback: strata_checker::against::is_fallback(&body.bytes),
        });
    }
    Ok(forms)
}

/// Tells whether a component leaves the environment when the solution gives it up.
fn is_only_ours(state: &ComponentState, family: &[SolutionNo]) -> bool {
    let mut managed = state.managed().peekable();
    managed.peek().is_some() && managed.all(|layer| is_of_family(layer, family))
}

/// Returns the tables that the package no longer holds and that nobody else has.
fn dropped_tables(
    snapshot: &Snapshot,
    package: &Package,
    family: &[SolutionNo],
) -> std::collections::BTreeSet<ComponentKey> {
    let is_kept = |key: &ComponentKey| package.components.binary_search_by(|component| component.key.cmp(key)).is_ok();
    let tables = snapshot.components.values().filter(|state| state.component.key.component_type.is("entity"));
    let dropped = tables.filter(|state| !is_kept(&state.component.key) && is_only_ours(state, family));
    dropped.map(|state| state.component.key.clone()).collect()
}

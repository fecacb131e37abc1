//! Exports: a solution of an environment becomes a package (L53–L57).
//!
//! The rules say what goes out; here definitions are read from the store, what they name is read on every core, and the
//! file is written beside its place and put there when it is whole. An export stands in history as the platform's does
//! (L115) and changes nothing, but for the version where one is asked for (L25).

mod loaded;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;
use strata_engine::export::{self, ExportOptions, manifest, needs};
use strata_model::code::ErrorCode;
use strata_model::component::ComponentKey;
use strata_model::environment::{Environment, Footprint, Snapshot};
use strata_model::history::{HistoryKind, NewHistoryEntry, Outcome, SolutionFacts};
use strata_model::id::Operation;
use strata_model::package::{Manifest, Mode};
use strata_model::plan::{Finding, OperationKind, Plan, Severity};
use strata_model::rules::Rules;
use strata_model::solution::Solution;
use strata_package::assemble::{self, AssembleError, Shells, Skeleton};
use strata_store::{Held, StoreBodies, StoreError};

use loaded::{Kept, Loaded};

use crate::names::did_you_mean;
use crate::operation::{Phase, Progress, carry_out};
use crate::request::Request;
use crate::seeing::add;
use crate::target_file::Staged;
use crate::workspace::now;
use crate::{OpsError, Workspace, solutions};

/// A package as files, with what is to be said of it.
#[derive(Debug)]
pub struct Exports {
    /// Paths and contents, the content types left to the zip writer.
    pub files: Vec<(String, Vec<u8>)>,
    pub manifest: Manifest,
    /// How many components go out.
    pub components: usize,
    /// Warnings and remarks.
    pub findings: Vec<Finding>,
}

/// What an export answers.
#[derive(Debug, Serialize)]
pub struct ExportView {
    #[serde(rename = "uniquename")]
    pub unique_name: String,
    pub version: String,
    #[serde(rename = "ismanaged")]
    pub is_managed: bool,
    pub path: PathBuf,
    /// Bytes of the file; 0 where it was only planned.
    pub size: u64,
    pub components: usize,
    pub files: usize,
    #[serde(rename = "missingdependencies")]
    pub missing_dependencies: usize,
    pub findings: Vec<Finding>,
}

/// Where a package goes.
#[derive(Debug, Clone)]
pub struct Target {
    /// A zip, or the folder that gets one under its usual name; without one the current folder.
    pub path: Option<PathBuf>,
    /// A file that is there is replaced.
    pub overwrite: bool,
}

/// Makes the package of a solution, as it was after `at`.
pub fn package_of(
    workspace: &Workspace,
    at: Option<Operation>,
    options: &ExportOptions,
) -> Result<(Vec<u8>, Exports), OpsError> {
    let exports = files_of(workspace, &workspace.environment()?, at, options, &crate::silent)?;
    Ok((strata_package::write::zip(&exports.files), exports))
}

/// Says what an export would do and does nothing.
pub fn plan(
    workspace: &Workspace,
    at: Option<Operation>,
    options: &ExportOptions,
    target: &Target,
) -> Result<ExportView, OpsError> {
    target.check()?;
    let exports = files_of(workspace, &workspace.environment()?, at, options, &crate::silent)?;
    Ok(view(&exports, options, target.place(&exports.manifest)?, 0))
}

/// Exports a solution to a file. Of the past nothing is written into history and no version is raised.
pub fn export(
    workspace: &Workspace,
    at: Option<Operation>,
    options: &ExportOptions,
    target: &Target,
    progress: Progress<'_>,
) -> Result<ExportView, OpsError> {
    target.check()?;
    if at.is_some() {
        let exports = files_of(workspace, &workspace.environment()?, at, options, progress)?;
        let place = target.place(&exports.manifest)?;
        let zip = strata_package::write::zip(&exports.files);
        Staged::write(&place, &zip)?.put(target.overwrite)?;
        return Ok(view(&exports, options, place, zip.len()));
    }
    let environment = workspace.environment()?;
    let (view, _) = recorded(workspace, &environment, options, progress, |exports, zip| {
        let place = target.place(&exports.manifest)?;
        let staged = Staged::write(&place, zip)?;
        Ok((place, move || staged.put(target.overwrite)))
    })?;
    Ok(view)
}

/// Exports a solution as a package that is sent; it stands in history as one that goes to a file does.
pub fn export_bytes(
    workspace: &Workspace,
    environment: &Environment,
    options: &ExportOptions,
    progress: Progress<'_>,
) -> Result<(ExportView, Vec<u8>), OpsError> {
    recorded(workspace, environment, options, progress, |exports, _| {
        Ok((PathBuf::from(file_name(&exports.manifest)), || Ok(())))
    })
}

/// Makes the package under the environment's lease and writes history; `stage` keeps the file, and gives its place and
/// what puts it there in the end.
fn recorded<P: FnOnce() -> Result<(), OpsError>>(
    workspace: &Workspace,
    environment: &Environment,
    options: &ExportOptions,
    progress: Progress<'_>,
    stage: impl FnOnce(&Exports, &[u8]) -> Result<(PathBuf, P), OpsError>,
) -> Result<(ExportView, Vec<u8>), OpsError> {
    let started = now();
    let lease = Held::take(workspace.store(), environment, "Export", started).map_err(|error| match error {
        StoreError::Busy { operation, .. } => OpsError::Concurrent { asked: "Export", running: operation },
        other => other.into(),
    })?;
    let exports = match files_of(workspace, environment, None, options, progress) {
        Ok(exports) => exports,
        Err(OpsError::Refused(plan)) => {
            drop(lease);
            let entry = entry(options, None, started, None, plan.findings.clone());
            workspace.store().record(environment, NewHistoryEntry { outcome: Outcome::Failed, ..entry })?;
            return Err(OpsError::Refused(plan));
        }
        Err(other) => return Err(other),
    };
    progress(Phase::Packing, 0, 0);
    let zip = strata_package::write::zip(&exports.files);
    let (place, put) = stage(&exports, &zip)?;
    drop(lease);
    raise(workspace, environment, options, &exports)?;
    put()?;
    let findings = exports.findings.iter().filter(|finding| finding.severity != Severity::Info).cloned().collect();
    let entry = entry(options, Some(&place), started, Some(&exports), findings);
    workspace.store().record(environment, entry)?;
    Ok((view(&exports, options, place, zip.len()), zip))
}

/// L25: the version that is asked for becomes the solution's.
fn raise(
    workspace: &Workspace,
    environment: &Environment,
    options: &ExportOptions,
    exports: &Exports,
) -> Result<(), OpsError> {
    let Some(version) = &options.version else { return Ok(()) };
    let headers = workspace.store().snapshot(environment, None, &Footprint::default())?;
    let is_raised = |solution: &Solution| solution.version.as_str() != version.as_str();
    if headers.solution_named(&exports.manifest.unique_name).is_some_and(is_raised) {
        let solution = exports.manifest.unique_name.clone();
        let request = Request::OnlineVersion { solution, version: version.clone() };
        carry_out(workspace, environment, &request, &crate::silent)?;
    }
    Ok(())
}

impl Target {
    /// Refuses a place that no file can be written to, before anything is read.
    fn check(&self) -> Result<(), OpsError> {
        match &self.path {
            Some(path) if !path.is_dir() => self.check_file(path),
            Some(_) | None => Ok(()),
        }
    }

    fn check_file(&self, path: &Path) -> Result<(), OpsError> {
        let is_zip = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
        if !is_zip {
            let message = format!("{}: the name of a package ends in .zip", path.display());
            return Err(OpsError::request(ErrorCode::INVALID_VALUE, message));
        }
        if path.exists() && !self.overwrite {
            let message = format!("{} exists already", path.display());
            return Err(OpsError::request(ErrorCode::ALREADY_EXISTS, message)
                .hint("give --overwrite to replace it, or another --path"));
        }
        Ok(())
    }

    /// Returns the file that a package goes to.
    fn place(&self, manifest: &Manifest) -> Result<PathBuf, OpsError> {
        let file = match &self.path {
            Some(path) if !path.is_dir() => return Ok(path.clone()),
            Some(folder) => folder.join(file_name(manifest)),
            None => PathBuf::from(file_name(manifest)),
        };
        self.check_file(&file)?;
        Ok(file)
    }
}

/// The usual name of a package's file (`Name_1_0_0_0.zip`).
fn file_name(manifest: &Manifest) -> String {
    let kind = if manifest.mode == Mode::Managed { "_managed" } else { "" };
    format!("{}_{}{kind}.zip", manifest.unique_name, manifest.version.as_str().replace('.', "_"))
}

fn view(exports: &Exports, options: &ExportOptions, path: PathBuf, size: usize) -> ExportView {
    ExportView {
        unique_name: exports.manifest.unique_name.clone(),
        version: exports.manifest.version.to_string(),
        is_managed: options.managed,
        path,
        size: size as u64,
        components: exports.components,
        files: exports.files.len(),
        missing_dependencies: exports.manifest.missing_dependencies.len(),
        findings: exports.findings.clone(),
    }
}

fn entry(
    options: &ExportOptions,
    place: Option<&Path>,
    started: i64,
    exports: Option<&Exports>,
    findings: Vec<Finding>,
) -> NewHistoryEntry {
    let manifest = exports.map(|exports| &exports.manifest);
    let name = place.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let version = manifest.map(|manifest| manifest.version.to_string());
    NewHistoryEntry {
        time: started,
        duration: now() - started,
        kind: HistoryKind::Export,
        solution: Some(manifest.map_or_else(|| options.solution.clone(), |manifest| manifest.unique_name.clone())),
        from_version: None,
        to_version: version.clone(),
        suboperation: None,
        outcome: Outcome::Succeeded,
        changes: 0,
        job: None,
        state_of: None,
        options: None,
        findings,
        facts: Some(SolutionFacts {
            publisher: manifest.map(|manifest| manifest.publisher.unique_name.clone()),
            is_managed: options.managed,
            is_patch: manifest.is_some_and(|manifest| manifest.parent_solution.is_some()),
            overwrites: false,
            package_name: name,
            package_version: version,
        }),
        components: Vec::new(),
    }
}

/// Makes the files of a package.
pub fn files_of(
    workspace: &Workspace,
    environment: &Environment,
    at: Option<Operation>,
    options: &ExportOptions,
    progress: Progress<'_>,
) -> Result<Exports, OpsError> {
    progress(Phase::Planning, 0, 0);
    let (store, rules) = (workspace.store(), Rules::OURS);
    let snapshot = |footprint: &Footprint| store.snapshot(environment, at, footprint);
    let headers = snapshot(&Footprint::default())?;
    let solution =
        export::check(&headers, options).map_err(|finding| refused(&headers, &options.solution, *finding))?;
    let kept = Kept::read(workspace, solution)?;
    let before = kept.as_ref().and_then(|kept| strata_package::read_manifest(&kept.solution).ok());
    let bodies = StoreBodies::new(store);
    let in_skeleton = match &kept {
        Some(kept) => assemble::shells(&kept.skeleton()).map_err(damaged)?,
        None => Vec::new(),
    };
    let mut seen = snapshot(&export::footprint(solution.no, in_skeleton.clone()))?;
    if let Some(only) = &options.only {
        export::keep_only(&mut seen, solution.no, only, &rules, &bodies)
            .map_err(|finding| refused(&headers, &options.solution, *finding))?;
    }
    let more = export::more_footprint(&seen, solution.no, options.managed);
    add(&mut seen, snapshot(&more)?);
    let mut manifest = manifest::of(&seen, solution, before.as_ref(), options.managed, options.version.as_ref());
    let once_on = store.once_on(environment, at)?.into_iter().collect();
    let language = manifest.base_language;
    let contents = export::contents(&seen, solution, options.managed, language, &once_on, &rules, &bodies);
    let loaded = Loaded::read(&contents.components, &bodies, progress);
    let outside = loaded.outside(&contents.components);
    let declared = before.as_ref().map_or(&[][..], |before| &before.missing_dependencies);
    add(&mut seen, snapshot(&needs::footprint(&outside, declared))?);
    let missing = needs::missing(&seen, solution.no, &contents.components, &outside, before.as_ref(), &rules, &bodies);
    let mut findings = contents.findings;
    findings.extend(needs::finding(&seen, &missing));
    manifest.missing_dependencies = missing;
    if let Some(error) = bodies.take_error() {
        return Err(error.into());
    }
    let shells = Shells {
        components: in_skeleton.into_iter().filter(|key| stays(&seen, &contents.known, options, key)).collect(),
        tables: !options.managed,
    };
    let pieces = loaded.pieces(&contents.components);
    let skeleton = kept.as_ref().map_or_else(|| Skeleton::plain(&manifest), Kept::skeleton);
    let files = assemble::assemble(&manifest, &skeleton, &shells, &pieces).map_err(damaged)?;
    Ok(Exports { files, components: pieces.len(), manifest, findings })
}

/// Makes a package of any solution, to be compared: an unmanaged one as it is exported, a managed one as its packages have
/// brought it.
pub(crate) fn to_compare(
    workspace: &Workspace,
    at: Option<Operation>,
    options: &ExportOptions,
) -> Result<Exports, OpsError> {
    let environment = workspace.environment()?;
    let store = workspace.store();
    let headers = store.snapshot(&environment, at, &Footprint::default())?;
    let solution = solutions::find(&headers, &options.solution)?;
    if !solution.is_managed {
        return files_of(workspace, &environment, at, options, &crate::silent);
    }
    let kept = Kept::read(workspace, solution)?;
    let before = kept.as_ref().and_then(|kept| strata_package::read_manifest(&kept.solution).ok());
    let bodies = StoreBodies::new(store);
    let seen = store.snapshot(&environment, at, &export::footprint(solution.no, Vec::new()))?;
    let contents = export::installed(&seen, solution, &Rules::OURS, &bodies);
    let loaded = Loaded::read(&contents.components, &bodies, &crate::silent);
    if let Some(error) = bodies.take_error() {
        return Err(error.into());
    }
    let mut manifest = manifest::of(&seen, solution, before.as_ref(), true, None);
    manifest.missing_dependencies = before.map(|before| before.missing_dependencies).unwrap_or_default();
    let skeleton = kept.as_ref().map_or_else(|| Skeleton::plain(&manifest), Kept::skeleton);
    let components = assemble::shells(&skeleton).map_err(damaged)?.into_iter().collect();
    let shells = Shells { components, tables: true };
    let pieces = loaded.pieces(&contents.components);
    let files = assemble::assemble(&manifest, &skeleton, &shells, &pieces).map_err(damaged)?;
    Ok(Exports { files, components: pieces.len(), manifest, findings: Vec::new() })
}

/// Tells whether what the skeleton says of a component for reference stays: what belongs to the solution, and what this
/// environment has never known. A managed package names tables only.
fn stays(seen: &Snapshot, known: &BTreeSet<ComponentKey>, options: &ExportOptions, key: &ComponentKey) -> bool {
    let is_known_elsewhere = seen.components.get(key).is_some_and(|state| !state.layers.is_empty());
    let is_kind = !options.managed || key.component_type.is("entity");
    is_kind && (known.contains(key) || !is_known_elsewhere)
}

fn refused(headers: &Snapshot, asked: &str, mut finding: Finding) -> OpsError {
    if finding.name.as_deref() == Some(ErrorCode::EXPORT_MISSING.name) {
        let names = headers.solutions.iter().map(|solution| solution.unique_name.as_str());
        let guess = did_you_mean(asked, names);
        finding.hints.splice(0..0, guess);
    }
    let mut plan = Plan::empty(OperationKind::Export, headers.environment.revision, Rules::OURS);
    plan.findings.push(finding);
    OpsError::Refused(Box::new(plan))
}

fn damaged(error: AssembleError) -> OpsError {
    OpsError::Store(StoreError::Damaged(Box::new(error)))
}

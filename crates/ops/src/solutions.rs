//! Solutions and publishers of an environment, and what a package holds.

use std::collections::BTreeMap;
use std::path::Path;

use strata_model::code::ErrorCode;
use strata_model::component::ComponentRef;
use strata_model::dependency::{MissingDependency, Provider};
use strata_model::environment::{Environment, Footprint, Snapshot};
use strata_model::history::{HistoryEntry, HistoryKind, Outcome};
use strata_model::id::{Guid, Operation};
use strata_model::package::Package;
use strata_model::plan::OperationKind;
use strata_model::publisher::Publisher;
use strata_model::solution::{RESERVED_NAMES, Solution, SolutionKind};

use crate::names::did_you_mean;
use crate::view::{
    FileEntry, MissingDependencyEntry, PackageDetail, RootEntry, SolutionDetail, SolutionEntry, rfc3339,
};
use crate::{OpsError, Workspace, components, read_package};

/// Lists the publishers by unique name.
pub fn publishers(workspace: &Workspace, at: Option<Operation>) -> Result<Vec<Publisher>, OpsError> {
    let environment = workspace.environment()?;
    let mut publishers = workspace.store().snapshot(&environment, at, &Footprint::default())?.publishers;
    publishers.sort_by_key(|publisher| publisher.unique_name.to_lowercase());
    Ok(publishers)
}

/// Lists the solutions in layer order, lowest first; `all` adds the platform's own.
pub fn list(workspace: &Workspace, at: Option<Operation>, all: bool) -> Result<Vec<SolutionEntry>, OpsError> {
    let environment = workspace.environment()?;
    let snapshot = workspace.store().snapshot(&environment, at, &Footprint::default())?;
    let installed = installation_times(workspace, &environment, at)?;
    let mut entries = Vec::new();
    if all {
        entries.push(own_entry(&environment, "System", true));
    }
    // Managed solutions by the order of their first installation, which is the order of their slots.
    let managed = snapshot.solutions.iter().filter(|solution| solution.is_managed);
    let unmanaged = snapshot.solutions.iter().filter(|solution| !solution.is_managed);
    entries.extend(managed.chain(unmanaged).map(|solution| entry(&snapshot, solution, &installed)));
    if all {
        entries.push(own_entry(&environment, "Default", false));
        entries.push(own_entry(&environment, "Active", false));
    }
    Ok(entries)
}

/// Shows a solution with its components.
pub fn show(workspace: &Workspace, at: Option<Operation>, name: &str) -> Result<SolutionDetail, OpsError> {
    let environment = workspace.environment()?;
    let headers = workspace.store().snapshot(&environment, at, &Footprint::default())?;
    if let Some(own) = RESERVED_NAMES.iter().find(|own| own.eq_ignore_ascii_case(name)) {
        let solution = own_entry(&environment, own, *own == "System");
        let filter =
            components::Filter { all: *own != "Active", unmanaged_layer: *own == "Active", ..Default::default() };
        let components = components::list(workspace, at, &filter)?;
        return Ok(SolutionDetail { solution, components, missing_dependencies: Vec::new() });
    }
    let solution = find(&headers, name)?;
    let installed = installation_times(workspace, &environment, at)?;
    let filter = components::Filter { solution: Some(solution.unique_name.clone()), ..Default::default() };
    let components = components::list(workspace, at, &filter)?;
    let missing_dependencies = declared_missing(workspace, &environment, solution)?;
    Ok(SolutionDetail { solution: entry(&headers, solution, &installed), components, missing_dependencies })
}

/// Returns a solution's entry.
pub fn entry_of(workspace: &Workspace, name: &str) -> Result<SolutionEntry, OpsError> {
    let environment = workspace.environment()?;
    let headers = workspace.store().snapshot(&environment, None, &Footprint::default())?;
    let solution = find(&headers, name)?;
    Ok(entry(&headers, solution, &installation_times(workspace, &environment, None)?))
}

/// Shows what a package holds; needs no store.
pub fn show_package(path: &Path) -> Result<PackageDetail, OpsError> {
    let package = read_package(path)?;
    let nowhere = Guid::of_environment("");
    let manifest = &package.manifest;
    Ok(PackageDetail {
        solution: SolutionEntry {
            id: Guid::minted(nowhere, "solution", &manifest.unique_name.to_lowercase()),
            unique_name: manifest.unique_name.clone(),
            friendly_name: manifest.friendly_name.clone(),
            version: manifest.version.to_string(),
            is_managed: package.is_managed(),
            publisher: Some(manifest.publisher.unique_name.clone()),
            parent_solution: manifest.parent_solution.as_ref().map(|(name, _)| name.clone()),
            installed_on: None,
            pending_upgrade: false,
            lost_base: false,
            assumed: false,
        },
        package_version: manifest.package_version.as_ref().map(ToString::to_string),
        container: package.container,
        root_components: roots(&package, nowhere),
        components: package.components.iter().map(|c| components::packaged(nowhere, c, &package)).collect(),
        missing_dependencies: manifest.missing_dependencies.iter().map(|m| missing(nowhere, m)).collect(),
        files: files(&package),
        notes: package.notes.clone(),
    })
}

/// Finds a solution by unique name.
pub(crate) fn find<'a>(snapshot: &'a Snapshot, name: &str) -> Result<&'a Solution, OpsError> {
    if let Some(solution) = snapshot.solution_named(name) {
        return Ok(solution);
    }
    let error = OpsError::request(ErrorCode::NOT_FOUND, format!("there is no solution named `{name}`"));
    let names = snapshot.solutions.iter().map(|solution| solution.unique_name.as_str());
    Err(match did_you_mean(name, names) {
        Some(guess) => error.hint(guess),
        None => error.hint("see the solutions with `strata solution list`"),
    })
}

fn roots(package: &Package, environment: Guid) -> Vec<RootEntry> {
    let roots = package.manifest.root_components.iter();
    roots
        .map(|root| {
            let name = root.schema_name.as_deref().unwrap_or(root.key.as_str());
            let component = ComponentRef::new(environment, &root.key, name, root.id, None);
            RootEntry { component, behavior: root.behavior.into() }
        })
        .collect()
}

fn files(package: &Package) -> Vec<FileEntry> {
    // Parts that the reader made itself are named after the part they were cut from.
    let real = package.parts.iter().filter(|part| !part.path.contains('#'));
    real.map(|part| FileEntry {
        path: part.path.clone(),
        size: part.bytes.len() as u64,
        digest: strata_model::id::Digest::of(&part.bytes).to_string(),
    })
    .collect()
}

fn missing(environment: Guid, missing: &MissingDependency) -> MissingDependencyEntry {
    let side = |side: &strata_model::dependency::DependencySide| {
        let name = match (&side.parent_schema_name, &side.schema_name) {
            (Some(parent), Some(name)) if side.key.table().is_some() => format!("{parent}.{name}"),
            (_, Some(name)) => name.clone(),
            (_, None) => side.key.as_str().to_owned(),
        };
        ComponentRef::new(environment, &side.key, &name, side.id, side.display_name.as_deref())
    };
    let solution = match &missing.provider {
        Provider::System => Some("System".to_owned()),
        Provider::Active => Some("Active".to_owned()),
        Provider::Solution { unique_name, version: Some(version) } => Some(format!("{unique_name} ({version})")),
        Provider::Solution { unique_name, version: None } => Some(unique_name.clone()),
        Provider::Unknown => None,
    };
    let application = missing.application.as_ref().map(|(name, version)| match version {
        Some(version) => format!("{name} ({version})"),
        None => name.clone(),
    });
    MissingDependencyEntry {
        required: side(&missing.required),
        dependent: side(&missing.dependent),
        solution,
        application,
    }
}

/// What the installed package declared missing, from the manifest that was kept with it.
fn declared_missing(
    workspace: &Workspace,
    environment: &Environment,
    solution: &Solution,
) -> Result<Vec<MissingDependencyEntry>, OpsError> {
    let Some(residue) = solution.residue else { return Ok(Vec::new()) };
    let Some(body) = workspace.store().definition(&residue)? else { return Ok(Vec::new()) };
    let Ok(manifest) = strata_package::read_manifest(&body.bytes) else { return Ok(Vec::new()) };
    Ok(manifest.missing_dependencies.iter().map(|m| missing(environment.id, m)).collect())
}

fn entry(snapshot: &Snapshot, solution: &Solution, installed: &BTreeMap<String, i64>) -> SolutionEntry {
    let is_pending = |other: &&Solution| other.kind == SolutionKind::Upgrade && other.parent == Some(solution.no);
    let base = solution.parent.and_then(|no| snapshot.solution(no));
    SolutionEntry {
        id: solution.id,
        unique_name: solution.unique_name.clone(),
        friendly_name: solution.friendly_name.clone(),
        version: solution.version.to_string(),
        is_managed: solution.is_managed,
        publisher: snapshot.publisher(solution.publisher).map(|publisher| publisher.unique_name.clone()),
        parent_solution: base.map(|base| base.unique_name.clone()),
        installed_on: installed.get(&solution.unique_name.to_lowercase()).copied().map(rfc3339),
        pending_upgrade: snapshot.solutions.iter().any(|other| is_pending(&other)),
        lost_base: solution.kind == SolutionKind::Upgrade && base.is_none(),
        assumed: solution.assumed,
    }
}

/// What people call a solution of the platform's own.
pub(crate) fn own_friendly_name(name: &str) -> &str {
    match name {
        "Default" => "Default Solution",
        "Active" => "Active (unmanaged layer)",
        other => other,
    }
}

fn own_entry(environment: &Environment, name: &str, is_managed: bool) -> SolutionEntry {
    SolutionEntry {
        id: Guid::minted(environment.id, "solution", &name.to_lowercase()),
        unique_name: name.to_owned(),
        friendly_name: own_friendly_name(name).to_owned(),
        version: environment.settings.platform_version.to_string(),
        is_managed,
        publisher: None,
        parent_solution: None,
        installed_on: None,
        pending_upgrade: false,
        lost_base: false,
        assumed: false,
    }
}

fn installation_times(
    workspace: &Workspace,
    environment: &Environment,
    at: Option<Operation>,
) -> Result<BTreeMap<String, i64>, OpsError> {
    Ok(installation_times_of(&workspace.store().history(environment, at)?))
}

/// When each solution that is there now came to be there, by folded name; history is newest first.
pub(crate) fn installation_times_of(history: &[HistoryEntry]) -> BTreeMap<String, i64> {
    let mut times = BTreeMap::new();
    for entry in history.iter().rev() {
        let is_made = matches!(entry.kind, HistoryKind::CreateSolution | HistoryKind::ClonePatch);
        let (Outcome::Succeeded, Some(name)) = (entry.outcome, &entry.solution) else { continue };
        let name = match entry.suboperation {
            Some(OperationKind::New | OperationKind::Patch) => name.to_lowercase(),
            Some(OperationKind::Stage) => format!("{}_upgrade", name.to_lowercase()),
            _ if is_made => name.to_lowercase(),
            _ => continue,
        };
        times.insert(name, entry.time);
    }
    times
}

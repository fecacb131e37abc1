//! What names in definitions cost, and what they are good for.

use std::time::{Duration, Instant};

use strata_model::environment::{Environment, Footprint};
use strata_model::history::{HistoryKind, NewHistoryEntry, Outcome};
use strata_model::id::{ComponentNo, Digest};
use strata_model::options::ImportOptions;
use strata_model::plan::{OperationKind, Plan};
use strata_model::reference::{DefinitionNames, TargetId};
use strata_model::rules::Rules;
use strata_ops::dependencies::{self, OfComponent};
use strata_ops::{Request, Workspace, names_of_package, prepare, read_package, silent};

use super::{Options, wanted, workspace};

/// References beside those of the package.
const OTHERS: i64 = 500_000;
/// References of one definition.
const TOGETHER: i64 = 10;

/// Reads the names of every definition of a package, and writes them to the indexes of an environment without any.
pub(super) fn names(options: &Options) -> Result<Duration, String> {
    let path = wanted(options.package.as_deref(), "--package")?;
    let package = read_package(path).map_err(|error| error.to_string())?;
    let started = Instant::now();
    let read = names_of_package(&package);
    let reading = started.elapsed();
    drop((read, package));
    let workspace = workspace(options)?;
    let environment = workspace.environment_to_write().map_err(|error| error.to_string())?;
    let request = Request::Import { package: path.into(), options: ImportOptions::pac() };
    let prepared = prepare(&workspace, &environment, &request, &silent).map_err(|error| error.to_string())?;
    if prepared.plan.names.is_empty() {
        return Err("the plan of the import brings no names".to_owned());
    }
    Ok(reading + write(&workspace, &environment, prepared.plan.names)?)
}

/// Asks who uses a component.
pub(super) fn used_by(options: &Options) -> Result<Duration, String> {
    let component = wanted(options.component.as_deref(), "--component")?;
    {
        let workspace = workspace(options)?;
        let environment = workspace.environment().map_err(|error| error.to_string())?;
        write(&workspace, &environment, others())?;
    }
    let workspace = workspace(options)?;
    let started = Instant::now();
    let entries = dependencies::of_component(&workspace, None, component, OfComponent::Dependent);
    let elapsed = started.elapsed();
    if entries.map_err(|error| error.to_string())?.is_empty() {
        return Err(format!("nobody uses {component}"));
    }
    Ok(elapsed)
}

/// Makes up names in definitions of components that there are, old versions of theirs.
fn others() -> Vec<DefinitionNames> {
    let old = |index: i64| {
        let definition = Digest::of(&index.to_le_bytes());
        let target = |number: i64| TargetId(Digest::of(&(index * TOGETHER + number).to_be_bytes()).prefix());
        let mut mentions: Vec<_> = (0..TOGETHER).map(target).collect();
        mentions.sort_unstable();
        DefinitionNames { component: ComponentNo(1 + index), definition, mentions, answers: Vec::new() }
    };
    (0..OTHERS / TOGETHER).map(old).collect()
}

/// Writes nothing but names.
fn write(workspace: &Workspace, environment: &Environment, names: Vec<DefinitionNames>) -> Result<Duration, String> {
    let store = workspace.store();
    let base = store.snapshot(environment, None, &Footprint::default()).map_err(|error| error.to_string())?;
    let base = base.environment.revision;
    let lease = store.lease(environment, "measure", 0).map_err(|error| error.to_string())?;
    let plan = Plan { names, ..Plan::empty(OperationKind::New, base, Rules::OURS) };
    let entry = NewHistoryEntry {
        time: 0,
        duration: 0,
        kind: HistoryKind::Import,
        solution: None,
        from_version: None,
        to_version: None,
        suboperation: None,
        outcome: Outcome::Succeeded,
        changes: 0,
        job: None,
        state_of: None,
        options: None,
        findings: Vec::new(),
        facts: None,
        components: Vec::new(),
    };
    let started = Instant::now();
    store.apply(&lease, &plan, entry, &plan, &|_| {}).map_err(|error| error.to_string())?;
    Ok(started.elapsed())
}

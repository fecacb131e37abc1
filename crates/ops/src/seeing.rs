//! What an operation sees before it plans: its package, and the part of the environment that it may touch.

use strata_engine::{desktop_flow, import, variables};
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::environment::{Environment, Footprint, Snapshot};
use strata_model::package::Package;
use strata_store::StoreError;

use crate::operation::{Phase, Progress, Request};
use crate::source::read_package_beside;
use crate::{OpsError, Workspace};

/// A package, and what was seen of its solution while it was read.
#[derive(Default)]
pub(crate) struct Source {
    pub package: Option<Package>,
    pub seen: Option<Snapshot>,
}

impl From<Option<Package>> for Source {
    fn from(package: Option<Package>) -> Self {
        Self { package, seen: None }
    }
}

/// Reads the package of an import, and beside it the components that its solution has in the environment.
pub(crate) fn read(
    workspace: &Workspace,
    environment: &Environment,
    request: &Request,
    progress: Progress<'_>,
) -> Result<Source, OpsError> {
    let Request::Import { path, .. } = request else { return Ok(Source::default()) };
    progress(Phase::Reading, 0, 0);
    let store = workspace.store();
    let (package, seen) = read_package_beside(path, |name| {
        let headers = store.snapshot(environment, None, &Footprint::default()).ok()?;
        let footprint = import::installed_footprint(&headers, name);
        store.snapshot(environment, None, &footprint).ok()
    })?;
    Ok(Source { package: Some(package), seen: seen.flatten() })
}

/// Sees the parts of what may be deleted as well, whoever added them: children of tables, values of variables, binaries
/// of desktop flows.
pub(crate) fn with_parts(
    snapshot: &dyn Fn(&Footprint) -> Result<Snapshot, StoreError>,
    mut seen: Snapshot,
    tables: Vec<String>,
) -> Result<Snapshot, StoreError> {
    // The tables themselves too: whether they are real or assumed counts.
    let entities = tables.iter().map(|table| ComponentKey::new(ComponentType::named("entity"), table));
    let wanted = variables::values_to_see(&seen).into_iter().chain(entities);
    let keys: Vec<_> = wanted.filter(|key| !seen.components.contains_key(key)).collect();
    let flows = desktop_flow::flows_seen(&seen);
    if keys.is_empty() && tables.is_empty() && flows.is_empty() {
        return Ok(seen);
    }
    let more = snapshot(&Footprint { keys, children_of: tables, parts_of: flows, ..Footprint::default() })?;
    for (key, state) in more.components {
        seen.components.entry(key).or_insert(state);
    }
    Ok(seen)
}

/// Sees what a footprint names besides the solutions, which have been seen already.
pub(crate) fn with_more(
    snapshot: &dyn Fn(&Footprint) -> Result<Snapshot, StoreError>,
    mut seen: Snapshot,
    footprint: Footprint,
) -> Result<Snapshot, StoreError> {
    let Footprint { keys, types, parts_of, drafts, .. } = footprint;
    let keys: Vec<_> = keys.into_iter().filter(|key| !seen.components.contains_key(key)).collect();
    if !keys.is_empty() || !types.is_empty() || !parts_of.is_empty() || drafts {
        let more = snapshot(&Footprint { keys, types, parts_of, drafts, ..Footprint::default() })?;
        for (key, state) in more.components {
            seen.components.entry(key).or_insert(state);
        }
    }
    Ok(seen)
}

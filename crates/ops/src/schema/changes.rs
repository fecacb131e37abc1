//! Which definitions of tables and of what belongs to them operations changed since a revision.

use std::collections::BTreeSet;

use strata_engine::catalogue;
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::environment::{Environment, Footprint, Snapshot};
use strata_model::id::Operation;
use strata_model::rules::Rules;

use super::SHAPING;
use crate::{OpsError, Workspace};

/// Definitions that are others than they were, and those that are gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DefinitionChanges {
    pub changed: BTreeSet<ComponentKey>,
    pub deleted: BTreeSet<ComponentKey>,
}

/// Lists what changed after a revision; `None` where nothing can say it any more, or the revision is yet to come.
pub fn changes_since(
    workspace: &Workspace,
    environment: &Environment,
    since: Operation,
) -> Result<Option<DefinitionChanges>, OpsError> {
    if since > environment.revision {
        return Ok(None);
    }
    let store = workspace.store();
    let types = SHAPING.map(ComponentType::named);
    let Some(touched) = store.layers_touched_since(environment, since, &types)? else { return Ok(None) };
    let footprint = Footprint { keys: touched.iter().cloned().collect(), ..Footprint::default() };
    let (now, before) =
        (store.snapshot(environment, None, &footprint)?, store.snapshot(environment, Some(since), &footprint)?);
    let exists = |seen: &Snapshot, key: &ComponentKey| {
        let has_layers = seen.components.get(key).is_some_and(|state| !state.layers.is_empty());
        has_layers || catalogue::contains(key, &Rules::OURS)
    };
    let (changed, gone): (BTreeSet<_>, BTreeSet<_>) = touched.into_iter().partition(|key| exists(&now, key));
    Ok(Some(DefinitionChanges { changed, deleted: gone.into_iter().filter(|key| exists(&before, key)).collect() }))
}

//! What happened: the list of operations, and one of them in detail.

use std::collections::BTreeMap;

use strata_model::code::ErrorCode;
use strata_model::component::ComponentRef;
use strata_model::environment::Footprint;
use strata_model::history::Outcome;
use strata_model::id::{Operation, SolutionNo};
use strata_model::plan::Action;
use strata_store::LayerChange;

use crate::view::{HistoryDetail, HistoryView, LayerChangeEntry};
use crate::{OpsError, Workspace};

/// Lists the operations, newest first.
pub fn list(workspace: &Workspace, at: Option<Operation>) -> Result<Vec<HistoryView>, OpsError> {
    let environment = workspace.environment()?;
    let history = workspace.store().history(&environment, at)?;
    Ok(history.iter().map(HistoryView::of).collect())
}

/// Shows one operation with every layer it changed.
pub fn show(workspace: &Workspace, operation: Operation) -> Result<HistoryDetail, OpsError> {
    let environment = workspace.environment()?;
    let store = workspace.store();
    let Some(entry) = store.history_entry(&environment, operation)? else {
        let message = format!("there is no operation {operation}: the last one is {}", environment.operation);
        return Err(OpsError::request(ErrorCode::NOT_FOUND, message).hint("see them with `strata history`"));
    };
    let layer_changes = match entry.outcome {
        Outcome::Failed => Vec::new(),
        Outcome::Succeeded => {
            let names = solution_names(workspace, operation)?;
            let changes = store.changes_of(&environment, operation)?;
            changes.iter().map(|change| layer_change(&environment.id, change, &names)).collect()
        }
    };
    Ok(HistoryDetail {
        entry: HistoryView::of(&entry),
        duration: entry.duration,
        options: entry.options.as_deref().and_then(|json| serde_json::from_str(json).ok()),
        findings: entry.what.findings,
        layer_changes,
    })
}

/// Names of the solutions before and after an operation.
fn solution_names(workspace: &Workspace, operation: Operation) -> Result<BTreeMap<SolutionNo, String>, OpsError> {
    let environment = workspace.environment()?;
    let mut names = BTreeMap::from([(SolutionNo::ACTIVE, "Active".to_owned())]);
    for at in [Operation(operation.0 - 1), operation] {
        let snapshot = workspace.store().snapshot(&environment, Some(at), &Footprint::default())?;
        names.extend(snapshot.solutions.into_iter().map(|solution| (solution.no, solution.unique_name)));
    }
    Ok(names)
}

fn layer_change(
    environment: &strata_model::id::Guid,
    change: &LayerChange,
    names: &BTreeMap<SolutionNo, String>,
) -> LayerChangeEntry {
    let action = match (change.existed_before, change.exists_after, change.opened.is_some()) {
        (false, _, _) => Action::Create,
        (true, false, _) => Action::Delete,
        (true, true, true) => Action::Modify,
        (true, true, false) => Action::Detach,
    };
    let layer = change.opened.as_ref().or(change.closed.as_ref());
    let display = layer.and_then(|layer| layer.display_name.as_deref());
    let component = &change.component;
    LayerChangeEntry {
        action,
        component: ComponentRef::new(*environment, &component.key, &component.name, component.id, display),
        layer: names.get(&change.solution).cloned().unwrap_or_else(|| change.solution.to_string()),
    }
}

//! Plans a return to an earlier state: undo and restore (R12).
//!
//! The store says which rows differ; here they become a plan like any other, so that it can be shown first.

use std::collections::{BTreeMap, BTreeSet};

use strata_model::component::{Component, ComponentKey, ComponentRef};
use strata_model::environment::{Footprint, Snapshot};
use strata_model::history::{HistoryEntry, HistoryKind, Outcome};
use strata_model::id::{ComponentNo, Guid, Operation, SolutionNo};
use strata_model::layer::Layer;
use strata_model::plan::{Action, Change, Edit, Effect, OperationKind, Plan, RowCounts};
use strata_model::rules::Rules;

use crate::catalogue;
use crate::loss::{self, Going};

/// Returns the operation whose state an undo brings back, or `None` when there is nothing to undo.
///
/// `history` is newest first. An undo stands for the operation whose state it brought back, so repeating it
/// walks back one operation each time.
pub fn undo_target(history: &[HistoryEntry]) -> Option<Operation> {
    let current = standing_for(history, Operation(i64::MAX))?;
    Some(standing_for(history, Operation(current.0 - 1)).unwrap_or(Operation::START))
}

/// Returns the operation whose state was in force after `operation`; `None` before the first one.
fn standing_for(history: &[HistoryEntry], operation: Operation) -> Option<Operation> {
    // An export leaves everything as it was: there is nothing in it to go back over.
    let is_step = |entry: &&HistoryEntry| entry.outcome == Outcome::Succeeded && entry.kind != HistoryKind::Export;
    let entry = history.iter().filter(is_step).find(|entry| entry.operation <= operation)?;
    match (entry.kind, entry.state_of) {
        (HistoryKind::Undo, Some(target)) => standing_for(history, target),
        (..) => Some(entry.operation),
    }
}

/// What is known now of a component that a return concerns, or whose data comes back.
#[derive(Debug, Clone)]
pub struct Now {
    pub component: Component,
    pub layers: usize,
    pub display_name: Option<String>,
}

/// Plans the return to a state by the edits that bring it back; `components` are those of the [`footprint`].
pub fn plan(
    snapshot: &Snapshot,
    operation: OperationKind,
    edits: Vec<Edit>,
    components: &BTreeMap<ComponentNo, Now>,
    rows: &dyn RowCounts,
    rules: &Rules,
) -> Plan {
    let mut plan = Plan::empty(operation, snapshot.environment.revision, *rules);
    let mut touched: BTreeMap<ComponentNo, Touched> = BTreeMap::new();
    for edit in &edits {
        match edit {
            Edit::LayerOpen(layer) => {
                let entry = touched.entry(layer.component).or_default();
                entry.opened += 1;
                entry.layer = Some(layer.clone());
                entry.solutions.push(layer.solution);
            }
            Edit::LayerClose { component, solution, .. } => {
                let entry = touched.entry(*component).or_default();
                entry.closed += 1;
                entry.solutions.push(*solution);
            }
            Edit::SettingsReplace { .. }
            | Edit::PublisherOpen(_)
            | Edit::PublisherClose(_)
            | Edit::SolutionOpen(_)
            | Edit::SolutionClose(_)
            | Edit::ComponentAdd(_)
            | Edit::MemberOpen(_)
            | Edit::MemberClose(_)
            | Edit::ActivationOpen(_)
            | Edit::ActivationClose(_)
            | Edit::RowsReopen { .. }
            | Edit::RowsClose { .. }
            | Edit::ColumnReopen { .. }
            | Edit::ColumnClose { .. } => {}
        }
    }
    let names = solution_names(snapshot, &edits);
    let mut changes: Vec<_> = touched
        .iter()
        .filter_map(|(no, touched)| {
            let now = components.get(no)?;
            Some((now.component.key.clone(), change(snapshot.environment.id, now, touched, &names)))
        })
        .collect();
    changes.sort_by(|(left, _), (right, _)| left.cmp(right));
    let then = Existence::then(components, &touched, rules);
    plan.edits = edits.into_iter().filter(|edit| then.fits(edit)).collect();
    let deleted: BTreeSet<_> = changes
        .iter()
        .filter(|(key, change)| change.action == Action::Delete && !catalogue::contains(key, rules))
        .map(|(key, _)| key.clone())
        .collect();
    let is_closing = |edit: &&Edit| matches!(edit, Edit::RowsClose { .. } | Edit::ColumnClose { .. });
    let closings: Vec<_> = plan.edits.iter().filter(is_closing).cloned().collect();
    // What goes takes its data with it (D8); the system's tables and columns stay.
    for (key, change) in changes.iter_mut().filter(|(key, _)| deleted.contains(key)) {
        let going = Going {
            environment: snapshot.environment.id,
            layer: change.layer.clone(),
            with_table: key.table().is_some_and(|table| deleted.contains(&loss::table_key(table))),
            rule: "R12",
        };
        let loss = going.loss(key, &change.component, rows);
        change.rows_lost = loss.rows_lost;
        plan.findings.extend(loss.finding.filter(|_| loss.rows_lost > 0));
        plan.edits.extend(loss.edit.filter(|edit| !closings.contains(edit)));
    }
    plan.changes = changes.into_iter().map(|(_, change)| change).collect();
    plan
}

/// Which components have layers at the moment that comes back.
struct Existence<'a> {
    layers: BTreeMap<&'a ComponentKey, usize>,
    rules: &'a Rules,
}

impl<'a> Existence<'a> {
    fn then(
        components: &'a BTreeMap<ComponentNo, Now>,
        touched: &BTreeMap<ComponentNo, Touched>,
        rules: &'a Rules,
    ) -> Self {
        let layers = components.iter().map(|(no, now)| {
            let layers = touched.get(no).map_or(now.layers, |touched| touched.layers_after(now.layers));
            (&now.component.key, layers)
        });
        Self { layers: layers.collect(), rules }
    }

    fn has(&self, key: &ComponentKey) -> bool {
        self.layers.get(key).is_some_and(|layers| *layers > 0) || catalogue::contains(key, self.rules)
    }

    /// Data comes back to tables and columns that existed then, and goes only from columns that did not.
    fn fits(&self, edit: &Edit) -> bool {
        match edit {
            Edit::ColumnClose { table, column } => !self.has(&loss::column_key(table, column)),
            _ => data_of(edit).is_none_or(|key| self.has(&key)),
        }
    }
}

/// Returns the table or column whose data an edit brings back, or takes from a column.
fn data_of(edit: &Edit) -> Option<ComponentKey> {
    match edit {
        Edit::RowsReopen { table, .. } => Some(loss::table_key(table)),
        Edit::ColumnReopen { table, column, .. } | Edit::ColumnClose { table, column } => {
            Some(loss::column_key(table, column))
        }
        Edit::SettingsReplace { .. }
        | Edit::PublisherOpen(_)
        | Edit::PublisherClose(_)
        | Edit::SolutionOpen(_)
        | Edit::SolutionClose(_)
        | Edit::ComponentAdd(_)
        | Edit::LayerOpen(_)
        | Edit::LayerClose { .. }
        | Edit::MemberOpen(_)
        | Edit::MemberClose(_)
        | Edit::ActivationOpen(_)
        | Edit::ActivationClose(_)
        | Edit::RowsClose { .. } => None,
    }
}

/// Returns the tables and columns whose data edits bring back: planning a return must see them.
pub fn footprint(edits: &[Edit]) -> Footprint {
    let mut numbers: Vec<ComponentNo> = edits.iter().filter_map(Edit::layered_component).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let keys = edits.iter().filter_map(data_of);
    Footprint { numbers, keys: keys.collect(), ..Footprint::default() }
}

#[derive(Default)]
struct Touched {
    opened: usize,
    closed: usize,
    layer: Option<Layer>,
    solutions: Vec<SolutionNo>,
}

impl Touched {
    fn layers_after(&self, layers_now: usize) -> usize {
        layers_now + self.opened - self.closed.min(layers_now + self.opened)
    }
}

fn solution_names(snapshot: &Snapshot, edits: &[Edit]) -> BTreeMap<SolutionNo, String> {
    let now = snapshot.solutions.iter().map(|solution| (solution.no, solution.unique_name.clone()));
    let reopened = edits.iter().filter_map(|edit| match edit {
        Edit::SolutionOpen(solution) => Some((solution.no, solution.unique_name.clone())),
        Edit::SettingsReplace { .. }
        | Edit::PublisherOpen(_)
        | Edit::PublisherClose(_)
        | Edit::SolutionClose(_)
        | Edit::ComponentAdd(_)
        | Edit::LayerOpen(_)
        | Edit::LayerClose { .. }
        | Edit::MemberOpen(_)
        | Edit::MemberClose(_)
        | Edit::ActivationOpen(_)
        | Edit::ActivationClose(_)
        | Edit::RowsReopen { .. }
        | Edit::RowsClose { .. }
        | Edit::ColumnReopen { .. }
        | Edit::ColumnClose { .. } => None,
    });
    now.chain(reopened).chain([(SolutionNo::ACTIVE, "Active".to_owned())]).collect()
}

fn change(environment: Guid, now: &Now, touched: &Touched, names: &BTreeMap<SolutionNo, String>) -> Change {
    let (component, layers_now) = (&now.component, now.layers);
    let action = match (layers_now, touched.layers_after(layers_now), touched.opened) {
        (0, _, _) => Action::Create,
        (_, 0, _) => Action::Delete,
        (_, _, 0) => Action::Detach,
        (..) => Action::Modify,
    };
    let layer = touched.solutions.iter().max().and_then(|no| names.get(no)).cloned().unwrap_or_default();
    let reopened = touched.layer.as_ref().and_then(|layer| layer.display_name.as_deref());
    let display = reopened.or(now.display_name.as_deref());
    Change {
        action,
        component: ComponentRef::new(environment, &component.key, &component.name, component.id, display),
        layer,
        effect: Effect::Visible,
        masked_by: Vec::new(),
        properties: Vec::new(),
        rows_lost: 0,
    }
}

//! Plans a publish: drafts of the Active layer take effect (L49–L51, R1).
//!
//! A draft is cumulative: it holds everything that Active held and the edit, so publishing replaces.

use strata_model::component::ComponentKey;
use strata_model::environment::{ComponentState, Footprint, Snapshot};
use strata_model::id::{Operation, SolutionNo};
use strata_model::layer::{Layer, LayerState};
use strata_model::plan::{Action, Bodies, Change, Edit, Finding, FindingKind, NoRows, OperationKind, Plan};
use strata_model::rules::Rules;

use crate::effect::{Lens, StackItem};
use crate::loss::Going;
use crate::{names, pending_deletion};

/// Edits and changes that publishing brings.
pub(crate) struct Published {
    pub(crate) edits: Vec<Edit>,
    pub(crate) changes: Vec<(ComponentKey, Change)>,
    pub(crate) findings: Vec<Finding>,
}

/// Returns the components that planning a publish must see.
pub fn footprint() -> Footprint {
    Footprint { drafts: true, ..Footprint::default() }
}

/// Says that drafts have come to be, and how they take effect (L49, L50).
pub(crate) fn drafts_finding(drafts: usize) -> Finding {
    let message = match drafts {
        1 => "1 component is a draft: it takes effect when it is published".to_owned(),
        many => format!("{many} components are drafts: they take effect when they are published"),
    };
    Finding::info(FindingKind::Component, "L49", message).hint("publish with `strata solution publish`")
}

/// Plans the publish of every draft, or of one solution's.
pub fn plan(snapshot: &Snapshot, solution: Option<SolutionNo>, rules: &Rules, bodies: &dyn Bodies) -> Plan {
    let mut plan = Plan::empty(OperationKind::Publish, snapshot.environment.revision, *rules);
    let lens = Lens::new(snapshot, rules, bodies);
    let is_meant = |state: &&ComponentState| solution.is_none_or(|solution| state.is_member_of(solution));
    let published = publish_states(&lens, snapshot.components.values().filter(is_meant));
    plan.edits = published.edits;
    plan.findings = published.findings;
    plan.changes = published.changes.into_iter().map(|(_, change)| change).collect();
    plan
}

pub(crate) fn publish_states<'a>(lens: &Lens<'_>, states: impl Iterator<Item = &'a ComponentState>) -> Published {
    let mut published = Published { edits: Vec::new(), changes: Vec::new(), findings: Vec::new() };
    for state in states {
        let Some(draft) = state.active(LayerState::Unpublished) else { continue };
        if pending_deletion::is_pending_deletion(draft) {
            publish_deletion(lens, state, &mut published);
        } else {
            publish_draft(lens, state, draft, &mut published);
        }
    }
    published
}

/// L49: a deletion takes effect.
fn publish_deletion(lens: &Lens<'_>, state: &ComponentState, published: &mut Published) {
    let environment = lens.snapshot.environment.id;
    let going = Going { environment, layer: "Active".to_owned(), with_table: false, rule: "L102" };
    // What waits for a publish to go has no data.
    let gone = going.delete(state, &NoRows);
    published.edits.extend(gone.edits);
    published.changes.push((state.component.key.clone(), gone.change));
}

fn publish_draft(lens: &Lens<'_>, state: &ComponentState, draft: &Layer, published: &mut Published) {
    let before = lens.published(state);
    let mut after = before.clone();
    for layer in [Some(draft), state.active(LayerState::Published)].into_iter().flatten() {
        published.edits.push(Edit::LayerClose {
            component: layer.component,
            solution: layer.solution,
            state: layer.state,
            digest: layer.digest,
        });
    }
    let layer = Layer { state: LayerState::Published, from: Operation::START, ..draft.clone() };
    after.retain(|item| item.name != "Active");
    let key = &state.component.key;
    // L45: what is taken back leaves no trace.
    if !(layer.is_diff && lens.says_nothing(&layer.digest)) {
        after.push(StackItem { name: "Active".to_owned(), digest: Some(layer.digest), is_diff: layer.is_diff });
        published.edits.push(Edit::LayerOpen(layer));
    }
    let seen = lens.compare(key, &before, &after, "Active");
    let component = names::installed(lens.snapshot.environment.id, state);
    published.findings.extend(seen.collision(&component, key.component_type.label()));
    let change = seen.change(Action::Modify, component, "Active");
    published.changes.push((key.clone(), change));
}

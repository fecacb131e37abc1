//! Plans a publish: drafts of the Active layer take effect (L49–L51, R1).
//!
//! A draft is cumulative: it holds everything that Active held and the edit, so publishing replaces. A deletion that
//! waited for it takes effect, and what has come to need the component meanwhile stands against that (DP13, DP14).

use std::collections::BTreeSet;

use strata_model::component::ComponentKey;
use strata_model::environment::{ComponentState, Footprint, Snapshot};
use strata_model::id::{Operation, SolutionNo};
use strata_model::layer::{Layer, LayerState};
use strata_model::plan::{Action, Bodies, Change, Edit, Finding, FindingKind, NoRows, OperationKind, Plan};
use strata_model::rules::Rules;

use crate::dependency::blocks::{blocks, delete_findings};
use crate::dependency::{World, recipe};
use crate::effect::{Lens, StackItem};
use crate::loss::Going;
use crate::{names, pending_deletion};

/// Edits and changes that publishing brings.
pub(crate) struct Published {
    pub(crate) edits: Vec<Edit>,
    pub(crate) changes: Vec<(ComponentKey, Change)>,
    pub(crate) findings: Vec<Finding>,
    /// Components whose deletion takes effect.
    pub(crate) deleted: BTreeSet<ComponentKey>,
}

/// Returns the components that planning a publish must see.
pub fn footprint() -> Footprint {
    Footprint { drafts: true, ..Footprint::default() }
}

/// Returns the components whose deletion a publish may make effective: whoever names one must be seen too.
pub fn at_risk(snapshot: &Snapshot) -> BTreeSet<ComponentKey> {
    let pending = snapshot.components.values().filter(|state| pending_deletion::is_pending(state));
    pending.map(|state| state.component.key.clone()).collect()
}

/// Says that drafts have come to be, and how they take effect (L49, L50).
pub(crate) fn drafts_finding(drafts: usize) -> Finding {
    let message = match drafts {
        1 => "1 component is a draft: it takes effect when it is published".to_owned(),
        many => format!("{many} components are drafts: they take effect when they are published"),
    };
    Finding::info(FindingKind::Component, "L49", message).hint("publish with `strata solution publish`")
}

/// Whose drafts take effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    All,
    Solution(SolutionNo),
    /// Of these components, and of what is a part of one of them: a table is published with its columns and forms.
    Components(BTreeSet<ComponentKey>),
}

impl Scope {
    fn means(&self, state: &ComponentState) -> bool {
        match self {
            Self::All => true,
            Self::Solution(solution) => state.is_member_of(*solution),
            Self::Components(keys) => {
                keys.contains(&state.component.key)
                    || state.component.parent().is_some_and(|parent| keys.contains(&parent))
            }
        }
    }
}

/// Plans the publish of every draft, of one solution's, or of some components'.
pub fn plan(snapshot: &Snapshot, scope: &Scope, rules: &Rules, bodies: &dyn Bodies) -> Plan {
    let mut plan = Plan::empty(OperationKind::Publish, snapshot.environment.revision, *rules);
    let lens = Lens::new(snapshot, rules, bodies);
    let meant = snapshot.components.values().filter(|state| scope.means(state));
    let published = publish_states(&lens, meant);
    plan.edits = published.edits;
    plan.findings = published.findings;
    plan.changes = published.changes.into_iter().map(|(_, change)| change).collect();
    let refusals = refuse_deletions(&lens, &plan, &published.deleted);
    plan.findings.extend(refusals);
    if plan.is_refused() {
        plan.edits.clear();
    }
    plan
}

/// DP13, DP14: says what still needs components whose deletion would take effect with the edits of a plan.
pub(crate) fn refuse_deletions(lens: &Lens<'_>, plan: &Plan, deleted: &BTreeSet<ComponentKey>) -> Vec<Finding> {
    if deleted.is_empty() {
        return Vec::new();
    }
    let found = blocks(&World::after(*lens, plan), deleted);
    let each = found.iter().flat_map(|block| delete_findings(lens, &block.required, std::slice::from_ref(block)));
    let mut findings: Vec<_> = each.collect();
    recipe::attach(lens, &BTreeSet::new(), &found, &|_| false, &mut findings);
    findings
}

pub(crate) fn publish_states<'a>(lens: &Lens<'_>, states: impl Iterator<Item = &'a ComponentState>) -> Published {
    let mut published =
        Published { edits: Vec::new(), changes: Vec::new(), findings: Vec::new(), deleted: BTreeSet::new() };
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
    published.deleted.insert(state.component.key.clone());
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

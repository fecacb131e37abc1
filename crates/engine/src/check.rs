//! Invariants of an environment, written from the specification rather than from the planners.
//!
//! Run after every operation in tests and debug builds: whatever a planner did, these hold.

use std::collections::BTreeSet;

use strata_model::environment::Snapshot;
use strata_model::id::SolutionNo;
use strata_model::layer::LayerState;
use strata_model::solution::{Solution, SolutionKind};

/// Returns every broken invariant, in words.
pub fn violations(snapshot: &Snapshot) -> Vec<String> {
    let mut found = Vec::new();
    let mut names = BTreeSet::new();
    for solution in &snapshot.solutions {
        if !names.insert(solution.unique_name.to_lowercase()) {
            found.push(format!("two solutions are named {}", solution.unique_name));
        }
        if snapshot.publisher(solution.publisher).is_none() {
            found.push(format!("solution {} has no publisher (L6)", solution.unique_name));
        }
    }
    for solution in snapshot.solutions.iter().filter(|solution| solution.kind != SolutionKind::Base) {
        let parent = solution.parent.and_then(|no| snapshot.solution(no));
        if parent.is_none() && solution.kind == SolutionKind::Patch {
            found.push(format!("patch {} has no parent (L105)", solution.unique_name));
        }
        if parent.is_some_and(|parent| parent.is_managed != solution.is_managed || parent.kind != SolutionKind::Base) {
            found.push(format!("{} does not fit its parent (L78, L109)", solution.unique_name));
        }
        let is_twin = |other: &&Solution| other.kind == SolutionKind::Upgrade && other.parent == solution.parent;
        if solution.kind == SolutionKind::Upgrade && snapshot.solutions.iter().filter(is_twin).count() > 1 {
            found.push(format!("{} is not the only pending upgrade (L79)", solution.unique_name));
        }
    }
    for (key, state) in &snapshot.components {
        let sorted = state.layers.windows(2).all(|pair| snapshot.stack_key(&pair[0]) < snapshot.stack_key(&pair[1]));
        if !sorted {
            found.push(format!("{key}: the stack is not in order (L28, L30, L31)"));
        }
        for layer_state in [LayerState::Published, LayerState::Unpublished] {
            let is_active = |layer: &&strata_model::layer::Layer| {
                layer.solution == SolutionNo::ACTIVE && layer.state == layer_state
            };
            if state.layers.iter().filter(is_active).count() > 1 {
                found.push(format!("{key}: more than one Active layer (L29)"));
            }
        }
        for layer in state.managed() {
            if layer.state != LayerState::Published {
                found.push(format!("{key}: a managed draft (L50)"));
            }
            match snapshot.solution(layer.solution) {
                None => found.push(format!("{key}: a layer of a solution that is not installed")),
                Some(solution) if !solution.is_managed => {
                    found.push(format!("{key}: unmanaged {} has a layer of its own (L17)", solution.unique_name));
                }
                Some(_) if !state.is_member_of(layer.solution) => {
                    found.push(format!("{key}: a layer without membership (L18)"));
                }
                Some(_) => {}
            }
        }
        if state.is_on && (state.layers.is_empty() || !key.component_type.can_activate()) {
            found.push(format!("{key}: switched on, and nothing to switch (L92)"));
        }
        for member in &state.members {
            if snapshot.solution(member.solution).is_none() {
                found.push(format!("{key}: member of a solution that is not installed"));
            }
        }
    }
    found
}

//! The shortest way to make a refused deletion legal (DP10, DP24): which reference to take out of which component,
//! which unmanaged layer or component to remove, which solution to uninstall first, in order.
//!
//! Of two ways the one with fewer steps is taken, and of equal ones the one that destroys less. A reference that
//! only another file can give up has a step without a command: the new version of a package names what it drops, or
//! two solutions need each other. What a draft has given up already waits for nothing but a publish.
//!
//! Steps are tried out on the snapshot as they are found, so one step's consequences are the next one's facts. How one
//! component lets go is [`cure`]'s.

mod cure;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentRef};
use strata_model::environment::ComponentState;
use strata_model::id::{PublisherNo, SolutionNo};
use strata_model::layer::Layer;
use strata_model::plan::{Edit, Finding, FindingKind, OperationKind, Plan, RecipeStep, Severity};
use strata_model::rules::Rules;

use super::World;
use super::blocks::{Block, blocks, owners};
use super::risk::along;
use crate::effect::Lens;
use crate::{catalogue, names, uninstall};

/// More steps than this nobody takes one by one.
const STEPS_MAX: usize = 200;

/// Writes the way out into the first finding that dependencies are the reason of; where there is none, whose
/// components they are.
///
/// `going` are the solutions that the operation itself takes away, `found` what stands against it; `is_brought` tells
/// what the package at hand brings.
pub(crate) fn attach(
    lens: &Lens<'_>,
    going: &BTreeSet<SolutionNo>,
    found: &[Block],
    is_brought: &dyn Fn(&ComponentKey) -> bool,
    findings: &mut [Finding],
) {
    let recipe = way_out(lens, going, found, is_brought, findings);
    let is_held =
        |finding: &&mut Finding| finding.severity == Severity::Error && finding.kind == FindingKind::DeleteBlocked;
    let Some(first) = findings.iter_mut().find(is_held) else { return };
    let owners = owners(lens, found);
    match recipe {
        Some(recipe) => first.recipe = recipe,
        None => first.hints.insert(0, format!("no way out of at most {STEPS_MAX} steps was found")),
    }
    if first.recipe.is_empty() && is(first, ErrorCode::UNINSTALL_WITH_DEPENDENCIES) && !owners.is_empty() {
        first.hints.push(names::uninstall_first(&owners));
    }
}

fn is(finding: &Finding, code: ErrorCode) -> bool {
    finding.name.as_deref() == Some(code.name)
}

/// Returns the steps, none where something else stands against the operation too; `None` where no way is short enough.
fn way_out(
    lens: &Lens<'_>,
    going: &BTreeSet<SolutionNo>,
    found: &[Block],
    is_brought: &dyn Fn(&ComponentKey) -> bool,
    findings: &[Finding],
) -> Option<Vec<RecipeStep>> {
    // Where something else stands against it too, the way out would not be one.
    let known = [
        ErrorCode::UNINSTALL_WITH_DEPENDENCIES,
        ErrorCode::OTHER_PUBLISHER_LAYER_ABOVE,
        ErrorCode::DELETE_IN_USE,
        ErrorCode::SOLUTION_UPGRADE_FAILED,
    ];
    let is_other =
        |finding: &Finding| finding.severity == Severity::Error && !known.iter().any(|code| is(finding, *code));
    if findings.iter().any(is_other) {
        return Some(Vec::new());
    }
    let above: BTreeSet<_> = findings
        .iter()
        .filter(|finding| is(finding, ErrorCode::OTHER_PUBLISHER_LAYER_ABOVE))
        .filter_map(|finding| finding.component.as_ref())
        .flat_map(|component| layers_above(lens, component, going))
        .collect();
    let mut cook = Cook { under_way: going.iter().copied().collect(), ..Cook::new(*lens, is_brought) };
    let is_cleared = above.into_iter().all(|no| cook.uninstall(no)) && cook.clear(found.to_vec());
    is_cleared.then(|| cook.finish())
}

/// L97: solutions of other publishers whose layers stand over a base that would go.
fn layers_above(lens: &Lens<'_>, component: &ComponentRef, going: &BTreeSet<SolutionNo>) -> Vec<SolutionNo> {
    let is_it = |state: &&ComponentState| names::installed(lens.snapshot.environment.id, state).id == component.id;
    let state = lens.snapshot.components.values().find(is_it);
    let staying = state.into_iter().flat_map(ComponentState::managed).filter(|layer| !going.contains(&layer.solution));
    let mut above: Vec<_> = staying.map(|layer| layer.solution).collect();
    // Topmost first (DP24).
    above.reverse();
    above
}

/// A recipe in the making.
#[derive(Clone)]
struct Cook<'a> {
    lens: Lens<'a>,
    is_brought: &'a dyn Fn(&ComponentKey) -> bool,
    steps: Vec<RecipeStep>,
    /// Solutions that are uninstalled by then.
    gone: BTreeSet<SolutionNo>,
    under_way: Vec<SolutionNo>,
    /// Components that are deleted by then.
    deleted: BTreeSet<ComponentKey>,
    /// Pairs of dependent and required that are parted by then.
    parted: BTreeSet<(ComponentKey, ComponentKey)>,
    /// What steps so far take out of components.
    taken: BTreeMap<ComponentKey, BTreeSet<ComponentKey>>,
    must_publish: bool,
    /// The environment before the steps, where what goes still has its names.
    now: Rc<World<'a>>,
    /// The environment after the steps so far, as long as none of them takes layers away.
    world: OnceCell<Rc<World<'a>>>,
}

impl<'a> Cook<'a> {
    fn new(lens: Lens<'a>, is_brought: &'a dyn Fn(&ComponentKey) -> bool) -> Self {
        Self {
            lens,
            is_brought,
            steps: Vec::new(),
            gone: BTreeSet::new(),
            under_way: Vec::new(),
            deleted: BTreeSet::new(),
            parted: BTreeSet::new(),
            taken: BTreeMap::new(),
            must_publish: false,
            now: Rc::new(World::now(lens)),
            world: OnceCell::new(),
        }
    }

    fn finish(mut self) -> Vec<RecipeStep> {
        self.publish();
        self.steps
    }

    /// Adds a publish where a step before waits for one.
    fn publish(&mut self) {
        if std::mem::take(&mut self.must_publish) {
            let text = "publish, so that the references are gone for users too".to_owned();
            self.step(text, Some("strata solution publish".to_owned()), None, None);
        }
    }

    fn step(
        &mut self,
        text: String,
        command: Option<String>,
        component: Option<ComponentRef>,
        solution: Option<String>,
    ) {
        let step = u32::try_from(self.steps.len() + 1).unwrap_or(u32::MAX);
        self.steps.push(RecipeStep { step, text, command, component, solution });
    }

    /// Adds steps after which none of these blocks is left; false where there is no way.
    fn clear(&mut self, found: Vec<Block>) -> bool {
        let mut by_dependent: BTreeMap<ComponentKey, BTreeSet<ComponentKey>> = BTreeMap::new();
        for block in found {
            for dependent in block.dependents {
                let is_parted = self.parted.contains(&(dependent.clone(), block.required.clone()));
                if !is_parted && !self.deleted.contains(&dependent) {
                    by_dependent.entry(dependent).or_default().insert(block.required.clone());
                }
            }
        }
        let mut by_owner: BTreeMap<Option<SolutionNo>, Vec<(ComponentKey, BTreeSet<ComponentKey>)>> = BTreeMap::new();
        for (dependent, required) in by_dependent {
            let owner = self.lens.snapshot.components.get(&dependent).and_then(|state| self.owner(state));
            by_owner.entry(owner).or_default().push((dependent, required));
        }
        // From the top down: what was installed last goes first, and takes what it needs along (DP24).
        by_owner.into_iter().rev().all(|(owner, dependents)| self.clear_owner(owner, dependents))
            && self.steps.len() <= STEPS_MAX
    }

    /// The solution that brings a component, as long as it is there; `None` for what is unmanaged.
    ///
    /// Where that is what is to go itself, the topmost solution that keeps the component.
    fn owner(&self, state: &ComponentState) -> Option<SolutionNo> {
        let there = || state.managed().map(|layer| layer.solution).filter(|no| !self.gone.contains(no));
        let base = there().next()?;
        let above = || there().filter(|no| !self.under_way.contains(no)).last();
        if self.under_way.contains(&base) { above().or(Some(base)) } else { Some(base) }
    }

    fn clear_owner(
        &mut self,
        owner: Option<SolutionNo>,
        mut dependents: Vec<(ComponentKey, BTreeSet<ComponentKey>)>,
    ) -> bool {
        // An earlier step may have taken them along.
        dependents.retain(|(dependent, _)| !self.deleted.contains(dependent) && !self.goes_along(dependent));
        if dependents.is_empty() {
            return true;
        }
        let Some(owner) = owner else { return self.cure_all(&dependents) };
        // By hand it is a step for each at least, which is worth counting only where uninstalling takes as many.
        let without = (dependents.len() > 1).then(|| self.without(owner)).flatten();
        if let Some(without) = &without
            && without.steps.len() - self.steps.len() < dependents.len()
        {
            *self = without.clone();
            return true;
        }
        let mut by_hand = self.clone();
        let is_cured = by_hand.cure_all(&dependents);
        let publishing = usize::from(by_hand.must_publish && !self.must_publish);
        let by_hand_steps = by_hand.steps.len() - self.steps.len() + publishing;
        // Uninstalling is one step at least.
        if is_cured && by_hand_steps <= 1 + publishing {
            *self = by_hand;
            return true;
        }
        let steps = self.steps.len();
        match without.or_else(|| self.without(owner)) {
            Some(without) if !is_cured || without.steps.len() - steps < by_hand_steps => *self = without,
            Some(_) | None if is_cured => *self = by_hand,
            Some(_) | None => self.leave_to_an_upgrade(owner, &dependents),
        }
        true
    }

    /// Makes each of these components let go by hand; false where one cannot.
    fn cure_all(&mut self, dependents: &[(ComponentKey, BTreeSet<ComponentKey>)]) -> bool {
        let mut cured = self.clone();
        let is_cured = dependents
            .iter()
            .all(|(dependent, required)| cured.steps.len() <= STEPS_MAX && cured.cure(dependent, required));
        if is_cured {
            *self = cured;
        }
        is_cured
    }

    /// Returns the recipe with a solution uninstalled, where commands alone bring that about.
    fn without(&self, owner: SolutionNo) -> Option<Self> {
        let mut without = self.clone();
        let goes = without.uninstall(owner);
        let is_by_commands = without.steps[self.steps.len()..].iter().all(|step| step.command.is_some());
        (goes && is_by_commands).then_some(without)
    }

    /// DP10, DP24: what holds on and can neither be edited nor go is changed by a new version of its solution.
    fn leave_to_an_upgrade(&mut self, owner: SolutionNo, dependents: &[(ComponentKey, BTreeSet<ComponentKey>)]) {
        let name = names::solution(self.lens.snapshot, owner);
        let described = |key: &ComponentKey| match self.lens.snapshot.components.get(key) {
            Some(state) => {
                names::describe(&names::installed(self.lens.snapshot.environment.id, state), key.component_type.label())
            }
            None => format!("{} {}", key.component_type.label(), key.as_str()),
        };
        let (first, required) = &dependents[0];
        let required: Vec<_> = required.iter().map(described).collect();
        let others = match dependents.len() - 1 {
            0 => String::new(),
            1 => ", nor 1 other component what is to go".to_owned(),
            many => format!(", nor {many} other components what is to go"),
        };
        let text = format!(
            "upgrade {name} to a version in which {} does not need {}{others}",
            described(first),
            required.join(" and ")
        );
        self.step(text, None, None, Some(name));
        for (dependent, required) in dependents {
            self.parted.extend(required.iter().map(|key| (dependent.clone(), key.clone())));
        }
    }

    /// Tells whether a component goes with the solutions that are gone or to go: no other holds it.
    fn goes_along(&self, key: &ComponentKey) -> bool {
        let Some(state) = self.lens.snapshot.components.get(key) else { return false };
        let mut managed = state.managed().peekable();
        managed.peek().is_some()
            && managed.all(|layer| self.gone.contains(&layer.solution) || self.under_way.contains(&layer.solution))
            && state.managed().any(|layer| self.gone.contains(&layer.solution))
            && !catalogue::contains(key, self.lens.rules)
    }

    /// Like [`Self::clear`], for a step that counts on it.
    fn clear_and_publish(&mut self, found: Vec<Block>) -> bool {
        if found.is_empty() {
            return true;
        }
        let is_cleared = self.clear(found);
        self.publish();
        is_cleared
    }

    /// Adds the steps after which a solution is uninstalled; false where it cannot go.
    fn uninstall(&mut self, no: SolutionNo) -> bool {
        if self.gone.contains(&no) {
            return true;
        }
        // DP10: two that need each other cannot both go first.
        let Some(solution) = self.lens.snapshot.solution(no).filter(|solution| solution.is_managed) else {
            return false;
        };
        if self.under_way.contains(&no) || self.steps.len() > STEPS_MAX {
            return false;
        }
        self.under_way.push(no);
        let leaving = uninstall::leaving(self.lens.snapshot, &solution.unique_name);
        let is_open = self.above(&leaving).into_iter().all(|above| self.uninstall(above));
        let mut after = self.clone();
        after.go(leaving.iter().copied(), BTreeSet::new());
        let world = after.world();
        let mut deleted = along(&world, after.bare(&world, &leaving));
        // What other solutions have on it stays, and stands against it.
        deleted.retain(|key| !is_managed(&world, key));
        let found = blocks(&world, &deleted);
        if !is_open || !self.clear_and_publish(found) {
            return false;
        }
        self.under_way.pop();
        self.go(leaving, deleted);
        let name = solution.unique_name.clone();
        let text = format!("uninstall {name}, or upgrade it to a version that no longer needs what is to go");
        let command = format!("strata solution delete --solution-name {}", quoted(&name));
        self.step(text, Some(command), None, Some(name));
        true
    }

    /// L97: whose layers stand over bases that would go.
    fn above(&self, leaving: &BTreeSet<SolutionNo>) -> Vec<SolutionNo> {
        let publisher = |layer: &Layer| -> Option<PublisherNo> {
            self.lens.snapshot.solution(layer.solution).map(|solution| solution.publisher)
        };
        let mut above = Vec::new();
        for state in self.lens.snapshot.components.values() {
            if catalogue::contains(&state.component.key, self.lens.rules) {
                continue;
            }
            let layers: Vec<_> = state.managed().filter(|layer| !self.gone.contains(&layer.solution)).collect();
            let Some(base) = layers.first().filter(|base| leaving.contains(&base.solution)) else { continue };
            let staying: Vec<_> = layers.iter().filter(|layer| !leaving.contains(&layer.solution)).collect();
            let heirs = match self.lens.rules.same_publisher_anywhere_takes_base {
                true => staying.len(),
                false => staying.len().min(1),
            };
            if !staying[..heirs].iter().any(|layer| publisher(layer) == publisher(base)) {
                above.extend(staying.iter().rev().map(|layer| layer.solution));
            }
        }
        let mut seen = BTreeSet::new();
        above.retain(|no| seen.insert(*no));
        above
    }

    /// Returns the components that have lost all their layers with solutions.
    fn bare(&self, world: &World<'_>, leaving: &BTreeSet<SolutionNo>) -> BTreeSet<ComponentKey> {
        let states = self.lens.snapshot.components.values();
        let lost = states.filter(|state| state.managed().any(|layer| leaving.contains(&layer.solution)));
        let is_bare = |state: &&ComponentState| {
            let key = &state.component.key;
            !world.state(key).is_some_and(|state| world.has_layers(state)) && !catalogue::contains(key, self.lens.rules)
        };
        lost.filter(is_bare).map(|state| state.component.key.clone()).collect()
    }

    fn world(&self) -> Rc<World<'a>> {
        Rc::clone(self.world.get_or_init(|| Rc::new(self.world_after())))
    }

    fn go(&mut self, solutions: impl IntoIterator<Item = SolutionNo>, deleted: BTreeSet<ComponentKey>) {
        self.gone.extend(solutions);
        self.deleted.extend(deleted);
        self.world = OnceCell::new();
    }

    fn world_after(&self) -> World<'a> {
        let mut plan = Plan::empty(
            OperationKind::Uninstall,
            self.lens.snapshot.environment.revision,
            Rules::clone(self.lens.rules),
        );
        for state in self.lens.snapshot.components.values() {
            let is_going = |layer: &&Layer| self.gone.contains(&layer.solution);
            let goes = self.deleted.contains(&state.component.key);
            let stays_based = state.managed().any(|layer| !self.gone.contains(&layer.solution))
                || catalogue::contains(&state.component.key, self.lens.rules);
            let loses_base = state.managed().next().is_some() && !stays_based;
            let closing: Vec<_> = match goes || loses_base {
                true => state.layers.iter().collect(),
                false => state.layers.iter().filter(is_going).collect(),
            };
            plan.edits.extend(closing.into_iter().map(|layer| Edit::LayerClose {
                component: layer.component,
                solution: layer.solution,
                state: layer.state,
                digest: layer.digest,
            }));
        }
        World::after(self.lens, &plan)
    }
}

/// Tells whether a managed layer is left of a component.
fn is_managed(world: &World<'_>, key: &ComponentKey) -> bool {
    world.state(key).is_some_and(|state| state.managed().next().is_some())
}

/// Quotes a word for a shell where it needs it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/' | '@' | '+');
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

//! Takes references out of a component, in its Active layer: *remove dependency* (DP30).
//!
//! What goes is every place of the definition in force that names the other component: a control of a form, a column
//! of a view, a part of an app. The edit is an ordinary one: it waits for a publish where the type does, and what
//! forbids customizing the component forbids this too.

use strata_model::code::ErrorCode;
use strata_model::component::ComponentKey;
use strata_model::environment::{Footprint, Snapshot};
use strata_model::id::SolutionNo;
use strata_model::plan::{Bodies, Body, Finding, FindingKind, OperationKind, Plan};
use strata_model::reference::Target as Name;
use strata_model::rules::Rules;
use strata_xml::Element;

use super::merged::{content, definition_of};
use super::{Content, Target, refuse_edit, to_edit};
use crate::definition::{self, Unit};
use crate::dependency::World;
use crate::effect::Lens;
use crate::layering::{overlay, unit_of_edit};
use crate::merge::active_content;
use crate::{managed_property, names, reference};

/// Returns the components that planning must see.
pub fn footprint(key: &ComponentKey, required: &[ComponentKey]) -> Footprint {
    Footprint { keys: std::iter::once(key).chain(required).cloned().collect(), ..Footprint::default() }
}

/// Plans that a component lets go of others.
pub fn plan(
    snapshot: &Snapshot,
    key: &ComponentKey,
    required: &[ComponentKey],
    rules: &Rules,
    bodies: &dyn Bodies,
) -> Plan {
    let mut plan = Plan::empty(OperationKind::Set, snapshot.environment.revision, *rules);
    let lens = Lens::new(snapshot, rules, bodies);
    let Some(target) = to_edit(&lens, key, [EDITED], &mut plan) else { return plan };
    let world = World::now(lens);
    let mut wanted: Option<Element> = None;
    for other in required {
        let Some(changed) = target.let_go(&world, wanted.as_ref(), other) else {
            plan.findings.push(no_reference(&target, &lens, other));
            continue;
        };
        wanted = Some(changed);
    }
    let Some(wanted) = wanted.filter(|_| !plan.is_refused()) else { return plan };
    let edited = target.content_of(&lens, wanted);
    let component = target.number(&mut plan);
    target.open_layer(&lens, component, edited, &mut plan);
    plan
}

/// Tells whether a component could be made to let go of others in one edit, after it has let go of some already.
pub(crate) fn can_let_go<'k>(
    world: &World<'_>,
    key: &ComponentKey,
    taken: impl Iterator<Item = &'k ComponentKey>,
    mut required: impl Iterator<Item = &'k ComponentKey>,
) -> bool {
    let lens = &world.lens;
    let Some(target) = Target::find(lens.snapshot, key, lens.rules) else { return false };
    let mut plan = Plan::empty(OperationKind::Set, lens.snapshot.environment.revision, *lens.rules);
    refuse_edit(&target, &mut plan);
    let locked = target.state.is_some_and(|state| !managed_property::refusals(lens, state, [EDITED], "MP6").is_empty());
    if plan.is_refused() || locked {
        return false;
    }
    let mut so_far = target.without_all(world, taken);
    required.all(|other| {
        let changed = target.let_go(world, so_far.as_ref(), other);
        let is_gone = changed.is_some();
        so_far = changed.or(so_far.take());
        is_gone
    })
}

/// Tells whether a component that has let go of some others still names this one: what hangs on a reference goes with
/// it.
pub(crate) fn still_names<'k>(
    world: &World<'_>,
    key: &ComponentKey,
    taken: impl Iterator<Item = &'k ComponentKey>,
    other: &ComponentKey,
) -> bool {
    let Some(target) = Target::find(world.lens.snapshot, key, world.lens.rules) else { return false };
    let names = names_of(world, other);
    target.without_all(world, taken).is_none_or(|tree| target.mentions_any(world, &tree, &names))
}

fn names_of(world: &World<'_>, key: &ComponentKey) -> Vec<Name> {
    match world.state(key) {
        Some(state) => world.names(state),
        None => reference::names_of_system(key),
    }
}

/// A property that stands for any change of the definition.
const EDITED: &str = "definition";

fn no_reference(target: &Target<'_>, lens: &Lens<'_>, other: &ComponentKey) -> Finding {
    let component = target.reference(lens);
    let message = format!(
        "{} holds no reference to {} {} that can be taken out of it",
        names::describe(&component, target.key.component_type.label()),
        other.component_type.label(),
        other.as_str()
    );
    Finding::error(FindingKind::Component, ErrorCode::COMPONENT_NOT_EXIST, "DP30", message)
        .about(component)
        .hint(format!("see what it needs with `strata component dependencies {} --required`", target.key))
}

impl Target<'_> {
    /// Returns the definition that makers see, or `so_far`, without what names the other component.
    fn let_go(&self, world: &World<'_>, so_far: Option<&Element>, other: &ComponentKey) -> Option<Element> {
        let layers = self.makers_view();
        let resolved = match self.key.component_type.merge().is_merged() {
            true => definition_of(&world.lens, &layers),
            false => self.resolved(&world.lens, &layers).map(|(tree, _)| tree),
        };
        let names = names_of(world, other);
        // An earlier one may have taken it along: the columns of a link to a table.
        if let Some(tree) = so_far
            && !self.mentions_any(world, tree, &names)
            && resolved.as_ref().is_some_and(|tree| self.mentions_any(world, tree, &names))
        {
            return Some(tree.clone());
        }
        let mut tree = so_far.cloned().or(resolved)?;
        let parent = self.state.and_then(|state| state.component.parent.as_ref());
        let mut is_changed = false;
        for name in &names {
            is_changed |= reference::without(&mut tree, self.key, parent, name);
        }
        (is_changed && !self.mentions_any(world, &tree, &names)).then_some(tree)
    }

    /// Returns the definition that makers see without what names any of these; `None` where it names none.
    fn without_all<'k>(&self, world: &World<'_>, taken: impl Iterator<Item = &'k ComponentKey>) -> Option<Element> {
        taken.fold(None, |so_far, other| self.let_go(world, so_far.as_ref(), other).or(so_far))
    }

    fn mentions_any(&self, world: &World<'_>, tree: &Element, names: &[Name]) -> bool {
        let body = Body { bytes: strata_xml::write(tree).into(), ..Body::default() };
        let component = self.state.map(|state| &state.component);
        let mentions = reference::mentions(&reference::Definition {
            key: self.key,
            parent: component.and_then(|component| component.parent.as_ref()),
            category: component.and_then(|component| component.category),
            id: component.and_then(|component| component.id),
            body: &body,
            files: world.lens.bodies,
        });
        mentions.iter().any(|mention| names.contains(&mention.target))
    }

    /// Returns what Active holds when makers are to see a definition.
    fn content_of(&self, lens: &Lens<'_>, wanted: Element) -> Content {
        let layers = self.makers_view();
        if self.key.component_type.merge().is_merged() {
            let managed: Vec<_> = layers.into_iter().filter(|layer| layer.solution != SolutionNo::ACTIVE).collect();
            return content(active_content(definition_of(lens, &managed).as_ref(), wanted), self.home(lens));
        }
        let own = layers.last().filter(|layer| layer.solution == SolutionNo::ACTIVE);
        let tree = own.and_then(|layer| definition::tree(&lens.bodies.definition(&layer.digest)?.bytes));
        let mut active = tree.unwrap_or_else(|| Element::new(wanted.name.clone()));
        let unit = unit_of_edit(&self.key.component_type, &wanted, "", Unit::Row, lens.rules.masking);
        overlay(&self.key.component_type, &mut active, &unit);
        let files = self.resolved(lens, &self.makers_view()).map(|(_, files)| files).unwrap_or_default();
        Content { body: Some(Body { bytes: strata_xml::write(&active).into(), home: None, files }), is_diff: false }
    }
}

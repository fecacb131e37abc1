//! What one component says in a package: the stack of its published layers, as the kind of package wants it (merge §8).

use strata_model::component::ComponentType;
use strata_model::environment::ComponentState;
use strata_model::id::{Digest, SolutionNo};
use strata_model::layer::{Layer, LayerState};
use strata_model::package::Presence;
use strata_model::plan::Body;
use strata_xml::Element;

use super::{Content, difference};
use crate::active::merged::resolved_definition;
use crate::catalogue;
use crate::definition::{self, Unit};
use crate::effect::Lens;
use crate::import::is_assumed_layer;
use crate::layering::overlay;
use crate::merge;

/// Types that a package can hold for reference only (package-format §6).
const WITH_SHELLS: [&str; 8] = [
    "entity",
    "attribute",
    "systemform",
    "savedquery",
    "savedqueryvisualization",
    "optionset",
    "entityrelationship",
    "workflow",
];

/// Returns what a member of the solution says, and how; `None` for what does not go out, tables without content of their
/// own among it.
pub(super) fn of(
    lens: &Lens<'_>,
    state: &ComponentState,
    solution: SolutionNo,
    managed: bool,
) -> Option<(Content, Presence)> {
    let key = &state.component.key;
    let behavior = state.members.iter().find(|member| member.solution == solution).and_then(|member| member.behavior);
    let is_shell = behavior == Some(strata_model::environment::Behavior::IncludeAsShellOnly);
    if key.component_type.is("entity") && is_shell {
        return None;
    }
    let real = |layer: &&Layer| !is_assumed_layer(layer);
    let below: Vec<_> = state.managed().filter(real).collect();
    let system = catalogue::component(key, lens.rules);
    let system = system.and_then(|system| definition::tree(&system.definition));
    let has_base = !below.is_empty() || system.is_some();
    match state.active(LayerState::Published).filter(real) {
        Some(active) if !has_base => Some((Content::Kept(active.digest), presence(active))),
        Some(active) if key.component_type.merge().is_merged() => merged(lens, state, &below, active, managed),
        Some(active) => {
            let layers: Vec<_> = below.into_iter().chain([active]).collect();
            Some((laid_over(lens, &key.component_type, system, &layers)?, Presence::Full))
        }
        None if !has_base => None,
        None => unmodified(lens, &key.component_type, system, &below, managed),
    }
}

fn presence(layer: &Layer) -> Presence {
    if layer.is_diff { Presence::Diff } else { Presence::Full }
}

/// Forms, site maps, apps and ribbons with an unmanaged layer over managed ones.
fn merged(
    lens: &Lens<'_>,
    state: &ComponentState,
    below: &[&Layer],
    active: &Layer,
    managed: bool,
) -> Option<(Content, Presence)> {
    // A ribbon's layer holds whole elements, which is what a package holds (merge §7).
    if state.component.key.component_type.is("ribboncustomization") {
        return Some((Content::Kept(active.digest), Presence::Full));
    }
    let resolve = |layers: &[&Layer]| resolved_definition(layers.iter().copied(), lens.rules, lens.bodies);
    let base = resolve(below)?;
    let layers: Vec<_> = below.iter().copied().chain([active]).collect();
    let result = resolve(&layers)?;
    let own = lens.bodies.definition(&active.digest)?;
    let home = own.home.clone().or_else(|| lens.bodies.definition(&below.first()?.digest)?.home);
    let made = |tree: &Element| {
        let bytes = strata_xml::write(tree).into();
        Content::Made(Body { bytes, home: home.clone(), files: own.files.clone() })
    };
    match managed {
        false => {
            let is_own = definition::tree(&own.bytes).is_some_and(|own| !active.is_diff && own == result);
            let content = if is_own { Content::Kept(active.digest) } else { made(&result) };
            Some((content, Presence::Full))
        }
        true => difference::of(&base, &result).map(|tree| (made(&tree), Presence::Diff)),
    }
}

/// The definition that layers resolve to, bottom to top; kept as it is where the topmost says it all.
fn laid_over(
    lens: &Lens<'_>,
    component_type: &ComponentType,
    system: Option<Element>,
    layers: &[&Layer],
) -> Option<Content> {
    let top = layers.last()?;
    let own = lens.bodies.definition(&top.digest)?;
    // A definition in JSON is one unit.
    if own.bytes.trim_ascii_start().starts_with(b"{") {
        return Some(Content::Kept(top.digest));
    }
    // What the catalogue knows of a system component is less than a package says; it fills in what one label leaves open.
    let system = system.filter(|_| layers.len() > 1 || !says_row(component_type, &own.bytes));
    let (tree, files) = resolve(lens, component_type, system, layers)?;
    let says_it_all = definition::tree(&own.bytes).is_some_and(|own| is_same(component_type, &own, &tree));
    Some(match says_it_all && own.files == files {
        true => Content::Kept(top.digest),
        false => Content::Made(Body { bytes: strata_xml::write(&tree).into(), home: own.home.clone(), files }),
    })
}

/// Tells whether a definition says anything of the component's own row, not of labels, options and privileges alone.
fn says_row(component_type: &ComponentType, bytes: &[u8]) -> bool {
    let leaves = definition::tree(bytes).map(|tree| definition::tree_leaves(component_type, &tree)).unwrap_or_default();
    leaves.iter().any(|leaf| leaf.unit == Unit::Row && !leaf.path.starts_with('@'))
}

/// Tells whether two definitions have the same leaves; order is no matter of theirs.
fn is_same(component_type: &ComponentType, left: &Element, right: &Element) -> bool {
    let leaves = |tree: &Element| {
        let mut leaves: Vec<_> =
            definition::tree_leaves(component_type, tree).into_iter().map(|leaf| (leaf.path, leaf.value)).collect();
        leaves.sort_unstable();
        leaves
    };
    left == right || leaves(left) == leaves(right)
}

type Files = Vec<(String, Digest)>;

/// Lays layers over each other, bottom to top; the files are those of the topmost that has any.
pub(crate) fn resolve(
    lens: &Lens<'_>,
    component_type: &ComponentType,
    system: Option<Element>,
    layers: &[&Layer],
) -> Option<(Element, Files)> {
    let (mut resolved, mut files) = (system, Files::new());
    for layer in layers {
        let Some(body) = lens.bodies.definition(&layer.digest) else { continue };
        let Some(tree) = definition::tree(&body.bytes) else { continue };
        if !body.files.is_empty() {
            files = body.files;
        }
        match &mut resolved {
            Some(below) if below.name == tree.name => overlay(component_type, below, &tree),
            Some(_) | None => resolved = Some(tree),
        }
    }
    Some((resolved?, files))
}

/// What nobody here has changed: for reference in an unmanaged package, left out of a managed one.
fn unmodified(
    lens: &Lens<'_>,
    component_type: &ComponentType,
    system: Option<Element>,
    below: &[&Layer],
    managed: bool,
) -> Option<(Content, Presence)> {
    let has_shell = WITH_SHELLS.contains(&component_type.name()) || component_type.merge().is_merged();
    let is_left_out = managed && lens.rules.unmodified_is_left_out;
    if component_type.is("entity") || (is_left_out && has_shell) {
        return None;
    }
    let home = || lens.bodies.definition(&below.last()?.digest)?.home;
    let (mut tree, files) = match component_type.merge().is_merged() {
        true => (resolved_definition(below.iter().copied(), lens.rules, lens.bodies)?, Files::new()),
        false if below.len() == 1 && system.is_none() && !has_shell => {
            return Some((Content::Kept(below.first()?.digest), Presence::Full));
        }
        false => resolve(lens, component_type, system, below)?,
    };
    if tree.name == merge::ASSUMED {
        return None;
    }
    // Site maps, apps and ribbons have no way to say it; they are left to the target.
    let says_so = WITH_SHELLS.contains(&component_type.name());
    if has_shell && !says_so {
        return None;
    }
    if has_shell && !managed {
        tree.set_attribute("unmodified", "1");
    }
    let body = Body { bytes: strata_xml::write(&tree).into(), home: home(), files };
    let presence = if has_shell && !managed { Presence::Reference } else { Presence::Full };
    Some((Content::Made(body), presence))
}

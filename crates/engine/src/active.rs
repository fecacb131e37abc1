//! Plans edits and removal of the Active layer (L17, L29, L38, L103).
//!
//! An edit copies the whole unit it touches out of the resolved definition, changes it there, and lays it over
//! what Active held before; so Active masks that unit and nothing else (OQ 36). Of merged types Active holds a
//! difference, see [`merged`].

pub mod detach;
pub mod labels;
pub(crate) mod merged;
mod options;
mod path;
pub(crate) mod whole;

use strata_model::code::ErrorCode;
use strata_model::component::{Component, ComponentKey, ComponentRef};
use strata_model::environment::{ComponentState, Footprint, Membership, Snapshot};
use strata_model::id::{Digest, Operation, SolutionNo};
use strata_model::layer::{Layer, LayerState};
use strata_model::plan::{Action, Bodies, Body, Change, Edit, Effect, Finding, FindingKind, OperationKind, Plan};
use strata_model::rules::Rules;
use strata_xml::Element;

use crate::definition::{self, Unit};
use crate::effect::{Lens, Over, StackItem};
use crate::layering::{overlay, unit_of_edit};
use crate::{by_hand, catalogue, managed_property, names, pending_deletion, publish, variables};

pub(crate) use path::{set_path, spelled};

/// One `PATH=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyEdit {
    pub path: String,
    pub value: String,
}

/// What the Active layer is to hold; no body where no trace of it stays.
pub(crate) struct Content {
    pub(crate) body: Option<Body<'static>>,
    pub(crate) is_diff: bool,
}

/// Returns the components that planning an edit or removal must see; a value has its definition beside it.
pub fn footprint(key: &ComponentKey) -> Footprint {
    let is_value = key.component_type.is(variables::VALUE);
    let definition = is_value.then(|| variables::definition_key(key.as_str()));
    Footprint { keys: [key.clone()].into_iter().chain(definition).collect(), ..Footprint::default() }
}

/// Finds what an edit is about; what stands against editing these properties becomes findings.
fn to_edit<'e>(
    lens: &Lens<'e>,
    key: &'e ComponentKey,
    paths: impl IntoIterator<Item = &'e str>,
    plan: &mut Plan,
) -> Option<Target<'e>> {
    let Some(target) = Target::find(lens.snapshot, key, lens.rules) else {
        plan.findings.push(absent(key));
        return None;
    };
    refuse_edit(&target, plan);
    if let Some(state) = target.state {
        plan.findings.extend(managed_property::refusals(lens, state, paths, "MP6"));
    }
    Some(target)
}

/// Plans an edit of properties; `solution` names the unmanaged solution that the edit is made in.
pub fn set(
    snapshot: &Snapshot,
    key: &ComponentKey,
    edits: &[PropertyEdit],
    solution: Option<&str>,
    rules: &Rules,
    bodies: &dyn Bodies,
) -> Plan {
    set_with_content(snapshot, key, edits, None, solution, rules, bodies)
}

/// Plans an edit of properties and of the member file, whose digest is given.
pub fn set_with_content(
    snapshot: &Snapshot,
    key: &ComponentKey,
    edits: &[PropertyEdit],
    content: Option<Digest>,
    solution: Option<&str>,
    rules: &Rules,
    bodies: &dyn Bodies,
) -> Plan {
    let mut plan = Plan::empty(OperationKind::Set, snapshot.environment.revision, *rules);
    let lens = Lens::new(snapshot, rules, bodies);
    let paths = edits.iter().map(|edit| edit.path.as_str());
    let Some(target) = to_edit(&lens, key, paths, &mut plan) else { return plan };
    let solution = solution.and_then(|name| by_hand::open_solution(snapshot, name, &mut plan)).map(|own| own.no);
    let edited = match key.component_type.merge().is_merged() {
        true => target.edit_merged(&lens, edits, &mut plan),
        false => target.edit(&lens, edits, content, &mut plan).map(|body| Content { body: Some(body), is_diff: false }),
    };
    let Some(edited) = edited else { return plan };
    if plan.is_refused() {
        return plan;
    }
    let component = target.number(&mut plan);
    target.open_layer(&lens, component, edited, &mut plan);
    if let Some(solution) = solution
        && !target.state.is_some_and(|state| state.is_member_of(solution))
    {
        plan.edits.push(Edit::MemberOpen(Membership { component, solution, behavior: None }));
    }
    plan
}

/// Plans the removal of the Active layer, its draft included (L103).
pub fn remove(snapshot: &Snapshot, key: &ComponentKey, rules: &Rules, bodies: &dyn Bodies) -> Plan {
    let mut plan = Plan::empty(OperationKind::RemoveActive, snapshot.environment.revision, *rules);
    let Some(state) = snapshot.components.get(key).filter(|state| !state.layers.is_empty()) else {
        if catalogue::contains(key, rules) {
            return plan;
        }
        plan.findings.push(absent(key));
        return plan;
    };
    let lens = Lens::new(snapshot, rules, bodies);
    let component = names::installed(snapshot.environment.id, state);
    let has_base = state.managed().next().is_some() || catalogue::contains(key, rules);
    if !has_base {
        let described = names::describe(&component, key.component_type.label());
        let message = format!("{described} has no managed layer below: removing its unmanaged layer would delete it");
        plan.findings.push(
            Finding::error(FindingKind::DeleteBlocked, ErrorCode::UNMANAGED_BASE, "L103", message).about(component),
        );
        return plan;
    }
    let active: Vec<_> = state.layers.iter().filter(|layer| layer.solution == SolutionNo::ACTIVE).collect();
    if active.is_empty() {
        return plan;
    }
    for layer in active {
        plan.edits.push(close(layer));
    }
    let before = lens.published(state);
    let after: Vec<_> = before.iter().filter(|item| item.name != "Active").cloned().collect();
    let seen = lens.compare(key, &before, &after, "Active");
    plan.findings.extend(seen.collision(&component, key.component_type.label()));
    plan.changes.push(seen.change(Action::Detach, component, "Active"));
    plan
}

/// The component an edit is about: stored, or of the system layer and never touched before.
struct Target<'a> {
    key: &'a ComponentKey,
    snapshot: &'a Snapshot,
    state: Option<&'a ComponentState>,
    system: Option<catalogue::SystemComponent>,
}

impl<'a> Target<'a> {
    fn find(snapshot: &'a Snapshot, key: &'a ComponentKey, rules: &Rules) -> Option<Self> {
        let state = snapshot.components.get(key);
        // L118: a variable that has no value yet takes one all the same.
        let system = catalogue::component(key, rules).or_else(|| variables::fresh_component(snapshot, key));
        let exists = system.is_some() || state.is_some_and(|state| !state.layers.is_empty());
        exists.then_some(Self { key, snapshot, state, system })
    }

    fn number(&self, plan: &mut Plan) -> strata_model::id::ComponentNo {
        if let Some(state) = self.state {
            return state.component.no;
        }
        let no = self.snapshot.next_component;
        let is_value = self.key.component_type.is(variables::VALUE);
        let parent = is_value.then(|| variables::definition_key(self.key.as_str()));
        let component = Component { no, key: self.key.clone(), name: self.name(), id: None, category: None, parent };
        plan.edits.push(Edit::ComponentAdd(component));
        no
    }

    /// Returns the name in the case it is known by.
    fn name(&self) -> String {
        let installed = self.state.map(|state| state.component.name.as_str());
        let system = self.system.as_ref().map(|system| system.name.as_str());
        installed.or(system).unwrap_or(self.key.as_str()).to_owned()
    }

    fn reference(&self, lens: &Lens<'_>) -> ComponentRef {
        let environment = lens.snapshot.environment.id;
        match self.state {
            Some(state) => names::installed(environment, state),
            None => ComponentRef::new(environment, self.key, &self.name(), None, None),
        }
    }

    /// Warns of a property that the edit brings up: it may be a slip of the pen.
    fn unmentioned(&self, lens: &Lens<'_>, path: &str) -> Finding {
        let message = format!("no layer of this {} mentions `{path}` so far", self.key.component_type.label());
        Finding::warning(FindingKind::Component, None, "R8", message)
            .about(self.reference(lens))
            .hint(format!("see the paths with `strata layers {}`", self.key))
    }

    /// Returns the new content of the Active layer.
    fn edit(
        &self,
        lens: &Lens<'_>,
        edits: &[PropertyEdit],
        content: Option<Digest>,
        plan: &mut Plan,
    ) -> Option<Body<'static>> {
        let layers: Vec<&Layer> = self.makers_view();
        let (mut resolved, mut files) = self.resolved(lens, &layers)?;
        let component_type = &self.key.component_type;
        let mut active = match layers.last().filter(|layer| layer.solution == SolutionNo::ACTIVE) {
            Some(layer) => definition::tree(&lens.bodies.definition(&layer.digest)?.bytes)?,
            None => Element::new(resolved.name.clone()),
        };
        let mut touches_row = false;
        for edit in edits {
            let known: Vec<_> =
                definition::tree_leaves(component_type, &resolved).into_iter().map(|leaf| leaf.path).collect();
            if let Some(order) = options::Order::of(component_type, &resolved, edit) {
                if !order.fits(component_type, &resolved) {
                    plan.findings.push(unknown_property(self.key, &format!("{}={}", edit.path, edit.value)));
                    return None;
                }
                // Merge §7: options stand in the order of the layer that they come from.
                let options = order.named(component_type, &resolved);
                if let Some(option) = options.iter().find(|option| self.is_below(lens, option)) {
                    plan.findings.push(self.managed_order(lens, option));
                    return None;
                }
                for tree in [&mut resolved, &mut active] {
                    order.apply(component_type.own_element(), tree);
                }
                continue;
            }
            let path = spelled(&known, &edit.path);
            match options::taken_away(component_type, &resolved, edit) {
                Some((option, Unit::Option)) if self.is_below(lens, &option) => {
                    plan.findings.push(self.managed_option(lens, &option));
                    return None;
                }
                // A label of a layer below shows through.
                Some((element, _)) => {
                    for tree in [&mut resolved, &mut active] {
                        options::remove(component_type.own_element(), tree, &element);
                    }
                    continue;
                }
                None => {}
            }
            if whole::replace(component_type.own_element(), &mut resolved, &edit.path, &edit.value) == Some(true) {
                touches_row = true;
                let unit = unit_of_edit(component_type, &resolved, &edit.path, Unit::Row, lens.rules.masking);
                overlay(component_type, &mut active, &unit);
                continue;
            }
            if edit.path == "file"
                || edit.path.starts_with("file[")
                || !set_path(component_type.own_element(), &mut resolved, &path, &edit.value)
            {
                plan.findings.push(unknown_property(self.key, &edit.path));
                return None;
            }
            let leaf = definition::tree_leaves(component_type, &resolved).into_iter().find(|leaf| leaf.path == path);
            let Some(leaf) = leaf else {
                plan.findings.push(unknown_property(self.key, &edit.path));
                return None;
            };
            if !known.contains(&path) && !component_type.is(variables::VALUE) {
                plan.findings.push(self.unmentioned(lens, &path));
            }
            let needs_row = leaf.unit == Unit::Label && is_behind_order(&leaf.group);
            touches_row |= leaf.unit == Unit::Row || needs_row;
            if needs_row {
                let row = unit_of_edit(component_type, &resolved, "", Unit::Row, lens.rules.masking);
                overlay(component_type, &mut active, &row);
                set_path(component_type.own_element(), &mut active, &path, &edit.value);
                continue;
            }
            let unit = unit_of_edit(component_type, &resolved, &leaf.group, leaf.unit, lens.rules.masking);
            overlay(component_type, &mut active, &unit);
        }
        if let Some(content) = content {
            let Some((_, digest)) = files.first_mut() else {
                plan.findings.push(unknown_property(self.key, "file"));
                return None;
            };
            *digest = content;
            touches_row = true;
            let unit = unit_of_edit(component_type, &resolved, "file", Unit::Row, lens.rules.masking);
            overlay(component_type, &mut active, &unit);
        }
        // The row unit holds the component's files too (L38).
        let files = if touches_row { files } else { Vec::new() };
        if component_type.is(variables::VALUE) {
            return Some(variables::value_body(&self.name(), &active));
        }
        Some(Body { bytes: strata_xml::write(&active).into(), home: None, files })
    }

    /// Returns the layers that makers see, bottom to top: a draft instead of the published Active layer.
    fn makers_view(&self) -> Vec<&'a Layer> {
        let Some(state) = self.state else { return Vec::new() };
        let has_draft = state.active(LayerState::Unpublished).is_some();
        let is_hidden =
            |layer: &&Layer| has_draft && layer.solution == SolutionNo::ACTIVE && layer.state == LayerState::Published;
        state.layers.iter().filter(|layer| !is_hidden(layer)).collect()
    }

    fn resolved(
        &self,
        lens: &Lens<'_>,
        layers: &[&Layer],
    ) -> Option<(Element, Vec<(String, strata_model::id::Digest)>)> {
        let mut resolved = self.system.as_ref().and_then(|system| definition::tree(&system.definition));
        let mut files = Vec::new();
        for layer in layers {
            let body = lens.bodies.definition(&layer.digest)?;
            let tree = definition::tree(&body.bytes)?;
            if !body.files.is_empty() {
                files.clone_from(&body.files);
            }
            match &mut resolved {
                // An assumed base says nothing, not even what its element is called.
                Some(_) if crate::import::is_assumed_layer(layer) => {}
                Some(below) if below.name == "assumed" => resolved = Some(tree),
                Some(below) => overlay(&self.key.component_type, below, &tree),
                None => resolved = Some(tree),
            }
        }
        Some((resolved?, files))
    }

    fn open_layer(&self, lens: &Lens<'_>, component: strata_model::id::ComponentNo, content: Content, plan: &mut Plan) {
        let category = self.state.and_then(|state| state.component.category);
        let is_draft = self.key.component_type.is_publishable(category);
        let state = if is_draft { LayerState::Unpublished } else { LayerState::Published };
        let previous = self.state.and_then(|current| current.active(state));
        let Content { body, is_diff } = content;
        let published = self.state.and_then(|current| current.active(LayerState::Published));
        // A draft that takes back what is published says so by saying nothing.
        let body = body.or_else(|| published.filter(|_| is_draft).map(|_| merged::empty_body(self.key)));
        let digest = body.as_ref().map(Body::digest);
        let is_as_published = published.is_some_and(|published| Some(published.digest) == digest);
        let body = body.filter(|_| !(is_diff && is_draft && is_as_published));
        if previous.map(|previous| previous.digest) == body.as_ref().map(Body::digest) {
            return;
        }
        if let Some(previous) = previous {
            plan.edits.push(close(previous));
        }
        if let Some((body, digest)) = body.zip(digest) {
            plan.definitions.insert(digest, body);
            if is_draft {
                plan.findings.push(publish::drafts_finding(1));
            }
            let display_name = self.makers_view().last().and_then(|layer| layer.display_name.clone());
            plan.edits.push(Edit::LayerOpen(Layer {
                component,
                solution: SolutionNo::ACTIVE,
                slot: 0,
                state,
                digest,
                display_name,
                is_diff,
                from: Operation::START,
            }));
        }
        let before: Vec<StackItem> = self.makers_view().into_iter().map(|layer| lens.item(layer)).collect();
        let mut after: Vec<_> = before.iter().filter(|item| item.name != "Active").cloned().collect();
        after.extend(digest.map(|digest| StackItem { name: "Active".to_owned(), digest: Some(digest), is_diff }));
        let both = Over(plan, lens.bodies);
        let mut seen = Lens { bodies: &both, ..*lens }.compare(self.key, &before, &after, "Active");
        if variables::is_secret(lens, self.key) {
            variables::hide(&mut seen.properties, "value");
        }
        let reference = self.reference(lens);
        let is_new = before.is_empty() && self.key.component_type.is(variables::VALUE);
        plan.changes.push(Change {
            action: if is_new { Action::Create } else { Action::Modify },
            component: reference,
            layer: "Active".to_owned(),
            effect: if is_draft { Effect::None } else { seen.effect },
            masked_by: seen.masked_by,
            properties: seen.properties,
            rows_lost: 0,
        });
    }
}

fn absent(key: &ComponentKey) -> Finding {
    let message = format!("there is no {} {} in the environment", key.component_type.label(), key.as_str());
    Finding::error(FindingKind::Component, ErrorCode::COMPONENT_NOT_EXIST, "L17", message)
}

fn refuse_edit(target: &Target<'_>, plan: &mut Plan) {
    let key = target.key;
    let is_value = key.component_type.is(variables::VALUE);
    let is_managed = target.system.is_some() || target.state.is_some_and(|state| state.managed().next().is_some());
    // L104: an unmanaged component may still be changed.
    if is_managed && !is_value {
        by_hand::refuse_blocked(target.snapshot, plan);
    }
    if let Some(state) = target.state.filter(|state| pending_deletion::is_pending(state)) {
        let component = names::installed(target.snapshot.environment.id, state);
        let described = names::describe(&component, key.component_type.label());
        plan.findings.push(pending_deletion::refusal(component, &described));
    }
    if is_managed && !key.component_type.admits_active() {
        let component = names::keyed(target.snapshot.environment.id, key);
        let message = format!("a managed {} takes no unmanaged layer", key.component_type.label());
        let finding = Finding::error(FindingKind::Component, ErrorCode::INVALID_UPDATE_ON_PROTECTED, "L37", message);
        plan.findings.push(finding.about(component).hint("change it in the solution it comes from"));
    }
}

/// Tells whether a label stands in an element that only its order among others identifies, as the ends of a
/// relationship do: alone it would not say of which it is, so the row comes along.
fn is_behind_order(label: &str) -> bool {
    let steps = path::split_steps(label);
    let is_ordinal = |step: &&str| {
        let keyed = step.strip_suffix(']').and_then(|step| step.split_once('['));
        keyed.is_some_and(|(name, key)| {
            !matches!(name, "option" | "state" | "status") && key.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    steps.split_last().is_some_and(|(_, way)| way.iter().any(is_ordinal))
}

fn unknown_property(key: &ComponentKey, path: &str) -> Finding {
    let message = format!("`{path}` names no property of {} {}", key.component_type.label(), key.as_str());
    Finding::error(FindingKind::Component, ErrorCode::UNKNOWN_PROPERTY, "R8", message)
        .hint(format!("see the paths with `strata layers {key}`"))
}

fn close(layer: &Layer) -> Edit {
    Edit::LayerClose { component: layer.component, solution: layer.solution, state: layer.state, digest: layer.digest }
}

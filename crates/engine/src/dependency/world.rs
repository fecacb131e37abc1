//! An environment as it is, or as it would be after the edits of a plan: which layers each component has, what is in
//! force of them, who answers to a name, who mentions one.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use strata_model::component::ComponentKey;
use strata_model::environment::{ComponentState, stack_key};
use strata_model::id::{ComponentNo, SolutionNo};
use strata_model::layer::{Layer, LayerState};
use strata_model::plan::{Body, Edit, Plan};
use strata_model::reference::{Mention, Reference, Target, TargetId};
use strata_model::solution::Solution;
use strata_xml::Element;

use super::View;
use crate::active::merged::resolved_definition;
use crate::effect::Lens;
use crate::layering::overlay;
use crate::reference::{self, Definition};
use crate::{catalogue, definition, pending_deletion};

/// The components of a snapshot, with the layers they have now or would have.
pub(crate) struct World<'a> {
    pub(crate) lens: Lens<'a>,
    /// States of components that the plan adds or whose layers it changes.
    changed: BTreeMap<ComponentNo, ComponentState>,
    /// Numbers of all components.
    keys: BTreeMap<ComponentNo, ComponentKey>,
    added: BTreeMap<ComponentKey, ComponentNo>,
    /// What the plan's definitions mention and answer to, sorted.
    mentions: Vec<Mention>,
    answers: Vec<Mention>,
    read: RefCell<Read>,
}

/// What has been read of components, and whether their drafts counted.
type Read = BTreeMap<(ComponentNo, bool), Rc<[Reference]>>;

impl<'a> World<'a> {
    /// The environment as it is.
    pub(crate) fn now(lens: Lens<'a>) -> Self {
        let keys = lens.snapshot.components.values().map(|state| (state.component.no, state.component.key.clone()));
        Self {
            lens,
            changed: BTreeMap::new(),
            keys: keys.collect(),
            added: BTreeMap::new(),
            mentions: Vec::new(),
            answers: Vec::new(),
            read: RefCell::default(),
        }
    }

    /// The environment after the edits of a plan; `lens` must know the bodies that the plan brings.
    pub(crate) fn after(lens: Lens<'a>, plan: &Plan) -> Self {
        let mut world = Self::now(lens);
        let mut solutions = lens.snapshot.solutions.clone();
        for edit in &plan.edits {
            world.edit(edit, &mut solutions);
        }
        for state in world.changed.values_mut() {
            state.layers.sort_by_cached_key(|layer| stack_key(&solutions, layer));
        }
        for names in &plan.names {
            let (component, definition) = (names.component, names.definition.prefix());
            let mention = |target: &TargetId| Mention { target: *target, component, definition };
            world.mentions.extend(names.mentions.iter().map(mention));
            world.answers.extend(names.answers.iter().map(mention));
        }
        world.mentions.sort_unstable();
        world.answers.sort_unstable();
        world
    }

    fn edit(&mut self, edit: &Edit, solutions: &mut Vec<Solution>) {
        match edit {
            Edit::ComponentAdd(component) => {
                self.keys.insert(component.no, component.key.clone());
                self.added.insert(component.key.clone(), component.no);
                let component = component.clone();
                let state = ComponentState { component, layers: Vec::new(), members: Vec::new(), is_on: false };
                self.changed.insert(state.component.no, state);
            }
            Edit::LayerOpen(layer) => {
                if let Some(state) = self.changing(layer.component) {
                    state.layers.push(layer.clone());
                }
            }
            Edit::LayerClose { component, solution, state, digest } => {
                if let Some(changed) = self.changing(*component) {
                    changed.layers.retain(|layer| {
                        !(layer.solution == *solution && layer.state == *state && layer.digest == *digest)
                    });
                }
            }
            Edit::SolutionOpen(solution) => {
                solutions.retain(|other| other.no != solution.no);
                solutions.push(solution.clone());
            }
            Edit::SettingsReplace { .. }
            | Edit::PublisherOpen(_)
            | Edit::PublisherClose(_)
            | Edit::SolutionClose(_)
            | Edit::MemberOpen(_)
            | Edit::MemberClose(_)
            | Edit::ActivationOpen(_)
            | Edit::ActivationClose(_)
            | Edit::RowsClose { .. }
            | Edit::RowsReopen { .. }
            | Edit::ColumnClose { .. }
            | Edit::ColumnReopen { .. } => {}
        }
    }

    fn changing(&mut self, no: ComponentNo) -> Option<&mut ComponentState> {
        let (lens, keys) = (&self.lens, &self.keys);
        let known = || keys.get(&no).and_then(|key| lens.snapshot.components.get(key)).cloned();
        match self.changed.entry(no) {
            std::collections::btree_map::Entry::Occupied(entry) => Some(entry.into_mut()),
            std::collections::btree_map::Entry::Vacant(entry) => known().map(|state| entry.insert(state)),
        }
    }

    /// Finds a component, whether or not anything is left of it.
    pub(crate) fn state(&self, key: &ComponentKey) -> Option<&ComponentState> {
        match (self.lens.snapshot.components.get(key), self.added.get(key)) {
            (Some(state), _) => Some(self.changed.get(&state.component.no).unwrap_or(state)),
            (None, Some(no)) => self.changed.get(no),
            (None, None) => None,
        }
    }

    fn numbered(&self, no: ComponentNo) -> Option<&ComponentState> {
        self.changed.get(&no).or_else(|| self.lens.snapshot.components.get(self.keys.get(&no)?))
    }

    /// Returns every component in key order, those of the plan last.
    pub(crate) fn states(&self) -> impl Iterator<Item = &ComponentState> {
        let known = self.lens.snapshot.components.values();
        let known = known.map(|state| self.changed.get(&state.component.no).unwrap_or(state));
        known.chain(self.added.values().filter_map(|no| self.changed.get(no)))
    }

    /// Tells whether a component is there, by layers or as a part of the platform.
    pub(crate) fn exists(&self, key: &ComponentKey) -> bool {
        self.state(key).is_some_and(|state| !state.layers.is_empty()) || catalogue::contains(key, self.lens.rules)
    }

    pub(crate) fn has_layers(&self, state: &ComponentState) -> bool {
        !state.layers.is_empty()
    }

    /// Returns what the definition in force names.
    pub(crate) fn mentions(&self, state: &ComponentState, view: View) -> Rc<[Reference]> {
        let has_draft = state.active(LayerState::Unpublished).is_some();
        let is_draft = view == View::Drafts && has_draft;
        let at = (state.component.no, is_draft);
        if let Some(read) = self.read.borrow().get(&at) {
            return Rc::clone(read);
        }
        let is_deleted = is_draft && pending_deletion::is_pending(state);
        let layers: Vec<_> = if is_deleted { Vec::new() } else { visible(state, is_draft).collect() };
        let read: Rc<[Reference]> = self.mentions_of(state, &layers).into();
        self.read.borrow_mut().insert(at, Rc::clone(&read));
        read
    }

    /// Returns what a stack of layers of a component would name.
    pub(crate) fn mentions_of(&self, state: &ComponentState, layers: &[&Layer]) -> Vec<Reference> {
        match self.in_force(state, layers) {
            Some(body) => reference::mentions(&self.definition(state, &body)),
            None => Vec::new(),
        }
    }

    fn definition<'d>(&'d self, state: &'d ComponentState, body: &'d Body<'d>) -> Definition<'d> {
        let component = &state.component;
        Definition {
            key: &component.key,
            parent: component.parent.as_ref(),
            category: component.category,
            id: component.id,
            body,
            files: self.lens.bodies,
        }
    }

    /// Returns the definition that layers, bottom to top, resolve to.
    fn in_force(&self, state: &ComponentState, layers: &[&Layer]) -> Option<Body<'_>> {
        let key = &state.component.key;
        let (top, below) = layers.split_last()?;
        let topmost = || self.lens.bodies.definition(&top.digest);
        let system = catalogue::component(key, self.lens.rules);
        if below.is_empty() && system.is_none() {
            return topmost();
        }
        if key.component_type.merge().is_merged() {
            let tree = resolved_definition(layers.iter().copied(), self.lens.rules, self.lens.bodies)?;
            return Some(Body { bytes: strata_xml::write(&tree).into(), ..Body::default() });
        }
        let body = topmost()?;
        // A definition in JSON has one unit only (package-format: values of variables).
        if body.bytes.trim_ascii_start().starts_with(b"{") {
            return Some(body);
        }
        let system = system.and_then(|system| definition::tree(&system.definition));
        let (tree, files) = self.laid_over(state, system, layers)?;
        Some(Body { bytes: strata_xml::write(&tree).into(), home: body.home.clone(), files })
    }

    fn laid_over(
        &self,
        state: &ComponentState,
        mut resolved: Option<Element>,
        layers: &[&Layer],
    ) -> Option<(Element, Vec<(String, strata_model::id::Digest)>)> {
        let mut files = Vec::new();
        for layer in layers {
            let Some(body) = self.lens.bodies.definition(&layer.digest) else { continue };
            let Some(tree) = definition::tree(&body.bytes) else { continue };
            if !body.files.is_empty() {
                files = body.files;
            }
            match &mut resolved {
                Some(below) if below.name == tree.name => overlay(&state.component.key.component_type, below, &tree),
                // An assumed base says nothing, not even what its element is called.
                Some(_) if crate::import::is_assumed_layer(layer) => {}
                Some(_) | None => resolved = Some(tree),
            }
        }
        Some((resolved?, files))
    }

    /// Returns every name that a component answers to, its key first.
    pub(crate) fn names(&self, state: &ComponentState) -> Vec<Target> {
        let key = &state.component.key;
        let mut names = vec![Target::Component(key.clone())];
        let by_id = state.component.id.filter(|_| key.guid().is_none());
        names.extend(by_id.map(|id| Target::Component(ComponentKey::new(key.component_type.clone(), &id.to_string()))));
        names.extend(reference::names_of_system(key));
        // Names that stand in the definition: the entity set of a table, the foreign key of a relationship.
        for layer in &state.layers {
            if let Some(body) = self.lens.bodies.definition(&layer.digest) {
                names.extend(reference::answers(&self.definition(state, &body)));
            }
        }
        names.sort();
        names.dedup();
        names
    }

    /// Finds who answers to a name.
    pub(crate) fn find(&self, target: &Target) -> Vec<ComponentKey> {
        if let Target::Component(key) = target
            && self.exists(key)
        {
            return vec![key.clone()];
        }
        let answering = self.indexed(&self.lens.snapshot.answers, &self.answers, &[target.id()]);
        let known = answering.into_iter().filter(|state| self.has_layers(state) && self.names(state).contains(target));
        let mut found: Vec<_> = known.map(|state| state.component.key.clone()).collect();
        if found.is_empty() {
            found = reference::of_system(target);
        }
        found.sort();
        found
    }

    /// Returns the components of which the definition in force may mention one of the names, in key order.
    pub(crate) fn mentioning(&self, names: &[Target]) -> Vec<&ComponentState> {
        let ids: Vec<_> = names.iter().map(Target::id).collect();
        self.indexed(&self.lens.snapshot.mentions, &self.mentions, &ids)
    }

    /// Returns the components in two indexes under any of the numbers, as far as a layer of them bears the definition.
    fn indexed(&self, known: &[Mention], own: &[Mention], ids: &[TargetId]) -> Vec<&ComponentState> {
        let mut numbers = BTreeSet::new();
        for index in [known, own] {
            for id in ids {
                let first = index.partition_point(|mention| mention.target < *id);
                let group = index[first..].iter().take_while(|mention| mention.target == *id);
                numbers.extend(group.filter(|mention| self.bears(mention)).map(|mention| mention.component));
            }
        }
        let mut states: Vec<_> = numbers.into_iter().filter_map(|no| self.numbered(no)).collect();
        states.sort_by(|left, right| left.component.key.cmp(&right.component.key));
        states
    }

    fn bears(&self, mention: &Mention) -> bool {
        let layers = self.numbered(mention.component).map(|state| state.layers.as_slice()).unwrap_or_default();
        layers.iter().any(|layer| layer.digest.prefix() == mention.definition)
    }
}

/// Returns the layers that users see, or makers where there is a draft, bottom to top.
pub(crate) fn visible(state: &ComponentState, with_draft: bool) -> impl Iterator<Item = &Layer> {
    state.layers.iter().filter(move |layer| match (layer.state, layer.solution == SolutionNo::ACTIVE) {
        (LayerState::Unpublished, _) => with_draft,
        (LayerState::Published, is_active) => !(is_active && with_draft),
    })
}

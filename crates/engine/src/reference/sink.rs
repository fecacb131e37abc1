//! Collects the references of one definition.

use strata_model::component::{ComponentKey, ComponentType};
use strata_model::reference::{Reference, Target, TargetId};

use super::name::{is_weak, types};

/// Where a reference stands and what it is called.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) name: &'static str,
    pub(super) at: usize,
}

pub(super) fn place(name: &'static str, at: usize) -> Place {
    Place { name, at }
}

/// The references found so far.
pub(super) struct Sink<'a> {
    own: &'a ComponentKey,
    found: Vec<(TargetId, Reference)>,
    /// The member file that is being read.
    pub(super) file: Option<usize>,
    /// What is added stands for a part-of relation (DP2).
    pub(super) is_internal: bool,
}

impl<'a> Sink<'a> {
    pub(super) fn new(own: &'a ComponentKey) -> Self {
        Self { own, found: Vec::new(), file: None, is_internal: false }
    }

    pub(super) fn add(&mut self, place: Place, target: Target) {
        let (is_internal, file, is_weak) = (self.is_internal, self.file, is_weak(place.name, &target));
        let id = target.id();
        self.found.push((id, Reference { target, place: place.name, is_internal, is_weak, offset: place.at, file }));
    }

    /// Adds a reference to a component by name or id; a blank name is none.
    pub(super) fn component(&mut self, place: Place, component_type: &ComponentType, name: &str) {
        let name = name.trim();
        if !name.is_empty() {
            self.add(place, Target::Component(ComponentKey::new(component_type.clone(), name)));
        }
    }

    pub(super) fn table(&mut self, place: Place, name: &str) {
        if !name.trim().eq_ignore_ascii_case("none") {
            self.component(place, &types().table, name);
        }
    }

    pub(super) fn column(&mut self, place: Place, table: &str, column: &str) {
        if let Some(key) = column_key(table, column) {
            self.add(place, Target::Component(key));
        }
    }

    /// Adds the columns of a list with commas.
    pub(super) fn columns(&mut self, place: Place, table: &str, list: &str) {
        list.split(',').for_each(|column| self.column(place, table, column));
    }

    /// Adds the components of a list of GUIDs with commas.
    pub(super) fn guids(&mut self, place: Place, component_type: &ComponentType, list: &str) {
        for id in list.split([',', ';']) {
            self.guid(place, component_type, id);
        }
    }

    /// Adds a component by its id; what is no id, or the empty one, is none.
    pub(super) fn guid(&mut self, place: Place, component_type: &ComponentType, id: &str) {
        let is_id = strata_model::id::Guid::parse(id).is_some()
            && id.bytes().any(|byte| !matches!(byte, b'0' | b'-' | b'{' | b'}' | b' '));
        if is_id {
            self.component(place, component_type, id);
        }
    }

    pub(super) fn primary_columns(&mut self, place: Place, table: &str) {
        let table = table.trim();
        if !table.is_empty() && !table.eq_ignore_ascii_case("none") {
            self.add(place, Target::PrimaryColumns(ComponentKey::new(types().table.clone(), table)));
        }
    }

    /// Returns what was found with its number, each target once, nothing that is the component itself.
    pub(super) fn finish(mut self) -> Vec<(TargetId, Reference)> {
        if self.found.is_empty() {
            return self.found;
        }
        let own = self.own;
        self.found.retain(|(_, reference)| !matches!(&reference.target, Target::Component(key) if key == own));
        // By number, which is quicker than by name; what shares one is compared.
        let mut order: Vec<_> = self.found.iter().map(|(id, _)| *id).zip(0..).collect();
        order.sort_unstable();
        let mut is_double = vec![false; self.found.len()];
        for pair in order.windows(2) {
            let [(left, first), (right, second)] = [pair[0], pair[1]];
            is_double[second] = left == right && self.found[first].1.target == self.found[second].1.target;
        }
        let mut doubles = is_double.into_iter();
        self.found.retain(|_| !doubles.next().unwrap_or_default());
        self.found
    }
}

/// Returns the key of a column, unless one of its two names is blank.
///
/// Columns are what definitions name most, so their names are folded without going through strings of their own.
pub(super) fn column_key(table: &str, column: &str) -> Option<ComponentKey> {
    let (table, column) = (table.trim(), column.trim());
    if table.is_empty() || column.is_empty() {
        return None;
    }
    let mut name = String::with_capacity(table.len() + 1 + column.len());
    name.push_str(table);
    name.push('.');
    name.push_str(column);
    if !name.is_ascii() {
        return Some(ComponentKey::new(types().column.clone(), &name));
    }
    name.make_ascii_lowercase();
    Some(ComponentKey::folded(types().column.clone(), &name))
}

//! Three-way merging of packages: what two people made of one package becomes one again.
//!
//! Components, values and elements that only one side changed are taken from it, byte for byte where the whole component
//! is its. What both changed is merged element by element, with the keys that comparisons have ([`crate::pairing`]);
//! texts are merged line by line, JSON value by value. What cannot be merged is a [`Conflict`]: data, with the value of
//! each side, and the preferred side's value in the result.
//!
//! Laws: `merge(base, x, base)`, `merge(base, base, x)` and `merge(base, x, x)` are `x`.
//!
//! Not here: how layers combine, which is called merge everywhere else ([`crate::merge`]), and how a package is written.

mod document;
mod file;
mod folder;
mod json;
mod manifest;
mod mark;
mod sequence;
mod text;
mod tree;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use strata_model::component::ComponentKey;
use strata_model::package::{Package, PackagedComponent, Presence};

use crate::compare;
use crate::definition;
use crate::pairing::Keys;

pub use document::{MergedDocument, merge_documents};
pub use folder::{Files, MergedFolder, merge_folders};
pub use mark::marked;

/// The side whose value stands where both have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefer {
    Ours,
    Theirs,
}

impl Prefer {
    fn pick<T>(self, ours: T, theirs: T) -> T {
        match self {
            Self::Ours => ours,
            Self::Theirs => theirs,
        }
    }
}

/// Something that both sides changed, each in its own way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// `None` for the solution itself.
    pub component: Option<ComponentKey>,
    /// A path as of a comparison; empty where it is about the component as a whole.
    pub path: String,
    pub base: Option<String>,
    pub ours: Option<String>,
    pub theirs: Option<String>,
}

/// A component of the result.
#[derive(Debug, Clone)]
pub struct MergedComponent<'p> {
    pub key: ComponentKey,
    pub name: &'p str,
    pub parent: Option<&'p ComponentKey>,
    pub home: Option<&'p str>,
    pub presence: Presence,
    pub bytes: Cow<'p, [u8]>,
    /// Paths and contents, in path order.
    pub files: Vec<(Cow<'p, str>, Cow<'p, [u8]>)>,
}

/// What two packages and what they both came from make together.
#[derive(Debug, Clone)]
pub struct MergedPackage<'p> {
    /// `solution.xml`.
    pub solution: Cow<'p, [u8]>,
    /// The document without its components.
    pub skeleton: Cow<'p, [u8]>,
    /// Files of no component, in path order.
    pub strays: Vec<(Cow<'p, str>, Cow<'p, [u8]>)>,
    /// In key order; without those that are there for reference, which the skeleton holds.
    pub components: Vec<MergedComponent<'p>>,
    /// What is there for reference on some side.
    pub references: BTreeSet<ComponentKey>,
    /// Of the solution first, then in key order.
    pub conflicts: Vec<Conflict>,
}

/// One package on each side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Three<T> {
    pub(crate) base: T,
    pub(crate) ours: T,
    pub(crate) theirs: T,
}

/// Merges two packages that came from one.
pub fn merge<'p>(base: &'p Package, ours: &'p Package, theirs: &'p Package, prefer: Prefer) -> MergedPackage<'p> {
    let packages = Three { base, ours, theirs };
    let mut conflicts = Vec::new();
    let solution = manifest::solution(packages, prefer, &mut conflicts);
    let skeleton = manifest::skeleton(packages, prefer, &mut conflicts);
    let strays = file::strays(packages, prefer, &mut conflicts);
    let (mut components, mut references) = (Vec::new(), BTreeSet::new());
    for sides in triples(packages) {
        let present = [sides.base, sides.ours, sides.theirs].into_iter().flatten();
        let for_reference = present.clone().filter(|component| component.presence == Presence::Reference);
        references.extend(for_reference.clone().map(|component| component.key.clone()));
        // What is there for reference on every side stands in the skeleton, and is merged with it.
        if for_reference.count() < present.count() {
            components.extend(component(packages, sides, prefer, &mut conflicts));
        }
    }
    components.retain(|component| component.presence != Presence::Reference);
    settle(&mut components, &mut conflicts);
    MergedPackage { solution, skeleton, strays, components, references, conflicts }
}

/// Orders components by key; where one side renamed to what the other added, both cannot bear the name.
fn settle(components: &mut Vec<MergedComponent<'_>>, conflicts: &mut Vec<Conflict>) {
    components.sort_by(|left, right| left.key.cmp(&right.key));
    components.dedup_by(|second, first| {
        let is_double = second.key == first.key;
        if is_double {
            let conflict = text::conflict("", None, Some(&first.bytes), Some(&second.bytes));
            conflicts.push(Conflict { component: Some(first.key.clone()), ..conflict });
        }
        is_double
    });
}

type Sides<'p> = Three<Option<&'p PackagedComponent>>;

/// Says which component of one side is which of the others, by key or by the id that travels with it; in key order.
fn triples<'p>(packages: Three<&'p Package>) -> Vec<Sides<'p>> {
    let mut found: BTreeMap<&'p ComponentKey, Sides<'p>> = BTreeMap::new();
    let empty = Three { base: None, ours: None, theirs: None };
    let mut add = |pairs: Vec<compare::Sides<'p>>, put: fn(&mut Sides<'p>, &'p PackagedComponent)| {
        for (base, side) in pairs {
            let Some(key) = base.or(side).map(|component| &component.key) else { continue };
            let sides = found.entry(key).or_insert(empty);
            sides.base = sides.base.or(base);
            if let Some(side) = side {
                put(sides, side);
            }
        }
    };
    add(compare::paired(packages.base, packages.ours), |sides, ours| sides.ours = Some(ours));
    add(compare::paired(packages.base, packages.theirs), |sides, theirs| sides.theirs = Some(theirs));
    found.into_values().collect()
}

fn component<'p>(
    packages: Three<&'p Package>,
    sides: Sides<'p>,
    prefer: Prefer,
    conflicts: &mut Vec<Conflict>,
) -> Option<MergedComponent<'p>> {
    let Three { base, ours, theirs } = sides;
    let is_same = |(left, of_left): (&Package, &PackagedComponent),
                   (right, of_right): (&Package, &PackagedComponent)| {
        compare::is_same(left, of_left, right, of_right)
    };
    let (in_base, in_ours, in_theirs) = (packages.base, packages.ours, packages.theirs);
    match (base, ours, theirs) {
        (_, None, None) => None,
        (None, Some(ours), None) => Some(whole(in_ours, ours)),
        (None, None, Some(theirs)) => Some(whole(in_theirs, theirs)),
        (Some(base), Some(kept), None) | (Some(base), None, Some(kept)) => {
            let package = if ours.is_some() { in_ours } else { in_theirs };
            if is_same((in_base, base), (package, kept)) {
                return None;
            }
            // One side took it away and the other worked on it: nothing is lost before somebody has decided.
            let said = |side: Option<&PackagedComponent>| side.map(|component| component.digest.to_string());
            let key = Some(kept.key.clone());
            conflicts.push(Conflict {
                component: key,
                path: String::new(),
                base: said(Some(base)),
                ours: said(ours),
                theirs: said(theirs),
            });
            Some(whole(package, kept))
        }
        (base, Some(ours), Some(theirs)) => {
            let base = base.map(|base| (in_base, base));
            if is_same((in_ours, ours), (in_theirs, theirs))
                || base.is_some_and(|base| is_same(base, (in_theirs, theirs)))
            {
                return Some(whole(in_ours, ours));
            }
            if base.is_some_and(|base| is_same(base, (in_ours, ours))) {
                return Some(whole(in_theirs, theirs));
            }
            Some(both(packages, base.map(|(_, base)| base), ours, theirs, prefer, conflicts))
        }
    }
}

/// Takes a component as it is.
fn whole<'p>(package: &'p Package, component: &'p PackagedComponent) -> MergedComponent<'p> {
    let file = |part: &usize| {
        let part = &package.parts[*part];
        (Cow::Borrowed(part.path.as_str()), Cow::Borrowed(part.bytes.as_slice()))
    };
    MergedComponent {
        key: component.key.clone(),
        name: &component.name,
        parent: component.parent.as_ref(),
        home: component.definition.home.as_deref(),
        presence: component.presence,
        bytes: package.bytes(&component.definition),
        files: component.definition.files.iter().map(file).collect(),
    }
}

/// Merges a component that both sides changed.
fn both<'p>(
    packages: Three<&'p Package>,
    base: Option<&'p PackagedComponent>,
    ours: &'p PackagedComponent,
    theirs: &'p PackagedComponent,
    prefer: Prefer,
    conflicts: &mut Vec<Conflict>,
) -> MergedComponent<'p> {
    let mut found = Vec::new();
    let files = file::of_component(packages, base, ours, theirs, prefer, &mut found);
    let bytes = definitions(packages, base, ours, theirs, prefer, &mut found);
    // A component that one side renamed bears that name.
    let is_ours_new = base.is_some_and(|base| base.key != ours.key);
    let is_theirs_new = base.is_some_and(|base| base.key != theirs.key);
    let named = match (is_ours_new, is_theirs_new) {
        (false, true) => theirs,
        (true, false) | (false, false) => ours,
        (true, true) => prefer.pick(ours, theirs),
    };
    let home = |component: &'p PackagedComponent| component.definition.home.as_deref();
    let home = match base.map(home) {
        Some(base) if base == home(ours) => home(theirs),
        Some(_) | None => home(ours),
    };
    let presence = if ours.presence == Presence::Reference { theirs.presence } else { ours.presence };
    conflicts.extend(found.into_iter().map(|conflict| Conflict { component: Some(named.key.clone()), ..conflict }));
    MergedComponent {
        key: named.key.clone(),
        name: &named.name,
        parent: named.parent.as_ref(),
        home,
        presence,
        bytes,
        files,
    }
}

fn definitions<'p>(
    packages: Three<&'p Package>,
    base: Option<&'p PackagedComponent>,
    ours: &'p PackagedComponent,
    theirs: &'p PackagedComponent,
    prefer: Prefer,
    conflicts: &mut Vec<Conflict>,
) -> Cow<'p, [u8]> {
    let of_ours = packages.ours.bytes(&ours.definition);
    let of_theirs = packages.theirs.bytes(&theirs.definition);
    let of_base = base.map(|base| packages.base.bytes(&base.definition));
    if of_base.as_ref() == Some(&of_ours) {
        return of_theirs;
    }
    if of_base.as_ref() == Some(&of_theirs) || of_ours == of_theirs {
        return of_ours;
    }
    if definition::is_json(&of_ours) || definition::is_json(&of_theirs) {
        let sides = Three { base: of_base.as_deref(), ours: Some(&*of_ours), theirs: Some(&*of_theirs) };
        let merged = file::contents("", sides, prefer, conflicts);
        return Cow::Owned(merged.unwrap_or_default());
    }
    let trees = (strata_xml::parse(&of_ours), strata_xml::parse(&of_theirs));
    let (Ok(ours_tree), Ok(theirs_tree)) = trees else {
        conflicts.push(text::conflict("", of_base.as_deref(), Some(&of_ours), Some(&of_theirs)));
        return prefer.pick(of_ours, of_theirs);
    };
    let base_tree = of_base.as_ref().and_then(|bytes| strata_xml::parse(bytes).ok());
    let component_type = &ours.key.component_type;
    let mut walk = tree::Walk::new(Keys::of(component_type), prefer);
    let merged = walk.element(base_tree.as_ref(), &ours_tree, &theirs_tree, "");
    conflicts.extend(walk.conflicts(component_type.own_element()));
    let is_file = ours.definition.home.as_deref().is_some_and(|home| home.contains('/'));
    let has_lines = of_ours.contains(&b'\n');
    // What stands in a document is laid out with it; a file of its own keeps its lines.
    match is_file && has_lines {
        true => Cow::Owned(strata_xml::write_lines(&merged, text::line_end(&of_ours))),
        false => Cow::Owned(strata_xml::write(&merged)),
    }
}

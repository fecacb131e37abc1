//! What a package needs and does not bring: the references of its definitions that nothing in it satisfies.
//!
//! This is the list that an export declares as `MissingDependencies` (DP23, DP25), found by reading definitions
//! instead of asking the environment the package came from. Holding a component is not enough: a table that is there
//! by name only, or a relationship that another solution owns, is still needed (dependency-sources §3).
//!
//! Not here: what the manifest declares, and what becomes of an import that lacks something (see
//! [`crate::import`]).

use std::collections::{BTreeMap, BTreeSet};

use memchr::memmem;
use strata_model::component::ComponentKey;
use strata_model::package::{Package, PackagedComponent, Presence};
use strata_model::reference::{Reference, Target};
use strata_model::rules::Rules;

use crate::catalogue;
use crate::reference::{Packaged, goes_unsaid, is_platform_id, lookup_holder, of_system};

/// What is known beyond a package.
pub trait Around {
    /// Returns the components outside of the package that answer to a name.
    fn find(&self, target: &Target) -> Vec<ComponentKey>;

    /// Returns the solution that owns the base of a component of the package, where that is another one.
    fn owner(&self, key: &ComponentKey) -> Option<String>;
}

/// Nothing is known but the package.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

impl Around for Nothing {
    fn find(&self, _: &Target) -> Vec<ComponentKey> {
        Vec::new()
    }

    fn owner(&self, _: &ComponentKey) -> Option<String> {
        None
    }
}

/// Something that definitions of a package name and that the package does not bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub required: Target,
    /// Who answers to it outside of the package; nobody where it is missing, or where nothing is known.
    pub found: Vec<ComponentKey>,
    /// Who names it, in key order.
    pub dependents: Vec<Dependent>,
    /// Everybody who names it does so at a place where leftovers stand: not worth a word when nobody answers.
    pub is_weak: bool,
}

/// A component that names something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependent {
    pub key: ComponentKey,
    pub reference: Reference,
    /// The platform would list this pair in a manifest (§1, §5).
    pub is_declared: bool,
}

/// Returns what a package needs and does not bring, in the order of targets.
pub fn of(package: &Package, around: &dyn Around, rules: &Rules) -> Vec<Need> {
    let packaged = Packaged::new(package);
    let brought = Brought::new(package, &packaged, around);
    let mut needs: BTreeMap<Target, Need> = BTreeMap::new();
    for component in &package.components {
        // What is there for reference only names nothing, unless it is there as a layer of somebody else's (§3).
        if component.presence == Presence::Reference && brought.owner(&component.key).is_none() {
            continue;
        }
        let own_table = own_table(component);
        let mentions = packaged.mentions(component);
        let connectors = brought.connectors(component, &mentions, &packaged);
        for reference in mentions.into_iter().chain(connectors).chain(own_table) {
            let Some(found) = brought.lacks(component, &reference, rules) else { continue };
            let need = needs.entry(reference.target.clone()).or_insert_with(|| Need {
                required: reference.target.clone(),
                found,
                dependents: Vec::new(),
                is_weak: true,
            });
            need.is_weak &= reference.is_weak;
            let is_declared = !goes_unsaid(&reference) && !brought.is_of_foreign_lookup(component);
            need.dependents.push(Dependent { key: component.key.clone(), reference, is_declared });
        }
    }
    needs.into_values().collect()
}

/// Returns what a package names, neither brings nor declares, and nobody else is known to have.
pub fn undeclared(package: &Package, around: &dyn Around, rules: &Rules) -> Vec<Need> {
    let declared = Declared::of(package);
    let mut needs = of(package, around, rules);
    needs.retain(|need| need.found.is_empty() && !declared.names(&need.required));
    needs
}

/// What a manifest declares as missing, by the names that definitions may mean it by.
pub(crate) struct Declared(BTreeSet<ComponentKey>);

impl Declared {
    pub(crate) fn of(package: &Package) -> Self {
        let mut declared = BTreeSet::new();
        for missing in &package.manifest.missing_dependencies {
            let key = &missing.required.key;
            let by_id = missing.required.id.map(|id| ComponentKey::new(key.component_type.clone(), &id.to_string()));
            declared.extend(by_id);
            declared.insert(key.clone());
        }
        Self(declared)
    }

    pub(crate) fn names(&self, target: &Target) -> bool {
        match target {
            Target::Component(key) => self.0.contains(key),
            Target::EntitySet(set) => self.0.iter().any(|key| may_be_set_of(set, key)),
            Target::LookupRelationship(_) | Target::PrimaryColumns(_) => false,
        }
    }
}

/// Tells whether an entity set may be that of a table which only a manifest names. Only its metadata would tell for
/// sure, so this is good for keeping silent and for nothing else.
fn may_be_set_of(set: &str, table: &ComponentKey) -> bool {
    let name = table.as_str();
    let stem = name.strip_suffix('y').unwrap_or(name);
    let ending = set.strip_prefix(name).or_else(|| set.strip_prefix(stem));
    table.component_type.is("entity") && ending.is_some_and(|ending| matches!(ending, "" | "s" | "es" | "ies"))
}

/// A form needs the table that it is a part of, and no other part does (§1).
fn own_table(component: &PackagedComponent) -> Option<Reference> {
    let table = component.parent.clone().filter(|_| component.key.component_type.is("systemform"))?;
    Some(Reference {
        target: Target::Component(table),
        place: "table of the form",
        is_internal: true,
        is_weak: false,
        offset: 0,
        file: None,
    })
}

/// What a package brings, by the names it answers to.
struct Brought<'a> {
    package: &'a Package,
    around: &'a dyn Around,
    by_name: BTreeMap<Target, Vec<usize>>,
    owners: BTreeMap<&'a ComponentKey, String>,
}

impl<'a> Brought<'a> {
    fn new(package: &'a Package, packaged: &Packaged<'_>, around: &'a dyn Around) -> Self {
        let mut by_name: BTreeMap<Target, Vec<usize>> = BTreeMap::new();
        let mut owners = BTreeMap::new();
        for (index, component) in package.components.iter().enumerate() {
            by_name.entry(Target::Component(component.key.clone())).or_default().push(index);
            for name in packaged.answers(component) {
                by_name.entry(name).or_default().push(index);
            }
            owners.extend(around.owner(&component.key).map(|owner| (&component.key, owner)));
        }
        Self { package, around, by_name, owners }
    }

    fn owner(&self, key: &ComponentKey) -> Option<&str> {
        self.owners.get(key).map(String::as_str)
    }

    /// A flow needs the custom connectors behind its connection references (§1).
    fn connectors(&self, flow: &PackagedComponent, mentions: &[Reference], packaged: &Packaged<'_>) -> Vec<Reference> {
        if !flow.key.component_type.is("workflow") {
            return Vec::new();
        }
        let references =
            mentions.iter().filter_map(|reference| Some((reference, self.by_name.get(&reference.target)?)));
        let used = references.flat_map(|(reference, found)| found.iter().map(move |index| (reference, *index)));
        let used = used.map(|(reference, index)| (reference, &self.package.components[index]));
        let of_type = used.filter(|(_, component)| component.key.component_type.is("connectionreference"));
        let connectors = of_type.flat_map(|(used, component)| {
            let behind = packaged.mentions(component).into_iter();
            behind.map(|connector| Reference { place: used.place, offset: used.offset, file: used.file, ..connector })
        });
        connectors.collect()
    }

    /// Returns `None` where the package or the platform has what is named, else who has it elsewhere.
    fn lacks(&self, dependent: &PackagedComponent, reference: &Reference, rules: &Rules) -> Option<Vec<ComponentKey>> {
        let target = &reference.target;
        let of_platform = of_platform(target, rules);
        if of_platform == Some(OfPlatform::System) {
            return None;
        }
        let brought = self.by_name.get(target).into_iter().flatten().map(|index| &self.package.components[*index]);
        let (mut is_brought, mut unsatisfied) = (false, Vec::new());
        for required in brought {
            match self.satisfies(dependent, required) {
                true => is_brought = true,
                false => unsatisfied.push(required.key.clone()),
            }
        }
        if is_brought || self.is_column_of_own_table(target) {
            return None;
        }
        let found = match of_platform {
            Some(OfPlatform::FirstParty(keys)) => keys,
            Some(OfPlatform::System) | None if unsatisfied.is_empty() => self.around.find(target),
            Some(OfPlatform::System) | None => unsatisfied,
        };
        // Names that no component bears mean nobody in particular.
        let is_named = matches!(target, Target::Component(_) | Target::EntitySet(_));
        (is_named || !found.is_empty()).then_some(found)
    }

    /// Tells whether holding a component is enough for a reference to it (§3).
    fn satisfies(&self, dependent: &PackagedComponent, required: &PackagedComponent) -> bool {
        let owner = self.owner(&required.key);
        let is_same_owner = owner.is_some() && owner == self.owner(&dependent.key);
        match required.key.component_type.name() {
            "entity" => has_definition(self.package, required),
            "savedqueryvisualization" | "systemform" => required.presence != Presence::Reference,
            "entityrelationship" => owner.is_none() || is_same_owner,
            _ => true,
        }
    }

    /// Tells whether a component is a relationship whose lookup sits on a table that is not the package's own: what it
    /// leads to is not declared (§7).
    fn is_of_foreign_lookup(&self, relationship: &PackagedComponent) -> bool {
        if !relationship.key.component_type.is("entityrelationship") {
            return false;
        }
        let bytes = self.package.bytes(&relationship.definition);
        let holder = lookup_holder(&bytes);
        holder.is_some_and(|table| !self.by_name.contains_key(&Target::PrimaryColumns(table)))
    }

    /// Columns that a table has without anybody writing them need nobody else, where the table is the package's own.
    fn is_column_of_own_table(&self, target: &Target) -> bool {
        let Target::Component(column) = target else { return false };
        let Some(table) = column.parent().filter(|_| column.component_type.is("attribute")) else { return false };
        let is_own = self.owner(&table).is_none();
        is_own && self.by_name.contains_key(&Target::PrimaryColumns(table))
    }
}

/// Tells whether a package says anything about a table itself, be it only that it gives it columns; the name alone,
/// and what is marked as unmodified, say nothing.
fn has_definition(package: &Package, table: &PackagedComponent) -> bool {
    if table.presence != Presence::Reference {
        return true;
    }
    let bytes = package.bytes(&table.definition);
    if memmem::find(&bytes, b"<attributes").is_none() {
        return false;
    }
    let Some(at) = memmem::find(&bytes, b"<entity ") else { return false };
    let tag = bytes[at..].split(|byte| *byte == b'>').next().unwrap_or_default();
    memmem::find(tag, b"unmodified=\"1\"").is_none()
}

/// Where the platform has what is named.
#[derive(PartialEq, Eq)]
enum OfPlatform {
    /// In the system layer: packages do not speak of it.
    System,
    /// In a solution that every environment has: packages declare it.
    FirstParty(Vec<ComponentKey>),
}

fn of_platform(target: &Target, rules: &Rules) -> Option<OfPlatform> {
    let keys = match target {
        Target::Component(key) if catalogue::contains(key, rules) || is_platform_id(key) => vec![key.clone()],
        Target::Component(_) => return None,
        Target::EntitySet(_) | Target::PrimaryColumns(_) | Target::LookupRelationship(_) => of_system(target),
    };
    let table = |key: &ComponentKey| key.table().unwrap_or(key.as_str()).to_owned();
    let is_first_party = |key: &ComponentKey| {
        matches!(key.component_type.name(), "entity" | "attribute") && catalogue::first_party(&table(key)).is_some()
    };
    match keys.first() {
        None => None,
        Some(key) if is_first_party(key) => Some(OfPlatform::FirstParty(keys)),
        Some(_) => Some(OfPlatform::System),
    }
}

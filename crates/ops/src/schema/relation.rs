//! Relationships: those of the environment's components, and those that the platform makes for its own lookups.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use strata_engine::catalogue;
use strata_engine::table::{Definitions, Leaves};
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::environment::{ComponentState, Environment, Footprint};
use strata_model::rules::Rules;
use strata_store::StoreBodies;

use super::known;
use super::read::Standing;
use crate::{OpsError, Workspace};

/// A relationship between one row and many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneToMany {
    pub schema_name: String,
    /// The table of the one.
    pub referenced: String,
    /// The table of the many, which holds the lookup.
    pub referencing: String,
    /// The lookup, by its logical name.
    pub column: String,
    /// From a row of the many to the one.
    pub lookup_navigation: String,
    /// From the one to its many.
    pub collection_navigation: String,
    /// What its definition says; nothing where the platform made it.
    pub definition: Leaves,
    pub standing: Option<Standing>,
}

impl OneToMany {
    /// Which lookup to which table it is.
    fn lookup(&self) -> (&str, &str, &str) {
        (&self.referencing, &self.column, &self.referenced)
    }
}

/// A relationship between many and many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManyToMany {
    pub schema_name: String,
    /// The table that keeps the pairs.
    pub intersect: String,
    pub first: End,
    pub second: End,
    pub definition: Leaves,
    pub standing: Option<Standing>,
}

/// One end of a relationship between many and many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    pub table: String,
    /// The column of the intersect table.
    pub column: String,
    /// From a row of this end to those of the other.
    pub navigation: String,
}

/// All relationships of an environment.
#[derive(Debug, Default)]
pub(crate) struct Relations {
    /// Those of the environment's components, as their definitions say.
    own: BTreeMap<ComponentKey, Own>,
    /// Those of the lookups that the platform gives a table of the environment, by its name and whether somebody owns its
    /// rows.
    standard: BTreeMap<(String, bool), Vec<Arc<OneToMany>>>,
    pub(super) one_to_many: Vec<Arc<OneToMany>>,
    pub(super) many_to_many: Vec<Arc<ManyToMany>>,
    out_of: BTreeMap<String, Vec<Arc<OneToMany>>>,
    to: BTreeMap<String, Vec<Arc<OneToMany>>>,
    many: BTreeMap<String, Vec<Arc<ManyToMany>>>,
}

#[derive(Debug, Clone)]
enum Own {
    /// The navigation of the lookup may yet get another name.
    One(Arc<OneToMany>),
    Many(Arc<ManyToMany>),
}

impl Relations {
    /// Reads the relationships; `tables` are those of the environment that the system layer lacks, each with whether
    /// somebody owns its rows. Of earlier ones all stay that are not touched.
    pub(super) fn load<'a>(
        workspace: &Workspace,
        environment: &Environment,
        tables: impl Iterator<Item = (&'a str, bool)>,
        earlier: Option<(&Self, &BTreeSet<ComponentKey>)>,
    ) -> Result<Self, OpsError> {
        let component_type = ComponentType::named("entityrelationship");
        let (mut own, footprint) = match earlier {
            None => (BTreeMap::new(), Footprint { types: vec![component_type], ..Footprint::default() }),
            Some((earlier, touched)) => {
                let touched = touched.iter().filter(|key| key.component_type == component_type);
                let keys: Vec<_> = touched.cloned().collect();
                let mut own = earlier.own.clone();
                own.retain(|key, _| keys.binary_search(key).is_err());
                (own, Footprint { keys, ..Footprint::default() })
            }
        };
        own.extend(read(workspace, environment, &footprint)?);
        let earlier = earlier.map(|(earlier, _)| earlier);
        let standard = tables.map(|(table, is_owned)| {
            let key = (table.to_owned(), is_owned);
            let known = earlier.and_then(|earlier| earlier.standard.get(&key)).cloned();
            let made = || standard_lookups(table, is_owned).into_iter().map(Arc::new).collect();
            let lookups = known.unwrap_or_else(made);
            (key, lookups)
        });
        Ok(Self::of(own, standard.collect(), earlier))
    }

    fn of(
        own: BTreeMap<ComponentKey, Own>,
        standard: BTreeMap<(String, bool), Vec<Arc<OneToMany>>>,
        earlier: Option<&Self>,
    ) -> Self {
        let (mut one, mut many) = (Vec::new(), Vec::new());
        for relation in own.values() {
            match relation {
                Own::One(relation) => one.push(Arc::clone(relation)),
                Own::Many(relation) => many.push(Arc::clone(relation)),
            }
        }
        name_lookups(&mut one, earlier);
        let made: Vec<_> = {
            let said: BTreeSet<_> = one.iter().map(|relation| relation.lookup()).collect();
            let made = system().iter().chain(standard.values().flatten());
            made.filter(|made| !said.contains(&made.lookup())).cloned().collect()
        };
        one.extend(made);
        Self { own, standard, ..Self::indexed(one, many) }
    }

    fn indexed(mut one_to_many: Vec<Arc<OneToMany>>, many_to_many: Vec<Arc<ManyToMany>>) -> Self {
        one_to_many.sort_by(|left, right| left.schema_name.cmp(&right.schema_name));
        let mut own = Self::default();
        for relation in &one_to_many {
            own.out_of.entry(relation.referencing.clone()).or_default().push(Arc::clone(relation));
            own.to.entry(relation.referenced.clone()).or_default().push(Arc::clone(relation));
        }
        for relation in &many_to_many {
            let ends: BTreeSet<_> = [&relation.first.table, &relation.second.table].into();
            for table in ends {
                own.many.entry(table.clone()).or_default().push(Arc::clone(relation));
            }
        }
        Self { one_to_many, many_to_many, ..own }
    }

    pub(super) fn out_of(&self, table: &str) -> &[Arc<OneToMany>] {
        self.out_of.get(table).map_or(&[], Vec::as_slice)
    }

    pub(super) fn leading_to(&self, table: &str) -> &[Arc<OneToMany>] {
        self.to.get(table).map_or(&[], Vec::as_slice)
    }

    pub(super) fn many_of(&self, table: &str) -> &[Arc<ManyToMany>] {
        self.many.get(table).map_or(&[], Vec::as_slice)
    }
}

/// Returns what a navigation property of a lookup is named after: the schema name of somebody's own column, the
/// logical name of one of the platform's.
pub(super) fn navigation_base<'a>(column: &'a str, schema_name: &'a str) -> &'a str {
    if column.contains('_') { schema_name } else { column }
}

/// The navigation properties that a definition names: role 1 is that of the lookup, role 0 the collection.
fn role_navigation<'a>(leaves: &'a Leaves, role: &str, among: usize) -> Option<&'a str> {
    let is_role = |index: &usize| {
        let path = format!("EntityRelationshipRoles/EntityRelationshipRole[{index}]/RelationshipRoleType");
        leaves.get(&path).is_some_and(|own| own == role)
    };
    let index = (1..=among).find(is_role)?;
    let path = format!("EntityRelationshipRoles/EntityRelationshipRole[{index}]/NavigationPropertyName");
    leaves.get(&path).map(String::as_str).filter(|name| !name.is_empty())
}

/// The relationship as its definition says; the navigation of its lookup stays empty where it names none.
fn one_of(schema_name: &str, leaves: Leaves) -> Option<OneToMany> {
    let folded = |path: &str| leaves.get(path).map(|name| name.to_lowercase());
    let column = leaves.get("ReferencingAttributeName")?.clone();
    let base = navigation_base(&column, &column).to_owned();
    let base = if column.contains('_') { base } else { column.to_lowercase() };
    let lookup = role_navigation(&leaves, "1", 2).map(str::to_owned);
    Some(OneToMany {
        schema_name: schema_name.to_owned(),
        referenced: folded("ReferencedEntityName")?,
        referencing: folded("ReferencingEntityName")?,
        column: column.to_lowercase(),
        lookup_navigation: lookup.unwrap_or(base),
        collection_navigation: role_navigation(&leaves, "0", 2).unwrap_or(schema_name).to_owned(),
        definition: leaves,
        standing: None,
    })
}

/// Reads the relationships of a footprint.
fn read(
    workspace: &Workspace,
    environment: &Environment,
    footprint: &Footprint,
) -> Result<Vec<(ComponentKey, Own)>, OpsError> {
    let store = workspace.store();
    let seen = store.snapshot(environment, None, footprint)?;
    let bodies = StoreBodies::new(store);
    let definitions = Definitions { snapshot: &seen, rules: &Rules::OURS, bodies: &bodies };
    let relation = |(key, state): (&ComponentKey, &ComponentState)| {
        let leaves = definitions.leaves(key)?;
        let standing = Some(Standing { is_managed: state.managed().next().is_some() });
        let own = match many_of(&state.component.name, &leaves) {
            Some(relation) => Own::Many(Arc::new(ManyToMany { standing, ..relation })),
            None => Own::One(Arc::new(OneToMany { standing, ..one_of(&state.component.name, leaves)? })),
        };
        Some((key.clone(), own))
    };
    let read = seen.components.iter().filter_map(relation).collect();
    bodies.take_error().map_or(Ok(read), |error| Err(error.into()))
}

/// Lookups with several tables tell them apart by name, where definitions do not.
fn name_lookups(relations: &mut [Arc<OneToMany>], earlier: Option<&Relations>) {
    let key = |relation: &OneToMany| (relation.referencing.clone(), relation.lookup_navigation.clone());
    let mut names: BTreeMap<(String, String), usize> = BTreeMap::new();
    for relation in relations.iter() {
        *names.entry(key(relation)).or_default() += 1;
    }
    for relation in relations {
        if names.get(&key(relation)).is_some_and(|count| *count > 1) {
            let lookup_navigation = format!("{}_{}", relation.lookup_navigation, relation.referenced);
            let named = OneToMany { lookup_navigation, ..OneToMany::clone(relation) };
            let known =
                earlier.and_then(|earlier| earlier.out_of(&named.referencing).iter().find(|own| ***own == named));
            *relation = known.cloned().unwrap_or_else(|| Arc::new(named));
        }
    }
}

fn many_of(schema_name: &str, leaves: &Leaves) -> Option<ManyToMany> {
    let folded = |path: &str| leaves.get(path).map(|name| name.to_lowercase());
    let first = folded("FirstEntityName")?;
    let second = folded("SecondEntityName")?;
    let navigation = |index: usize| {
        let path = format!("EntityRelationshipRoles/EntityRelationshipRole[{index}]/NavigationPropertyName");
        leaves.get(&path).filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| schema_name.to_owned())
    };
    let column = |path: &str, table: &str, other: &str| {
        leaves.get(path).map(|name| name.to_lowercase()).unwrap_or_else(|| match table == other {
            true => format!("{table}idone"),
            false => format!("{table}id"),
        })
    };
    let second_column =
        if first == second { format!("{second}idtwo") } else { column("Entity2IntersectAttribute", &second, &first) };
    Some(ManyToMany {
        schema_name: schema_name.to_owned(),
        intersect: folded("IntersectEntityName").unwrap_or_else(|| schema_name.to_lowercase()),
        first: End {
            column: column("Entity1IntersectAttribute", &first, &second),
            navigation: navigation(1),
            table: first,
        },
        second: End { table: second, column: second_column, navigation: navigation(2) },
        definition: leaves.clone(),
        standing: None,
    })
}

/// The relationships of the system layer's lookups.
fn system() -> &'static [Arc<OneToMany>] {
    static SYSTEM: OnceLock<Vec<Arc<OneToMany>>> = OnceLock::new();
    SYSTEM.get_or_init(|| {
        let listed = catalogue::table_names().flat_map(lookups_of);
        let known = known::own_tables().flat_map(|(name, _)| lookups_of(name));
        listed.chain(known).map(Arc::new).collect()
    })
}

fn lookups_of(table: &str) -> Vec<OneToMany> {
    let is_owned = known::system_leaves(table)
        .and_then(|leaves| leaves.get("OwnershipTypeMask").cloned())
        .is_some_and(|mask| !matches!(mask.as_str(), "None" | "OrgOwned"));
    let mut relations = standard_lookups(table, is_owned);
    let is_new = |column: &str| !relations.iter().any(|relation| relation.column == column);
    let known = known::table(table);
    let listed = known.into_iter().flat_map(|known| &known.columns);
    let listed = listed.filter(|(column, _)| is_new(column)).flat_map(|(column, leaves)| {
        let targets = lookup_targets(leaves);
        let collections = known.and_then(|known| known.collections.get(column)).cloned().unwrap_or_default();
        made(table, column, leaves.get("@PhysicalName").map_or(column, |name| name), &targets, &collections)
    });
    let mut more: Vec<_> = listed.collect();
    let is_known = |column: &str| more.iter().any(|relation| relation.column == column);
    let rest: Vec<_> = catalogue::lookups_of(table)
        .filter(|(column, _)| is_new(column) && !is_known(column) && *column != "ownerid" && !OWNED.contains(column))
        .flat_map(|(column, targets)| {
            let targets: Vec<_> = targets.map(str::to_owned).collect();
            made(table, column, column, &targets, &[])
        })
        .collect();
    relations.append(&mut more);
    relations.extend(rest);
    relations
}

const OWNED: [&str; 3] = ["owninguser", "owningteam", "owningbusinessunit"];

fn lookup_targets(leaves: &Leaves) -> Vec<String> {
    let is_type = |path: &str| path.starts_with("LookupTypes/LookupType") && !path.contains('@');
    leaves.iter().filter(|(path, _)| is_type(path)).map(|(_, table)| table.clone()).collect()
}

fn made(table: &str, column: &str, schema_name: &str, targets: &[String], collections: &[String]) -> Vec<OneToMany> {
    let relation = |(index, target): (usize, &String)| {
        let collection = collections.get(index).cloned().unwrap_or_else(|| format!("{target}_{table}_{column}"));
        let base = if schema_name == column { column } else { schema_name };
        let lookup = if targets.len() > 1 { format!("{base}_{target}") } else { base.to_owned() };
        plain(&collection, target, table, column, &lookup)
    };
    targets.iter().enumerate().map(relation).collect()
}

fn plain(schema_name: &str, referenced: &str, referencing: &str, column: &str, lookup: &str) -> OneToMany {
    OneToMany {
        schema_name: schema_name.to_owned(),
        referenced: referenced.to_owned(),
        referencing: referencing.to_owned(),
        column: column.to_owned(),
        lookup_navigation: lookup.to_owned(),
        collection_navigation: schema_name.to_owned(),
        definition: Leaves::new(),
        standing: None,
    }
}

/// The relationships of lookups that the platform gives every table.
fn standard_lookups(table: &str, is_owned: bool) -> Vec<OneToMany> {
    let who = ["createdby", "createdonbehalfby", "modifiedby", "modifiedonbehalfby"];
    let by = who.map(|column| plain(&format!("lk_{table}_{column}"), "systemuser", table, column, column));
    let owners = [
        ("owner", "owner", "ownerid"),
        ("user", "systemuser", "owninguser"),
        ("team", "team", "owningteam"),
        ("business_unit", "businessunit", "owningbusinessunit"),
    ];
    let owners =
        owners.map(|(start, target, column)| plain(&format!("{start}_{table}"), target, table, column, column));
    by.into_iter().chain(owners.into_iter().filter(|_| is_owned)).collect()
}

/// Returns the key of a relationship's component.
pub fn relationship_key(schema_name: &str) -> ComponentKey {
    ComponentKey::new(ComponentType::named("entityrelationship"), schema_name)
}

//! STR801–STR803: security roles and secured columns.

use std::collections::{BTreeMap, BTreeSet};

use strata_engine::catalogue;
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::package::Presence;
use strata_model::rules::Rules;

use crate::context::{Component, Context};
use crate::declared;
use crate::finding::Findings;
use crate::privilege;
use crate::rule::{Category, Needs, Precision, Rule, Severity};
use crate::tree::{Element, Tree};

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "STR801",
        severity: Severity::High,
        category: Category::Security,
        component: "security role",
        condition: "A role may write, delete or assign every row of at least 50 tables, or of at least 80 % of the tables that \
                    it names when these are five or more (tables that belong to the organization as a whole, which have no \
                    smaller depth, do not count).",
        why: "Whoever gets the role can change what everybody else owns; such roles are usually copies of an \
              administrator's.",
        cure: &["Start from a role with no privileges and add what the solution's users need, at the smallest depth."],
        needs: Needs::Catalogue,
        precision: Precision::High,
        help: "",
        check: wide_roles,
    },
    Rule {
        id: "STR802",
        severity: Severity::Medium,
        category: Category::Security,
        component: "table, column",
        condition: "The package has roles with privileges, and none of them names a new table of it; or a column is secured and \
                    no field security profile of the package names it.",
        why: "In the target only administrators can open the table, or read the column, until somebody changes a role by \
              hand.",
        cure: &[
            "Add privileges on the table to a role of the solution.",
            "Add the column to a field security profile.",
        ],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: uncovered,
    },
    Rule {
        id: "STR803",
        severity: Severity::Medium,
        category: Category::Security,
        component: "security role",
        condition: "A role has a privilege on a table that is neither in the package, declared, nor part of the system; or at a \
                    depth that the table does not have.",
        why: "The import cannot find the privilege, or sets another depth than the one that was meant.",
        cure: &["Remove the privilege from the role, or declare the table's solution as a dependency."],
        needs: Needs::Catalogue,
        precision: Precision::Medium,
        help: "",
        check: stray_privileges,
    },
];

const TABLES_MANY: usize = 50;
const PER_CENT_MANY: usize = 80;
const TABLES_FEW: usize = 5;

/// What people may do to rows of others that cannot be taken back.
const CHANGES: [&str; 3] = ["Write", "Delete", "Assign"];

/// Tells whether rows of a table belong to the organization, not to users; `None` where nobody says.
fn is_of_organization(context: &Context<'_>, table: &str) -> Option<bool> {
    let key = ComponentKey::new(ComponentType::named("entity"), table);
    let of = |root: Element<'_>| root.descend(&["EntityInfo", "entity"])?.child_text("OwnershipTypeMask");
    let in_package = context.find(&key).and_then(|table| of(table.tree()?));
    let of_system = || {
        let definition = catalogue::component(&key, &Rules::OURS)?.definition;
        of(Tree::parse(&definition)?.root(&definition))
    };
    let mask = in_package.or_else(of_system)?;
    Some(mask.eq_ignore_ascii_case("OrgOwned"))
}

/// Remembers what a table's rows belong to: roles name the same tables.
#[derive(Default)]
struct Ownership(BTreeMap<String, Option<bool>>);

impl Ownership {
    fn is_of_organization(&mut self, context: &Context<'_>, table: &str) -> Option<bool> {
        if let Some(known) = self.0.get(table) {
            return *known;
        }
        let found = is_of_organization(context, table);
        self.0.insert(table.to_owned(), found);
        found
    }
}

fn wide_roles(context: &Context<'_>, findings: &mut Findings<'_>) {
    let mut ownership = Ownership::default();
    for role in context.of_type("role") {
        let mut named = BTreeSet::new();
        let mut wide = BTreeSet::new();
        for privilege in privilege::all(role) {
            let Some((access, table)) = privilege.on_table() else { continue };
            if ownership.is_of_organization(context, &table) == Some(true) {
                continue;
            }
            if CHANGES.contains(&access) && privilege.is_organization_wide() {
                wide.insert(table.clone());
            }
            named.insert(table);
        }
        let is_most = named.len() >= TABLES_FEW && wide.len() * 100 >= named.len() * PER_CENT_MANY;
        if wide.len() >= TABLES_MANY || is_most {
            let message = format!(
                "{} may write, delete or assign every row of {} of the {} tables that it names",
                role.label(),
                wide.len(),
                named.len()
            );
            findings.on(role, message);
        }
    }
}

fn uncovered(context: &Context<'_>, findings: &mut Findings<'_>) {
    let mut covered = BTreeSet::new();
    let mut has_privileges = false;
    for role in context.of_type("role") {
        for privilege in privilege::all(role) {
            has_privileges = true;
            covered.extend(privilege.on_table().map(|(_, table)| table));
        }
    }
    for table in context.of_type("entity").filter(|table| has_privileges && is_new(context, *table)) {
        if !covered.contains(table.key.as_str()) {
            findings.on(table, format!("no role of the package names {}", table.label()));
        }
    }
    let profiles = profiled_columns(context);
    for column in context.of_type("attribute") {
        let secured = column.tree().and_then(|root| root.child("IsSecured"));
        let Some(secured) = secured.filter(|element| element.text().trim() == "1") else { continue };
        if !profiles.contains(column.key.as_str()) && column.presence != Presence::Reference {
            let message =
                format!("{} is secured, and no field security profile of the package names it", column.label());
            findings.on(column, message).at(column.place_of(secured)).path("IsSecured");
        }
    }
}

/// Tells whether a table is made by this package: its own prefix, a whole definition, and rows that roles can be given.
fn is_new(context: &Context<'_>, table: Component<'_>) -> bool {
    let is_own = context.prefix().is_some_and(|prefix| table.key.as_str().starts_with(&prefix));
    let own = table.tree().and_then(|root| root.descend(&["EntityInfo", "entity"]));
    let text = |name: &str| own.and_then(|own| own.child_text(name));
    // Rows of activities and of intersect tables have no privileges of their own.
    let has_privileges = text("IsActivity").as_deref() != Some("1") && text("IsIntersect").as_deref() != Some("1");
    let is_whole = text("EntitySetName").is_some() && !declared::requires(context, "entity", table.key.as_str());
    is_own && is_whole && has_privileges && table.presence == Presence::Full
}

/// Returns the columns that field security profiles of the package name, as `table.column`.
fn profiled_columns(context: &Context<'_>) -> BTreeSet<String> {
    let mut columns = BTreeSet::new();
    for profile in context.of_type("fieldsecurityprofile") {
        for permission in profile.tree().into_iter().flat_map(Element::inside) {
            let pair = permission.child_text("EntityName").zip(permission.child_text("AttributeName"));
            columns.extend(pair.map(|(table, column)| format!("{table}.{column}").to_lowercase()));
        }
    }
    columns
}

fn stray_privileges(context: &Context<'_>, findings: &mut Findings<'_>) {
    let mut ownership = Ownership::default();
    for role in context.of_type("role") {
        let mut strange = BTreeSet::new();
        let mut first = None;
        for privilege in privilege::all(role) {
            let Some((_, table)) = privilege.on_table() else { continue };
            let place = role.place_of(privilege.element);
            match ownership.is_of_organization(context, &table) {
                Some(true) if !privilege.is_organization_wide() => {
                    let message = format!(
                        "{}: {} is {}, but rows of {table} belong to the organization, so that only Global is possible",
                        role.label(),
                        privilege.name,
                        privilege.depth
                    );
                    findings.on(role, message).at(place).path(privilege.name);
                }
                // Names without a prefix are the platform's own, and not all of them are tables.
                None if table.contains('_') && !is_known(context, &table) => {
                    first = first.or(place);
                    strange.insert(table);
                }
                Some(_) | None => {}
            }
        }
        if !strange.is_empty() {
            let tables: Vec<_> = strange.into_iter().collect();
            let message = format!(
                "{} has privileges on {}, neither in the package, nor declared, nor part of the system",
                role.label(),
                tables.join(", ")
            );
            findings.on(role, message).at(first).path("RolePrivileges");
        }
    }
}

fn is_known(context: &Context<'_>, table: &str) -> bool {
    let key = ComponentKey::new(ComponentType::named("entity"), table);
    context.find(&key).is_some()
        || declared::requires(context, "entity", table)
        || catalogue::contains(&key, &Rules::OURS)
}

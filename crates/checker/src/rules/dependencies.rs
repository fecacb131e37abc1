//! STR1xx: what a package needs from elsewhere.

mod calls;
mod orphans;
mod undeclared;

use std::collections::{BTreeMap, BTreeSet};

use strata_engine::catalogue;
use strata_model::component::ComponentKey;
use strata_model::dependency::{MissingDependency, Provider};
use strata_model::environment::Behavior;
use strata_model::package::{Package, Presence};

use crate::context::Context;
use crate::declared;
use crate::finding::Findings;
use crate::rule::{Category, Needs, Precision, Rule, Severity};

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "STR101",
        severity: Severity::High,
        category: Category::Design,
        component: "dependency",
        condition: "solution.xml declares a missing dependency on a component that exists only unmanaged where the package came \
                    from; what the package brings itself, and columns that every table has, are not meant.",
        why: "No solution brings it: the import fails wherever it was not made by hand.",
        cure: &["Add the component to this solution, or to one that is imported before it, and export again."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: unmanaged_providers,
    },
    Rule {
        id: "STR102",
        severity: Severity::Informational,
        category: Category::Design,
        component: "dependency",
        condition: "solution.xml declares missing dependencies on a solution: it has to be there first.",
        why: "The list says what to install, and in which version.",
        cure: &["Install the solution, in that version or a higher one, before the import."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: prerequisites,
    },
    Rule {
        id: "STR103",
        severity: Severity::High,
        category: Category::Design,
        component: "component",
        condition: "A definition needs a table, column, choice, code component or environment variable with a publisher's prefix that \
                    is neither in the package, nor declared as a dependency, nor the system's.",
        why: "The platform does not ask for it before the import; the import fails, or leaves something broken behind.",
        cure: &["Add the component to the solution, or export again so that the dependency is declared."],
        needs: Needs::Catalogue,
        precision: Precision::High,
        help: "",
        check: undeclared::components,
    },
    Rule {
        id: "STR104",
        severity: Severity::Medium,
        category: Category::Maintainability,
        component: "dependency",
        condition: "A declared missing dependency is stale: the package has the required component itself, or no longer has \
                    anything that needs it.",
        why: "The import asks for a component that nobody needs, and fails without it.",
        cure: &["Export the solution again.", "Remove the entry from solution.xml."],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: stale_declarations,
    },
    Rule {
        id: "STR105",
        severity: Severity::High,
        category: Category::Design,
        component: "form, dashboard, ribbon, site map",
        condition: "A form, dashboard, ribbon or site map names a web resource that is neither in the package nor declared.",
        why: "The form opens with an error, the button does nothing, the page is not found.",
        cure: &["Add the web resource to the solution.", "Remove the library or link that names it."],
        needs: Needs::Catalogue,
        precision: Precision::High,
        help: "",
        check: undeclared::web_resources,
    },
    Rule {
        id: "STR106",
        severity: Severity::Medium,
        category: Category::Design,
        component: "view, chart, form",
        condition: "A view, chart or form names a column that its table, which the package brings whole, does not have.",
        why: "The column was deleted or renamed; the view fails when it is opened, the control stays empty.",
        cure: &["Remove the column from the view, chart or form."],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: undeclared::columns,
    },
    Rule {
        id: "STR107",
        severity: Severity::High,
        category: Category::Design,
        component: "flow, canvas app",
        condition: "A flow or a canvas app calls a flow or a custom connector that is neither in the package nor declared.",
        why: "What is called is in no solution, so it cannot come along; the call fails in the next environment.",
        cure: &["Add the flow or the connector to a solution, and choose it again in the caller."],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: calls::check,
    },
    Rule {
        id: "STR108",
        severity: Severity::High,
        category: Category::Design,
        component: "environment variable, row",
        condition: "The package has the value of an environment variable without its definition, or a row without the row that it \
                    belongs to.",
        why: "The import refuses what belongs to nothing.",
        cure: &["Add the definition to the solution, or remove the value."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: orphans::check,
    },
    Rule {
        id: "STR109",
        severity: Severity::Medium,
        category: Category::Design,
        component: "dependency",
        condition: "Two of the packages that are checked together need each other.",
        why: "Neither of them can be imported first.",
        cure: &["Move what both need into a third solution, or join the two."],
        needs: Needs::Several,
        precision: Precision::VeryHigh,
        help: "",
        check: cycles,
    },
];

fn unmanaged_providers(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (key, (group, place)) in declared::groups(context) {
        let is_unmanaged = group.iter().any(|missing| missing.provider == Provider::Active);
        if is_unmanaged && !comes_along(context, key) {
            let message =
                format!("{} is declared as missing and was unmanaged in the source", declared::label(group[0]));
            findings.about(declared::reference(group[0]), message).at(place);
        }
    }
}

/// Tells whether a component arrives whatever the manifest says: the package defines it, as an import sees it, or every
/// table gets such a column by itself.
fn comes_along(context: &Context<'_>, key: &ComponentKey) -> bool {
    let is_standard = key.component_type.is("attribute")
        && key.as_str().split_once('.').is_some_and(|(_, column)| catalogue::is_standard_column(column));
    is_standard || context.find(key).is_some_and(|component| component.presence == Presence::Full)
}

fn prerequisites(context: &Context<'_>, findings: &mut Findings<'_>) {
    let mut solutions: BTreeMap<String, (String, Vec<&MissingDependency>)> = BTreeMap::new();
    let groups = declared::groups(context);
    for (group, _) in groups.values() {
        let Provider::Solution { unique_name, version } = &group[0].provider else { continue };
        let version = version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
        let entry = solutions
            .entry(unique_name.to_lowercase())
            .or_insert_with(|| (format!("{unique_name}{version}"), Vec::new()));
        entry.1.push(group[0]);
    }
    for (folded, (name, needed)) in solutions {
        let application = needed.iter().find_map(|missing| missing.application.as_ref()).map(|(name, version)| {
            let version = version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
            format!(", part of {name}{version}")
        });
        let count = if needed.len() == 1 { "1 component".to_owned() } else { format!("{} components", needed.len()) };
        let message = format!("needs solution {name}{}, for {count}", application.unwrap_or_default());
        let place = groups.get(&needed[0].required.key).and_then(|(_, place)| *place);
        findings.package(folded, message).at(place);
    }
}

fn stale_declarations(context: &Context<'_>, findings: &mut Findings<'_>) {
    let roots: BTreeMap<_, _> =
        context.manifest().root_components.iter().map(|root| (&root.key, root.behavior)).collect();
    let is_here = |key: &ComponentKey| roots.contains_key(key) || context.find(key).is_some();
    // The package's own layer on a table of others is no definition of it.
    let is_whole = |key: &ComponentKey| {
        !key.component_type.is("entity") || roots.get(key) == Some(&Behavior::IncludeSubcomponents)
    };
    let is_ours = |key: &ComponentKey| {
        context.prefix().is_some_and(|prefix| key.as_str().rsplit('.').next().unwrap_or("").starts_with(&prefix))
    };
    for (key, (group, place)) in declared::groups(context) {
        let is_held = context.find(key).is_some_and(|component| component.presence == Presence::Full);
        let what = if is_held && is_whole(key) && is_ours(key) {
            "the package has it"
        } else if group.iter().all(|missing| is_listed(&missing.dependent.key) && !is_here(&missing.dependent.key)) {
            "nothing of what is said to need it is in the package"
        } else {
            continue;
        };
        let message = format!("{} is declared as missing, and {what}", declared::label(group[0]));
        findings.about(declared::reference(group[0]), message).at(place);
    }
}

/// Tells whether a component of that type is in every package that holds it, under a name that manifests give; others
/// (columns that come along, ribbons, settings) may be there unseen.
fn is_listed(key: &ComponentKey) -> bool {
    const LISTED: &[&str] = &[
        "entity",
        "entityrelationship",
        "systemform",
        "savedquery",
        "savedqueryvisualization",
        "workflow",
        "webresource",
        "appmodule",
        "canvasapp",
        "sdkmessageprocessingstep",
    ];
    LISTED.contains(&key.component_type.name())
}

/// Returns the solutions that a package needs, folded.
fn needed_solutions(package: &Package) -> BTreeSet<String> {
    let providers = package.manifest.missing_dependencies.iter().filter_map(|missing| match &missing.provider {
        Provider::Solution { unique_name, .. } => Some(unique_name.to_lowercase()),
        Provider::System | Provider::Active | Provider::Unknown => None,
    });
    providers.collect()
}

/// Tells whether one package needs what another brings: by the solution that it names, or by a component.
fn needs(one: &Package, other: &Package) -> bool {
    let brings: BTreeSet<_> = other
        .components
        .iter()
        .filter(|component| component.presence == Presence::Full)
        .map(|component| &component.key)
        .collect();
    let by_component = one.manifest.missing_dependencies.iter().any(|missing| brings.contains(&missing.required.key));
    by_component || needed_solutions(one).contains(&other.manifest.unique_name.to_lowercase())
}

fn cycles(context: &Context<'_>, findings: &mut Findings<'_>) {
    let package = context.package();
    for other in context.others() {
        // The pair is reported once, on the package whose name comes first.
        let (own_name, other_name) = (&package.manifest.unique_name, &other.manifest.unique_name);
        if own_name.to_lowercase() < other_name.to_lowercase() && needs(package, other) && needs(other, package) {
            let message = format!("{own_name} and {other_name} need each other");
            findings.package(other_name.to_lowercase(), message);
        }
    }
}

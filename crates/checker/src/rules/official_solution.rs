//! The official rules for what a solution takes in: dependencies, tables, web resources.

use strata_engine::catalogue;
use strata_model::dependency::Provider;
use strata_model::environment::Behavior;
use strata_model::package::RootComponent;
use strata_model::rules::Rules;

use crate::context::Context;
use crate::declared;
use crate::finding::Findings;
use crate::rule::{Category, Needs, Precision, Rule, Severity};

const DEPENDENCIES: &str = "https://learn.microsoft.com/troubleshoot/power-platform/power-apps/solutions/missing-dependency-on-solution-import";

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "meta-avoid-managed-entity-assets",
        severity: Severity::Medium,
        category: Category::Design,
        component: "table",
        condition: "A table that is managed in the source is in the solution with all its objects: a table of the system, or \
                    one that the package itself declares to come from another solution.",
        why: "Everything that the table has in the source, and whoever brought it there, becomes a dependency of the solution.",
        cure: &[
            "Remove the table from the solution and add it again without its objects, with only the columns, forms and \
             views that were changed.",
        ],
        needs: Needs::Catalogue,
        precision: Precision::High,
        help: DEPENDENCIES,
        check: whole_foreign_tables,
    },
    Rule {
        id: "meta-avoid-silverlight",
        severity: Severity::Medium,
        category: Category::UpgradeReadiness,
        component: "web resource",
        condition: "A web resource is a Silverlight application (XAP).",
        why: "No browser runs it any more.",
        cure: &["Replace it by a code component or a script, and remove the web resource."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "https://learn.microsoft.com/dynamics365/get-started/whats-new/customer-engagement/important-changes-coming#BKMK_Silverlight",
        check: silverlight,
    },
    Rule {
        id: "meta-include-missingunmanageddependencies",
        severity: Severity::Medium,
        category: Category::Design,
        component: "solution",
        condition: "solution.xml declares a missing dependency that is an unmanaged component of the source (solution Active).",
        why: "No solution brings the component to a target: where it is absent the import fails.",
        cure: &["Add the component to this solution, or to one that is imported before it, and export again."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: DEPENDENCIES,
        check: unmanaged_dependencies,
    },
    Rule {
        id: "meta-include-unmanaged-entity-assets",
        severity: Severity::Medium,
        category: Category::Design,
        component: "table",
        condition: "A table of the publisher is in an unmanaged package without all its objects, and no other solution is \
                    declared to bring it.",
        why: "What was not chosen stays behind: the table arrives in the target without those parts.",
        cure: &["Add the table with all its objects in the solution that owns it."],
        needs: Needs::Package,
        precision: Precision::Medium,
        help: DEPENDENCIES,
        check: parts_of_own_tables,
    },
];

fn unmanaged_dependencies(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (group, place) in declared::groups(context).into_values() {
        let Some(missing) = group.into_iter().find(|missing| missing.provider == Provider::Active) else { continue };
        let message = format!(
            "{} is required, and only an unmanaged component of the source provides it",
            declared::label(missing)
        );
        findings.about(declared::reference(missing), message).at(place);
    }
}

/// Returns the table roots of a package that bring a definition, not only a reason to look.
fn table_roots<'c>(context: &'c Context<'_>) -> impl Iterator<Item = &'c RootComponent> {
    context.manifest().root_components.iter().filter(|root| root.key.component_type.is("entity"))
}

fn whole_foreign_tables(context: &Context<'_>, findings: &mut Findings<'_>) {
    for root in table_roots(context).filter(|root| root.behavior == Behavior::IncludeSubcomponents) {
        let from_solution =
            context.manifest().missing_dependencies.iter().find_map(|missing| match &missing.provider {
                Provider::Solution { unique_name, .. } if missing.required.key == root.key => {
                    Some(unique_name.as_str())
                }
                Provider::Solution { .. } | Provider::System | Provider::Active | Provider::Unknown => None,
            });
        let owner = match from_solution {
            Some(solution) => format!("solution {solution}"),
            None if catalogue::contains(&root.key, &Rules::OURS) => "the system".to_owned(),
            None => continue,
        };
        let Some(table) = context.find(&root.key) else { continue };
        let message = format!("{} belongs to {owner} and is in the solution with all its objects", table.label());
        findings.on(table, message).path("behavior");
    }
}

fn parts_of_own_tables(context: &Context<'_>, findings: &mut Findings<'_>) {
    let is_patch = context.manifest().parent_solution.is_some();
    let Some(prefix) = context.prefix().filter(|_| !context.package().is_managed() && !is_patch) else { return };
    for root in table_roots(context).filter(|root| root.behavior != Behavior::IncludeSubcomponents) {
        let is_brought = context.manifest().missing_dependencies.iter().any(|missing| {
            missing.required.key == root.key && matches!(missing.provider, Provider::Solution { .. } | Provider::System)
        });
        let Some(table) = context.find(&root.key) else { continue };
        if root.key.as_str().starts_with(&prefix) && !is_brought {
            let message = format!("{} is in the solution without all its objects", table.label());
            findings.on(table, message).path("behavior");
        }
    }
}

fn silverlight(context: &Context<'_>, findings: &mut Findings<'_>) {
    for resource in context.of_type("webresource") {
        let Some(kind) = resource.tree().and_then(|root| root.child("WebResourceType")) else { continue };
        if kind.text().trim() == SILVERLIGHT {
            let message = format!("{} is a Silverlight application", resource.label());
            findings.on(resource, message).at(resource.place_of(kind)).path("WebResourceType");
        }
    }
}

/// `WebResourceType` of a Silverlight application.
pub(super) const SILVERLIGHT: &str = "8";

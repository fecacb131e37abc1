//! STR3xx: what a package does to layers that are not its own.

mod compared;

use std::collections::{BTreeMap, BTreeSet};

use strata_engine::catalogue;
use strata_model::environment::Behavior;
use strata_model::package::{Mode, Presence, RootComponent};
use strata_model::rules::Rules;
use strata_model::version::Version;

use crate::context::{Component, Context};
use crate::finding::Findings;
use crate::rule::{Category, Needs, Precision, Rule, Severity};
use crate::tree::Element;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "STR301",
        severity: Severity::Medium,
        category: Category::Design,
        component: "table",
        condition: "A table of the system, or one whose prefix is not the publisher's, is a root with all its objects (behavior 0).",
        why: "The package makes a layer on every column, form and view of the table, and hides what its owner changes later.",
        cure: &["Remove the table from the solution, and add it again with only the objects that were changed."],
        needs: Needs::Catalogue,
        precision: Precision::High,
        help: "",
        check: whole_foreign_tables,
    },
    Rule {
        id: "STR302",
        severity: Severity::Medium,
        category: Category::Design,
        component: "table",
        condition: "A table of the publisher's own that this version introduces is a root without all its objects.",
        why: "What is added to the table later does not come along, and a target may get half a table.",
        cure: &["Add the table to the solution with all objects."],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: half_own_tables,
    },
    Rule {
        id: "STR303",
        severity: Severity::Medium,
        category: Category::Design,
        component: "form, view, table",
        condition: "A form, view or table (not one of the system) of an unmanaged package is marked as unmodified.",
        why: "It is there for reference only: where the target does not have it, it will not be created.",
        cure: &["Change and publish it once before the export, or import first what brings it."],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: unmodified,
    },
    Rule {
        id: "STR304",
        severity: Severity::Medium,
        category: Category::Design,
        component: "component",
        condition: "A component says nothing but what the layers below it say already.",
        why: "Its layer changes nothing today, and hides what the layers below change tomorrow.",
        cure: &["Remove the component from the solution."],
        needs: Needs::Baseline,
        precision: Precision::VeryHigh,
        help: "",
        check: compared::idle_layers,
    },
    Rule {
        id: "STR305",
        severity: Severity::High,
        category: Category::Design,
        component: "form",
        condition: "A form is a difference, and neither its base form, nor its table, is declared as a dependency or the system's.",
        why: "The import refuses a difference without the form that it changes.",
        cure: &[
            "Export the solution again from an environment that has the base form.",
            "Export the full form from its owner.",
        ],
        needs: Needs::Catalogue,
        precision: Precision::High,
        help: "",
        check: forms_without_base,
    },
    Rule {
        id: "STR306",
        severity: Severity::Medium,
        category: Category::Design,
        component: "form",
        condition: "With this package a table loses its last main form, or the last form that everyone may see.",
        why: "The platform refuses to leave a table without such a form, and the upgrade fails.",
        cure: &["Keep one main form that is a fallback form."],
        needs: Needs::Baseline,
        precision: Precision::High,
        help: "",
        check: compared::last_forms,
    },
    Rule {
        id: "STR307",
        severity: Severity::Informational,
        category: Category::Design,
        component: "managed property",
        condition: "Nothing in a managed package is locked; or a component that must not be customized allows one kind of change.",
        why: "By default others may change everything; a switch below one that is off has no effect.",
        cure: &["Decide for each table and column what others may change, and lock the rest."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: managed_properties,
    },
    Rule {
        id: "STR308",
        severity: Severity::Low,
        category: Category::Usage,
        component: "label",
        condition: "There are labels in a language that the package does not list, or a component has labels but none in the base \
                    language.",
        why: "Such labels are not imported, and users see an empty name.",
        cure: &["Enable the language and export again.", "Translate the labels into the base language."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: labels,
    },
];

/// Returns the roots that are tables.
fn table_roots<'c>(context: &'c Context<'_>) -> impl Iterator<Item = &'c RootComponent> {
    context.manifest().root_components.iter().filter(|root| root.key.component_type.is("entity"))
}

fn on_table(context: &Context<'_>, findings: &mut Findings<'_>, root: &RootComponent, message: &str) {
    match context.find(&root.key) {
        Some(component) => findings.on(component, format!("{} {message}", component.label())),
        None => {
            let name = root.schema_name.as_deref().unwrap_or(root.key.as_str());
            findings.about(context.reference(&root.key, name), format!("table {name} {message}"))
        }
    };
}

fn whole_foreign_tables(context: &Context<'_>, findings: &mut Findings<'_>) {
    let prefix = context.prefix();
    for root in table_roots(context).filter(|root| root.behavior == Behavior::IncludeSubcomponents) {
        let is_system = catalogue::contains(&root.key, &Rules::OURS);
        let is_own = prefix.as_ref().is_none_or(|prefix| root.key.as_str().starts_with(prefix));
        if is_system {
            on_table(context, findings, root, "is the system's and comes with all its objects");
        } else if !is_own {
            on_table(context, findings, root, "does not bear the publisher's prefix and comes with all its objects");
        }
    }
}

fn half_own_tables(context: &Context<'_>, findings: &mut Findings<'_>) {
    let Some(prefix) = context.prefix() else { return };
    if context.manifest().parent_solution.is_some() {
        // A patch brings parts of what its parent has.
        return;
    }
    for root in table_roots(context).filter(|root| root.behavior != Behavior::IncludeSubcomponents) {
        let introduced = context.find(&root.key).filter(|table| table.presence == Presence::Full).and_then(|table| {
            let own = table.tree()?.descend(&["EntityInfo", "entity"])?;
            Version::parse(&own.child_text("IntroducedVersion")?).ok()
        });
        let is_new = introduced.is_some_and(|introduced| introduced >= context.manifest().version);
        if is_new && root.key.as_str().starts_with(&prefix) {
            on_table(context, findings, root, "is new in this version and comes without all its objects");
        }
    }
}

fn unmodified(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.package().is_managed() || context.manifest().mode == Mode::Both {
        return;
    }
    for component in ["entity", "systemform", "savedquery"].into_iter().flat_map(|name| context.of_type(name)) {
        let Some(root) = component.tree() else { continue };
        let own = root.descend(component.packaged().key.component_type.own_element()).unwrap_or(root);
        // Every environment has the tables of the system.
        let is_absent = !catalogue::contains(&component.packaged().key, &Rules::OURS);
        if is_absent && own.attribute("unmodified").as_deref() == Some("1") {
            let message =
                format!("{} is marked as unmodified: where it is absent it will not be created", component.label());
            findings.on(component, message).at(component.place_of(own)).path("@unmodified");
        }
    }
}

fn forms_without_base(context: &Context<'_>, findings: &mut Findings<'_>) {
    let required: BTreeSet<_> =
        context.manifest().missing_dependencies.iter().map(|missing| &missing.required.key).collect();
    for form in context.of_type("systemform").filter(|form| form.presence == Presence::Diff) {
        let packaged = form.packaged();
        let table = packaged.parent.as_ref();
        let is_system = table.is_some_and(|table| catalogue::contains(table, &Rules::OURS));
        let is_declared = required.contains(&packaged.key) || table.is_some_and(|table| required.contains(table));
        // Unmanaged packages hold whole forms in which marks were left over.
        let is_whole = !context.package().is_managed();
        if !is_system && !is_declared && !is_whole {
            let message = format!("{} is a difference, and its base form is not declared", form.label());
            findings.on(form, message);
        }
    }
}

/// Switches of a component that only count while it may be customized at all.
const BELOW_MASTER: &[&str] = &[
    "IsRenameable",
    "CanModifyAdditionalSettings",
    "CanCreateForms",
    "CanCreateCharts",
    "CanCreateViews",
    "CanChangeHierarchicalRelationship",
    "CanChangeTrackingBeEnabled",
    "CanEnableSyncToExternalSearchIndex",
];

fn managed_properties(context: &Context<'_>, findings: &mut Findings<'_>) {
    if !context.package().is_managed() {
        return;
    }
    let (mut switches, mut locked) = (0, 0);
    for component in context.components().filter(|component| component.presence != Presence::Reference) {
        let Some(root) = component.tree() else { continue };
        let own = root.descend(component.packaged().key.component_type.own_element()).unwrap_or(root);
        let is_off = |name: &str| own.child_text(name).as_deref() == Some("0");
        let is_on = |name: &str| own.child_text(name).as_deref() == Some("1");
        let is_table_or_column = matches!(component.key.component_type.name(), "entity" | "attribute");
        if own.child("IsCustomizable").is_some() || own.child("iscustomizable").is_some() {
            switches += 1;
        }
        let master_off = is_off("IsCustomizable") || is_off("iscustomizable");
        let any_off = master_off || (is_table_or_column && BELOW_MASTER.iter().any(|name| is_off(name)));
        locked += usize::from(any_off);
        let is_custom = own.child_text("IsCustomField").is_none_or(|text| text == "1");
        let open = BELOW_MASTER.iter().find(|name| is_on(name));
        if let Some(open) =
            open.filter(|_| master_off && is_table_or_column && is_custom && is_named_by(context, component))
        {
            let message =
                format!("{} must not be customized, yet {open} is on, which has no effect", component.label());
            findings
                .on(component, message)
                .at(own.child(open).and_then(|element| component.place_of(element)))
                .path(*open);
        }
    }
    if switches > 0 && locked == 0 {
        findings.package(
            "IsCustomizable",
            format!("none of {switches} components is locked: others may change all of them"),
        );
    }
}

/// Tells whether a component bears the publisher's prefix: those of others are not ours to lock.
fn is_named_by(context: &Context<'_>, component: Component<'_>) -> bool {
    let key = component.packaged().key.as_str();
    context.prefix().is_some_and(|prefix| key.rsplit('.').next().unwrap_or(key).starts_with(&prefix))
}

/// Labels of a component, by container.
fn labels(context: &Context<'_>, findings: &mut Findings<'_>) {
    let languages = &context.manifest().languages;
    let base = context.manifest().base_language.to_string();
    if languages.is_empty() {
        return;
    }
    let is_listed = |code: &str| code.parse::<u32>().is_ok_and(|code| languages.contains(&code));
    let mut unlisted: BTreeMap<String, (Component<'_>, usize, usize)> = BTreeMap::new();
    for component in context.components().filter(|component| component.presence != Presence::Reference) {
        let Some(root) = component.tree() else { continue };
        let own = root.descend(component.packaged().key.component_type.own_element()).unwrap_or(root);
        for label in root.inside().filter(|element| is_label(*element)) {
            let Some(code) = label.attribute("languagecode").filter(|code| !is_listed(code)) else { continue };
            let entry = unlisted.entry(code.into_owned()).or_insert((component, label.offset(), 0));
            entry.2 += 1;
        }
        let names = ["LocalizedNames", "displaynames", "Titles"];
        for container in names.iter().filter_map(|name| own.child(name)) {
            let codes: Vec<_> = container.elements().filter_map(language).collect();
            if !codes.is_empty() && !codes.contains(&base) {
                let message = format!("{} has no name in the base language {base}", component.label());
                findings.on(component, message).at(component.place_of(container)).path(container.name());
            }
        }
    }
    for (code, (component, offset, count)) in unlisted {
        let message = format!("{count} labels are in language {code}, which the package does not list");
        findings.package(format!("language {code}"), message).at(component.place_at(offset));
    }
}

fn language(label: Element<'_>) -> Option<String> {
    let has_text = |name: &str| label.attribute(name).is_some_and(|text| !text.trim().is_empty());
    let is_said = has_text("description") || has_text("Title");
    label
        .attribute("languagecode")
        .or_else(|| label.attribute("LCID"))
        .filter(|_| is_said)
        .map(std::borrow::Cow::into_owned)
}

fn is_label(element: Element<'_>) -> bool {
    matches!(element.name(), "label" | "displayname" | "LocalizedName" | "Description" | "LocalizedCollectionName")
        && element.attribute("description").is_some_and(|text| !text.trim().is_empty())
}

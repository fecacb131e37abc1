//! STR2xx: names, prefixes and option values.

use std::collections::BTreeMap;

use strata_engine::catalogue;
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::package::Presence;
use strata_model::rules::Rules;

use crate::context::{Component, Context};
use crate::finding::Findings;
use crate::rule::{Category, Needs, Precision, Rule, Severity};
use crate::tree::Element;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "STR201",
        severity: Severity::Medium,
        category: Category::Design,
        component: "component",
        condition: "A custom component does not bear the publisher's prefix; High for code components. Parts of tables that \
                    belong to others, and what is declared as a dependency, are not meant.",
        why: "A code component of a foreign prefix is refused at import; any other collides with, or passes for, somebody \
              else's.",
        cure: &[
            "Create the component anew in a solution of the right publisher.",
            "Choose the publisher whose prefix it has.",
        ],
        needs: Needs::Catalogue,
        precision: Precision::High,
        help: "",
        check: foreign_prefix,
    },
    Rule {
        id: "STR202",
        severity: Severity::Medium,
        category: Category::Design,
        component: "choice",
        condition: "An option of the publisher's own choice has a value outside the publisher's range; Low for values of the \
                    100000000 series that older makers gave.",
        why: "Another solution may add an option with the same value, and rows then mean two things.",
        cure: &[
            "Give new options values that begin with the publisher's option-value prefix; leave those that rows hold.",
        ],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: option_values,
    },
    Rule {
        id: "STR203",
        severity: Severity::Medium,
        category: Category::Design,
        component: "publisher",
        condition: "The publisher is a default one (prefix new, or cr and an arbitrary tail), or its prefix is not 2 to 8 letters \
                    and digits that begin with a letter and not with mscrm.",
        why: "Default prefixes are the same in many environments, or differ in each; components cannot be told apart by them.",
        cure: &["Create a publisher of your own and move the components to a solution of it."],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: publisher,
    },
    Rule {
        id: "STR204",
        severity: Severity::Medium,
        category: Category::Usage,
        component: "choice, environment variable",
        condition: "A choice has two options with one value, or with one label in a language; or an environment variable is \
                    named $authentication or $connection.",
        why: "Users cannot tell such options apart; flows keep these names for parameters of their own.",
        cure: &["Give the second option another value or label.", "Rename the variable."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: same_options,
    },
];

/// Types whose names begin with the prefix of whoever created them.
const PREFIXED: &[&str] = &[
    "entity",
    "attribute",
    "optionset",
    "webresource",
    "customcontrol",
    "appmodule",
    "environmentvariabledefinition",
    "customapi",
    "connectionreference",
];

fn foreign_prefix(context: &Context<'_>, findings: &mut Findings<'_>) {
    let Some(prefix) = context.prefix() else { return };
    for component in PREFIXED.iter().flat_map(|name| context.of_type(name)) {
        let component_type = &component.packaged().key.component_type;
        let is_ours = own_name(component).starts_with(&prefix);
        if is_ours
            || component.presence != Presence::Full
            || context.declared().has(&component.key)
            || !is_custom(context, component, &prefix)
        {
            continue;
        }
        let message = format!("{} does not begin with {prefix}, the prefix of the publisher", component.label());
        let found = findings.on(component, message);
        if component_type.is("customcontrol") {
            found.severity(Severity::High);
        }
    }
}

/// Returns the part of the key that bears a prefix.
fn own_name(component: Component<'_>) -> &str {
    let key = component.packaged().key.as_str();
    key.rsplit_once('.').filter(|_| component.key.component_type.is("attribute")).map_or(key, |(_, column)| column)
}

/// Tells whether somebody made the component, and not the platform.
fn is_custom(context: &Context<'_>, component: Component<'_>, prefix: &str) -> bool {
    let key = &component.packaged().key;
    match key.component_type.name() {
        "entity" => !catalogue::contains(key, &Rules::OURS) && flag(component, "IsCustomizable") != Some(false),
        "attribute" => {
            let table = key.table().unwrap_or_default();
            let is_own_table = table.starts_with(prefix);
            let of_table = ComponentKey::new(ComponentType::named("entity"), table);
            let is_system_table = catalogue::contains(&of_table, &Rules::OURS);
            let is_known = catalogue::contains(key, &Rules::OURS) || catalogue::is_standard_column(own_name(component));
            let is_other = !(is_own_table || is_system_table);
            // Tables of business process flows get theirs from the platform.
            let has_prefix = own_name(component).contains('_') && !own_name(component).starts_with("bpf_");
            !is_other && !is_known && has_prefix && flag(component, "IsCustomField") == Some(true)
        }
        // Choices of the platform are not custom: they have no prefix, or begin with the name of a system table.
        "optionset" => key.as_str().split_once('_').is_some_and(|(before, _)| {
            let of_system = ComponentKey::new(ComponentType::named("entity"), before);
            !before.is_empty() && before != "msdyn" && !catalogue::contains(&of_system, &Rules::OURS)
        }),
        // Names that begin with `msdyn` and the like are Microsoft's own, brought along by its tools.
        _ => {
            let name = key.as_str();
            let is_platform = ["msdyn", "mscrm", "microsoft", "powerapps"].iter().any(|own| name.starts_with(own));
            !is_platform && context.find(key).is_some()
        }
    }
}

/// Returns a flag of the component's own element.
fn flag(component: Component<'_>, name: &str) -> Option<bool> {
    let root = component.tree()?;
    let own = root.descend(component.packaged().key.component_type.own_element()).unwrap_or(root);
    own.child_text(name).map(|text| text == "1")
}

/// A choice: the component that holds it, and its element.
struct Choice<'c> {
    component: Component<'c>,
    element: Element<'c>,
    /// Its own name, where it has one.
    name: String,
}

/// Returns the choices of the package: those that are components, and those of columns.
fn choices<'c>(context: &'c Context<'_>) -> impl Iterator<Item = Choice<'c>> {
    let global = context.of_type("optionset").filter_map(|component| {
        let name = component.packaged().key.as_str().to_owned();
        Some(Choice { component, element: component.tree()?, name })
    });
    let local = context.of_type("attribute").filter_map(|component| {
        let element = component.tree()?.child("optionset")?;
        Some(Choice { component, element, name: own_name(component).to_owned() })
    });
    global.chain(local)
}

impl<'c> Choice<'c> {
    fn options(&self) -> impl Iterator<Item = Element<'c>> {
        self.element.child("options").into_iter().flat_map(|options| options.children("option"))
    }

    fn kind(&self) -> String {
        self.element.child_text("OptionSetType").unwrap_or_default().to_lowercase()
    }
}

/// Values of an option-value prefix.
const RANGE: i64 = 10_000;

fn option_values(context: &Context<'_>, findings: &mut Findings<'_>) {
    let publisher = context.manifest_element().and_then(|manifest| manifest.child("Publisher"));
    let written = publisher.and_then(|publisher| publisher.child_text("CustomizationOptionValuePrefix"));
    let Some(own) = written.and_then(|text| text.parse::<i64>().ok()) else { return };
    let Some(prefix) = context.prefix() else { return };
    let own = own.saturating_mul(RANGE)..own.saturating_add(1).saturating_mul(RANGE);
    for choice in choices(context) {
        // States and yes/no columns have values of the platform's.
        let has_range = matches!(choice.kind().as_str(), "" | "picklist" | "multiselectpicklist");
        if !has_range || !choice.name.starts_with(&prefix) || choice.component.presence != Presence::Full {
            continue;
        }
        let value = |option: &Element<'_>| option.attribute("value").and_then(|text| text.trim().parse::<i64>().ok());
        let outside: Vec<_> = choice
            .options()
            .filter_map(|option| Some((option, value(&option).filter(|v| !own.contains(v))?)))
            .collect();
        let Some((first, _)) = outside.first() else { continue };
        let is_old = outside.iter().all(|(_, value)| (100_000_000..100_010_000).contains(value));
        let values: Vec<_> = outside.iter().take(5).map(|(_, value)| value.to_string()).collect();
        let more = if outside.len() > values.len() { " and more" } else { "" };
        let message = format!(
            "{} has options outside {}–{}: {}{more}",
            choice.component.label(),
            own.start,
            own.end - 1,
            values.join(", ")
        );
        let found = findings.on(choice.component, message).at(choice.component.place_of(*first)).path("options");
        if is_old {
            found.severity(Severity::Low);
        }
    }
}

fn publisher(context: &Context<'_>, findings: &mut Findings<'_>) {
    let publisher = &context.manifest().publisher;
    let prefix = publisher.prefix.trim().to_lowercase();
    let element =
        context.manifest_element().and_then(|manifest| manifest.descend(&["Publisher", "CustomizationPrefix"]));
    let place = element.zip(context.manifest_file()).map(|(element, file)| file.place(element.offset()));
    let unique = publisher.unique_name.to_lowercase();
    let tail = prefix.strip_prefix("cr").unwrap_or_default();
    let is_drawn = (3..=6).contains(&tail.len()) && tail.bytes().any(|byte| byte.is_ascii_digit());
    let is_named = unique.starts_with("defaultpublisher") || unique.starts_with("cdsdefaultpublisher");
    let message = if prefix == "new" || is_drawn || is_named {
        format!("publisher {} ({prefix}) is a default one", publisher.unique_name)
    } else if !prefix.is_empty() && !is_prefix(&prefix) {
        format!("`{prefix}` is no valid prefix")
    } else {
        return;
    };
    findings.package("CustomizationPrefix", message).at(place);
}

fn is_prefix(prefix: &str) -> bool {
    let is_word = prefix.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let begins = prefix.starts_with(|c: char| c.is_ascii_alphabetic());
    (2..=8).contains(&prefix.len()) && is_word && begins && !prefix.starts_with("mscrm")
}

fn same_options(context: &Context<'_>, findings: &mut Findings<'_>) {
    for choice in choices(context) {
        let mut values: BTreeMap<String, ()> = BTreeMap::new();
        let mut labels: BTreeMap<(String, String), String> = BTreeMap::new();
        for option in choice.options() {
            let value = option.attribute("value").unwrap_or_default().trim().to_owned();
            let place = choice.component.place_of(option);
            if values.insert(value.clone(), ()).is_some() {
                let message = format!("{} has two options with value {value}", choice.component.label());
                findings.on(choice.component, message).at(place).path(format!("options/option[{value}]"));
            }
            for label in option.child("labels").into_iter().flat_map(|labels| labels.children("label")) {
                let text = label.attribute("description").unwrap_or_default().trim().to_owned();
                let language = label.attribute("languagecode").unwrap_or_default().into_owned();
                if text.is_empty() {
                    continue;
                }
                if let Some(first) = labels.insert((language.clone(), text.to_lowercase()), value.clone()) {
                    let message = format!(
                        "{} has two options labelled “{text}” in language {language}: {first} and {value}",
                        choice.component.label()
                    );
                    let path = format!("options/option[{value}]/labels/label[{language}]");
                    findings.on(choice.component, message).at(place).path(path);
                }
            }
        }
    }
    for variable in context.of_type("environmentvariabledefinition") {
        if matches!(variable.key.as_str(), "$authentication" | "$connection") {
            findings.on(variable, format!("{} has a name that flows keep for themselves", variable.label()));
        }
    }
}

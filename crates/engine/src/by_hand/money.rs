//! What comes with a column of amounts: the amount in base currency, and the table's currency with its rate.

use strata_model::component::{ComponentKey, ComponentType};
use strata_xml::{Element, Node};

use super::build::{Labels, element, in_language, labels, text};
use super::column::{Column, Use};
use super::create::Creation;
use super::table_parts::{Made, read_labels};
use super::target::Target;

const SHOWN: &str = "ValidForAdvancedFind|ValidForForm|ValidForGrid";
const CURRENCY: &str = "TransactionCurrencyId";
const RATE: &str = "ExchangeRate";

/// Tells whether a definition is of a column of amounts that makers enter.
fn is_entered(tree: &Element) -> bool {
    tree.child_text("Type").is_some_and(|kind| kind == "money") && tree.child_text("CalculationOf").is_none()
}

/// The column that holds an amount in base currency.
pub(super) fn base_key(column: &ComponentKey) -> ComponentKey {
    ComponentKey::new(column.component_type.clone(), &format!("{}_base", column.as_str()))
}

/// The keys of what may come with a column: planning must see whether it is there.
pub(super) fn keys(column: &ComponentKey) -> Vec<ComponentKey> {
    let Some(table) = column.table() else { return Vec::new() };
    let own = |name: &str| ComponentKey::new(column.component_type.clone(), &format!("{table}.{name}"));
    vec![base_key(column), own(CURRENCY), own(RATE), relationship_key(table)]
}

fn relationship_key(table: &str) -> ComponentKey {
    ComponentKey::new(ComponentType::named("entityrelationship"), &format!("TransactionCurrency_{table}"))
}

impl Creation<'_> {
    /// Makes what comes with a new column of amounts, as far as the table lacks it.
    pub(super) fn make_money_parts(&mut self, target: &Target, tree: &Element) {
        let Some(table) =
            target.table.clone().filter(|_| target.key.component_type.is("attribute") && is_entered(tree))
        else {
            return;
        };
        let table_name = self.schema_name(&table);
        let own =
            |name: &str| ComponentKey::new(target.key.component_type.clone(), &format!("{}.{name}", table.as_str()));
        let base = format!("{}_Base", target.schema_name.to_lowercase());
        let language = self.language();
        let link = format!("TransactionCurrency_{table_name}");
        let parts = [
            (base_key(&target.key), format!("{table_name}.{base}"), base_column(target, tree, &base)),
            (own(CURRENCY), format!("{table_name}.{CURRENCY}"), currency(language)),
            (own(RATE), format!("{table_name}.{RATE}"), rate(language)),
            (relationship_key(table.as_str()), link.clone(), relationship(&link, &table_name)),
        ];
        let has_currency = self.exists(&own(CURRENCY));
        for (key, name, tree) in parts {
            let is_link = key.component_type.is("entityrelationship");
            let is_there = self.exists(&key) || (is_link && has_currency);
            if !is_there {
                let parent = key.table().is_none().then(|| table.clone());
                self.add_beside(target, Made { parent, ..Made::part(key, name, tree, language) });
            }
        }
    }

    /// The name of a table in its own case.
    fn schema_name(&self, table: &ComponentKey) -> String {
        let new = self.tables.iter().find(|own| own.name == table.as_str()).map(|own| own.schema_name.clone());
        let known = || self.state(table).map(|state| state.component.name.clone());
        new.or_else(known).unwrap_or_else(|| table.as_str().to_owned())
    }
}

fn column(schema_name: &str, kind: &str, uses: &[Use], details: Vec<Element>, called: &Labels) -> Element {
    let mut root = Column { schema_name, kind, required: "none", mask: SHOWN, uses }.start();
    root.children.extend(details.into_iter().map(Node::Element));
    root.children.push(Node::Element(labels("displaynames", "displayname", called)));
    root
}

fn base_column(target: &Target, tree: &Element, name: &str) -> Element {
    let copied = ["MinValue", "MaxValue", "Accuracy", "AccuracySource"];
    let mut details: Vec<_> = copied.into_iter().filter_map(|name| Some(text(name, &tree.child_text(name)?))).collect();
    details.push(text("CalculationOf", &target.schema_name));
    let called = read_labels(tree.child("displaynames"));
    let called = called.into_iter().map(|(language, own)| (language, format!("{own} (Base)"))).collect();
    column(name, "money", &[Use::Custom, Use::Audit], details, &called)
}

fn currency(language: u32) -> Element {
    let details = vec![text("LookupStyle", "single"), Element::new("LookupTypes")];
    let uses = [Use::Create, Use::Update, Use::Audit];
    column(CURRENCY, "lookup", &uses, details, &in_language(language, "Currency"))
}

fn rate(language: u32) -> Element {
    let details = [("MinValue", "0.0000000001"), ("MaxValue", "100000000000"), ("Accuracy", "10")];
    let details = details.into_iter().map(|(name, value)| text(name, value)).collect();
    column(RATE, "decimal", &[Use::Audit], details, &in_language(language, "Exchange Rate"))
}

fn relationship(name: &str, table: &str) -> Element {
    let children = [
        ("EntityRelationshipType", "OneToMany"),
        ("IsCustomizable", "1"),
        ("IntroducedVersion", "1.0"),
        ("IsHierarchical", "0"),
        ("ReferencingEntityName", table),
        ("ReferencedEntityName", "TransactionCurrency"),
        ("CascadeAssign", "NoCascade"),
        ("CascadeDelete", "Restrict"),
        ("CascadeArchive", "Restrict"),
        ("CascadeReparent", "NoCascade"),
        ("CascadeShare", "NoCascade"),
        ("CascadeUnshare", "NoCascade"),
        ("ReferencingAttributeName", CURRENCY),
    ];
    let children = children.into_iter().map(|(name, value)| text(name, value)).collect();
    element("EntityRelationship", &[("Name", name)], children)
}

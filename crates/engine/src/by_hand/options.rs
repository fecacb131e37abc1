//! Values of new options (L9).

use strata_model::code::ErrorCode;
use strata_model::component::ComponentType;
use strata_model::plan::{Finding, FindingKind};
use strata_xml::Element;

use super::create::Creation;
use super::minimal;

/// The option-value prefix of what is made in no solution.
pub const DEFAULT_PREFIX: u32 = 10_000;

/// L9: the value of the next option of a publisher, after those that a choice has.
pub fn next_value(prefix: u32, used: impl Iterator<Item = i64>) -> i64 {
    let first = i64::from(prefix) * 10_000;
    let own = used.filter(|value| (first..first + 10_000).contains(value));
    own.max().map_or(first, |highest| highest + 1)
}

impl Creation<'_> {
    /// L9: options without a value get one from the option-value prefix.
    pub(super) fn add_options(&mut self, component_type: &ComponentType, tree: &mut Element) {
        let prefix = self.publisher.map_or(DEFAULT_PREFIX, |publisher| publisher.option_value_prefix);
        let language = self.language();
        let choice = match component_type.name() {
            "optionset" => Some(tree),
            "attribute" => tree.child_mut("optionset"),
            _ => None,
        };
        let Some(choice) = choice else {
            if !self.new.options.is_empty() {
                let message = format!("this {} has no options", component_type.label());
                self.plan.findings.push(Finding::error(
                    FindingKind::Component,
                    ErrorCode::UNKNOWN_PROPERTY,
                    "L9",
                    message,
                ));
            }
            return;
        };
        let used = |choice: &Element| -> Vec<i64> {
            let options = choice.child("options").into_iter().flat_map(Element::elements);
            options.filter_map(|option| option.attribute("value")?.parse().ok()).collect()
        };
        let next = |choice: &Element| next_value(prefix, used(choice).into_iter()).to_string();
        let unvalued = |option: &Element| option.name == "option" && option.attribute("value").is_none();
        while choice.child("options").is_some_and(|options| options.elements().any(unvalued)) {
            let value = next(choice);
            let option = choice.child_mut("options").and_then(|options| options.elements_mut().find(|o| unvalued(o)));
            option.into_iter().for_each(|option| option.set_attribute("value", &value));
        }
        for text in &self.new.options {
            let value = next(choice);
            minimal::add_option(choice, &value, text, language);
        }
    }
}

//! The rules, one family per module; the first digit of an id names the family.
//!
//! Rules with official ids are those whose condition is the published one; [`uncovered`] lists the official rules that
//! are not checked here, with the reason.

mod cloud_flows;
mod code;
mod connections;
mod dependencies;
mod desktop_flows;
mod layers;
mod leaks;
mod names;
mod official_connectors;
mod official_flows;
mod official_forms;
mod official_solution;
mod official_steps;
mod package;
mod retired;
mod security;
pub mod uncovered;

use crate::rule::Rule;

/// Every family, in the order of ids; official rules come last.
static FAMILIES: &[&[Rule]] = &[
    package::RULES,
    dependencies::RULES,
    names::RULES,
    layers::RULES,
    leaks::RULES,
    connections::RULES,
    cloud_flows::RULES,
    desktop_flows::RULES,
    code::RULES,
    security::RULES,
    retired::RULES,
    official_connectors::RULES,
    official_flows::RULES,
    official_forms::RULES,
    official_solution::RULES,
    official_steps::RULES,
];

/// Returns every rule.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

/// Finds a rule by id, without regard to case.
pub fn find(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id.eq_ignore_ascii_case(id.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_every_row_says_something() {
        let mut ids: Vec<_> = all().map(|rule| rule.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all().count());
        for rule in all() {
            for text in [rule.condition, rule.why, rule.component] {
                assert!(!text.is_empty(), "{}", rule.id);
            }
            assert!(!rule.cure.is_empty(), "{}", rule.id);
            let is_official = !rule.id.starts_with("STR");
            assert!(!is_official || !rule.help.is_empty(), "{} is official and has no page", rule.id);
        }
    }

    #[test]
    fn no_official_rule_is_both_covered_and_not() {
        for rule in uncovered::RULES {
            assert!(find(rule.id).is_none(), "{}", rule.id);
        }
    }
}

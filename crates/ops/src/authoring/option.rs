//! Options of a choice that is there already: what is added, changed and taken away.

use std::collections::BTreeSet;

use strata_engine::active::PropertyEdit;
use strata_engine::by_hand::options::{DEFAULT_PREFIX, next_value};

use super::choice::OptionWish;
use super::tree::label_edits;
use crate::schema::Leaves;
use crate::{OpsError, Workspace, solutions};

/// Which of a choice's a wish is about: each kind of choice has its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OptionKind {
    #[default]
    Option,
    Status,
    StatusReason,
}

impl OptionKind {
    /// Returns what the options of a choice are; `prefix` leads to the choice of a column.
    pub fn of(prefix: &str, now: &Leaves) -> Self {
        let holds = |start: &str| now.keys().any(|path| path.starts_with(&format!("{prefix}{start}")));
        match now.get(&format!("{prefix}OptionSetType")).map(String::as_str) {
            Some("state") => Self::Status,
            Some("status") => Self::StatusReason,
            None if holds("states/") => Self::Status,
            None if holds("statuses/") => Self::StatusReason,
            Some(_) | None => Self::Option,
        }
    }

    fn element(self) -> &'static str {
        match self {
            Self::Option => "options/option",
            Self::Status => "states/state",
            Self::StatusReason => "statuses/status",
        }
    }
}

/// The values that a choice has.
pub fn option_values(prefix: &str, now: &Leaves) -> BTreeSet<i64> {
    let start = format!("{prefix}{}[", OptionKind::of(prefix, now).element());
    let below = now.range(start.clone()..).take_while(|(path, _)| path.starts_with(&start));
    below.filter(|(path, _)| path.ends_with("]@value")).filter_map(|(_, value)| value.parse().ok()).collect()
}

/// The option-value prefix of new options: that of the solution's publisher (L9).
pub fn option_prefix(workspace: &Workspace, solution: Option<&str>) -> Result<u32, OpsError> {
    let Some(solution) = solution else { return Ok(DEFAULT_PREFIX) };
    let publisher = solutions::entry_of(workspace, solution)?.publisher.unwrap_or_default();
    let all = solutions::publishers(workspace, None)?;
    let own = all.iter().find(|own| own.unique_name.eq_ignore_ascii_case(&publisher));
    Ok(own.map_or(DEFAULT_PREFIX, |own| own.option_value_prefix))
}

/// Fits wishes to a choice: of which kind they are, and which value a new one gets; says what cannot be added.
pub fn settle(options: &mut [OptionWish], prefix: &str, now: &Leaves, option_prefix: u32) -> Result<(), String> {
    let kind = OptionKind::of(prefix, now);
    let mut known = option_values(prefix, now);
    known.extend(options.iter().filter_map(|option| option.value));
    let before = option_values(prefix, now);
    let is_boolean = now.get(&format!("{prefix}OptionSetType")).is_some_and(|kind| kind == "bit");
    for option in options {
        option.kind = kind;
        let value = option.value.unwrap_or_else(|| next_value(option_prefix, known.iter().copied()));
        if i32::try_from(value).is_err() {
            return Err(format!("{value} is no value of an option: it has 32 bits"));
        }
        option.value = Some(value);
        known.insert(value);
        if before.contains(&value) {
            continue;
        }
        match kind {
            OptionKind::Status => return Err(format!("{value}: a table's statuses are fixed")),
            OptionKind::Option if is_boolean => return Err(format!("{value}: a choice of two has no other options")),
            OptionKind::StatusReason if option.state.is_none() => {
                return Err(format!("{value}: a status reason belongs to a status, which is not named"));
            }
            OptionKind::Option | OptionKind::StatusReason => {}
        }
    }
    Ok(())
}

/// Makes the edits that add or change options, once they are settled; `prefix` leads to the choice of a column.
pub fn options_edits(prefix: &str, options: &[OptionWish]) -> Vec<PropertyEdit> {
    let mut edits = Vec::new();
    for option in options {
        let Some(value) = option.value else { continue };
        let element = format!("{prefix}{}[{value}]", option.kind.element());
        let mut say = |path: String, value: String| edits.push(PropertyEdit { path, value });
        // A new option comes whole, before its labels.
        say(format!("{element}@value"), value.to_string());
        let state = option.state.filter(|_| option.kind == OptionKind::StatusReason).map(|state| state.to_string());
        let own = [("state", state), ("ExternalValue", option.external_value.clone()), ("Color", option.color.clone())];
        for (name, text) in own {
            text.into_iter().for_each(|text| say(format!("{element}@{name}"), text));
        }
        edits.extend(label_edits(&format!("{element}/labels/label"), &option.label));
        edits.extend(label_edits(&format!("{element}/Descriptions/Description"), &option.description));
    }
    edits
}

/// Makes the edit that puts options in order.
pub fn option_order(prefix: &str, now: &Leaves, values: &[i64]) -> PropertyEdit {
    let element = OptionKind::of(prefix, now).element();
    let container = element.split_once('/').map_or(element, |(container, _)| container);
    let values: Vec<_> = values.iter().map(i64::to_string).collect();
    PropertyEdit { path: format!("{prefix}{container}@order"), value: values.join(",") }
}

/// Makes the edit that takes an option away.
pub fn option_removal(prefix: &str, now: &Leaves, value: i64) -> PropertyEdit {
    let path = format!("{prefix}{}[{value}]", OptionKind::of(prefix, now).element());
    PropertyEdit { path, value: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l9_a_new_option_gets_the_next_value_of_the_publisher() {
        let leaves = |kind: &str, values: &[&str]| -> Leaves {
            let element = if kind == "status" { "statuses/status" } else { "options/option" };
            let options = values.iter().map(|value| (format!("{element}[{value}]@value"), (*value).to_owned()));
            options.chain([("OptionSetType".to_owned(), kind.to_owned())]).collect()
        };
        let given = |kind: &str, values: &[&str], wishes: &[Option<i64>]| {
            let mut wishes: Vec<_> =
                wishes.iter().map(|value| OptionWish { value: *value, ..OptionWish::default() }).collect();
            settle(&mut wishes, "", &leaves(kind, values), 72_700)?;
            Ok::<_, String>(wishes.iter().filter_map(|wish| wish.value).collect::<Vec<_>>())
        };
        assert_eq!(
            given("picklist", &["1"], &[None, Some(727_000_001), None]),
            Ok(vec![727_000_002, 727_000_001, 727_000_003])
        );
        assert_eq!(given("picklist", &["727000004"], &[None]), Ok(vec![727_000_005]));
        assert!(given("picklist", &[], &[Some(1 << 40)]).is_err());
        assert!(given("bit", &["0", "1"], &[None]).is_err() && given("bit", &["0", "1"], &[Some(1)]).is_ok());
        assert!(given("status", &["1"], &[Some(2)]).is_err(), "which status does it belong to?");
        assert_eq!(option_removal("", &leaves("status", &["1"]), 1).path, "statuses/status[1]");
    }
}

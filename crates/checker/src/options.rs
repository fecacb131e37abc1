//! What people decide about rules: which run, how bad they are, which files and findings do not count.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::baseline::Baseline;
use crate::rule::{Rule, Severity};
use crate::rules;
use crate::suppression::Suppression;

/// How a run differs from a plain one.
#[derive(Debug, Clone)]
pub struct Options {
    /// Only these rules; all where it is `None`.
    pub rules: Option<BTreeSet<&'static str>>,
    pub levels: BTreeMap<&'static str, Severity>,
    /// Patterns of files and components whose findings do not count.
    pub exclude: Vec<String>,
    pub suppressions: Vec<Suppression>,
    /// The file that the suppressions come from, as findings about them name it.
    pub suppressions_file: String,
    pub baseline: Option<Baseline>,
    /// The day of the run, `2026-11-21`.
    pub today: String,
}

impl Options {
    /// A plain run.
    pub fn plain() -> Self {
        Self {
            rules: None,
            levels: BTreeMap::new(),
            exclude: Vec::new(),
            suppressions: Vec::new(),
            suppressions_file: ".strata-check.json".to_owned(),
            baseline: None,
            today: String::new(),
        }
    }

    /// Tells whether a rule runs.
    pub fn runs(&self, rule: &Rule) -> bool {
        self.rules.as_ref().is_none_or(|only| only.contains(rule.id))
    }

    /// Returns how bad a rule's findings are by default.
    pub fn level(&self, rule: &Rule) -> Severity {
        self.levels.get(rule.id).copied().unwrap_or(rule.severity)
    }
}

/// Why a list of rules, an override or a suppression is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    #[error("{0}")]
    Format(String),
    #[error("there is no rule {id}")]
    UnknownRule { id: String },
}

/// Finds the rules of a list: ids, or the beginning of ids before a `*` (`STR4*`).
pub fn selected(list: &[String]) -> Result<BTreeSet<&'static str>, OptionsError> {
    let mut found = BTreeSet::new();
    for word in list.iter().map(|word| word.trim()).filter(|word| !word.is_empty()) {
        let before = found.len();
        let matching = rules::all().filter(|rule| crate::pattern::matches(word, rule.id)).map(|rule| rule.id);
        let matching: Vec<_> = matching.collect();
        if matching.is_empty() && found.len() == before {
            return Err(OptionsError::UnknownRule { id: word.to_owned() });
        }
        found.extend(matching);
    }
    Ok(found)
}

/// What an override file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overrides {
    pub levels: BTreeMap<&'static str, Severity>,
    /// Ids that no rule of ours has.
    pub unknown: Vec<String>,
}

/// Reads the official override file: `[{"Id":"…","OverrideLevel":"Medium"}]`.
pub fn overrides(text: &str) -> Result<Overrides, OptionsError> {
    let format = |message: String| OptionsError::Format(message);
    let json: Value = serde_json::from_str(without_mark(text)).map_err(|error| format(error.to_string()))?;
    let entries = json.as_array().ok_or_else(|| format("an array of overrides is expected".to_owned()))?;
    let mut read = Overrides { levels: BTreeMap::new(), unknown: Vec::new() };
    for (index, entry) in entries.iter().enumerate() {
        let field = |name: &str| {
            let fields = entry.as_object()?;
            fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
        };
        let number = index + 1;
        let id = field("Id").ok_or_else(|| format(format!("override {number} has no Id")))?;
        let level = field("OverrideLevel").ok_or_else(|| format(format!("override {number} has no OverrideLevel")))?;
        let level = Severity::named(level).ok_or_else(|| {
            format(format!(
                "OverrideLevel of {id} is `{level}`: Critical, High, Medium, Low or Informational is expected"
            ))
        })?;
        match rules::find(id) {
            Some(rule) => {
                read.levels.insert(rule.id, level);
            }
            None => read.unknown.push(id.to_owned()),
        }
    }
    Ok(read)
}

pub(crate) fn without_mark(text: &str) -> &str {
    text.trim_start_matches('\u{feff}')
}

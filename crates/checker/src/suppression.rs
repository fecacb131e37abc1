//! Findings that somebody has looked at and let be: `.strata-check.json`.
//!
//! An entry names a rule, and where it should be narrower a component and a path; it must say why, and may end on a
//! day. One that has ended, or that nothing matches, is itself found (STR000).

use serde_json::Value;

use crate::finding::Finding;
use crate::options::{OptionsError, without_mark};
use crate::pattern;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// A rule's id, or a pattern of ids.
    pub rule: String,
    /// `type:name`; a pattern. The name may be the display name or the id.
    pub component: Option<String>,
    /// Pattern of the property's path or of the file.
    pub path: Option<String>,
    pub reason: String,
    /// The last day, `2027-01-01`.
    pub until: Option<String>,
    /// Position in the file, from 1.
    pub number: usize,
}

impl Suppression {
    /// Tells whether the last day has passed.
    pub fn has_ended(&self, today: &str) -> bool {
        // Days in this form compare as text.
        self.until.as_deref().is_some_and(|until| until < today)
    }

    /// Tells whether it speaks of a finding.
    pub fn matches(&self, finding: &Finding) -> bool {
        let is_rule = pattern::matches(&self.rule, finding.rule);
        let is_component = match (&self.component, &finding.component) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(wanted), Some(component)) => {
                let (kind, name) = wanted.split_once(':').unwrap_or(("*", wanted));
                let kind_is = strata_model::component::ComponentType::written(kind).is(&component.type_name);
                let name = name.trim_start_matches('{').trim_end_matches('}');
                let id = component.id.to_string();
                let names = [Some(component.name.as_str()), component.display_name.as_deref(), Some(id.as_str())];
                (kind_is || pattern::matches(kind, &component.type_name))
                    && names.into_iter().flatten().any(|known| pattern::matches(name, known))
            }
        };
        let is_path = self.path.as_deref().is_none_or(|wanted| {
            let places = [Some(finding.path.as_str()), finding.part.as_deref()];
            places.into_iter().flatten().any(|known| pattern::matches(wanted, known))
        });
        is_rule && is_component && is_path
    }

    /// Names the entry in a message.
    pub(crate) fn name(&self) -> String {
        let of = self.component.as_deref().map(|component| format!(" of {component}")).unwrap_or_default();
        format!("{}{of}", self.rule)
    }
}

/// Reads the entries of a file.
pub fn read(text: &str) -> Result<Vec<Suppression>, OptionsError> {
    let format = |message: String| OptionsError::Format(message);
    let json: Value = serde_json::from_str(without_mark(text)).map_err(|error| format(error.to_string()))?;
    let entries = json.as_array().ok_or_else(|| format("an array of suppressions is expected".to_owned()))?;
    let read = entries.iter().enumerate().map(|(index, entry)| {
        let number = index + 1;
        let field = |name: &str| {
            let text = entry.get(name).and_then(Value::as_str).map(str::trim);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let needed = |name: &str| field(name).ok_or_else(|| format(format!("suppression {number} has no `{name}`")));
        let until = field("until");
        if let Some(until) = until.as_deref().filter(|until| !is_day(until)) {
            return Err(format(format!("suppression {number} ends `{until}`: a day like 2027-01-31 is expected")));
        }
        let reason = needed("reason")?;
        Ok(Suppression {
            rule: needed("rule")?,
            component: field("component"),
            path: field("path"),
            reason,
            until,
            number,
        })
    });
    read.collect()
}

fn is_day(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let number = |part: &str, length: usize| {
        (part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse::<u32>().ok())?
    };
    let [year, month, day] = parts.as_slice() else { return false };
    number(year, 4).is_some()
        && number(month, 2).is_some_and(|month| (1..=12).contains(&month))
        && number(day, 2).is_some_and(|day| (1..=31).contains(&day))
}

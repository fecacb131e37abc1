//! What answers say beside values: labels, names, where a lookup leads (web-api §5).

use serde_json::Value;
use strata_ops::query::Kind;
use strata_ops::schema::{Column, Labels};

pub(super) const FORMATTED: &str = "OData.Community.Display.V1.FormattedValue";
pub(super) const LOOKUP_NAME: &str = "Microsoft.Dynamics.CRM.lookuplogicalname";
pub(super) const NAVIGATION: &str = "Microsoft.Dynamics.CRM.associatednavigationproperty";
const TOTALS: &str = "Microsoft.Dynamics.CRM.totalrecordcount";
const LIMIT_EXCEEDED: &str = "Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded";
const METADATA_VERSION: &str = "Microsoft.Dynamics.CRM.globalmetadataversion";
const COOKIE: &str = "Microsoft.Dynamics.CRM.fetchxmlpagingcookie";
const MORE: &str = "Microsoft.Dynamics.CRM.morerecords";

/// Which annotations are wanted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Annotations {
    pub(super) formatted: bool,
    pub(super) lookup_name: bool,
    pub(super) navigation: bool,
    pub(super) totals: bool,
    pub(super) limit_exceeded: bool,
    pub(super) metadata_version: bool,
    pub(super) cookie: bool,
    pub(super) more: bool,
}

impl Annotations {
    /// Reads a preference: names and patterns between commas.
    pub(super) fn wanted(preference: Option<&str>) -> Self {
        let Some(text) = preference else { return Self::default() };
        let patterns: Vec<_> = text.split(',').map(str::trim).filter(|pattern| !pattern.is_empty()).collect();
        let is_wanted = |name: &str| patterns.iter().any(|pattern| fits(pattern, name));
        Self {
            formatted: is_wanted(FORMATTED),
            lookup_name: is_wanted(LOOKUP_NAME),
            navigation: is_wanted(NAVIGATION),
            totals: is_wanted(TOTALS),
            limit_exceeded: is_wanted(LIMIT_EXCEEDED),
            metadata_version: is_wanted(METADATA_VERSION),
            cookie: is_wanted(COOKIE),
            more: is_wanted(MORE),
        }
    }

    pub(super) fn any(&self) -> bool {
        self.formatted || self.lookup_name || self.navigation || self.totals || self.metadata_version
    }
}

/// Tells whether a name fits a pattern whose `*` stands for any text.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(start) else { return false };
    let mut pieces: Vec<_> = rest.split('*').collect();
    let end = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match name.find(piece) {
            Some(at) => name = &name[at + piece.len()..],
            None => return false,
        }
    }
    name.ends_with(end)
}

/// Returns the text that people read for a value.
pub(super) fn formatted(column: Option<&Column>, kind: &Kind, value: &Value, language: u32) -> Option<String> {
    let option = |number: i64| {
        let labels = column?.option_labels.get(&number)?;
        label(labels, language).map(str::to_owned)
    };
    match (kind, value) {
        (Kind::Choice { .. }, Value::Number(number)) => option(number.as_i64()?),
        (Kind::Choices { .. }, Value::Array(chosen)) => {
            let labels: Vec<_> = chosen.iter().filter_map(Value::as_i64).filter_map(option).collect();
            (!labels.is_empty()).then(|| labels.join("; "))
        }
        (Kind::Boolean, Value::Bool(truth)) => {
            let plain = if *truth { "Yes" } else { "No" };
            Some(option((*truth).into()).unwrap_or_else(|| plain.to_owned()))
        }
        (Kind::Integer { .. }, Value::Number(number)) => Some(grouped(&number.to_string())),
        (Kind::Decimal { places, .. }, Value::Number(number)) => {
            let places = places.unwrap_or(2);
            Some(grouped(&format!("{:.places$}", number.as_f64()?)))
        }
        (Kind::DateTime { is_date_only }, Value::String(text)) => date(text, *is_date_only),
        _ => None,
    }
}

/// Returns a label in a language, else in any.
fn label(labels: &Labels, language: u32) -> Option<&str> {
    labels.get(&language).or_else(|| labels.values().next()).map(String::as_str)
}

/// Puts commas between thousands.
fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').map_or((digits, String::new()), |(w, f)| (w, format!(".{f}")));
    let mut text = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{sign}{text}{fraction}")
}

/// Writes a date, and its time of day, as people in the United States do.
fn date(text: &str, is_date_only: bool) -> Option<String> {
    let (day, time) = text.split_once('T').unwrap_or((text, ""));
    let mut parts = day.split('-').map(|part| part.parse::<u32>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let shown = format!("{month}/{day}/{year}");
    let mut clock = time.split(':').map(|part| part.parse::<u32>().ok());
    match (is_date_only, clock.next().flatten(), clock.next().flatten()) {
        (false, Some(hour), Some(minute)) => {
            let half = if hour < 12 { "AM" } else { "PM" };
            let hour = if hour.is_multiple_of(12) { 12 } else { hour % 12 };
            Some(format!("{shown} {hour}:{minute:02} {half}"))
        }
        _ => Some(shown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w5_annotations_are_named_or_drawn_with_wildcards() {
        let one = Annotations::wanted(Some(FORMATTED));
        assert!(one.formatted && !one.lookup_name && !one.totals);
        let all = Annotations::wanted(Some("*"));
        assert!(all.formatted && all.lookup_name && all.navigation && all.totals && all.cookie);
        let some = Annotations::wanted(Some("OData.Community.*, Microsoft.Dynamics.CRM.total*exceeded"));
        assert!(some.formatted && some.limit_exceeded && !some.totals && !some.lookup_name);
        assert!(!Annotations::wanted(None).any() && !Annotations::wanted(Some("other.*")).any());
    }

    #[test]
    fn w5_values_are_written_as_people_read_them() {
        let shown = |kind: &Kind, value: Value| formatted(None, kind, &value, 1033);
        let number = Kind::Integer { min: 0, max: 0 };
        assert_eq!(shown(&number, (-1_234_567).into()).as_deref(), Some("-1,234,567"));
        let decimal = Kind::Decimal { min: None, max: None, places: Some(1) };
        assert_eq!(shown(&decimal, 1000.0.into()).as_deref(), Some("1,000.0"));
        assert_eq!(shown(&Kind::Boolean, true.into()).as_deref(), Some("Yes"));
        let time = Kind::DateTime { is_date_only: false };
        assert_eq!(shown(&time, "2026-01-31T00:05:00Z".into()).as_deref(), Some("1/31/2026 12:05 AM"));
        assert_eq!(shown(&time, "2026-11-03T13:45:00Z".into()).as_deref(), Some("11/3/2026 1:45 PM"));
        let day = Kind::DateTime { is_date_only: true };
        assert_eq!(shown(&day, "2026-01-31".into()).as_deref(), Some("1/31/2026"));
        assert_eq!(shown(&Kind::Text { length_max: None }, "x".into()), None);
    }
}

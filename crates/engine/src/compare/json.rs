//! What differs between two JSON documents: values by their JSON pointer (RFC 6901) after `#`.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::{PropertyChange, Whole, text};

/// Members that tell the objects of a list apart, first match first.
pub(crate) const KEYS: [&str; 5] = ["id", "name", "key", "uniqueName", "logicalName"];

/// Compares two documents; nothing differs where only the order of members does.
pub(super) fn compare(path: &str, before: &Value, after: &Value) -> Vec<PropertyChange> {
    let mut walk = Walk { changes: Vec::new(), whole: None };
    walk.both(before, after, &format!("{path}#"));
    walk.changes
}

struct Walk {
    changes: Vec<PropertyChange>,
    whole: Option<Whole>,
}

impl Walk {
    fn both(&mut self, before: &Value, after: &Value, path: &str) {
        match (before, after) {
            (Value::Object(before), Value::Object(after)) => self.objects(before, after, path),
            (Value::Array(before), Value::Array(after)) => self.lists(before, after, path),
            (Value::String(old), Value::String(new)) if old != new => {
                let changes = text::compare(path, Some(old), Some(new)).into_iter();
                let whole = self.whole.clone();
                self.changes.extend(changes.map(|change| PropertyChange { whole: whole.clone(), ..change }));
            }
            (before, after) if before == after => {}
            (before, after) => self.push(path, Some(before), Some(after)),
        }
    }

    fn objects(&mut self, before: &Map<String, Value>, after: &Map<String, Value>, path: &str) {
        for (name, old) in before {
            let path = below(path, name);
            match after.get(name) {
                Some(new) => self.both(old, new, &path),
                None => self.alone(old, &path, false),
            }
        }
        for (name, new) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
            self.alone(new, &below(path, name), true);
        }
    }

    fn lists(&mut self, before: &[Value], after: &[Value], path: &str) {
        for (old, new) in pair(before, after) {
            match (old, new) {
                (Some(old), Some(new)) => self.both(&before[old], &after[new], &below(path, &new.to_string())),
                (Some(old), None) => self.alone(&before[old], &below(path, &old.to_string()), false),
                (None, Some(new)) => self.alone(&after[new], &below(path, &new.to_string()), true),
                (None, None) => {}
            }
        }
        let in_order = |list: &[Value]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (mut old, mut new) = (in_order(before), in_order(after));
        if old != new {
            old.sort();
            new.sort();
            // The same values in another order: each is found, and yet the list says something else.
            if old == new && self.changes.last().is_none_or(|last| !last.path.starts_with(path)) {
                self.push(&format!("{path}/#order"), None, None);
                if let Some(order) = self.changes.last_mut() {
                    order.before = Some(Value::Array(before.to_vec()).to_string());
                    order.after = Some(Value::Array(after.to_vec()).to_string());
                }
            }
        }
    }

    fn alone(&mut self, value: &Value, path: &str, is_after: bool) {
        let outermost = self.whole.is_none();
        if outermost {
            self.whole = Some(Whole { path: path.to_owned(), place: path.to_owned() });
        }
        match value {
            Value::Object(members) if !members.is_empty() => {
                members.iter().for_each(|(name, value)| self.alone(value, &below(path, name), is_after));
            }
            Value::Array(items) if !items.is_empty() => {
                let items = items.iter().enumerate();
                items.for_each(|(at, value)| self.alone(value, &below(path, &at.to_string()), is_after));
            }
            leaf => {
                let (before, after) = if is_after { (None, Some(leaf)) } else { (Some(leaf), None) };
                self.push(path, before, after);
            }
        }
        if outermost {
            self.whole = None;
        }
    }

    fn push(&mut self, path: &str, before: Option<&Value>, after: Option<&Value>) {
        let said = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let (before, after) = (before.map(said), after.map(said));
        let mut change = PropertyChange::new(path.to_owned(), before.as_deref(), after.as_deref());
        change.whole.clone_from(&self.whole);
        self.changes.push(change);
    }
}

pub(crate) fn below(path: &str, step: &str) -> String {
    format!("{path}/{}", step.replace('~', "~0").replace('/', "~1"))
}

/// Pairs the entries of two lists: by the member that tells them apart, else by content and place.
fn pair(before: &[Value], after: &[Value]) -> Vec<(Option<usize>, Option<usize>)> {
    match KEYS.iter().find(|key| tells_apart(key, before) && tells_apart(key, after)) {
        Some(key) => {
            let find = |list: &[Value], value: &Value| list.iter().position(|other| other[key] == value[key]);
            let gone = (0..before.len()).filter(|old| find(after, &before[*old]).is_none());
            let gone: Vec<_> = gone.map(|old| (Some(old), None)).collect();
            let stays = (0..after.len()).map(|new| (find(before, &after[new]), Some(new)));
            gone.into_iter().chain(stays).collect()
        }
        None => pair_by_place(before, after),
    }
}

fn tells_apart(key: &str, list: &[Value]) -> bool {
    let keys: Option<BTreeSet<&str>> = list.iter().map(|value| value.get(key)?.as_str()).collect();
    !list.is_empty() && keys.is_some_and(|keys| keys.len() == list.len())
}

fn pair_by_place(before: &[Value], after: &[Value]) -> Vec<(Option<usize>, Option<usize>)> {
    let written = |list: &[Value]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut pairs = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &written(before), &written(after)) {
        let (old, new) = (op.old_range(), op.new_range());
        match op {
            DiffOp::Equal { .. } => pairs.extend(old.zip(new).map(|(old, new)| (Some(old), Some(new)))),
            DiffOp::Replace { .. } | DiffOp::Delete { .. } | DiffOp::Insert { .. } => {
                let both = old.len().min(new.len());
                pairs.extend(old.clone().zip(new.clone()).map(|(old, new)| (Some(old), Some(new))));
                pairs.extend(old.skip(both).map(|old| (Some(old), None)));
                pairs.extend(new.skip(both).map(|new| (None, Some(new))));
            }
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(before: &str, after: &str) -> Vec<String> {
        let read = |text| serde_json::from_str::<Value>(text).expect("JSON");
        let changes = compare("f", &read(before), &read(after));
        let side = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        changes.into_iter().map(|c| format!("{} {} {}", c.path, side(c.before), side(c.after))).collect()
    }

    #[test]
    fn values_are_named_by_their_pointer() {
        assert_eq!(said(r#"{"a/b":{"c":1}}"#, r#"{"a/b":{"c":2,"d":{}}}"#), ["f#/a~1b/c 1 2", "f#/a~1b/d - {}"]);
        assert_eq!(
            said(r#"{"a":[{"name":"x","v":1},{"name":"y"}]}"#, r#"{"a":[{"name":"y"},{"name":"x","v":2}]}"#),
            ["f#/a/1/v 1 2"]
        );
        assert_eq!(said("[1,2,3]", "[0,1,2,3]"), ["f#/0 - 0"]);
    }

    #[test]
    fn another_order_of_a_list_is_a_difference_and_of_members_is_none() {
        assert_eq!(said(r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#), Vec::<String>::new());
        assert_eq!(said(r#"[{"id":"x"},{"id":"y"}]"#, r#"[{"id":"y"},{"id":"x"}]"#).len(), 1);
    }
}

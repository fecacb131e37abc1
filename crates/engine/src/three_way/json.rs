//! Three JSON documents become one, value by value.

use serde::Serialize as _;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value};

use super::{Conflict, Prefer, Three, text};
use crate::compare::{JSON_KEYS, document, json_below};

/// Merges three values, of which any may be absent; paths are JSON pointers.
pub(super) fn merge(
    path: &str,
    sides: Three<Option<&Value>>,
    prefer: Prefer,
    conflicts: &mut Vec<Conflict>,
) -> Option<Value> {
    let Three { base, ours, theirs } = sides;
    if ours == theirs || base == theirs {
        return ours.cloned();
    }
    if base == ours {
        return theirs.cloned();
    }
    match (ours, theirs) {
        (Some(Value::Object(of_ours)), Some(Value::Object(of_theirs))) => {
            let of_base = base.and_then(Value::as_object);
            Some(Value::Object(objects(path, of_base, of_ours, of_theirs, prefer, conflicts)))
        }
        (Some(Value::Array(of_ours)), Some(Value::Array(of_theirs))) => {
            let of_base = base.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let lists = Three { base: of_base, ours: of_ours.as_slice(), theirs: of_theirs.as_slice() };
            match self::lists(path, lists, prefer, conflicts) {
                Some(merged) => Some(Value::Array(merged)),
                None => contested(path, sides, prefer, conflicts),
            }
        }
        (Some(Value::String(of_ours)), Some(Value::String(of_theirs))) => {
            let of_base = base.and_then(Value::as_str).unwrap_or_default();
            let texts = Three { base: of_base, ours: of_ours.as_str(), theirs: of_theirs.as_str() };
            match text::merge_value(path, texts, prefer, conflicts) {
                Some(merged) => Some(Value::String(merged)),
                None => contested(path, sides, prefer, conflicts),
            }
        }
        // One side took it away and the other changed it: it stays until somebody has decided.
        (Some(kept), None) | (None, Some(kept)) => {
            contested(path, sides, prefer, conflicts);
            Some(kept.clone())
        }
        (_, _) => contested(path, sides, prefer, conflicts),
    }
}

fn contested(path: &str, sides: Three<Option<&Value>>, prefer: Prefer, conflicts: &mut Vec<Conflict>) -> Option<Value> {
    let said = |value: Option<&Value>| {
        value.map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    };
    conflicts.push(Conflict {
        component: None,
        path: path.to_owned(),
        base: said(sides.base),
        ours: said(sides.ours),
        theirs: said(sides.theirs),
    });
    prefer.pick(sides.ours, sides.theirs).cloned()
}

fn objects(
    path: &str,
    base: Option<&Map<String, Value>>,
    ours: &Map<String, Value>,
    theirs: &Map<String, Value>,
    prefer: Prefer,
    conflicts: &mut Vec<Conflict>,
) -> Map<String, Value> {
    let only_theirs = theirs.keys().filter(|name| !ours.contains_key(*name));
    let mut merged = Map::new();
    for name in ours.keys().chain(only_theirs) {
        let sides =
            Three { base: base.and_then(|base| base.get(name)), ours: ours.get(name), theirs: theirs.get(name) };
        if let Some(value) = merge(&json_below(path, name), sides, prefer, conflicts) {
            merged.insert(name.clone(), value);
        }
    }
    merged
}

/// Merges lists whose entries have keys, lists to which both only add, and lists changed in different places.
fn lists(path: &str, lists: Three<&[Value]>, prefer: Prefer, conflicts: &mut Vec<Conflict>) -> Option<Vec<Value>> {
    let has_key = |key: &&&str| [lists.base, lists.ours, lists.theirs].iter().all(|list| is_key(key, list));
    if let Some(key) = JSON_KEYS.iter().find(has_key) {
        return Some(keyed(path, key, lists, prefer, conflicts));
    }
    only_added(lists).or_else(|| in_places(lists))
}

fn is_key(key: &str, list: &[Value]) -> bool {
    let mut keys: Vec<_> = list.iter().map(|value| value.get(key).and_then(Value::as_str)).collect();
    keys.sort_unstable();
    keys.iter().all(Option::is_some) && keys.windows(2).all(|pair| pair[0] != pair[1])
}

fn keyed(path: &str, key: &str, lists: Three<&[Value]>, prefer: Prefer, conflicts: &mut Vec<Conflict>) -> Vec<Value> {
    let find = |list: &'_ [Value], entry: &Value| list.iter().position(|other| other.get(key) == entry.get(key));
    let order = |list: &[Value]| list.iter().map(|entry| entry.get(key).cloned()).collect::<Vec<_>>();
    // Where only they put the entries in another order, it is theirs.
    let by_theirs = order(lists.base) == order(lists.ours);
    let (first, second) = if by_theirs { (lists.theirs, lists.ours) } else { (lists.ours, lists.theirs) };
    let rest = second.iter().filter(|entry| find(first, entry).is_none());
    let mut merged = Vec::new();
    for entry in first.iter().chain(rest) {
        let at = |list: &'_ [Value]| find(list, entry);
        let sides = Three {
            base: at(lists.base).map(|at| &lists.base[at]),
            ours: at(lists.ours).map(|at| &lists.ours[at]),
            theirs: at(lists.theirs).map(|at| &lists.theirs[at]),
        };
        let place = at(lists.ours).or(at(lists.theirs)).unwrap_or_default();
        merged.extend(merge(&json_below(path, &place.to_string()), sides, prefer, conflicts));
    }
    merged
}

/// What both only added to is what was there with the additions, each once.
fn only_added(lists: Three<&[Value]>) -> Option<Vec<Value>> {
    let is_plain = |list: &[Value]| {
        list.iter()
            .enumerate()
            .all(|(at, value)| !value.is_object() && !value.is_array() && !list[..at].contains(value))
    };
    let keeps = |list: &[Value]| {
        let kept: Vec<_> = list.iter().filter(|value| lists.base.contains(value)).collect();
        is_plain(list) && kept.iter().copied().eq(lists.base.iter())
    };
    if !is_plain(lists.base) || !keeps(lists.ours) || !keeps(lists.theirs) {
        return None;
    }
    let mut merged = lists.ours.to_vec();
    merged.extend(lists.theirs.iter().filter(|value| !lists.ours.contains(value)).cloned());
    Some(merged)
}

/// Merges entry by entry as texts are merged line by line; `None` where both changed one place.
fn in_places(lists: Three<&[Value]>) -> Option<Vec<Value>> {
    // Line ends inside strings are escaped: an entry is a line.
    let written = |list: &[Value]| list.iter().map(|value| format!("{value}\n")).collect::<String>();
    let (base, ours, theirs) = (written(lists.base), written(lists.ours), written(lists.theirs));
    let mut conflicts = Vec::new();
    let sides = Three { base: base.as_str(), ours: ours.as_str(), theirs: theirs.as_str() };
    let merged = text::merge_lines("", sides, Prefer::Ours, &mut conflicts);
    if !conflicts.is_empty() {
        return None;
    }
    merged.lines().map(|line| serde_json::from_str(line).ok()).collect()
}

/// Writes a merged document: with the lines that the texts have where merging those gives the same, else anew.
pub(super) fn write(merged: &Value, sides: Three<&str>, prefer: Prefer) -> Option<String> {
    let mut conflicts = Vec::new();
    let lines = text::merge_lines("", sides, prefer, &mut conflicts);
    if conflicts.is_empty() && document(&lines).as_ref() == Some(merged) {
        return Some(lines);
    }
    let mark = if sides.ours.starts_with('\u{feff}') { "\u{feff}" } else { "" };
    let written = match indent(sides.ours) {
        Some(indent) => {
            let mut bytes = Vec::new();
            let layout = PrettyFormatter::with_indent(indent.as_bytes());
            merged.serialize(&mut Serializer::with_formatter(&mut bytes, layout)).ok()?;
            String::from_utf8(bytes).ok()?
        }
        None => serde_json::to_string(merged).ok()?,
    };
    let written = written.replace('\n', text::line_end(sides.ours.as_bytes()));
    let last = if sides.ours.ends_with('\n') { text::line_end(sides.ours.as_bytes()) } else { "" };
    Some(format!("{mark}{written}{last}"))
}

/// Returns what a document indents its members with; `None` for one of a single line.
fn indent(text: &str) -> Option<&str> {
    let (_, rest) = text.trim().split_once('\n')?;
    let bare = rest.trim_start_matches([' ', '\t']);
    Some(&rest[..rest.len() - bare.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(base: &str, ours: &str, theirs: &str) -> (String, usize) {
        let read = |text| serde_json::from_str::<Value>(text).expect("JSON");
        let (base, ours, theirs) = (read(base), read(ours), read(theirs));
        let mut conflicts = Vec::new();
        let sides = Three { base: Some(&base), ours: Some(&ours), theirs: Some(&theirs) };
        let merged = merge("", sides, Prefer::Ours, &mut conflicts).expect("a value");
        (merged.to_string(), conflicts.len())
    }

    #[test]
    fn members_and_entries_of_both_sides_come_together() {
        assert_eq!(merged(r#"{"a":1,"b":1}"#, r#"{"a":2,"b":1}"#, r#"{"a":1,"c":1}"#), (r#"{"a":2,"c":1}"#.into(), 0));
        assert_eq!(merged("[1,2]", "[1,2,3]", "[1,2,4]"), ("[1,2,3,4]".into(), 0));
        assert_eq!(merged("[1,2,3]", "[0,2,3]", "[1,2,4]"), ("[0,2,4]".into(), 0));
        let entries = |a: u8, b: u8| format!(r#"[{{"name":"a","v":{a}}},{{"name":"b","v":{b}}}]"#);
        assert_eq!(merged(&entries(1, 1), &entries(2, 1), &entries(1, 2)), (entries(2, 2), 0));
    }

    #[test]
    fn what_both_changed_is_a_conflict() {
        // Arguments of an expression: putting both together would make another expression.
        assert_eq!(merged(r#"["x",1]"#, r#"["x",2]"#, r#"["x",3]"#), (r#"["x",2]"#.into(), 1));
        assert_eq!(merged(r#"{"a":{"b":1}}"#, "{}", r#"{"a":{"b":2}}"#), (r#"{"a":{"b":2}}"#.into(), 1));
    }
}

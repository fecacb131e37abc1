//! JSON inside packages: every text with its pointer, and where a pointer stands in the bytes.
//!
//! Values are read by `serde_json`, which bounds their depth; pointers are those of RFC 6901.

use std::collections::BTreeMap;

use serde_json::Value;

/// Calls `visit` for every text of a value, with its pointer, in document order; keys are not visited.
pub fn texts<'v>(value: &'v Value, visit: &mut dyn FnMut(&str, &'v str)) {
    let mut pointer = String::new();
    walk(value, &mut pointer, &mut |pointer, value| {
        if let Value::String(text) = value {
            visit(pointer, text);
        }
    });
}

/// Calls `visit` for every value with its pointer, outermost first.
pub fn values<'v>(value: &'v Value, visit: &mut dyn FnMut(&str, &'v Value)) {
    walk(value, &mut String::new(), visit);
}

fn walk<'v>(value: &'v Value, pointer: &mut String, visit: &mut dyn FnMut(&str, &'v Value)) {
    visit(pointer, value);
    let length = pointer.len();
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                pointer.push('/');
                pointer.push_str(&escaped(name));
                walk(field, pointer, visit);
                pointer.truncate(length);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointer.push('/');
                pointer.push_str(&index.to_string());
                walk(item, pointer, visit);
                pointer.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Writes a field's name as a step of a pointer.
pub fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Deeper values are never asked for: `serde_json` does not read them.
const DEPTH_MAX: usize = 128;

/// Returns where the values of a document begin, by pointer, as far as it can be read. Of two members with one name the
/// last counts, as for `serde_json`.
pub fn offsets(bytes: &[u8]) -> BTreeMap<String, usize> {
    let at = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut found = BTreeMap::new();
    // What stands before a fault is found all the same.
    let _read_whole = Scanner { bytes, at }.value(&mut String::new(), DEPTH_MAX, &mut found);
    found
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    fn space(&mut self) {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> Option<u8> {
        self.space();
        self.bytes.get(self.at).copied()
    }

    /// Notes where a value and everything inside it begins, and moves behind it.
    fn value(&mut self, pointer: &mut String, depth: usize, found: &mut BTreeMap<String, usize>) -> Option<()> {
        let first = self.peek()?;
        found.insert(pointer.clone(), self.at);
        match first {
            b'{' | b'[' => self.members(pointer, depth.checked_sub(1)?, found),
            b'"' => self.string().map(drop),
            b',' | b':' | b'}' | b']' => None,
            _ => {
                while self.bytes.get(self.at).is_some_and(|byte| !b",:]} \t\r\n".contains(byte)) {
                    self.at += 1;
                }
                Some(())
            }
        }
    }

    fn members(&mut self, pointer: &mut String, depth: usize, found: &mut BTreeMap<String, usize>) -> Option<()> {
        let is_object = self.bytes[self.at] == b'{';
        self.at += 1;
        let length = pointer.len();
        let mut index = 0_usize;
        loop {
            match self.peek()? {
                b'}' | b']' => {
                    self.at += 1;
                    return Some(());
                }
                b',' => {
                    self.at += 1;
                    continue;
                }
                _ => {}
            }
            pointer.push('/');
            if is_object {
                pointer.push_str(&escaped(&self.name()?));
            } else {
                pointer.push_str(&index.to_string());
                index += 1;
            }
            self.value(pointer, depth, found)?;
            pointer.truncate(length);
        }
    }

    /// Reads the name of a member and moves behind its colon.
    fn name(&mut self) -> Option<String> {
        if self.peek()? != b'"' {
            return None;
        }
        let name = serde_json::from_slice(self.string()?).ok()?;
        if self.peek()? != b':' {
            return None;
        }
        self.at += 1;
        Some(name)
    }

    /// Returns the raw text of a string and moves behind it.
    fn string(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.bytes.get(self.at)? {
                b'\\' => self.at += 2,
                b'"' => {
                    self.at += 1;
                    return self.bytes.get(start..self.at);
                }
                _ => self.at += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"a": {"x/y": [1, "two\"", {"z": null}], "b": true}, "c": "d"}"#;

    #[test]
    fn texts_come_with_their_pointers_and_pointers_with_their_places() {
        let value: Value = serde_json::from_str(TEXT).expect("JSON");
        let mut found = Vec::new();
        texts(&value, &mut |pointer, text| found.push((pointer.to_owned(), text.to_owned())));
        assert_eq!(found, [("/a/x~1y/1".to_owned(), "two\"".to_owned()), ("/c".to_owned(), "d".to_owned())]);
        let places = offsets(TEXT.as_bytes());
        let mut count = 0;
        values(&value, &mut |pointer, value| {
            let at = *places.get(pointer).unwrap_or_else(|| panic!("{pointer}"));
            let mut values = serde_json::Deserializer::from_str(&TEXT[at..]).into_iter::<Value>();
            assert_eq!(values.next().expect("a value").expect("JSON"), *value, "{pointer}");
            count += 1;
        });
        assert_eq!((count, places.len()), (9, 9));
        let twice = r#"{"a": 1, "a": 2}"#;
        assert_eq!(offsets(twice.as_bytes()).get("/a"), twice.find('2').as_ref(), "the last counts");
    }

    #[test]
    fn what_is_no_json_has_no_places() {
        for text in ["", "{", "{\"a\"", "{\"a\":", "[,", "{\"a\":}", "nonsense"] {
            assert_eq!(offsets(text.as_bytes()).get("/a/b"), None, "{text}");
        }
        assert!(offsets("[".repeat(1_000_000).as_bytes()).len() <= DEPTH_MAX + 1);
    }
}

//! JSON inside packages: every text with its pointer, and where a pointer stands in the bytes.
//!
//! Values are read by `serde_json`, which bounds their depth; pointers are those of RFC 6901.

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

/// Returns the offset of the value that a pointer names.
pub fn offset(bytes: &[u8], pointer: &str) -> Option<usize> {
    let mut scanner = Scanner { bytes, at: 0 };
    if bytes.starts_with(b"\xef\xbb\xbf") {
        scanner.at = 3;
    }
    for step in pointer.split('/').skip(1) {
        let wanted = step.replace("~1", "/").replace("~0", "~");
        scanner.descend(&wanted)?;
    }
    scanner.space();
    Some(scanner.at)
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

    /// Moves to the field or item of that name.
    fn descend(&mut self, wanted: &str) -> Option<()> {
        let opening = self.peek()?;
        self.at += 1;
        let mut index = 0_usize;
        loop {
            match self.peek()? {
                b'}' | b']' => return None,
                b',' => self.at += 1,
                b'"' if opening == b'{' => {
                    let name = self.string()?;
                    if self.peek()? != b':' {
                        return None;
                    }
                    self.at += 1;
                    let name: String = serde_json::from_slice(name).ok()?;
                    if name == wanted {
                        return Some(());
                    }
                    self.skip()?;
                }
                _ if opening == b'[' => {
                    if index.to_string() == wanted {
                        return Some(());
                    }
                    index += 1;
                    self.skip()?;
                }
                _ => return None,
            }
        }
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

    /// Moves behind a value.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' => {
                    // The end of what is around: a value is missing.
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' if depth > 0 => {
                    self.at += 1;
                    continue;
                }
                b',' | b':' => return None,
                _ => {
                    while self.bytes.get(self.at).is_some_and(|byte| !b",:]} \t\r\n".contains(byte)) {
                        self.at += 1;
                    }
                }
            }
            if depth == 0 {
                return Some(());
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
        let mut count = 0;
        values(&value, &mut |pointer, value| {
            let at = offset(TEXT.as_bytes(), pointer).unwrap_or_else(|| panic!("{pointer}"));
            let mut values = serde_json::Deserializer::from_str(&TEXT[at..]).into_iter::<Value>();
            assert_eq!(values.next().expect("a value").expect("JSON"), *value, "{pointer}");
            count += 1;
        });
        assert_eq!(count, 9);
        for pointer in ["/a/q", "/a/x~1y/7", "/c/d/e", "/a/b/c"] {
            assert_eq!(offset(TEXT.as_bytes(), pointer), None, "{pointer}");
        }
    }

    #[test]
    fn what_is_no_json_has_no_places() {
        for text in ["", "{", "{\"a\"", "{\"a\":", "[,", "{\"a\":}", "nonsense"] {
            assert_eq!(offset(text.as_bytes(), "/a/b"), None, "{text}");
        }
    }
}

//! Paths of a tree: steps that every file system can hold, and the way back.

/// Writes a name as one step of a path: what some file system refuses is percent-encoded.
pub(crate) fn encode(name: &str) -> String {
    let mut step = String::with_capacity(name.len());
    let last = name.chars().count().saturating_sub(1);
    for (index, c) in name.chars().enumerate() {
        let is_edge = index == last && matches!(c, '.' | ' ');
        if is_edge || must_be_encoded(c) {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                step.push_str(&format!("%{byte:02X}"));
            }
        } else {
            step.push(c);
        }
    }
    // A device's name opens the device, whatever stands behind its dot.
    if crate::container::is_device(&step) {
        let first = step.remove(0);
        step.insert_str(0, &format!("%{:02X}", u32::from(first)));
    }
    step
}

fn must_be_encoded(c: char) -> bool {
    c.is_control() || matches!(c, '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*' | '%')
}

/// Returns the name that a step stands for.
pub(crate) fn decode(step: &str) -> String {
    let mut bytes = Vec::with_capacity(step.len());
    let mut rest = step.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| step.to_owned())
}

/// Encodes each step of a path.
pub(crate) fn encode_all(path: &str) -> String {
    path.split('/').map(encode).collect::<Vec<_>>().join("/")
}

/// Decodes each step of a path.
pub(crate) fn decode_all(path: &str) -> String {
    path.split('/').map(decode).collect::<Vec<_>>().join("/")
}

/// Returns the last step.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns what stands before the last step.
pub(crate) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d13_any_name_becomes_one_step_and_comes_back() {
        for (name, step) in [
            ("Sales Manager", "Sales Manager"),
            ("a/b", "a%2Fb"),
            ("100%", "100%25"),
            ("What?", "What%3F"),
            ("dot.", "dot%2E"),
            ("..", ".%2E"),
            (".", "%2E"),
            ("NUL", "%4EUL"),
            ("con.txt", "%63on.txt"),
            ("Ünï", "Ünï"),
            ("a\u{85}", "a%C2%85"),
        ] {
            assert_eq!(encode(name), step);
            assert_eq!(decode(step), name);
        }
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%FF"), "%FF");
    }
}

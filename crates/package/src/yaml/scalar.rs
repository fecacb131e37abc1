//! How one text is written as a YAML scalar, so that no reader can take it for anything but that text.

use std::fmt::Write as _;

/// Appends a text as a scalar; `indent` is that of the lines of a block, should it need one.
pub(crate) fn write(text: &str, indent: usize, out: &mut String) {
    match style(text) {
        Style::Plain => out.push_str(text),
        Style::Single => single(text, out),
        Style::Double => double(text, out),
        Style::Block => block(text, indent, out),
    }
}

/// Appends a key.
pub(crate) fn write_key(key: &str, out: &mut String) {
    match style(key) {
        Style::Plain => out.push_str(key),
        Style::Single => single(key, out),
        Style::Double | Style::Block => double(key, out),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    Block,
}

fn style(text: &str) -> Style {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return Style::Single };
    if bytes.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        let plain = !STARTS[usize::from(*first)] && *last != b' ' && *last != b':' && !breaks_plain(bytes);
        return if plain && !is_typed(text) { Style::Plain } else { Style::Single };
    }
    if text.chars().any(needs_escape) {
        return Style::Double;
    }
    if text.contains('\n') {
        let blank_edges = |line: &str| line.starts_with(' ') || line.ends_with(' ');
        let only_breaks = bytes.iter().all(|byte| *byte == b'\n');
        return if only_breaks || text.split('\n').any(blank_edges) { Style::Double } else { Style::Block };
    }
    let edge = |c: Option<char>| c.is_some_and(char::is_whitespace);
    let blank_edges = edge(text.chars().next()) || edge(text.chars().next_back());
    let plain = !blank_edges && !STARTS[usize::from(*first)] && *last != b':' && !breaks_plain(bytes);
    if plain { Style::Plain } else { Style::Single }
}

/// Bytes that mean something at the front of a scalar.
static STARTS: [bool; 256] = {
    let mut table = [false; 256];
    let signs = b" -?:,[]{}#&*!|>'\"%@`=~";
    let mut at = 0;
    while at < signs.len() {
        table[signs[at] as usize] = true;
        at += 1;
    }
    table
};

/// `: ` begins a value and ` #` a comment wherever they stand.
fn breaks_plain(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair == b": " || pair == b" #")
}

/// Everything but printable characters and line feeds.
fn needs_escape(c: char) -> bool {
    match c {
        '\n' => false,
        '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => true,
        c => c.is_control() || (c as u32 & 0xfffe) == 0xfffe,
    }
}

/// Tells whether YAML 1.1 or 1.2 reads a plain scalar as something else than a text.
fn is_typed(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes[0] {
        b'0'..=b'9' | b'+' | b'.' => is_number(bytes) || is_date(bytes),
        b'<' => text == "<<",
        b'a'..=b'z' | b'A'..=b'Z' if bytes.len() <= 5 => is_word(text),
        _ => false,
    }
}

fn is_word(text: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

fn is_number(bytes: &[u8]) -> bool {
    let unsigned = bytes.strip_prefix(b"+").unwrap_or(bytes);
    if [&b".inf"[..], b".nan"].iter().any(|word| word.eq_ignore_ascii_case(unsigned)) {
        return true;
    }
    if let [b'0', b'x' | b'X' | b'o' | b'O' | b'b' | b'B', rest @ ..] = unsigned {
        return rest.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'_');
    }
    is_decimal(unsigned) || is_sexagesimal(unsigned)
}

/// `1`, `1_000`, `1.5`, `.5`, `1.`, `1e3`, `1.5e-3`.
fn is_decimal(bytes: &[u8]) -> bool {
    let split = bytes.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let (mantissa, exponent) = split.map_or((bytes, None), |at| (&bytes[..at], Some(&bytes[at + 1..])));
    let digits = |bytes: &[u8]| bytes.iter().all(|byte| byte.is_ascii_digit() || *byte == b'_');
    let dots = mantissa.iter().filter(|byte| **byte == b'.').count();
    let is_mantissa =
        dots <= 1 && mantissa.iter().any(u8::is_ascii_digit) && mantissa.split(|byte| *byte == b'.').all(digits);
    let is_exponent = exponent.is_none_or(|exponent| {
        let unsigned = exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-")).unwrap_or(exponent);
        !unsigned.is_empty() && digits(unsigned)
    });
    is_mantissa && is_exponent
}

/// `1:30`, `12:30:45.5`: minutes and seconds of YAML 1.1.
fn is_sexagesimal(bytes: &[u8]) -> bool {
    bytes.contains(&b':') && bytes.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'_'))
}

/// `2026-11-05`, with or without a time after it.
fn is_date(bytes: &[u8]) -> bool {
    let mut fields = bytes.splitn(3, |byte| *byte == b'-');
    let (Some(year), Some(month), Some(rest)) = (fields.next(), fields.next(), fields.next()) else { return false };
    let is_field = |field: &[u8]| (1..=2).contains(&field.len()) && field.iter().all(u8::is_ascii_digit);
    let day = rest.split(|byte| matches!(byte, b'T' | b't' | b' ')).next().unwrap_or(rest);
    year.len() == 4 && year.iter().all(u8::is_ascii_digit) && is_field(month) && is_field(day)
}

fn single(text: &str, out: &mut String) {
    out.push('\'');
    for (index, piece) in text.split('\'').enumerate() {
        if index > 0 {
            out.push_str("''");
        }
        out.push_str(piece);
    }
    out.push('\'');
}

fn double(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            c if needs_escape(c) => escape(c, out),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn escape(c: char, out: &mut String) {
    let code = c as u32;
    let written = match code {
        0..=0xff => write!(out, "\\x{code:02X}"),
        0x100..=0xffff => write!(out, "\\u{code:04X}"),
        _ => write!(out, "\\U{code:08X}"),
    };
    written.expect("a string takes everything");
}

fn block(text: &str, indent: usize, out: &mut String) {
    let body = text.trim_end_matches('\n');
    let breaks = text.len() - body.len();
    out.push_str(match breaks {
        0 => "|-",
        1 => "|",
        _ => "|+",
    });
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', indent));
            out.push_str(line);
        }
    }
    // The break after the last line is the writer's, as for every other scalar.
    out.extend(std::iter::repeat_n('\n', breaks.saturating_sub(1)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut out = String::new();
        write(text, 2, &mut out);
        out
    }

    #[test]
    fn texts_that_could_be_something_else_are_quoted() {
        let typed = [
            "1",
            "0",
            "-1",
            "+1",
            "1.0",
            ".5",
            "1.",
            "1e3",
            "1_000",
            "010",
            "0x1F",
            "0o7",
            "0b1",
            "1:30",
            "12:30:45.5",
            "2026-08-14",
            "2026-8-1",
            "2026-08-14T05:48:47Z",
            "2026-08-14 05:48:47",
            "true",
            "False",
            "NO",
            "yes",
            "On",
            "off",
            "y",
            "N",
            "null",
            "Null",
            "~",
            "~x",
            ".inf",
            "-.INF",
            ".NaN",
            "<<",
            "=",
            "",
        ];
        for text in typed {
            assert_eq!(written(text), format!("'{text}'"), "{text}");
        }
        for text in [
            "a",
            "nullable",
            "yesterday",
            "1.0.0.0",
            "9.2.26035.182",
            "/a/b",
            "100%",
            "a:b",
            "a, b",
            "Ünïcode",
            "1 a",
            "x'y",
        ] {
            assert_eq!(written(text), text, "{text}");
        }
    }

    #[test]
    fn indicators_and_edges_are_quoted() {
        for text in [
            "- a", "{a}", "[a]", "a: b", "a #b", "a:", " a", "a ", "#a", "@a", "*a", "&a", "!a", "%a", "`a", "|", ">",
            "\"a\"", "-a",
        ] {
            assert_eq!(written(text), format!("'{text}'"), "{text}");
        }
        assert_eq!(written("'a'"), "'''a'''");
    }

    #[test]
    fn breaks_make_a_block_or_escapes() {
        assert_eq!(written("a\nb"), "|-\n  a\n  b");
        assert_eq!(written("a\n\nb\n"), "|\n  a\n\n  b");
        assert_eq!(written("a\n\n"), "|+\n  a\n");
        assert_eq!(written("a\r\nb"), "\"a\\r\\nb\"");
        assert_eq!(written("a\n b"), "\"a\\n b\"");
        assert_eq!(written("\n"), "\"\\n\"");
        assert_eq!(written("a\tb"), "\"a\\tb\"");
        assert_eq!(written("\u{85}\u{2028}\u{1}"), "\"\\x85\\u2028\\x01\"");
    }
}

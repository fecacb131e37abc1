//! The shortcut of reading YAML: the style that this layout is written in, line by line.
//!
//! Reading with a complete parser costs many times what writing costs, and nearly every file of a tree is as we write
//! it. This reader knows block mappings, block sequences and one-line scalars, and gives up at the first thing that
//! could mean anything else; the complete parser then reads the file from its start. Both tell the same events.

use std::borrow::Cow;

use saphyr_parser::{Event, Marker, ScalarStyle};

/// The file is not in the plain style, or not one of this layout: the complete parser says which.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotPlain;

/// A mapping or sequence that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Level {
    indent: usize,
    is_sequence: bool,
}

struct Lines<'a, F> {
    text: &'a str,
    at: usize,
    line: usize,
    levels: Vec<Level>,
    /// A key or an entry whose value has not been seen.
    awaits_value: bool,
    tell: F,
}

/// Tells the events of a text to a receiver, whose refusal ends it.
pub(crate) fn read<'a, F>(text: &'a str, tell: F) -> Result<(), NotPlain>
where
    F: FnMut(Event<'a>, Marker) -> Result<(), NotPlain>,
{
    if !is_plain_text(text) {
        return Err(NotPlain);
    }
    let mut lines = Lines { text, at: 0, line: 0, levels: Vec::new(), awaits_value: false, tell };
    while let Some(line) = lines.next_line() {
        if !line.trim_ascii_start().is_empty() {
            lines.line(line)?;
        }
    }
    lines.close_to(None)
}

/// Characters that mean something to a parser of YAML, or that it might not take, are left to it.
fn is_plain_text(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.iter().any(|byte| (*byte < b' ' && *byte != b'\n') || *byte == 0x7f) {
        return false;
    }
    if text.is_ascii() {
        return true;
    }
    !text
        .chars()
        .any(|c| matches!(c, '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'))
}

impl<'a, F> Lines<'a, F>
where
    F: FnMut(Event<'a>, Marker) -> Result<(), NotPlain>,
{
    fn next_line(&mut self) -> Option<&'a str> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
        self.at += (length + 1).min(rest.len());
        self.line += 1;
        Some(&rest[..length])
    }

    fn tell(&mut self, event: Event<'a>, column: usize) -> Result<(), NotPlain> {
        (self.tell)(event, Marker::new(0, self.line, column))
    }

    fn scalar(&mut self, text: Cow<'a, str>, style: ScalarStyle, column: usize) -> Result<(), NotPlain> {
        self.awaits_value = false;
        self.tell(Event::Scalar(text, style, 0, None), column)
    }

    fn open(&mut self, indent: usize, is_sequence: bool) -> Result<(), NotPlain> {
        self.awaits_value = false;
        self.levels.push(Level { indent, is_sequence });
        let event = if is_sequence { Event::SequenceStart(0, None) } else { Event::MappingStart(0, None) };
        self.tell(event, indent)
    }

    /// Closes what a line at some column is no longer in.
    fn close_to(&mut self, next: Option<Level>) -> Result<(), NotPlain> {
        if self.awaits_value {
            self.scalar(Cow::Borrowed(""), ScalarStyle::Plain, 0)?;
        }
        while let Some(top) = self.levels.last().copied() {
            let is_inside = next.is_some_and(|next| {
                top.indent < next.indent || (top.indent == next.indent && (!top.is_sequence || next.is_sequence))
            });
            if is_inside {
                break;
            }
            self.levels.pop();
            self.tell(if top.is_sequence { Event::SequenceEnd } else { Event::MappingEnd }, 0)?;
        }
        Ok(())
    }

    fn line(&mut self, line: &'a str) -> Result<(), NotPlain> {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let rest = &line[indent..];
        let is_entry = rest == "-" || rest.starts_with("- ");
        let level = Level { indent, is_sequence: is_entry };
        let top = self.levels.last().copied();
        let begins = match top {
            None => true,
            // An entry may stand below its key without being indented.
            Some(top) => {
                self.awaits_value && (indent > top.indent || (is_entry && !top.is_sequence && indent == top.indent))
            }
        };
        if begins {
            if top.is_none() && (indent > 0 || is_entry || self.at == 0) {
                return Err(NotPlain);
            }
            self.open(indent, is_entry)?;
        } else {
            self.close_to(Some(level))?;
            if self.levels.last() != Some(&level) {
                return Err(NotPlain);
            }
        }
        if is_entry { self.entry(rest, indent) } else { self.key(rest, indent) }
    }

    fn entry(&mut self, rest: &'a str, indent: usize) -> Result<(), NotPlain> {
        let Some(rest) = rest.strip_prefix("- ") else {
            self.awaits_value = true;
            return Ok(());
        };
        if rest.starts_with([' ', '-']) || rest.is_empty() {
            return Err(NotPlain);
        }
        if key_end(rest).is_some() {
            self.open(indent + 2, false)?;
            return self.key(rest, indent + 2);
        }
        self.value(rest, indent, indent + 2)
    }

    fn key(&mut self, rest: &'a str, indent: usize) -> Result<(), NotPlain> {
        let Some((key, style, after)) = key_end(rest) else { return Err(NotPlain) };
        self.tell(Event::Scalar(Cow::Borrowed(key), style, 0, None), indent)?;
        match rest[after..].strip_prefix(' ') {
            None => {
                self.awaits_value = true;
                Ok(())
            }
            Some(value) => self.value(value, indent, indent + after + 1),
        }
    }

    fn value(&mut self, value: &'a str, indent: usize, column: usize) -> Result<(), NotPlain> {
        let bytes = value.as_bytes();
        match bytes {
            [b'\'', inside @ .., b'\''] => {
                let text = single(&value[1..=inside.len()]).ok_or(NotPlain)?;
                self.scalar(text, ScalarStyle::SingleQuoted, column)
            }
            [b'"', inside @ .., b'"'] => {
                let text = double(&value[1..=inside.len()]).ok_or(NotPlain)?;
                self.scalar(Cow::Owned(text), ScalarStyle::DoubleQuoted, column)
            }
            b"|" | b"|-" | b"|+" => {
                let line = self.line;
                let text = self.block(indent + 2, value).ok_or(NotPlain)?;
                let after = std::mem::replace(&mut self.line, line);
                self.scalar(Cow::Owned(text), ScalarStyle::Literal, column)?;
                self.line = after;
                Ok(())
            }
            _ if is_plain(value) => self.scalar(Cow::Borrowed(value), ScalarStyle::Plain, column),
            _ => Err(NotPlain),
        }
    }

    /// Reads the lines of a block, which are all indented alike.
    fn block(&mut self, indent: usize, header: &str) -> Option<String> {
        let mut text = String::new();
        let mut breaks = 0;
        loop {
            let (at, number) = (self.at, self.line);
            let Some(line) = self.next_line() else { break };
            if line.is_empty() {
                breaks += 1;
                continue;
            }
            let spaces = line.len() - line.trim_start_matches(' ').len();
            if spaces == line.len() || spaces > indent {
                return None;
            }
            if spaces < indent {
                (self.at, self.line) = (at, number);
                break;
            }
            // A block that begins with empty lines leaves its indentation to be guessed.
            if text.is_empty() && breaks > 0 {
                return None;
            }
            text.extend(std::iter::repeat_n('\n', breaks));
            text.push_str(&line[indent..]);
            breaks = 1;
        }
        if text.is_empty() {
            return None;
        }
        match header {
            "|" => text.push('\n'),
            "|+" => text.extend(std::iter::repeat_n('\n', breaks)),
            _ => {}
        }
        Some(text)
    }
}

/// Returns a key, its style, and where the colon behind it ends.
fn key_end(rest: &str) -> Option<(&str, ScalarStyle, usize)> {
    if let Some(quoted) = rest.strip_prefix('\'') {
        let end = memchr::memchr(b'\'', quoted.as_bytes())?;
        let after = &quoted[end + 1..];
        let ends = after == ":" || after.starts_with(": ");
        return ends.then(|| (&quoted[..end], ScalarStyle::SingleQuoted, end + 3));
    }
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let length = rest.bytes().position(|byte| !safe(byte))?;
    let first = *rest.as_bytes().first()?;
    let after = &rest[length..];
    let ends = after == ":" || after.starts_with(": ");
    (ends && (first.is_ascii_alphabetic() || first == b'_')).then(|| (&rest[..length], ScalarStyle::Plain, length + 1))
}

/// A quote stands for itself when it is doubled.
fn single(inside: &str) -> Option<Cow<'_, str>> {
    if memchr::memchr(b'\'', inside.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inside));
    }
    let without = inside.replace("''", "");
    (!without.contains('\'')).then(|| Cow::Owned(inside.replace("''", "'")))
}

fn double(inside: &str) -> Option<String> {
    let mut text = String::with_capacity(inside.len());
    let mut characters = inside.chars();
    while let Some(c) = characters.next() {
        let escaped = match c {
            '"' => return None,
            '\\' => characters.next()?,
            c => {
                text.push(c);
                continue;
            }
        };
        let digits = match escaped {
            'n' | 'r' | 't' | '"' | '\\' => 0,
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => return None,
        };
        text.push(match escaped {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '"' | '\\' => escaped,
            _ => {
                let hex: String = characters.by_ref().take(digits).collect();
                let code = u32::from_str_radix(&hex, 16).ok().filter(|_| hex.len() == digits)?;
                char::from_u32(code).filter(|c| *c != '\0')?
            }
        });
    }
    Some(text)
}

/// Tells whether a value is a text in one line that says nothing but itself.
fn is_plain(value: &str) -> bool {
    let bytes = value.as_bytes();
    let starts_well = bytes.first().is_some_and(|byte| !b" -?:,[]{}#&*!|>'\"%@`".contains(byte));
    let ends_well = bytes.last().is_some_and(|byte| !matches!(byte, b' ' | b':'));
    starts_well && ends_well && !bytes.windows(2).any(|pair| pair == b": " || pair == b" #")
}

#[cfg(test)]
mod tests {
    use saphyr_parser::Parser;

    use super::*;

    /// Events as texts, without the lines that closing ones have.
    fn plain(text: &str) -> Option<Vec<String>> {
        let mut events = Vec::new();
        let told = read(text, |event, mark| {
            events.push(shown(&event, mark));
            Ok(())
        });
        told.ok().map(|()| events)
    }

    fn complete(text: &str) -> Vec<String> {
        let events = Parser::new_from_str(text).map(|event| event.expect(text));
        let is_inner = |event: &Event<'_>| {
            !matches!(event, Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd)
        };
        events.filter(|(event, _)| is_inner(event)).map(|(event, span)| shown(&event, span.start)).collect()
    }

    fn shown(event: &Event<'_>, mark: Marker) -> String {
        match event {
            Event::Scalar(text, ..) if text.is_empty() => "a scalar of nothing".to_owned(),
            // Where a block begins is a matter of taste.
            Event::Scalar(text, ScalarStyle::Literal, ..) => format!("{text:?} in lines"),
            Event::Scalar(text, style, ..) => format!("{text:?} {style:?} at {}:{}", mark.line(), mark.col()),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn what_it_reads_it_reads_as_the_complete_parser_does() {
        for text in [
            "a: b\n",
            "a:\n",
            "a:\n  b: c\n  d:\n  e: ''\n",
            "a:\n  b:\n  - c\n  -\n  - d: e\n    f: g\n  - ''\n  h: i\n",
            "a:\n  b:\n    - c\n    - d:\n        e: f\n  g: h\n",
            "a:\n\n  b: 'it''s'\n  'c': \"x\\ty\\u2028\\x85\\U0001F600\"\n",
            "a:\n  b: |-\n    x\n\n    # y\n    - z\n  c: |\n    x\n  d: |+\n    x\n\n\n  e: f",
            "a: null\nb: ~\nc: 010\nd: a:b\ne: x#y\n",
            "'@a': \u{e4}\u{1f600}\n",
        ] {
            assert_eq!(plain(text).unwrap_or_else(|| panic!("{text:?} is plain")), complete(text), "{text:?}");
        }
    }

    #[test]
    fn what_could_mean_more_it_leaves_alone() {
        for text in [
            "a: b\n c\n",
            "a: 'b\n  c'\n",
            "a: [b]\n",
            "a: {b: c}\n",
            "a: &b c\n",
            "a: *b\n",
            "a: !b c\n",
            "a: b # c\n",
            "# a\na: b\n",
            "a:\tb\n",
            "a: b\r\n",
            "--- \na: b\n",
            "- a\n",
            "a\n",
            "? a\n: b\n",
            "a: >-\n  b\n",
            "a: |2-\n    b\n",
            "a: |\n\n  b\n",
            "a: |\n    b\n   c\n",
            "a:\n- - b\n",
            "a:\n-  b\n",
            "  a: b\n",
            "a: \"b\\/c\"\n",
            "a: 'b' c\n",
            "a b: c\n",
            "\"a\": b\n",
            "a: b:\n",
            "a: b: c\n",
            "a:\n  b: c\n d: e\n",
            "a:  b\n",
            "a: @b\n",
            "a: \u{85}\n",
            "a:\n- b\n c: d\n",
        ] {
            assert_eq!(plain(text), None, "{text:?}");
        }
    }
}

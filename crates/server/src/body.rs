//! Bodies as they arrive.
//!
//! A package comes as Base64 in a member of a JSON object, and may be most of a large body. It is decoded on the way:
//! neither its text nor the body as a whole is ever in memory. In the JSON that is left a short mark stands in its place.

use std::sync::Arc;

use strata_ops::base64::Decoder;

/// The body of a request.
#[derive(Debug, Clone, Default)]
pub struct Body {
    bytes: Vec<u8>,
    files: Vec<File>,
}

/// A file that was decoded on the way.
#[derive(Debug, Clone)]
struct File {
    /// What it holds, or the position of the first character that is no Base64.
    content: Result<Arc<Vec<u8>>, usize>,
    /// Where its mark ends.
    end: usize,
    /// How much longer its text was than its mark.
    longer_by: usize,
}

/// No Base64 begins so.
const MARK: &str = "*file:";

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, files: Vec::new() }
    }
}

impl Body {
    /// Returns the bytes, with marks in the place of files.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the file that a mark stands for, or the position of the first character that is no Base64.
    pub(crate) fn file(&self, mark: &str) -> Option<Result<Arc<Vec<u8>>, usize>> {
        let number: usize = mark.strip_prefix(MARK)?.parse().ok()?;
        self.files.get(number).map(|file| file.content.clone())
    }

    /// Returns which column of a line was meant, with the texts of files counted.
    pub(crate) fn column(&self, line: usize, column: usize) -> usize {
        let before = self.bytes.split_inclusive(|byte| *byte == b'\n').take(line.saturating_sub(1));
        let start: usize = before.map(<[u8]>::len).sum();
        let files = self.files.iter().filter(|file| file.end > start && file.end < start + column);
        column + files.map(|file| file.longer_by).sum::<usize>()
    }
}

/// A body of which more may come; `names` are the members of its object that hold files.
#[derive(Debug)]
pub(crate) struct Arriving<'n> {
    names: &'n [&'static str],
    body: Body,
    depth: usize,
    /// What the next text of the object is: a name, or the value of the name before.
    is_name_next: bool,
    name: Vec<u8>,
    state: State,
}

#[derive(Debug)]
enum State {
    Between,
    Text { is_name: bool, is_escaped: bool },
    File { decoder: Decoder, escape: Escape, length: usize },
}

/// How far an escape sequence of JSON has come.
#[derive(Debug, Clone, Copy)]
enum Escape {
    No,
    Begun,
    /// So many digits, and what they say.
    Code(u32, u32),
}

impl<'n> Arriving<'n> {
    pub(crate) fn new(names: &'n [&'static str]) -> Self {
        let (body, name) = (Body::default(), Vec::new());
        Self { names, body, depth: 0, is_name_next: false, name, state: State::Between }
    }

    /// Takes the next bytes.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        if self.names.is_empty() {
            self.body.bytes.extend_from_slice(bytes);
            return;
        }
        let mut rest = bytes;
        while let Some((first, behind)) = rest.split_first() {
            if let State::File { decoder, escape: Escape::No, length } = &mut self.state {
                let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')).unwrap_or(rest.len());
                if plain > 0 {
                    decoder.take(&rest[..plain]);
                    *length += plain;
                    rest = &rest[plain..];
                    continue;
                }
            }
            self.one(*first);
            rest = behind;
        }
    }

    /// Returns the body when all of it has come.
    pub(crate) fn finished(mut self) -> Body {
        if matches!(self.state, State::File { .. }) {
            // The text of the file has no end, which whoever reads the JSON is to find.
            self.body.bytes.truncate(self.body.bytes.len() - 1);
        }
        self.body
    }

    fn one(&mut self, byte: u8) {
        match &mut self.state {
            State::Between => self.between(byte),
            State::Text { is_name, is_escaped } => {
                self.body.bytes.push(byte);
                match byte {
                    b'"' if !*is_escaped => self.state = State::Between,
                    _ => {
                        *is_escaped = byte == b'\\' && !*is_escaped;
                        if *is_name {
                            self.name.push(byte);
                        }
                    }
                }
            }
            State::File { decoder, escape, length } => {
                *length += 1;
                let is_end = byte == b'"' && matches!(escape, Escape::No);
                if !is_end {
                    *escape = unescaped(*escape, byte, decoder);
                    return;
                }
                let mark = self.body.files.len();
                let content = std::mem::take(decoder).finished().map(Arc::new);
                // Behind the opening quote stand the mark and the closing one.
                let longer_by = (*length).saturating_sub(format!("{MARK}{mark}").len() + 1);
                self.body.files.push(File { content, end: self.body.bytes.len(), longer_by });
                self.state = State::Between;
            }
        }
    }

    fn between(&mut self, byte: u8) {
        match byte {
            b'{' | b'[' => {
                self.depth += 1;
                self.is_name_next = byte == b'{' && self.depth == 1;
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b',' => self.is_name_next = self.depth == 1,
            b':' => self.is_name_next = false,
            _ => {}
        }
        self.body.bytes.push(byte);
        if byte != b'"' {
            return;
        }
        let is_name = self.is_name_next && self.depth == 1;
        let is_file = self.depth == 1 && !is_name && self.names.iter().any(|name| name.as_bytes() == self.name);
        if is_file {
            let mark = format!("{MARK}{}\"", self.body.files.len());
            self.body.bytes.extend_from_slice(mark.as_bytes());
            self.state = State::File { decoder: Decoder::default(), escape: Escape::No, length: 0 };
            return;
        }
        if is_name {
            self.name.clear();
        }
        self.state = State::Text { is_name, is_escaped: false };
    }
}

/// Takes a byte of a text of JSON that is Base64: some clients write `+` and `/` as escape sequences.
fn unescaped(escape: Escape, byte: u8, decoder: &mut Decoder) -> Escape {
    const OTHER: u8 = b'?';
    match escape {
        Escape::No => Escape::Begun,
        Escape::Begun => {
            let plain = match byte {
                b'u' => return Escape::Code(0, 0),
                b'/' => b'/',
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                _ => OTHER,
            };
            decoder.take(&[plain]);
            Escape::No
        }
        Escape::Code(count, value) => {
            let value = value << 4 | char::from(byte).to_digit(16).unwrap_or(15);
            if count < 3 {
                return Escape::Code(count + 1, value);
            }
            decoder.take(&[u8::try_from(value).unwrap_or(OTHER)]);
            Escape::No
        }
    }
}

#[cfg(test)]
mod tests {
    use strata_ops::base64;

    use super::*;

    fn arrived(text: &str, piece: usize) -> Body {
        let mut arriving = Arriving::new(&["CustomizationFile", "TranslationFile"]);
        text.as_bytes().chunks(piece).for_each(|bytes| arriving.take(bytes));
        arriving.finished()
    }

    fn json(body: &Body) -> serde_json::Value {
        serde_json::from_slice(body.bytes()).expect("JSON")
    }

    #[test]
    fn t5_files_are_decoded_as_they_arrive_however_they_are_cut() {
        let content: Vec<u8> = (0..=255).cycle().take(1000).collect();
        let coded = base64::encode(&content);
        let escaped = coded.replace('/', "\\/").replace('+', "\\u002B");
        for coded in [&coded, &escaped] {
            let text = format!(
                "{{\"ImportJobId\" : \"a,\\\"b\", \"more\": {{\"CustomizationFile\":\"inner\"}},\n \
                 \"CustomizationFile\": \"{coded}\", \"list\":[\"CustomizationFile\",\"x\"], \"last\":null}}"
            );
            for piece in [1, 2, 3, 7, 64, 5000] {
                let body = arrived(&text, piece);
                let read = json(&body);
                let mark = read["CustomizationFile"].as_str().expect("a mark");
                assert_eq!(body.file(mark).expect("a file").expect("Base64").as_slice(), content);
                assert_eq!(
                    (&read["ImportJobId"], &read["more"]["CustomizationFile"]),
                    (&"a,\"b".into(), &"inner".into())
                );
                assert_eq!(read["list"][1], "x");
                assert!(body.bytes().len() < 300, "the text of the file is not kept");
            }
        }
    }

    #[test]
    fn t5_what_is_no_base64_is_said_with_its_position_and_json_errors_keep_theirs() {
        let body = arrived("{\"CustomizationFile\":\"Zm9v!mFy\"}", 5);
        assert_eq!(body.file(json(&body)["CustomizationFile"].as_str().expect("a mark")), Some(Err(5)));
        let text = format!("{{\n\"CustomizationFile\":\"{}\",\"x\":tru}}", "Zm9v".repeat(100));
        let expected = serde_json::from_str::<serde_json::Value>(&text).expect_err("no JSON");
        let body = arrived(&text, 11);
        let found = serde_json::from_slice::<serde_json::Value>(body.bytes()).expect_err("no JSON");
        assert_eq!(body.column(found.line(), found.column()), expected.column());
        let cut = arrived("{\"CustomizationFile\":\"Zm9v", 3);
        assert!(serde_json::from_slice::<serde_json::Value>(cut.bytes()).expect_err("no end").is_eof());
        assert_eq!(body.file("*file:7"), None);
    }
}

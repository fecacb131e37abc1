//! One answer, for the wire or for a part of a batch.

use std::borrow::Cow;

use serde::Serialize;
use strata_ops::base64;

/// What every body of JSON is (T8).
pub const JSON: &str = "application/json; odata.metadata=minimal";

/// An answer: status, headers, body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Without `OData-Version`, which all have.
    pub headers: Vec<(&'static str, String)>,
    /// `None` where there is no body.
    pub content_type: Option<&'static str>,
    /// Of a body of several parts.
    pub boundary: Option<String>,
    pub body: Vec<u8>,
    /// A file that stands in it as Base64.
    pub(crate) file: Option<File>,
}

/// A file in a body: it becomes text when it is sent, a piece at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    /// Where in the body it belongs.
    at: usize,
    bytes: Vec<u8>,
}

/// Bytes of a file that become text at once: of them comes no padding.
const PIECE: usize = 48 << 10;

impl Answer {
    /// Makes an answer without a body.
    pub fn empty() -> Self {
        Self { status: 204, headers: Vec::new(), content_type: None, boundary: None, body: Vec::new(), file: None }
    }

    /// Makes an answer of a value.
    pub fn json(value: &impl Serialize) -> Self {
        let body = serde_json::to_vec(value).expect("values of answers have texts as keys");
        Self { status: 200, headers: Vec::new(), content_type: Some(JSON), boundary: None, body, file: None }
    }

    /// Makes an answer of another kind.
    pub fn of(content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            content_type: Some(content_type),
            boundary: None,
            body: body.into(),
            file: None,
        }
    }

    /// Makes an answer of an object that holds a file.
    pub(crate) fn with_file(context: &str, name: &str, bytes: Vec<u8>) -> Self {
        let mut answer = Self::json(&serde_json::json!({ "@odata.context": context, name: "" }));
        let at = answer.body.len() - "\"}".len();
        answer.file = Some(File { at, bytes });
        answer
    }

    /// Tells whether a file is yet to be put into the body.
    pub(crate) fn holds_file(&self) -> bool {
        self.file.is_some()
    }

    /// Returns how many bytes are sent.
    pub(crate) fn length(&self) -> usize {
        self.body.len() + self.file.as_ref().map_or(0, |file| file.bytes.len().div_ceil(3) * 4)
    }

    /// Returns the piece of the body that begins at a place, and where the next one does.
    pub(crate) fn piece(&self, from: usize) -> Option<(Cow<'_, [u8]>, usize)> {
        let Some(file) = &self.file else {
            return (from == 0 && !self.body.is_empty()).then(|| (Cow::from(&self.body), self.body.len()));
        };
        let behind = file.at + file.bytes.len();
        if from == 0 {
            return Some((Cow::from(&self.body[..file.at]), file.at));
        }
        if from < behind {
            let start = from - file.at;
            let bytes = &file.bytes[start..file.bytes.len().min(start + PIECE)];
            return Some((base64::encode(bytes).into_bytes().into(), from + bytes.len()));
        }
        let rest = &self.body[file.at..];
        (from == behind).then(|| (Cow::from(rest), behind + rest.len()))
    }

    /// Puts the file into the body.
    #[must_use]
    pub fn whole(mut self) -> Self {
        let Some(file) = self.file.take() else { return self };
        let text = base64::encode(&file.bytes);
        drop(self.body.splice(file.at..file.at, text.into_bytes()));
        self
    }

    /// Gives it another status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Says where the row of the request is, as clients read it: both headers (web-api §3).
    #[must_use]
    pub fn entity(self, url: &str) -> Self {
        self.header("OData-EntityId", url).header("Location", url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t5_a_file_is_sent_in_pieces_that_make_the_whole() {
        for length in [0, 1, 2, 3, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 2] {
            let bytes: Vec<u8> = (0..=255).cycle().take(length).collect();
            let answer = Answer::with_file("$metadata#x", "File", bytes.clone());
            let (mut sent, mut from, mut pieces) = (Vec::new(), 0, 0);
            while let Some((piece, next)) = answer.piece(from) {
                assert!(next > from, "it goes on");
                sent.extend_from_slice(&piece);
                from = next;
                pieces += 1;
            }
            assert_eq!(pieces, 2 + length.div_ceil(PIECE));
            assert_eq!((sent.len(), &sent), (answer.length(), &answer.clone().whole().body));
            let read: serde_json::Value = serde_json::from_slice(&sent).expect("JSON");
            assert_eq!(base64::decode(read["File"].as_str().expect("a text")), Some(bytes));
        }
        assert_eq!(Answer::empty().piece(0), None);
    }
}

//! Texts of e-mail templates: documents of their own in a tree, texts of elements in a zip.
//!
//! A text moves only when it can come back as it was; others stay where they are.

use std::borrow::Cow;

use strata_xml::tokens::{Token, Tokens};

use super::{NamedFile, peek};

/// Each text of a template and the name of its document.
const TEXTS: [(&str, &str); 4] = [
    ("subject", "subject.xsl"),
    ("subjectpresentationxml", "subjectpresentationxml.xml"),
    ("body", "body.xsl"),
    ("presentationxml", "presentationxml.xml"),
];

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Takes the texts out of a template.
pub(super) fn take_out<'a>(template: &'a [u8], documents: &mut Vec<NamedFile>) -> Cow<'a, [u8]> {
    let Some(folder) = folder(template) else { return Cow::Borrowed(template) };
    let mut out = Vec::new();
    let mut at = 0;
    for (name, range, text) in texts(template) {
        let Some((_, file)) = TEXTS.iter().find(|(known, _)| *known == name) else { continue };
        let path = format!("{folder}/{file}");
        if documents.iter().any(|(other, _)| *other == path) {
            continue;
        }
        documents.push((path, [MARK, text.as_bytes()].concat()));
        out.extend(&template[at..range.start]);
        at = range.end;
    }
    if at == 0 {
        return Cow::Borrowed(template);
    }
    out.extend(&template[at..]);
    Cow::Owned(out)
}

/// Puts the documents of a template back; `document` returns one by its path and notes that it was used.
pub(super) fn put_back<'a>(
    template: &'a [u8],
    mut document: impl FnMut(&str) -> Option<Vec<u8>>,
) -> Result<Cow<'a, [u8]>, (String, usize)> {
    let Some(folder) = folder(template) else { return Ok(Cow::Borrowed(template)) };
    let mut out = Vec::new();
    let mut at = 0;
    for (name, range) in empties(template) {
        let Some((_, file)) = TEXTS.iter().find(|(known, _)| *known == name) else { continue };
        let path = format!("{folder}/{file}");
        let Some(bytes) = document(&path) else { continue };
        let text = std::str::from_utf8(&bytes).map_err(|error| (path, error.valid_up_to()))?;
        out.extend(&template[at..range.start]);
        out.extend(format!("<{name}>").as_bytes());
        out.extend(escaped(text.strip_prefix('\u{feff}').unwrap_or(text)).as_bytes());
        out.extend(format!("</{name}>").as_bytes());
        at = range.end;
    }
    if at == 0 {
        return Ok(Cow::Borrowed(template));
    }
    out.extend(&template[at..]);
    Ok(Cow::Owned(out))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The folder of a template's documents.
fn folder(template: &[u8]) -> Option<String> {
    let language = peek::child_text(template, "languagecode")?;
    let id = peek::child_text(template, "templateid")?;
    let is_plain = language.chars().all(|c| c.is_ascii_digit()) && super::names::is_plain(&id);
    is_plain.then(|| format!("Templates/EmailDocuments/{language}/{id}"))
}

/// Children that hold a text and nothing else: name, range of the text, the text without references.
fn texts(template: &[u8]) -> Vec<(&str, std::ops::Range<usize>, String)> {
    let mut found = Vec::new();
    let mut tokens = Tokens::new(template, usize::MAX);
    let mut name = "";
    let mut inside = 0;
    let mut text: Option<String> = None;
    while let Ok(Some(token)) = tokens.token() {
        match (token, tokens.depth()) {
            (Token::Start { name: own, is_empty: false, .. }, 2) => {
                name = std::str::from_utf8(own).unwrap_or_default();
                inside = tokens.position();
                text = Some(String::new());
            }
            (Token::Start { .. }, depth) if depth > 1 => text = None,
            (Token::Text { raw, is_cdata }, 2) => {
                let raw = String::from_utf8_lossy(raw).replace("\r\n", "\n");
                let piece = if is_cdata { Some(raw) } else { strata_xml::unescape(&raw).ok() };
                text = text.zip(piece).map(|(before, piece)| before + &piece);
            }
            (Token::End, 1) => {
                let close = memchr::memrchr(b'<', &template[..tokens.position()]).unwrap_or(inside);
                let is_whole = !template[inside..close].windows(4).any(|piece| piece == b"<!--");
                // A carriage return would come back as the end of a line.
                if let Some(text) = text.take().filter(|text| !text.is_empty() && !text.contains('\r') && is_whole) {
                    found.push((name, inside..close, text));
                }
            }
            (Token::Start { .. } | Token::Text { .. } | Token::End, _) => {}
        }
    }
    found
}

/// Children that hold nothing: name and range of the element.
fn empties(template: &[u8]) -> Vec<(&str, std::ops::Range<usize>)> {
    let mut found = Vec::new();
    let mut tokens = Tokens::new(template, usize::MAX);
    let mut current: Option<(&str, usize, usize)> = None;
    while let Ok(Some(token)) = tokens.token() {
        let end = tokens.position();
        match (token, tokens.depth()) {
            (Token::Start { name, is_empty, .. }, depth) if depth == 2 - usize::from(is_empty) => {
                let name = std::str::from_utf8(name).unwrap_or_default();
                let start = memchr::memrchr(b'<', &template[..end]).unwrap_or(end);
                if is_empty {
                    found.push((name, start..end));
                }
                current = (!is_empty).then_some((name, start, end));
            }
            (Token::End, 1) => {
                let Some((name, start, inside)) = current.take() else { continue };
                let close = memchr::memrchr(b'<', &template[..end]).unwrap_or(end);
                if template[inside..close].trim_ascii().is_empty() {
                    found.push((name, start..end));
                }
            }
            (Token::Start { .. } | Token::Text { .. }, _) => current = None,
            (Token::End, _) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_go_and_come_back() {
        let template = "<emailtemplate><templateid>{1}</templateid><subject>&lt;a b=\"c\"&gt;\r\n&amp;amp;</subject>\
            <body><![CDATA[<x>]]> y</body><presentationxml></presentationxml><languagecode>1033</languagecode></emailtemplate>";
        let mut documents = Vec::new();
        let emptied = take_out(template.as_bytes(), &mut documents).into_owned();
        let paths: Vec<_> = documents.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(
            paths,
            ["Templates/EmailDocuments/1033/{1}/subject.xsl", "Templates/EmailDocuments/1033/{1}/body.xsl"]
        );
        assert_eq!(documents[0].1, "\u{feff}<a b=\"c\">\n&amp;".as_bytes());
        assert!(!String::from_utf8_lossy(&emptied).contains("&lt;"));
        let find = |path: &str| documents.iter().find(|(other, _)| other == path).map(|(_, bytes)| bytes.clone());
        let back = put_back(&emptied, find).expect("utf-8");
        assert_eq!(
            strata_xml::parse(&back).expect("well formed"),
            strata_xml::parse(template.as_bytes()).expect("well formed")
        );
    }

    #[test]
    fn what_would_not_come_back_stays() {
        for inside in ["a<!-- c -->b", "a&#xD;b", "<x />", ""] {
            let template = format!(
                "<emailtemplate><templateid>1</templateid><languagecode>1033</languagecode><body>{inside}</body></emailtemplate>"
            );
            let mut documents = Vec::new();
            assert_eq!(&*take_out(template.as_bytes(), &mut documents), template.as_bytes(), "{inside}");
            assert!(documents.is_empty(), "{inside}");
        }
        let nameless =
            b"<emailtemplate><templateid>../x</templateid><languagecode>1</languagecode><body>b</body></emailtemplate>";
        assert_eq!(&*take_out(nameless, &mut Vec::new()), nameless);
    }
}

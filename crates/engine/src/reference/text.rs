//! Texts and attributes straight from the bytes.

use std::borrow::Cow;

use memchr::memmem;
use strata_xml::attributes;

/// Returns text with its references replaced; text with a reference nobody knows stays as it is.
pub(super) fn plain(raw: &str) -> Cow<'_, str> {
    if memchr::memchr(b'&', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    strata_xml::unescape(raw).map_or(Cow::Borrowed(raw), Cow::Owned)
}

/// Returns an attribute of a tag.
pub(super) fn attribute<'a>(tag: &'a str, name: &str) -> Option<Cow<'a, str>> {
    attributes_of(tag).find(|(key, _)| *key == name).map(|(_, value)| plain(value))
}

/// Returns the attributes of a tag, values as they stand.
pub(super) fn attributes_of(tag: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = tag.trim_ascii_start();
    std::iter::from_fn(move || {
        let (name, value, after) = attributes::next(rest)?;
        rest = after.trim_ascii_start();
        Some((name, value))
    })
}

/// Returns the text of each element of that name that holds nothing but text, and where it stands.
pub(super) fn texts<'a>(bytes: &'a [u8], name: &str) -> impl Iterator<Item = (usize, Cow<'a, str>)> {
    let mut opening = Vec::with_capacity(name.len() + 1);
    opening.push(b'<');
    opening.extend(name.as_bytes());
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let at = from + memmem::find(&bytes[from..], &opening)?;
            from = at + opening.len();
            let rest = &bytes[from..];
            if !matches!(rest.first(), Some(b'>' | b' ' | b'\t' | b'\r' | b'\n')) {
                continue;
            }
            let end = memchr::memchr(b'>', rest)?;
            if rest[..end].last() == Some(&b'/') {
                continue;
            }
            let inside = &rest[end + 1..];
            let length = memchr::memchr(b'<', inside)?;
            if let Ok(text) = std::str::from_utf8(&inside[..length]) {
                return Some((at, plain(text)));
            }
        }
    })
}

/// Returns the first such text that is not blank.
pub(super) fn text<'a>(bytes: &'a [u8], name: &str) -> Option<(usize, Cow<'a, str>)> {
    texts(bytes, name).find(|(_, text)| !text.trim().is_empty())
}

/// Tells whether the bytes hold that text.
pub(super) fn holds(bytes: &[u8], text: &[u8]) -> bool {
    memmem::find(bytes, text).is_some()
}

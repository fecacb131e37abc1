//! Ribbons: web resources behind the `$webresource:` directive, and nothing else (DP12).

use memchr::memmem;

use super::Definition;
use super::name::types;
use super::sink::{Sink, place};
use super::text::plain;

const DIRECTIVE: &[u8] = b"$webresource:";

pub(super) fn mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    let bytes = &definition.body.bytes;
    for at in memmem::find_iter(bytes, DIRECTIVE) {
        let rest = &bytes[at + DIRECTIVE.len()..];
        let length =
            rest.iter().position(|byte| matches!(byte, b'"' | b'\'' | b'<' | b'?' | b'#')).unwrap_or(rest.len());
        if let Ok(name) = std::str::from_utf8(&rest[..length]) {
            sink.component(place("ribbon", at), &types().web_resource, &plain(name));
        }
    }
}

//! Whether a flow, a step or a rule goes out switched on.
//!
//! A package records the state that the component has where it is exported (L92). What arrived with a package and has never
//! been switched on here keeps what that package records: it waits for its connections, and nobody has decided otherwise.

use std::borrow::Cow;
use std::collections::BTreeSet;

use strata_model::component::ComponentType;
use strata_model::environment::ComponentState;
use strata_model::id::ComponentNo;
use strata_model::plan::Body;

use super::Content;
use crate::activation::is_recorded_on;
use crate::effect::Lens;

/// Returns the content with the state that the component has; `once_on` are those that have been switched on before.
pub(super) fn recorded(
    lens: &Lens<'_>,
    state: &ComponentState,
    content: Content,
    once_on: &BTreeSet<ComponentNo>,
) -> Content {
    let component_type = &state.component.key.component_type;
    let is_decided = state.is_on || once_on.contains(&state.component.no);
    if !component_type.can_activate() || !is_decided {
        return content;
    }
    let body = match &content {
        Content::Kept(digest) => lens.bodies.definition(digest),
        Content::Made(body) => Some(body.clone()),
    };
    let Some(body) = body.filter(|body| is_recorded_on(component_type, body) != state.is_on) else { return content };
    let (state_code, status_code) = codes(component_type, state.is_on);
    let bytes = with_text(&with_text(&body.bytes, "StateCode", state_code), "StatusCode", status_code).into_owned();
    Content::Made(Body { bytes: bytes.into(), home: body.home.clone(), files: body.files.clone() })
}

/// `StateCode` and `StatusCode`; of steps 0 is on.
fn codes(component_type: &ComponentType, is_on: bool) -> (&'static str, &'static str) {
    match is_on != component_type.is("sdkmessageprocessingstep") {
        true => ("1", "2"),
        false => ("0", "1"),
    }
}

/// Replaces the text of the first element of that name.
fn with_text<'b>(bytes: &'b [u8], name: &str, text: &str) -> Cow<'b, [u8]> {
    let tag = format!("<{name}>");
    let found = memchr::memmem::find(bytes, tag.as_bytes()).map(|at| at + tag.len());
    let range = found.and_then(|start| Some(start..start + memchr::memchr(b'<', &bytes[start..])?));
    match range {
        Some(range) => [&bytes[..range.start], text.as_bytes(), &bytes[range.end..]].concat().into(),
        None => bytes.into(),
    }
}

//! Event handlers of forms: which function of which script runs, and whether it can.
//!
//! Whether a script defines a function is a plain search for its name: scripts are not parsed.

use strata_model::package::Presence;

use crate::context::{Component, Context};
use crate::tree::Element;

/// A function that a form calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handler<'c> {
    pub(crate) form: Component<'c>,
    /// The `Handler` element.
    pub(crate) element: Element<'c>,
    /// The `event` element around it.
    pub(crate) event: Element<'c>,
}

/// Returns the enabled handlers that makers registered on the forms of a package.
///
/// Forms that are only differences are left out: the rest of them is elsewhere.
pub(crate) fn all<'c>(context: &'c Context<'_>) -> Vec<Handler<'c>> {
    let mut found = Vec::new();
    for form in whole_forms(context) {
        for event in events(form) {
            let handlers = event.children("Handlers").flat_map(|handlers| handlers.children("Handler"));
            let is_enabled = |handler: &Element<'_>| handler.attribute("enabled").is_none_or(|value| value != "false");
            found.extend(handlers.filter(is_enabled).map(|element| Handler { form, element, event }));
        }
    }
    found
}

/// Returns the forms whose whole definition is in the package.
pub(crate) fn whole_forms<'c>(context: &'c Context<'_>) -> impl Iterator<Item = Component<'c>> {
    context.of_type("systemform").filter(|form| form.presence == Presence::Full)
}

/// Returns the `event` elements of a form that makers own.
pub(crate) fn events<'c>(form: Component<'c>) -> impl Iterator<Item = Element<'c>> {
    let forms = form.tree().and_then(|root| root.child("form"));
    forms.into_iter().flat_map(Element::inside).filter(|element| element.name() == "event")
}

impl Handler<'_> {
    /// Returns the name of the script; `None` where none is given.
    pub(crate) fn library(&self) -> Option<String> {
        let name = self.element.attribute("libraryName")?.trim().to_owned();
        (!name.is_empty()).then_some(name)
    }

    /// Returns the name of the function.
    pub(crate) fn function(&self) -> Option<String> {
        let name = self.element.attribute("functionName")?.trim().to_owned();
        (!name.is_empty()).then_some(name)
    }

    /// Tells whether the script is among the libraries of the form.
    pub(crate) fn is_library_on_form(&self) -> bool {
        let Some(library) = self.library() else { return true };
        let form = self.form.tree().and_then(|root| root.child("form"));
        let lists = form.into_iter().flat_map(Element::inside).filter(|element| element.name() == "formLibraries");
        let mut names = lists.flat_map(|list| list.children("Library")).filter_map(|entry| entry.attribute("name"));
        names.any(|name| name.trim().eq_ignore_ascii_case(&library))
    }

    /// Tells whether the script defines the function; `None` where the package does not have the script.
    pub(crate) fn is_defined(&self, context: &Context<'_>) -> Option<bool> {
        let (library, function) = (self.library()?, self.function()?);
        let script = context.find_named("webresource", &library)?;
        let text = script.files().next()?.text()?;
        let last = function.rsplit('.').next().unwrap_or_default();
        Some(has_word(text, last))
    }

    /// Names the event for people.
    pub(crate) fn event_label(&self) -> String {
        let name = self.event.attribute("name").unwrap_or_default();
        match self.event.attribute("attribute").or_else(|| self.event.attribute("control")) {
            Some(of) if !of.is_empty() => format!("{name} of {of}"),
            _ => name.into_owned(),
        }
    }
}

/// Tells whether a word stands in a text as a whole.
fn has_word(text: &str, word: &str) -> bool {
    let is_part =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'));
    let bytes = text.as_bytes();
    !word.is_empty()
        && memchr::memmem::find_iter(bytes, word.as_bytes()).any(|at| {
            let before = at.checked_sub(1).and_then(|at| bytes.get(at));
            !is_part(before) && !is_part(bytes.get(at + word.len()))
        })
}

#[cfg(test)]
mod tests {
    use super::has_word;

    #[test]
    fn words_are_found_whole() {
        let text = "var A = {}; A.onLoad = function () {}; function $save(x) {}";
        assert!(has_word(text, "onLoad") && has_word(text, "$save") && has_word(text, "A"));
        assert!(!has_word(text, "onLoa") && !has_word(text, "save") && !has_word(text, "") && !has_word("", "x"));
    }
}

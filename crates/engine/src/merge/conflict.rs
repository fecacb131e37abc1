//! What cannot be merged, and the generated tab that shows it (merge §5, L44).

use std::borrow::Cow;

use super::identity::{Key, keys};
use super::part::{Attribute, Origin, Part};

/// Something that a merge could not do as its layers say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    pub reason: Reason,
    /// Path of the element.
    pub element: String,
    /// Indices of the layers concerned, the one that ran into it last.
    pub layers: Vec<usize>,
}

/// Why an element is in conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It was to be added inside an element that is gone.
    Orphan,
    /// Two layers claim one position.
    Collision,
    /// Two layers add it: it is one element now.
    AddedTwice,
    /// What a layer changes is gone.
    WithoutEffect,
    /// A layer below had put it into something that a higher one moved.
    LostInMove,
    /// Siblings bear the same id: they were matched by their order.
    RepeatedKey,
}

impl Reason {
    /// Returns the word for it in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Orphan => "orphan",
            Self::Collision => "collision",
            Self::AddedTwice => "added-twice",
            Self::WithoutEffect => "without-effect",
            Self::LostInMove => "lost-in-move",
            Self::RepeatedKey => "repeated-key",
        }
    }

    /// Tells whether people have to look at the form because of it.
    pub fn needs_attention(self) -> bool {
        match self {
            Self::Orphan | Self::Collision | Self::LostInMove => true,
            Self::AddedTwice | Self::WithoutEffect | Self::RepeatedKey => false,
        }
    }
}

impl Conflict {
    /// Says in words what is in conflict; `layers` are the names of its layers.
    pub fn describe(&self, layers: &[&str]) -> String {
        let element = self.element.rsplit_once('/').map_or(self.element.as_str(), |(_, last)| last);
        let of = |at: usize| layers.get(at).copied().unwrap_or("?");
        match self.reason {
            Reason::Orphan => format!("{element} of {} has lost its place", of(0)),
            Reason::Collision => format!("{element} of {} takes a position that {} claims too", of(1), of(0)),
            Reason::AddedTwice => format!("{element} is added by {} and by {}", of(0), of(1)),
            Reason::WithoutEffect => format!("{} changes {element}, which is gone", of(0)),
            Reason::LostInMove => format!("{element} of {} is lost, since {} moves what holds it", of(0), of(1)),
            Reason::RepeatedKey => format!("{element} is there more than once in {}", of(0)),
        }
    }
}

/// An element without a place.
pub(super) struct Orphan<'a> {
    pub(super) part: Part<'a>,
    /// Of a cell: the section it was in.
    pub(super) section: Option<Part<'a>>,
}

/// What the generated tab is called.
pub const TAB_LABEL: &str = "Conflicts Tab";

/// The id of the generated tab, the same on every form.
const TAB_ID: &str = "{7c6f6e66-6c69-4374-8361-62c0ff11c750}";

/// Returns the path of an element: the keys that lead to it.
pub(super) fn path_of(path: &[Key<'_>], last: Option<&Key<'_>>) -> String {
    let mut text = String::new();
    for key in path.iter().chain(last) {
        if !text.is_empty() {
            text.push('/');
        }
        push_segment(&mut text, key, false);
    }
    text
}

/// Appends a path segment: the element's name, and in brackets what tells it from its siblings.
pub(super) fn push_segment(text: &mut String, key: &Key<'_>, is_repeated: bool) {
    text.push_str(&key.tag);
    if !key.id.is_empty() {
        text.push('[');
        text.push_str(&key.id);
        text.push(']');
    }
    if key.tag == "column" || key.nth > 0 || (is_repeated && key.id.is_empty()) {
        text.push('[');
        text.push_str(&(key.nth + 1).to_string());
        text.push(']');
    }
}

/// Shows orphans on the Conflicts Tab, at the end of the form.
pub(super) fn show<'a>(root: &mut Part<'a>, orphans: Vec<Orphan<'a>>, layer: usize) {
    let Some(form) = form(root) else { return };
    let tabs = form.child_or_new("tabs", layer);
    let at = tabs.parts.iter().position(|tab| tab.generated).unwrap_or_else(|| {
        tabs.parts.push(tab(layer));
        tabs.parts.len() - 1
    });
    let sections =
        tabs.parts[at].child_or_new("columns", layer).child_or_new("column", layer).child_or_new("sections", layer);
    for Orphan { mut part, section } in orphans {
        if part.name != "cell" {
            sections.parts.push(part);
            continue;
        }
        let shell = section.unwrap_or_else(|| Part::new("section", layer));
        let key = keys(std::slice::from_ref(&shell)).pop();
        let position = keys(&sections.parts).into_iter().position(|other| Some(other) == key);
        let at = position.unwrap_or_else(|| {
            sections.parts.push(Part { generated: true, placed_by: layer, ..shell });
            sections.parts.len() - 1
        });
        let rows = sections.parts[at].child_or_new("rows", layer);
        if let Some(grid) = &mut part.grid {
            grid.column = 1;
        }
        rows.layout = None;
        rows.parts.push(part);
    }
}

/// Takes the Conflicts Tab away when there is nothing left to show, and keeps it last while nobody has placed it.
pub(super) fn tidy(root: &mut Part<'_>) {
    let Some(tabs) = form(root).and_then(|form| form.parts.iter_mut().find(|part| part.name == "tabs")) else { return };
    let Some(at) = tabs.parts.iter().position(|tab| tab.generated) else { return };
    let tab = &mut tabs.parts[at];
    for section_list in tab.parts.iter_mut().flat_map(|columns| &mut columns.parts).flat_map(|c| &mut c.parts) {
        section_list.parts.retain(|section| !section.generated || holds_cells(section));
    }
    let is_empty =
        tab.parts.iter().filter(|part| part.name == "columns").all(|columns| {
            columns.parts.iter().flat_map(|column| &column.parts).all(|sections| sections.parts.is_empty())
        });
    if is_empty {
        tabs.parts.remove(at);
    } else if tab.claim.is_none() {
        let tab = tabs.parts.remove(at);
        tabs.parts.push(tab);
    }
}

fn holds_cells(section: &Part<'_>) -> bool {
    section.child("rows").is_some_and(|rows| !rows.parts.is_empty())
}

/// Finds the form inside a form's or dashboard's definition.
fn form<'p, 'a>(part: &'p mut Part<'a>) -> Option<&'p mut Part<'a>> {
    if part.name == "form" {
        return Some(part);
    }
    let is_way = |child: &&mut Part<'a>| matches!(child.name.as_ref(), "form" | "FormXml" | "forms");
    part.parts.iter_mut().filter(is_way).find_map(form)
}

fn tab<'a>(layer: usize) -> Part<'a> {
    let origin = Origin { decided_by: layer, set_by: layer };
    let attribute = |name: &'static str, value: &'static str| Attribute {
        name: Cow::Borrowed(name),
        value: Cow::Borrowed(value),
        origin,
    };
    let mut label = Part::new("label", layer);
    label.attributes = vec![attribute("description", TAB_LABEL), attribute("languagecode", "1033")];
    let mut labels = Part::new("labels", layer);
    labels.parts.push(label);
    let mut column = Part::new("column", layer);
    column.attributes = vec![attribute("width", "100%")];
    let mut columns = Part::new("columns", layer);
    columns.parts.push(column);
    let mut tab = Part::new("tab", layer);
    tab.attributes = vec![attribute("name", "ConflictsTab"), attribute("id", TAB_ID), attribute("IsUserDefined", "1")];
    tab.parts = vec![labels, columns];
    tab.generated = true;
    tab
}

//! What a merged definition holds, as people see it: tabs, sections and controls, areas and links, parts of an app,
//! buttons; each with the layer that put it there.

use super::conflict::push_segment;
use super::identity::keys;
use super::part::Part;
use super::{Merged, ribbon};

/// One line of an outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlineItem {
    pub level: Level,
    /// How deep it stands below the outermost items.
    pub depth: usize,
    /// Path of the element.
    pub path: String,
    /// What people call it: its label, else its name or column.
    pub name: String,
    /// The layer that put it there.
    pub placed_by: usize,
    /// The topmost layer that has changed it since.
    pub changed_by: Option<usize>,
}

/// What an item of an outline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Tab,
    Section,
    Control,
    Area,
    Group,
    Link,
    Part,
    Button,
    /// Of a choice.
    Option,
}

impl Level {
    /// Returns the word for it in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tab => "tab",
            Self::Section => "section",
            Self::Control => "control",
            Self::Area => "area",
            Self::Group => "group",
            Self::Link => "link",
            Self::Part => "part",
            Self::Button => "button",
            Self::Option => "option",
        }
    }

    fn of(part: &Part<'_>) -> Option<Self> {
        match part.name.as_ref() {
            "tab" => Some(Self::Tab),
            "section" | "header" | "footer" => Some(Self::Section),
            "cell" => Some(Self::Control),
            "Area" => Some(Self::Area),
            "Group" => Some(Self::Group),
            "SubArea" => Some(Self::Link),
            "AppModuleComponent" => Some(Self::Part),
            "CustomAction" => Some(Self::Button),
            _ => None,
        }
    }
}

impl Merged<'_> {
    /// Returns the outline, in document order.
    pub fn outline(&self) -> Vec<OutlineItem> {
        let mut items = Vec::new();
        if let Some(root) = &self.root {
            walk(root, 0, &mut String::new(), &mut items);
        }
        items
    }
}

fn walk(part: &Part<'_>, depth: usize, path: &mut String, items: &mut Vec<OutlineItem>) {
    for (child, key) in part.parts.iter().zip(keys(&part.parts)) {
        let length = path.len();
        if length > 0 {
            path.push('/');
        }
        push_segment(path, &key, false);
        let mut below = depth;
        if let Some(level) = Level::of(child) {
            items.push(item(child, level, depth, path));
            below += 1;
        }
        if Level::of(child) != Some(Level::Control) {
            walk(child, below, path, items);
        }
        path.truncate(length);
    }
}

fn item(part: &Part<'_>, level: Level, depth: usize, path: &str) -> OutlineItem {
    let placed_by = if level == Level::Button { ribbon::owner(part) } else { part.placed_by };
    let topmost = topmost(part);
    OutlineItem {
        level,
        depth,
        path: path.to_owned(),
        name: name(part),
        placed_by,
        changed_by: (topmost > placed_by).then_some(topmost),
    }
}

/// The topmost layer that speaks of the element itself, its labels or its control.
fn topmost(part: &Part<'_>) -> usize {
    let own = part.attributes.iter().map(|attribute| attribute.origin.decided_by);
    let own = own.chain(part.text.iter().map(|(_, origin)| origin.decided_by)).max().unwrap_or(part.placed_by);
    let is_own = |child: &&Part<'_>| {
        matches!(child.name.as_ref(), "labels" | "label" | "control" | "parameters" | "Titles" | "Title" | "events")
    };
    part.parts.iter().filter(is_own).map(topmost).fold(own, usize::max)
}

fn name(part: &Part<'_>) -> String {
    let attribute = |part: &Part<'_>, name: &str| {
        part.attribute(name).filter(|value| !value.trim().is_empty()).map(|value| value.to_string())
    };
    let first = |names: &[&str]| names.iter().find_map(|name| attribute(part, name));
    let control = part.child("control");
    let bound = control.and_then(|control| attribute(control, "datafieldname").or_else(|| attribute(control, "id")));
    let label = part.child("labels").and_then(|labels| labels.parts.iter().find_map(|l| attribute(l, "description")));
    let title = part.child("Titles").and_then(|titles| titles.parts.iter().find_map(|t| attribute(t, "Title")));
    let named = match part.name.as_ref() {
        "header" | "footer" => Some(part.name.to_string()),
        "cell" => bound.or(label).or_else(|| Some("(empty)".to_owned())),
        "tab" | "section" => label.or_else(|| first(&["name", "id"])),
        "AppModuleComponent" => first(&["schemaName", "id"]),
        _ => title.or_else(|| first(&["Title", "Id"])),
    };
    named.unwrap_or_default()
}

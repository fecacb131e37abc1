//! Which element of one layer is which of another: keys within a parent (merge §3), and what kinds of elements
//! there are.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::part::Part;

/// What tells an element from its siblings. Ids compare without case and braces.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key<'a> {
    pub(crate) tag: Cow<'a, str>,
    pub(crate) id: Cow<'a, str>,
    /// Of columns the index; else how many siblings of the same key stand before.
    pub(crate) nth: usize,
}

impl Key<'_> {
    /// Tells whether a sibling before has the same key.
    pub(crate) fn is_repeated(&self) -> bool {
        self.nth > 0 && self.tag != "column"
    }
}

/// Returns the keys of siblings, in their order.
pub(crate) fn keys<'a>(parts: &[Part<'a>]) -> Vec<Key<'a>> {
    let mut seen: BTreeMap<(Cow<'a, str>, Cow<'a, str>), usize> = BTreeMap::new();
    let mut keys: Vec<Key<'a>> = Vec::with_capacity(parts.len());
    for part in parts {
        let (tag, id) = (part.name.clone(), id(part));
        let before = if parts.len() <= FEW {
            keys.iter().filter(|key| key.tag == tag && key.id == id).count()
        } else {
            let count = seen.entry((tag.clone(), id.clone())).or_insert(0);
            *count += 1;
            *count - 1
        };
        let nth = if part.name == "column" { part.ordinal.unwrap_or(before) } else { before };
        keys.push(Key { tag, id, nth });
    }
    keys
}

/// So few siblings are searched one by one.
const FEW: usize = 8;

/// Finds siblings by key.
pub(crate) enum Index<'k, 'a> {
    Few(&'k [Key<'a>]),
    Many(BTreeMap<&'k Key<'a>, usize>),
}

impl<'k, 'a> Index<'k, 'a> {
    pub(crate) fn of(keys: &'k [Key<'a>]) -> Self {
        if keys.len() <= FEW {
            Self::Few(keys)
        } else {
            Self::Many(keys.iter().enumerate().map(|(at, key)| (key, at)).collect())
        }
    }

    pub(crate) fn find(&self, key: &Key<'a>) -> Option<usize> {
        match self {
            Self::Few(keys) => keys.iter().position(|other| other == key),
            Self::Many(places) => places.get(key).copied(),
        }
    }
}

fn id<'a>(part: &Part<'a>) -> Cow<'a, str> {
    let attribute = |name: &str| part.attribute(name).filter(|value| !value.is_empty());
    match part.name.as_ref() {
        // One of a kind within the parent; their own ids are no keys.
        "systemform" | "Dashboard" | "FormXml" | "forms" | "form" | "tabs" | "columns" | "column" | "sections"
        | "rows" | "control" | "header" | "footer" | "parameters" | "SiteMap" | "RibbonTemplates"
        | "DisplayConditions" => Cow::Borrowed(""),
        "event" => joined(&[attribute("name"), attribute("attribute")]),
        "Handler" => match attribute("handlerUniqueId") {
            Some(id) => folded(id),
            None => joined(&[attribute("libraryName"), attribute("functionName")]),
        },
        "Library" => attribute("name").map_or(Cow::Borrowed(""), folded),
        "internaljscriptfile" => attribute("src").map_or(Cow::Borrowed(""), folded),
        "controlDescription" => attribute("forControl").map_or(Cow::Borrowed(""), folded),
        "customControl" => joined(&[attribute("formFactor"), attribute("name").or_else(|| attribute("id"))]),
        "Privilege" => joined(&[attribute("Entity"), attribute("Privilege")]),
        "AppModuleComponent" => joined(&[attribute("type"), attribute("schemaName").or_else(|| attribute("id"))]),
        "HideCustomAction" => attribute("HideActionId").map_or(Cow::Borrowed(""), folded),
        _ => OTHER_KEYS.iter().find_map(|name| attribute(name)).map_or(Cow::Borrowed(""), folded),
    }
}

/// Attributes that are keys of elements without a rule of their own, first match first.
const OTHER_KEYS: [&str; 9] =
    ["languagecode", "LCID", "id", "Id", "uniquename", "settingdefinitionid.uniquename", "name", "Name", "value"];

fn joined<'a>(pieces: &[Option<&Cow<'a, str>>]) -> Cow<'a, str> {
    let mut present = pieces.iter().flatten();
    match (present.next(), present.next()) {
        (None, _) => Cow::Borrowed(""),
        (Some(only), None) => folded(only),
        (Some(first), Some(second)) => Cow::Owned(format!("{}.{}", folded(first), folded(second))),
    }
}

/// Folds an id: case and braces say nothing.
fn folded<'a>(id: &Cow<'a, str>) -> Cow<'a, str> {
    let bare = |id: &'a str| id.trim().trim_start_matches('{').trim_end_matches('}');
    match id {
        Cow::Borrowed(id) if !id.bytes().any(|byte| byte.is_ascii_uppercase()) => Cow::Borrowed(bare(id)),
        Cow::Borrowed(_) | Cow::Owned(_) => {
            Cow::Owned(id.trim().trim_start_matches('{').trim_end_matches('}').to_ascii_lowercase())
        }
    }
}

/// Tells whether an element's position among its like matters, so that diffs give it an ordinal.
pub(crate) fn is_ordered(name: &str) -> bool {
    matches!(name, "tab" | "section" | "cell" | "Area" | "Group" | "SubArea")
}

/// Tells whether an element is only a container for others: it never bears a mark, and is there when it holds
/// something.
pub(crate) fn is_neutral(name: &str) -> bool {
    matches!(name, "tabs" | "columns" | "sections" | "rows" | "labels" | "Titles" | "Descriptions" | "LocalizedNames")
}

/// Tells whether an element that is not there is made when a layer adds something inside it.
pub(crate) fn is_made_for_content(name: &str) -> bool {
    is_neutral(name)
        || matches!(name, "AppModuleComponents" | "controlDescriptions" | "formLibraries" | "events" | "Privileges")
        || matches!(name, "Navigation" | "NavBar" | "NavBarAreas" | "Handlers" | "InternalHandlers" | "parameters")
}

/// Tells whether an element's children are matched one by one; all others are replaced as a whole.
pub(crate) fn is_structure(name: &str) -> bool {
    is_neutral(name)
        || matches!(
            name,
            "systemform"
                | "Dashboard"
                | "FormXml"
                | "forms"
                | "form"
                | "tab"
                | "column"
                | "section"
                | "cell"
                | "control"
                | "parameters"
                | "header"
                | "footer"
                | "events"
                | "event"
                | "Handlers"
                | "InternalHandlers"
                | "formLibraries"
                | "clientresources"
                | "internalresources"
                | "clientincludes"
                | "controlDescriptions"
                | "Navigation"
                | "NavBar"
                | "NavBarAreas"
                | "NavBarArea"
                | "NavBarItem"
                | "NavBarByRelationshipItem"
                | "Privileges"
        )
        || matches!(name, "AppModuleSiteMap" | "SiteMap" | "Area" | "Group" | "SubArea")
        || matches!(name, "AppModule" | "AppModuleComponents" | "AppModuleRoleMaps" | "appsettings" | "appelements")
        || matches!(
            name,
            "RibbonDiffXml"
                | "CustomActions"
                | "Templates"
                | "RibbonTemplates"
                | "CommandDefinitions"
                | "RuleDefinitions"
                | "TabDisplayRules"
                | "DisplayRules"
                | "EnableRules"
                | "LocLabels"
        )
}

/// Tells whether a diff marks what is inside this child of the definition's root; everything beside it is
/// written in full (merge §4.7, §7).
pub(crate) fn is_marked(name: &str) -> bool {
    matches!(name, "form" | "FormXml" | "SiteMap" | "AppModuleComponents")
}

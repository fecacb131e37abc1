//! The views of a new table: active and inactive rows, what quick find, advanced find, lookups and related rows show,
//! and what is kept offline in Outlook.

use strata_xml::Element;

use super::{NewTable, Part, by_id};
use crate::by_hand::build::{element, in_language, labels, text};

/// A view in the making.
struct View {
    /// Tells it from the others of its table.
    which: &'static str,
    /// `querytype`.
    kind: &'static str,
    is_default: bool,
    name: String,
    description: Option<String>,
    shape: Shape,
    conditions: Conditions,
}

/// How its rows are listed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Grid,
    /// Named after the table, as where its rows are related ones.
    Related,
    /// The same without an order and a preview.
    Lookup,
    /// Not at all.
    None,
}

/// Which rows it has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Conditions {
    None,
    Active,
    Inactive,
    /// Active ones whose name is like what is looked for.
    Found,
    /// Active ones of the user, where somebody owns them.
    Own,
}

/// Makes the views.
pub(super) fn all(table: &NewTable) -> Vec<Part> {
    let part = |view: View| {
        let id = table.id("savedquery", view.which);
        let tree = definition(table, &view, &format!("{{{id}}}"));
        by_id("savedquery", id, tree, None)
    };
    views(table).into_iter().map(part).collect()
}

fn views(table: &NewTable) -> Vec<View> {
    let (one, many) = (&table.label, &table.collection);
    let view = |which, kind, name, shape, conditions| View {
        which,
        kind,
        is_default: true,
        name,
        description: None,
        shape,
        conditions,
    };
    let (offline, described) = match table.is_owned() {
        true => (format!("My {many}"), format!("Active {many} owned by me")),
        false => (many.clone(), format!("All active {many}")),
    };
    let inactive = view("inactive", "0", format!("Inactive {many}"), Shape::Grid, Conditions::Inactive);
    let offline = view("offline", "8192", offline, Shape::None, Conditions::Own);
    vec![
        view("active", "0", format!("Active {many}"), Shape::Grid, Conditions::Active),
        View { is_default: false, ..inactive },
        view("advancedfind", "1", format!("{one} Advanced Find View"), Shape::Grid, Conditions::None),
        view("associated", "2", format!("{one} Associated View"), Shape::Related, Conditions::Active),
        view("quickfind", "4", format!("Quick Find Active {many}"), Shape::Grid, Conditions::Found),
        view("lookup", "64", format!("{one} Lookup View"), Shape::Lookup, Conditions::Active),
        View { description: Some(described), ..offline },
    ]
}

fn definition(table: &NewTable, view: &View, id: &str) -> Element {
    let flag = |set: bool| if set { "1" } else { "0" };
    // The platform needs its own views, but for the one of Outlook.
    let can_go = flag(view.shape == Shape::None);
    let mut children = vec![
        text("IsCustomizable", "1"),
        text("CanBeDeleted", can_go),
        text("isquickfindquery", flag(view.conditions == Conditions::Found)),
        text("isprivate", "0"),
        text("isdefault", flag(view.is_default)),
        text("savedqueryid", id),
    ];
    children.extend(layout(table, view.shape));
    children.push(text("querytype", view.kind));
    children.push(element("fetchxml", &[], vec![fetch(table, view)]));
    children.push(text("IntroducedVersion", "1.0"));
    children.push(labels("LocalizedNames", "LocalizedName", &in_language(table.language, view.name.clone())));
    let described = view.description.iter();
    children.extend(
        described.map(|said| labels("Descriptions", "Description", &in_language(table.language, said.clone()))),
    );
    element("savedquery", &[], children)
}

fn layout(table: &NewTable, shape: Shape) -> Option<Element> {
    let (grid, row) = match shape {
        Shape::Grid => ("resultset", "result"),
        Shape::Related | Shape::Lookup => (table.set.as_str(), table.name.as_str()),
        Shape::None => return None,
    };
    let preview = if shape == Shape::Lookup { "0" } else { "1" };
    let name = table.primary_name.name.as_str();
    let cell = |column: &str, width: &str| element("cell", &[("name", column), ("width", width)], Vec::new());
    let cells = vec![cell(name, "300"), cell("createdon", "125")];
    let row = element("row", &[("name", row), ("id", &table.key_column())], cells);
    let own = [("name", grid), ("jump", name), ("select", "1"), ("icon", "1"), ("preview", preview)];
    Some(element("layoutxml", &[], vec![element("grid", &own, vec![row])]))
}

fn fetch(table: &NewTable, view: &View) -> Element {
    let attribute = |name: &str| element("attribute", &[("name", name)], Vec::new());
    let name = table.primary_name.name.as_str();
    let mut children = vec![attribute(&table.key_column())];
    if view.shape != Shape::None {
        children.extend([attribute(name), attribute("createdon")]);
    }
    if matches!(view.shape, Shape::Grid | Shape::Related) {
        children.push(element("order", &[("attribute", name), ("descending", "false")], Vec::new()));
    }
    children.extend(filters(table, view.conditions));
    let mut own = vec![("version", "1.0"), ("mapping", "logical")];
    if view.shape == Shape::None {
        own.push(("output-format", "xml-platform"));
    }
    element("fetch", &own, vec![element("entity", &[("name", &table.name)], children)])
}

fn filters(table: &NewTable, conditions: Conditions) -> Vec<Element> {
    let condition = |own: &[(&str, &str)]| element("condition", own, Vec::new());
    let status = |value: &str| condition(&[("attribute", "statecode"), ("operator", "eq"), ("value", value)]);
    let all = |conditions: Vec<Element>| element("filter", &[("type", "and")], conditions);
    match conditions {
        Conditions::None => Vec::new(),
        Conditions::Active => vec![all(vec![status("0")])],
        Conditions::Inactive => vec![all(vec![status("1")])],
        Conditions::Own if table.is_owned() => {
            let own = condition(&[("attribute", "ownerid"), ("operator", "eq-userid")]);
            vec![all(vec![status("0"), own])]
        }
        Conditions::Own => vec![all(vec![status("0")])],
        Conditions::Found => {
            let name = table.primary_name.name.as_str();
            let found = condition(&[("attribute", name), ("operator", "like"), ("value", "{0}")]);
            let any = element("filter", &[("type", "or"), ("isquickfindfields", "1")], vec![found]);
            vec![all(vec![status("0")]), any]
        }
    }
}

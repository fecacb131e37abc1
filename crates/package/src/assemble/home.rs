//! Where a component stands in a package: the way down through `customizations.xml`, or a file of its own.
//!
//! The inverse of [`crate::places`]: the type says it, and what the reader noted as the definition's home where the type
//! alone does not.

use strata_model::component::ComponentKey;

use super::Piece;
use crate::places::section_of;

/// One step from a container into the next.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step<'p> {
    Section(&'p str),
    /// The forms of one kind.
    Group(&'p str),
    /// A component that has others inside.
    Item(&'p ComponentKey),
}

/// Where a component stands.
pub(super) enum Home<'p> {
    Document(Vec<Step<'p>>),
    /// A file of its own.
    File(String),
    /// One of several in a file.
    Shared(&'p str),
}

/// Finds a component's place; `templates` are the kinds of templates that the skeleton knows.
pub(super) fn of<'p>(piece: &'p Piece<'_>, templates: &[&str]) -> Home<'p> {
    if let Some(path) = piece.home.as_deref().filter(|home| is_file(home)) {
        let is_shared = path.get(..7).is_some_and(|top| top.eq_ignore_ascii_case("assets/"));
        return if is_shared { Home::Shared(path) } else { Home::File(path.to_owned()) };
    }
    match steps(piece, templates) {
        Some(steps) => Home::Document(steps),
        None => Home::File(row_path(piece)),
    }
}

/// Elements have no names with an ending; files have.
fn is_file(home: &str) -> bool {
    home.rsplit('/').next().is_some_and(|name| name.contains('.')) && home.contains('/')
}

fn steps<'p>(piece: &'p Piece<'_>, templates: &[&str]) -> Option<Vec<Step<'p>>> {
    use Step::{Group, Item, Section};
    let inside = |steps: &[Step<'p>]| {
        let table = Item(piece.parent.as_ref()?);
        Some([&[Section("Entities"), table], steps].concat())
    };
    let columns = [Section("EntityInfo"), Section("entity")];
    match piece.key.component_type.name() {
        "entity" => Some(vec![Section("Entities")]),
        "attribute" => inside(&[&columns[..], &[Section("attributes")]].concat()),
        "entitykey" => inside(&[&columns[..], &[Section("EntityKeys")]].concat()),
        "systemform" => match (piece.home.as_deref(), &piece.parent) {
            (Some(home), Some(_)) if home.starts_with("forms/") => inside(&[Section("FormXml"), Group(&home[6..])]),
            (None, Some(_)) => inside(&[Section("FormXml"), Group("main")]),
            (home, _) => Some(vec![Section(home.unwrap_or("Dashboards"))]),
        },
        "savedquery" => inside(&[Section("SavedQueries"), Section("savedqueries")]),
        "savedqueryvisualization" => inside(&[Section("Visualizations")]),
        "customcontroldefaultconfig" => inside(&[Section("CustomControlDefaultConfigs")]),
        "ribboncustomization" => inside(&[]).or(Some(Vec::new())),
        "plugintype" => {
            let assembly = Item(piece.parent.as_ref()?);
            Some(vec![Section("SolutionPluginAssemblies"), assembly, Section("PluginTypes")])
        }
        "connectionrole" => Some(vec![Section("ConnectionRoles"), Section("ConnectionRoles")]),
        "template" => Some(vec![Section("Templates"), Section("EmailTemplates")]),
        "contracttemplate" => Some(vec![Section("Templates"), Section("ContractTemplates")]),
        "kbarticletemplate" => Some(vec![Section("Templates"), Section("KBArticleTemplates")]),
        "mailmergetemplate" => Some(vec![Section("Templates"), Section("MailMergeTemplates")]),
        "sitemap" if piece.home.is_none() => Some(vec![Section("AppModuleSiteMaps")]),
        "sitemap" => Some(vec![Section("SiteMap")]),
        other => match piece.home.as_deref() {
            Some(home) => Some(generic(home, templates)),
            None => section_of(other).map(|section| vec![Section(section)]),
        },
    }
}

/// `Container/Element`: sections that nobody knows, and the few containers that stand inside one.
fn generic<'p>(home: &'p str, templates: &[&str]) -> Vec<Step<'p>> {
    let container = home.split('/').next().unwrap_or(home);
    let outer = match container {
        "ConnectionRoleAssociations" => Some("ConnectionRoles"),
        "ReportSignatureIdMappings" => Some("Reports"),
        _ if templates.contains(&container) => Some("Templates"),
        _ => None,
    };
    outer.into_iter().chain([container]).map(Step::Section).collect()
}

/// The path of a row that came from no package (package-format §4.2).
fn row_path(piece: &Piece<'_>) -> String {
    let table = piece.key.component_type.name();
    let folder = |name: &str| escaped(name.rsplit('.').next().unwrap_or(name));
    match table {
        "environmentvariablevalue" => {
            format!("environmentvariabledefinitions/{}/environmentvariablevalues.json", escaped(&piece.name))
        }
        "customapirequestparameter" | "customapiresponseproperty" => {
            let api = piece.parent.as_ref().map_or("", ComponentKey::as_str);
            let plural = plural(table);
            format!("customapis/{}/{plural}/{}/{table}.xml", escaped(api), folder(&piece.name))
        }
        _ => format!("{}/{}/{table}.xml", plural(table), escaped(&piece.name)),
    }
}

fn plural(table: &str) -> String {
    match table.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{table}s"),
    }
}

/// Characters that a path cannot hold, as `_` and their number.
fn escaped(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => escaped.push_str(&format!("_{:x}", u32::from(c))),
            c if c.is_control() => escaped.push_str(&format!("_{:x}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped
}

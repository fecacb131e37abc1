//! The unpacked XML layout (package-format §7): the same components as in the zip, each from its own file.
//!
//! A file's place says what its root element is: the table of places is [`crate::tree::spot`]. Member files take the path that their metadata gives them in a
//! zip. In a managed tree a `…_managed.xml` stands for its plain sibling, in any other it is left alone.

use std::collections::BTreeSet;

use crate::ReadPackageError;
use crate::customizations_xml::Root;
use crate::tree::spot::{self, Keeps};

/// A tree with its manifest found and its files named as the reader wants them.
pub(crate) struct Tree {
    pub(crate) files: Vec<(String, Vec<u8>)>,
    pub(crate) manifest: String,
    pub(crate) customizations: String,
    /// What stands before the tree's paths in the folder.
    pub(crate) prefix: &'static str,
}

/// What a file of a tree holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holds {
    Components {
        root: Root,
        table: Option<String>,
        home: Option<String>,
    },
    /// The list of relationship names: order only.
    Nothing,
    /// A member file, a row, or something of no component.
    Other,
}

/// Finds the tree in the files of a folder: at its root, or below `src/`.
pub(crate) fn find(files: Vec<(String, Vec<u8>)>) -> Result<Tree, ReadPackageError> {
    let has = |path: &str| files.iter().any(|(other, _)| other.eq_ignore_ascii_case(path));
    let prefix = if has("Other/Solution.xml") {
        ""
    } else if has("src/Other/Solution.xml") {
        "src/"
    } else {
        return Err(unknown_layout(&files));
    };
    let below =
        |path: &str| path.get(prefix.len()..).filter(|_| path.to_lowercase().starts_with(prefix)).map(str::to_owned);
    let files: Vec<_> = files.into_iter().filter_map(|(path, bytes)| Some((below(&path)?, bytes))).collect();
    let path =
        |wanted: &str| files.iter().map(|(path, _)| path).find(|path| path.eq_ignore_ascii_case(wanted)).cloned();
    let missing = |wanted: &str| {
        ReadPackageError::not_a_package(format!("the folder has no {wanted}"))
            .hint("unpack the solution again, completely")
    };
    let manifest = path("Other/Solution.xml").ok_or_else(|| missing("Other/Solution.xml"))?;
    let customizations = path("Other/Customizations.xml").ok_or_else(|| missing("Other/Customizations.xml"))?;
    Ok(Tree { files, manifest, customizations, prefix })
}

fn unknown_layout(files: &[(String, Vec<u8>)]) -> ReadPackageError {
    let has = |path: &str| files.iter().any(|(other, _)| other.eq_ignore_ascii_case(path));
    let error = ReadPackageError::not_a_package(
        "the folder is not an unpacked solution: neither Other/Solution.xml nor src/Other/Solution.xml was found",
    );
    let wrapped = files.iter().find_map(|(path, _)| {
        let lower = path.to_lowercase();
        lower.strip_suffix("/other/solution.xml").map(str::len).map(|length| path[..length].to_owned())
    });
    match wrapped {
        Some(folder) => error.hint(format!("it seems to be one level down, in `{folder}`")),
        None if has("solution.xml") => error.hint("the files of an extracted zip lie here: give the zip itself"),
        None => error.hint("give a .zip, a .cab, or the folder that holds `Other`"),
    }
}

/// Leaves out the files of the kind of package that is not wanted: a managed one prefers its own.
pub(crate) fn choose_variants(files: Vec<(String, Vec<u8>)>, is_managed: bool) -> Vec<(String, Vec<u8>)> {
    let replaced: BTreeSet<_> =
        files.iter().filter_map(|(path, _)| Some(spot::plain_of(path)?.to_lowercase())).collect();
    let is_wanted = |path: &str| match spot::plain_of(path) {
        Some(_) => is_managed,
        None => !is_managed || !replaced.contains(&path.to_lowercase()),
    };
    files.into_iter().filter(|(path, _)| is_wanted(path)).collect()
}

/// Tells what a file holds by where it stands.
pub(crate) fn holds(path: &str) -> Holds {
    if path.eq_ignore_ascii_case("Other/Relationships.xml") {
        return Holds::Nothing;
    }
    let Some(found) = spot::find(path) else { return Holds::Other };
    let root = found.spot.root;
    let name = |index: usize| (*found.names.get(index).unwrap_or(&"")).to_owned();
    let table = matches!(found.spot.keeps, Keeps::Ribbon | Keeps::Part { .. }).then(|| name(0));
    let home = match (found.spot.section, found.spot.keeps) {
        (_, Keeps::Part { group: "forms", .. }) => Some(format!("forms/{}", name(1))),
        ("SiteMap", _) => Some("SiteMap".to_owned()),
        (section @ ("Dashboards" | "InteractionCentricDashboards"), _) => Some(section.to_owned()),
        _ => None,
    };
    Holds::Components { root, table, home }
}

/// Returns the path that a member file has in a zip, where its place alone says so.
pub(crate) fn zip_path(path: &str) -> String {
    let steps: Vec<&str> = path.split('/').collect();
    match steps.as_slice() {
        [top, rest @ ..] if top.eq_ignore_ascii_case("Connectors") => format!("Connector/{}", rest.join("/")),
        [top, _, formulas, file]
            if top.eq_ignore_ascii_case("Entities") && formulas.eq_ignore_ascii_case("Formulas") =>
        {
            format!("Formulas/{file}")
        }
        _ => path.to_owned(),
    }
}

/// Returns the payload that a `.data.xml` describes, and the path that it has in a zip.
pub(crate) fn payload(data_path: &str, data: &[u8]) -> Option<(String, String)> {
    let payload = data_path.strip_suffix(".data.xml")?.to_owned();
    let tree = strata_xml::parse(data).ok()?;
    let names = ["FileName", "JsonFileName", "XamlFileName", "ExportedFileName"];
    let named = names.iter().find_map(|name| tree.child_text(name))?;
    Some((payload, named.trim_start_matches('/').to_owned()))
}

//! The unpacked XML layout (package-format §7): the same components as in the zip, each from its own file.
//!
//! A file's place says what its root element is. Member files take the path that their metadata gives them in a
//! zip. In a managed tree a `…_managed.xml` stands for its plain sibling, in any other it is left alone.

use std::collections::BTreeSet;

use strata_model::code::ErrorCode;
use strata_model::package::Mode;

use crate::ReadPackageError;
use crate::customizations_xml::Root;

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
    if files.iter().any(|(path, _)| is_yaml_manifest(path)) {
        let message = "the folder is in the YAML layout, which is not read yet";
        return Err(ReadPackageError::new(ErrorCode::UNSUPPORTED, message));
    }
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

fn is_yaml_manifest(path: &str) -> bool {
    let steps: Vec<_> = path.split('/').collect();
    matches!(steps.as_slice(), [.., "solutions", _, "solution.yml"])
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

/// Leaves out what the mode of the tree does not use.
pub(crate) fn choose_variants(files: Vec<(String, Vec<u8>)>, mode: Mode) -> Vec<(String, Vec<u8>)> {
    let plain = |path: &str| path.strip_suffix("_managed.xml").map(|stem| format!("{stem}.xml"));
    if mode != Mode::Managed {
        return files.into_iter().filter(|(path, _)| plain(path).is_none()).collect();
    }
    let replaced: BTreeSet<_> = files.iter().filter_map(|(path, _)| plain(path)).collect();
    files.into_iter().filter(|(path, _)| !replaced.contains(path)).collect()
}

/// Tells what a file holds by where it stands.
pub(crate) fn holds(path: &str) -> Holds {
    let lower = path.to_lowercase();
    let steps: Vec<&str> = path.split('/').collect();
    let folded: Vec<&str> = lower.split('/').collect();
    let (mut table, mut home) = (None, None);
    let root = match folded.as_slice() {
        ["other", "relationships.xml"] => return Holds::Nothing,
        ["other", "relationships", _] => Root::Container("entityrelationship"),
        ["other", "entitymaps.xml"] => Root::Container("entitymap"),
        ["other", "connectionroles.xml"] => Root::ConnectionRoles,
        ["other", "fieldsecurityprofiles.xml"] => Root::Container("fieldsecurityprofile"),
        ["other", "sitemap.xml" | "sitemap_managed.xml"] => {
            home = Some("SiteMap".to_owned());
            Root::SiteMap
        }
        ["other", "ribboncustomization.xml" | "ribboncustomizations.xml"] => Root::Item("ribboncustomization"),
        ["entities", _, "entity.xml"] => Root::Item("entity"),
        ["entities", _, inside @ ..] => {
            table = Some(steps[1].to_owned());
            match inside {
                ["ribbondiff.xml"] => Root::Item("ribboncustomization"),
                ["formxml", _, file] if file.ends_with(".xml") => {
                    home = Some(format!("forms/{}", steps[3]));
                    Root::Container("systemform")
                }
                ["savedqueries", file] if file.ends_with(".xml") => Root::Container("savedquery"),
                ["visualizations", file] if file.ends_with(".xml") => Root::Item("savedqueryvisualization"),
                _ => return Holds::Other,
            }
        }
        ["optionsets", _] => Root::Item("optionset"),
        ["roles", _] => Root::Item("role"),
        ["dashboards" | "interactioncentricdashboards", _] => {
            home = Some(steps[0].to_owned());
            Root::Item("systemform")
        }
        ["sdkmessageprocessingsteps", _] => Root::Item("sdkmessageprocessingstep"),
        ["canvasapps", file] if file.ends_with(".meta.xml") => Root::Item("canvasapp"),
        ["connectors", file] if file.ends_with(".xml") => Root::Item("connector"),
        ["appmodules", _, "appmodule.xml" | "appmodule_managed.xml"] => Root::Item("appmodule"),
        ["appmodulesitemaps", _, "appmodulesitemap.xml" | "appmodulesitemap_managed.xml"] => Root::Item("sitemap"),
        ["reports", "reportsignatureidmappings.xml"] => Root::Container(""),
        ["templates", "emailtemplates.xml"] => Root::Container("template"),
        [top, .., file] if file.ends_with(".data.xml") => match *top {
            "webresources" => Root::Item("webresource"),
            "workflows" => Root::Item("workflow"),
            "pluginassemblies" => Root::Item("pluginassembly"),
            "controls" => Root::Item("customcontrol"),
            "reports" => Root::Item("report"),
            _ => return Holds::Other,
        },
        _ => return Holds::Other,
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

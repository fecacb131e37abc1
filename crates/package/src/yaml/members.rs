//! Member files: where those that a component names lie in a tree, and where they come from in a zip.

use super::doc::{Doc, Id, Kind as Node};
use super::kinds::{Kind, Layout, Place, report_file};
use super::path;

/// Folders of a zip whose files are named by components.
const FOLDERS: &[&str] =
    &["WebResources", "Workflows", "PluginAssemblies", "CanvasApps", "Connector", "Controls", "Reports", "Formulas"];

/// Returns the files of a zip that a component names, without a leading `/`.
pub(crate) fn named(doc: &Doc<'_>, root: Id) -> Vec<String> {
    let mut paths = Vec::new();
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        for child in doc.children(id) {
            match doc.kind(child) {
                Node::Element { .. } => open.push(child),
                Node::Text(text) => paths.extend(as_path(text).filter(|path| !paths.contains(path))),
                Node::CData(_) | Node::Comment(_) | Node::Instruction(..) => {}
            }
        }
    }
    paths.sort();
    paths
}

/// Returns the path that a text is, where it is one.
fn as_path(text: &str) -> Option<String> {
    let path = text.trim().strip_prefix('/').filter(|path| path.len() < 400)?.replace('\\', "/");
    let (top, rest) = path.split_once('/')?;
    let is_member = FOLDERS.iter().any(|folder| folder.eq_ignore_ascii_case(top)) && !rest.is_empty();
    is_member.then_some(path)
}

/// Returns the name that a kind gives to a member file in the item's folder, where it is not the one in the zip.
pub(crate) fn own_name(doc: &Doc<'_>, id: Id, kind: &Kind, source: &str) -> Option<String> {
    match kind.section {
        "WebResources" => {
            let name = doc.child_text(id, "Name")?;
            let extension = path::file_name(&name).rsplit_once('.').map(|(_, extension)| extension)?;
            Some(path::encode(&format!("{}.{extension}", path::file_name(source))))
        }
        "Reports" => report_file(doc, id),
        _ => None,
    }
}

/// Returns where a member file lies in the tree.
pub(crate) fn tree_path(place: &Place, kind: Option<&Kind>, source: &str, name: Option<&str>) -> String {
    let own = name.map_or_else(|| path::encode(path::file_name(source)), str::to_owned);
    let below =
        |skipped: usize| path::encode_all(&source.splitn(skipped + 1, '/').last().unwrap_or(source).replace('\\', "/"));
    match kind.map(|kind| (kind.section, kind.layout)) {
        // A column's formula lies beside the columns.
        None => format!("{}/{}/{own}", path::parent(&place.folder), super::table::FORMULAS),
        Some(("CustomControls", _)) => format!("{}/{}/{}", place.folder, place.step, below(2)),
        Some((_, Layout::Assembly)) => format!("{}/{}/{own}", place.folder, place.step),
        Some((_, Layout::Folder | Layout::Report)) => format!("{}/{}/{own}", place.folder, place.step),
        Some(_) => format!("{}/{}", place.folder, below(1)),
    }
}

/// Returns the path in a zip of a file that lies in a folder of rows, or among the manifests.
pub(crate) fn zip_path_of_stray(tree_path: &str) -> Option<String> {
    let (top, rest) = tree_path.split_once('/')?;
    match top {
        "solutions" => rest.split_once('/').map(|(_, file)| path::decode(file)),
        "assets" => Some(format!("Assets/{}", path::decode_all(rest))),
        top if super::tree::is_own_folder(top) => None,
        _ => {
            let path = path::decode_all(tree_path);
            // Documents call the file of values so (yaml-layout §2).
            let folder = path.strip_suffix("/environment_variable_values.json");
            Some(folder.map_or_else(|| path.clone(), |folder| format!("{folder}/environmentvariablevalues.json")))
        }
    }
}

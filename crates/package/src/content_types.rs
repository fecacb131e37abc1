//! `[Content_Types].xml`, made from the names of the files it stands beside (package-format §1.3).

use std::collections::BTreeSet;

/// Its own name.
pub(crate) const CONTENT_TYPES: &str = "[Content_Types].xml";

const OCTETS: &str = "application/octet-stream";

/// Covers every file: by its extension, `xml` first and the others as they come, or by its name where it has none.
pub(crate) fn of<'a>(paths: impl Iterator<Item = &'a str>) -> String {
    let mut defaults = default_for("xml");
    let mut overrides = String::new();
    let mut seen = BTreeSet::from(["xml".to_owned()]);
    for path in paths {
        match extension(path) {
            Some(extension) if seen.insert(extension.to_lowercase()) => defaults.push_str(&default_for(extension)),
            Some(_) => {}
            None => {
                let name = strata_xml::escape_attribute(path);
                overrides.push_str(&format!("<Override PartName=\"/{name}\" ContentType=\"{OCTETS}\" />"));
            }
        }
    }
    format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">{defaults}{overrides}</Types>"
    )
}

fn default_for(extension: &str) -> String {
    format!("<Default Extension=\"{}\" ContentType=\"{OCTETS}\" />", strata_xml::escape_attribute(extension))
}

/// What follows the last dot of a file's name.
fn extension(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map(|(_, extension)| extension).filter(|extension| !extension.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_extension_stands_once_and_names_without_one_stand_themselves() {
        let paths = ["customizations.xml", "a.topic.b/data", "Connector/x_iconblob.Png", "y.png", "q&a", "z."];
        let types = of(paths.into_iter());
        let shown: Vec<_> =
            types.split('<').skip(3).map(|tag| tag.split(" ContentType").next().unwrap_or(tag)).collect();
        assert_eq!(
            shown,
            [
                "Default Extension=\"xml\"",
                "Default Extension=\"Png\"",
                "Override PartName=\"/a.topic.b/data\"",
                "Override PartName=\"/q&amp;a\"",
                "Override PartName=\"/z.\"",
                "/Types>",
            ]
        );
        assert!(types.starts_with("\u{feff}<?xml") && !types.contains('\n'));
    }
}

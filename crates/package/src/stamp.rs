//! Another version for a manifest: the text of its `Version`, and not a byte beside it.

use std::ops::Range;

use strata_model::code::ErrorCode;
use strata_model::version::Version;
use strata_xml::tokens::{Token, TokenError, Tokens};

use crate::{Limits, ReadPackageError};

/// Returns a manifest with another version; `part` is how errors call it.
pub fn xml(part: &str, manifest: &[u8], version: &Version) -> Result<Vec<u8>, ReadPackageError> {
    let place =
        in_xml(manifest).map_err(|error| ReadPackageError::xml(part, manifest, error.offset, &error.message))?;
    stamped(part, manifest, place, version)
}

/// The same for `solution.yml`.
pub fn yaml(part: &str, manifest: &[u8], version: &Version) -> Result<Vec<u8>, ReadPackageError> {
    stamped(part, manifest, in_yaml(manifest), version)
}

fn stamped(
    part: &str,
    manifest: &[u8],
    place: Option<Range<usize>>,
    version: &Version,
) -> Result<Vec<u8>, ReadPackageError> {
    let Some(place) = place else {
        let message = "SolutionManifest has no Version";
        return Err(ReadPackageError::new(ErrorCode::IMPORT_XSD_VALIDATION, message).in_part(part));
    };
    Ok([&manifest[..place.start], version.as_str().as_bytes(), &manifest[place.end..]].concat())
}

/// Finds the text of `ImportExportXml/SolutionManifest/Version`.
fn in_xml(manifest: &[u8]) -> Result<Option<Range<usize>>, TokenError> {
    let mut tokens = Tokens::new(manifest, Limits::default().attributes_max);
    let mut path: Vec<Vec<u8>> = Vec::new();
    while let Some(token) = tokens.token()? {
        match token {
            Token::Start { name, is_empty, .. } => {
                if !is_empty {
                    path.push(name.to_vec());
                }
            }
            Token::End => {
                path.pop();
            }
            Token::Text { raw, is_cdata } => {
                let is_version =
                    path.iter().map(Vec::as_slice).eq([&b"ImportExportXml"[..], b"SolutionManifest", b"Version"]);
                if is_version {
                    let behind = if is_cdata { b"]]>".len() } else { 0 };
                    let end = tokens.position() - behind;
                    return Ok(Some(trimmed(manifest, end - raw.len()..end)));
                }
            }
        }
    }
    Ok(None)
}

/// Finds the value of `Version` among the members of `SolutionManifest`.
fn in_yaml(manifest: &[u8]) -> Option<Range<usize>> {
    let text = std::str::from_utf8(manifest).ok()?;
    let (mut at, mut of_manifest, mut of_members) = (0, None, None);
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let bare = line.trim_start();
        if bare.trim_end().is_empty() || bare.starts_with('#') {
            continue;
        }
        let indent = line.len() - bare.len();
        let Some(outer) = of_manifest else {
            if bare.trim_end() == "SolutionManifest:" {
                of_manifest = Some(indent);
            }
            continue;
        };
        if indent <= outer {
            return None;
        }
        let members = *of_members.get_or_insert(indent);
        if let Some(value) = bare.strip_prefix("Version:").filter(|_| indent == members) {
            let value_start = start + line.len() - value.len();
            let range = trimmed(manifest, value_start..start + line.len());
            return Some(unquoted(manifest, range));
        }
    }
    None
}

fn trimmed(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    let inside = &bytes[range.clone()];
    let start = inside.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let end = inside[start..].iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
    range.start + start..range.end - end
}

fn unquoted(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    match &bytes[range.clone()] {
        [b'\'', .., b'\''] | [b'"', .., b'"'] => range.start + 1..range.end - 1,
        _ => range,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).expect("a version")
    }

    #[test]
    fn only_the_version_of_the_solution_changes() {
        let manifest = "\u{feff}<?xml version=\"1.0\"?>\r\n<ImportExportXml version=\"9.2\"><SolutionManifest>\r\n  \
            <UniqueName>Core</UniqueName><!-- <Version>0</Version> -->\r\n  <Version> 1.0.02407 </Version>\r\n  \
            <ParentSolution><Version>7</Version></ParentSolution></SolutionManifest></ImportExportXml>";
        let stamped = xml("solution.xml", manifest.as_bytes(), &version("2.0")).expect("a version");
        assert_eq!(String::from_utf8_lossy(&stamped), manifest.replace("1.0.02407", "2.0"));
        let parent_first =
            manifest.replace("<UniqueName>", "<ParentSolution><Version>7</Version></ParentSolution><UniqueName>");
        let stamped = xml("solution.xml", parent_first.as_bytes(), &version("2.0")).expect("a version");
        assert_eq!(String::from_utf8_lossy(&stamped), parent_first.replace("1.0.02407", "2.0"));
    }

    #[test]
    fn what_has_no_version_is_refused_with_its_part() {
        let without = b"<ImportExportXml><SolutionManifest><Version /></SolutionManifest></ImportExportXml>";
        let error = xml("Other/Solution.xml", without, &version("1")).expect_err("no version");
        assert_eq!(error.part.as_deref(), Some("Other/Solution.xml"));
        let broken = xml("solution.xml", b"<ImportExportXml>\n<a></b>", &version("1")).expect_err("broken");
        assert_eq!(broken.line, Some(2));
    }

    #[test]
    fn yaml_keeps_its_quotes_and_its_comments() {
        let manifest = "ImportExportXml:\n  '@version': '9.2'\n  SolutionManifest:\n    UniqueName: Core\n    # Version: 0\n    \
            ParentSolution:\n      Version: 7\n    Version: '1.0'\n    Managed: '0'\n";
        let stamped = yaml("solution.yml", manifest.as_bytes(), &version("1.1")).expect("a version");
        assert_eq!(String::from_utf8_lossy(&stamped), manifest.replace("'1.0'", "'1.1'"));
        assert!(yaml("solution.yml", b"ImportExportXml:\n  Version: 1\n", &version("2")).is_err());
    }
}

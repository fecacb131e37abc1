//! E-mail templates of a tree have their texts in files beside them; a package has them inside (package-format §7).

use std::borrow::Cow;

use super::Piece;
use crate::node::Node;
use crate::places::Place;

/// File names and the elements whose texts they are.
const TEXTS: [(&str, &str); 4] = [
    ("subject.xsl", "subject"),
    ("body.xsl", "body"),
    ("presentationxml.xml", "presentationxml"),
    ("subjectpresentationxml.xml", "subjectpresentationxml"),
];

/// Tells whether a file is a text of a template.
pub(super) fn is_text(path: &str) -> bool {
    path.get(.."templates/emaildocuments/".len())
        .is_some_and(|folder| folder.eq_ignore_ascii_case("templates/emaildocuments/"))
}

/// Puts the texts of a template into it; `None` where it has none beside it, or is no template.
pub(super) fn with_texts<'p>(piece: &Piece<'p>) -> Option<Piece<'p>> {
    let is_beside = piece.key.component_type.is("template") && piece.files.iter().any(|(path, _)| is_text(path));
    let node = is_beside.then(|| Node::read(&piece.bytes, Place::Items("")).ok()).flatten()?;
    let mut bytes = piece.bytes[..node.inside].to_vec();
    for child in &node.children {
        match text_of(piece, child.name).filter(|_| piece.bytes[child.inside..child.close].is_empty()) {
            Some(text) => {
                bytes.extend(&piece.bytes[child.lead..child.start]);
                bytes.extend(format!("<{0}>{1}</{0}>", child.name, text).as_bytes());
            }
            None => bytes.extend(child.whole()),
        }
    }
    bytes.extend(&piece.bytes[node.tail..]);
    let files = piece.files.iter().filter(|(path, _)| !is_text(path)).cloned().collect();
    Some(Piece { bytes: Cow::Owned(bytes), files, ..piece.clone() })
}

fn text_of(piece: &Piece<'_>, element: &str) -> Option<String> {
    let (file, _) = TEXTS.iter().find(|(_, known)| *known == element)?;
    let is_it = |path: &str| path.rsplit('/').next().is_some_and(|name| name.eq_ignore_ascii_case(file));
    let (_, bytes) = piece.files.iter().find(|(path, _)| is_text(path) && is_it(path))?;
    let text = std::str::from_utf8(bytes).ok()?;
    Some(strata_xml::escape_text(text.trim_start_matches('\u{feff}')))
}

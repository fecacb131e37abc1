//! Files of texts as translators' tools read and write them.

use strata_xml::Element;
use strata_xml::layout::{Namespace, Newline, document};

use crate::ReadPackageError;

/// What every such file begins with.
const HEADERS: [(&str, &str); 4] = [
    ("resmimetype", "text/microsoft-resx"),
    ("version", "2.0"),
    (
        "reader",
        "System.Resources.ResXResourceReader, System.Windows.Forms, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089",
    ),
    (
        "writer",
        "System.Resources.ResXResourceWriter, System.Windows.Forms, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089",
    ),
];

/// Writes texts by name.
pub(super) fn write(texts: &[(String, String)], newline: Newline) -> Vec<u8> {
    let mut root = Element::new("root");
    for (name, value) in HEADERS {
        root.children.push(strata_xml::Node::Element(entry("resheader", name, value)));
    }
    for (name, value) in texts {
        let mut data = entry("data", name, value);
        data.set_attribute("xml:space", "preserve");
        root.children.push(strata_xml::Node::Element(data));
    }
    document(&strata_xml::write(&root), Namespace::Keep, newline)
}

fn entry(element: &str, name: &str, value: &str) -> Element {
    let mut entry = Element::new(element);
    entry.set_attribute("name", name);
    entry.child_or_new("value").set_text(value);
    entry
}

/// Reads texts by name.
pub(super) fn read(path: &str, bytes: &[u8]) -> Result<Vec<(String, String)>, ReadPackageError> {
    let root =
        strata_xml::parse(bytes).map_err(|error| ReadPackageError::xml(path, bytes, error.offset, &error.message))?;
    let data = root.elements().filter(|element| element.name == "data");
    let text = |data: &Element| data.child("value").map(Element::text);
    Ok(data.filter_map(|data| Some((data.attribute("name")?.to_owned(), text(data)?))).collect())
}

//! Site maps: tables of sub-areas, web resources of pages and icons.

use super::Definition;
use super::name::{BY_PATH, directed, in_folder, types};
use super::sink::{Sink, place};
use super::walk::{Step, Tag, Walk};

/// Attributes that may name a web resource.
pub(super) const LINKS: [&str; 4] = ["Url", "Icon", "VectorIcon", "OutlookShortcutIcon"];

pub(super) fn mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    let mut walk = Walk::new(&definition.body.bytes);
    while let Some(step) = walk.step() {
        let Step::Start(tag) = step else { continue };
        match tag.name {
            b"SubArea" => {
                let table = tag.attribute("Entity").unwrap_or_default();
                sink.table(place("sub-area", tag.at), &table);
                links(&tag, sink);
            }
            b"Area" | b"Group" => links(&tag, sink),
            _ => {}
        }
    }
}

fn links(tag: &Tag<'_>, sink: &mut Sink<'_>) {
    for attribute in LINKS {
        let Some(value) = tag.attribute(attribute) else { continue };
        if let Some(name) = directed(&value) {
            sink.component(place("page or icon", tag.at), &types().web_resource, name);
        } else if let Some(name) = in_folder(&value) {
            sink.component(place(BY_PATH, tag.at), &types().web_resource, name);
        }
    }
}

//! Views: their query, their columns, the controls that show them.

use super::Definition;
use super::fetch::Fetch;
use super::name::{directed, types};
use super::sink::{Sink, place};
use super::walk::{Step, Tag, Walk};

pub(super) fn mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    let (mut fetch, mut walk) = (Fetch::default(), Walk::new(&definition.body.bytes));
    while let Some(step) = walk.step() {
        match step {
            Step::Start(tag) => match tag.name {
                b"cell" => cell(&tag, definition, &mut fetch, sink),
                b"customControl" => {
                    let name = tag.attribute("name").unwrap_or_default();
                    sink.component(place("custom control", tag.at), &types().custom_control, &name);
                }
                _ => fetch.start(&tag, walk.depth(), sink),
            },
            Step::End => fetch.end(walk.depth()),
            Step::Text { .. } => {}
        }
    }
    fetch.finish(sink);
}

fn cell(tag: &Tag<'_>, definition: &Definition<'_>, fetch: &mut Fetch, sink: &mut Sink<'_>) {
    if let Some(name) = tag.attribute("name") {
        fetch.layout_column(place("view column", tag.at), &name, definition.table(), sink);
    }
    if let Some(script) = tag.attribute("imageproviderwebresource") {
        let name = directed(&script).unwrap_or_default();
        sink.component(place("icon of a view column", tag.at), &types().web_resource, name);
    }
}

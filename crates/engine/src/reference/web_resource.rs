//! Web resources: the dependencies that their maker has listed. Links inside their content are not tracked (DP12).

use super::Definition;
use super::name::types;
use super::sink::{Sink, place};
use super::text::text;
use super::walk::{Step, Walk};

pub(super) fn mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    let Some((at, list)) = text(&definition.body.bytes, "DependencyXml") else { return };
    let mut walk = Walk::new(list.as_bytes());
    while let Some(step) = walk.step() {
        let Step::Start(tag) = step else { continue };
        match tag.name {
            b"Library" => {
                let name = tag.attribute("name").unwrap_or_default();
                sink.component(place("listed dependency", at), &types().web_resource, &name);
            }
            b"Attribute" => {
                let names = tag.attribute("entityName").zip(tag.attribute("attributeName"));
                let (table, column) = names.unwrap_or_default();
                sink.column(place("listed dependency", at), &table, &column);
            }
            _ => {}
        }
    }
}

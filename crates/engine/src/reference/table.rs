//! Tables: icons, data providers and sources; default controls.

use strata_model::component::ComponentType;

use super::Definition;
use super::name::{bare_or_directed, in_folder, types};
use super::sink::{Sink, place};
use super::text::texts;
use super::walk::{Step, Walk};

/// Elements of a table that name a web resource.
pub(super) const ICONS: [&str; 4] = ["IconSmallName", "IconMediumName", "IconLargeName", "IconVectorName"];

pub(super) fn mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    let bytes = &definition.body.bytes;
    for element in ICONS {
        for (at, text) in texts(bytes, element) {
            let name = in_folder(&text).or_else(|| bare_or_directed(&text)).unwrap_or_default();
            sink.component(place("icon", at), &types().web_resource, name);
        }
    }
    for (element, name, type_name) in
        [("DataProviderId", "data provider", "entitydataprovider"), ("DataSourceId", "data source", "entitydatasource")]
    {
        for (at, text) in texts(bytes, element) {
            sink.guid(place(name, at), &ComponentType::named(type_name), &text);
        }
    }
}

/// Default control configurations name the controls that they are about.
pub(super) fn control_mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    let mut walk = Walk::new(&definition.body.bytes);
    while let Some(step) = walk.step() {
        let Step::Start(tag) = step else { continue };
        if tag.name == b"customControl" {
            let name = tag.attribute("name").unwrap_or_default();
            sink.component(place("custom control", tag.at), &types().custom_control, &name);
        }
    }
}

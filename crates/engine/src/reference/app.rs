//! Model-driven apps: their parts, their icon and welcome page, the settings they set.

use strata_model::component::ComponentType;

use super::Definition;
use super::name::types;
use super::sink::{Sink, place};
use super::walk::{Step, Tag, Walk};

/// The icon that every app has until somebody gives it another, and the web resource that it is (§4).
const DEFAULT_ICON: (&str, &str) = ("953b9fac-1e5e-e611-80d6-00155ded156f", "msdyn_/Images/AppModule_Default_Icon.png");

pub(super) fn mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    let mut walk = Walk::new(&definition.body.bytes);
    let mut in_page = false;
    while let Some(step) = walk.step() {
        match step {
            Step::Start(tag) => match tag.name {
                b"canvasappid" => in_page = true,
                b"AppModuleComponent" => part(&tag, sink),
                b"appsetting" => {
                    let name = tag.attribute("settingdefinitionid.uniquename").unwrap_or_default();
                    sink.component(place(SETTING, tag.at), &ComponentType::named("settingdefinition"), &name);
                }
                _ => {}
            },
            Step::Text { of: b"WebResourceId", text, at } => picture("icon", at, &text, sink),
            Step::Text { of: b"WelcomePageId", text, at } => picture("welcome page", at, &text, sink),
            Step::Text { of: b"name", text, at } if in_page => {
                sink.component(place("custom page", at), &types().canvas_app, &text);
                in_page = false;
            }
            Step::Text { .. } | Step::End => {}
        }
    }
}

/// The setting of an app is a component of its own to the platform; here it is a part of the app.
pub(super) const SETTING: &str = "app setting";

fn part(tag: &Tag<'_>, sink: &mut Sink<'_>) {
    let Some(component_type) = tag.attribute("type") else { return };
    let component_type = ComponentType::written(&component_type);
    let at = place("part of the app", tag.at);
    match (tag.attribute("schemaName"), tag.attribute("id")) {
        (Some(name), _) if !name.trim().is_empty() => sink.component(at, &component_type, &name),
        (_, Some(id)) => sink.guid(at, &component_type, &id),
        (Some(_) | None, None) => {}
    }
}

fn picture(name: &'static str, at: usize, id: &str, sink: &mut Sink<'_>) {
    let bare = id.trim().trim_start_matches('{').trim_end_matches('}');
    if bare.eq_ignore_ascii_case(DEFAULT_ICON.0) {
        sink.component(place(name, at), &types().web_resource, DEFAULT_ICON.1);
    } else {
        sink.guid(place(name, at), &types().web_resource, id);
    }
}

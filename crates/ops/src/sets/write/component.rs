//! Components as they are written through the rows of their tables: made, edited in the Active layer, switched, deleted.

use std::collections::BTreeMap;

use serde_json::Value;
use strata_engine::base64;
use strata_engine::by_hand::create::NewComponent;
use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentType, Identity};
use strata_model::environment::Footprint;
use strata_model::id::{Digest, Guid};

use super::{Values, Writer, unfit};
use crate::by_hand::{ByHand, Switch};
use crate::rows::{Existing, Input, Outcome, RowWrite, missing_row};
use crate::sets::columns::{self, name_of_column};
use crate::{OpsError, PropertyEdit, Request, components};

/// Columns that name a component: type, column. Others are named by the name column of their table.
const NAMES: &[(&str, &str)] = &[
    ("webresource", "name"),
    ("environmentvariabledefinition", "schemaname"),
    ("connectionreference", "connectionreferencelogicalname"),
    ("appmodule", "uniquename"),
    ("sitemap", "sitemapnameunique"),
    ("customapi", "uniquename"),
    ("bot", "schemaname"),
    ("botcomponent", "schemaname"),
    ("canvasapp", "name"),
    ("customcontrol", "name"),
    ("pluginassembly", "name"),
    ("plugintype", "typename"),
    ("connector", "name"),
];

/// Columns that people know a component by, where it is named by something else.
const DISPLAY_NAMES: &[(&str, &str)] = &[
    ("webresource", "displayname"),
    ("environmentvariabledefinition", "displayname"),
    ("connectionreference", "connectionreferencedisplayname"),
    ("customapi", "displayname"),
];

/// The table that a component is a part of.
const TABLES: &[(&str, &str)] = &[
    ("savedquery", "returnedtypecode"),
    ("systemform", "objecttypecode"),
    ("savedqueryvisualization", "primaryentitytypecode"),
    ("workflow", "primaryentity"),
];

/// Columns that are whole elements of a definition.
const WHOLE: &[(&str, &str)] = &[
    ("savedquery", "fetchxml"),
    ("savedquery", "layoutxml"),
    ("systemform", "form"),
    ("savedqueryvisualization", "datadescription"),
    ("savedqueryvisualization", "presentationdescription"),
    ("sitemap", "sitemap"),
];

/// Columns whose value is the member file: type, column, whether it is in Base64.
const CONTENTS: &[(&str, &str, bool)] =
    &[("webresource", "content", true), ("workflow", "clientdata", false), ("workflow", "xaml", false)];

/// What a body says of a component.
#[derive(Default)]
struct Said {
    edits: Vec<PropertyEdit>,
    content: Option<Vec<u8>>,
    switch: Option<Switch>,
}

impl Writer<'_> {
    pub(super) fn component(&self, component_type: &ComponentType, write: &RowWrite) -> Result<Outcome, OpsError> {
        match write {
            RowWrite::Create { id, values } => self.create_component(component_type, *id, Values(values)),
            RowWrite::Change { id, values, existing, version } => match self.meets(*id, *existing, *version)? {
                true => self.edit_component(component_type, *id, Values(values)),
                false => self.create_component(component_type, Some(*id), Values(values)),
            },
            RowWrite::Delete { id, version } => {
                self.meets(*id, Existing::Must, *version)?;
                let component = self.key(component_type, *id)?;
                self.run(&Request::ByHand(ByHand::Delete { component }))?;
                Ok(Outcome { id: *id, is_new: false })
            }
        }
    }

    fn key(&self, component_type: &ComponentType, id: Guid) -> Result<ComponentKey, OpsError> {
        match components::find_identified(self.workspace, self.environment, component_type, id) {
            Err(OpsError::Request { .. }) => Err(missing_row(self.table, id)),
            other => other,
        }
    }

    fn create_component(
        &self,
        component_type: &ComponentType,
        id: Option<Guid>,
        values: Values<'_>,
    ) -> Result<Outcome, OpsError> {
        let id = self.own_id(id, &values)?;
        let is_by_id = component_type.row().is_none_or(|row| row.identity == Identity::Guid);
        let column = |list: &'static [(&str, &str)]| {
            list.iter().find(|(own, _)| component_type.is(own)).map(|(_, column)| *column)
        };
        let primary_name = self.schema.table(self.workspace, self.table)?.primary_name.clone();
        let display = column(DISPLAY_NAMES).map(str::to_owned).or(primary_name);
        let display_name = display.as_deref().map(|column| values.text(column)).transpose()?.flatten();
        let table = column(TABLES).map(|column| values.text(column)).transpose()?.flatten();
        let name = match column(NAMES) {
            _ if component_type.is("environmentvariablevalue") => self.variable_of(&values)?,
            Some(named) => values.needed(named)?,
            None if is_by_id => match (id, &display_name) {
                (Some(id), _) => id.to_string(),
                (None, Some(name)) => self.free_id(component_type, name, table.as_deref())?.to_string(),
                (None, None) => return Err(unfit(display.as_deref().unwrap_or("name"), "a value is needed")),
            },
            None => display_name.clone().ok_or_else(|| unfit("name", "a value is needed"))?,
        };
        let known = column(NAMES).into_iter().chain(display.as_deref()).chain(column(TABLES)).collect::<Vec<_>>();
        let said = self.said(component_type, &values, &known, &BTreeMap::new())?;
        let mut properties = said.edits;
        if let Some(id) = id.filter(|_| !is_by_id) {
            properties.push(PropertyEdit { path: self.id_path(component_type)?, value: id.to_string() });
        }
        let new = NewComponent {
            component_type: component_type.clone(),
            name: name.clone(),
            table: table.filter(|table| table != "none"),
            display_name,
            definition: self.bare_definition(component_type, &name),
            properties,
            options: Vec::new(),
            solution: self.by.solution.map(str::to_owned),
            content: said.content.as_deref().map(Digest::of),
        };
        let create = ByHand::Create { new: Box::new(new), content: said.content };
        let applied = self.run(&Request::ByHand(create))?;
        let made = applied.plan.changes.iter().find(|change| change.component.type_name == component_type.name());
        let made = made
            .map(|change| change.component.clone())
            .ok_or_else(|| missing_row(self.table, Guid::of_environment(&name)))?;
        let made = self.key_of(component_type, &made.name)?;
        if let Some(Switch::On) = said.switch {
            self.run(&Request::ByHand(ByHand::Switch { component: made.0, switch: Switch::On }))?;
        }
        Ok(Outcome { id: made.1, is_new: true })
    }

    /// Finds what was just made, with its id.
    fn key_of(&self, component_type: &ComponentType, name: &str) -> Result<(ComponentKey, Guid), OpsError> {
        let key = ComponentKey::new(component_type.clone(), name);
        let footprint = Footprint { keys: vec![key.clone()], ..Footprint::default() };
        let seen = self.workspace.store().snapshot(self.environment, None, &footprint)?;
        let id = components::refer(self.environment.id, &seen, &key).id;
        let id = seen.components.get(&key).map_or(id, |state| components::reference(self.environment.id, state).id);
        Ok((key, id))
    }

    /// An id that no component of the type has, minted from what the component is called.
    fn free_id(&self, component_type: &ComponentType, name: &str, table: Option<&str>) -> Result<Guid, OpsError> {
        let place = format!("{}.{name}", table.unwrap_or_default()).to_lowercase();
        let mut number = 0;
        loop {
            let id = Guid::minted(self.environment.id, component_type.name(), &format!("{place} {number}"));
            let key = ComponentKey::new(component_type.clone(), &id.to_string());
            let footprint = Footprint { keys: vec![key.clone()], ..Footprint::default() };
            let seen = self.workspace.store().snapshot(self.environment, None, &footprint)?;
            if !seen.components.contains_key(&key) {
                return Ok(id);
            }
            number += 1;
        }
    }

    /// A value belongs to the variable that its lookup leads to, or that its name names.
    fn variable_of(&self, values: &Values<'_>) -> Result<String, OpsError> {
        let lookup = "environmentvariabledefinitionid";
        match values.row(lookup)? {
            Some(id) => {
                let definition = ComponentType::named("environmentvariabledefinition");
                let found = components::find_identified(self.workspace, self.environment, &definition, id);
                let key = found.map_err(|_| missing_row("environmentvariabledefinition", id))?;
                Ok(key.as_str().to_owned())
            }
            None => values.text("schemaname")?.ok_or_else(|| unfit(lookup, "a value is needed")),
        }
    }

    /// The definition of a component whose type has no smallest one: its table's element with what names it.
    fn bare_definition(&self, component_type: &ComponentType, name: &str) -> Option<Vec<u8>> {
        const SMALLEST: [&str; 11] = [
            "systemform",
            "savedquery",
            "savedqueryvisualization",
            "webresource",
            "role",
            "workflow",
            "environmentvariabledefinition",
            "environmentvariablevalue",
            "connectionreference",
            "appmodule",
            "sitemap",
        ];
        if SMALLEST.iter().any(|own| component_type.is(own)) || component_type.is("fieldsecurityprofile") {
            return None;
        }
        let mut root = strata_xml::Element::new(component_type.name());
        let named = NAMES.iter().find(|(own, _)| component_type.is(own)).map(|(_, column)| (*column).to_owned());
        let key = named.unwrap_or_else(|| format!("{component_type}id"));
        root.set_attribute(&key, name);
        Some(strata_xml::write(&root))
    }

    fn id_path(&self, component_type: &ComponentType) -> Result<String, OpsError> {
        let primary_id = self.schema.table(self.workspace, self.table)?.primary_id.clone();
        Ok(match component_type.name() {
            "webresource" => "WebResourceId".to_owned(),
            "environmentvariablevalue" => format!("@{primary_id}"),
            _ => primary_id,
        })
    }

    fn edit_component(
        &self,
        component_type: &ComponentType,
        id: Guid,
        values: Values<'_>,
    ) -> Result<Outcome, OpsError> {
        self.own_id(Some(id), &values)?;
        let component = self.key(component_type, id)?;
        let shown = components::show(self.workspace, None, &component.to_string(), true)?;
        let said = self.said(component_type, &values, &[], &shown.properties)?;
        let solution = self.by.solution.map(str::to_owned);
        // An active definition takes no edits, so it is switched off before and on after them.
        if let Some(Switch::Off) = said.switch {
            self.run(&Request::ByHand(ByHand::Switch { component: component.clone(), switch: Switch::Off }))?;
        }
        let edit = match said.content {
            Some(content) => {
                Some(Request::SetContent { component: component.clone(), edits: said.edits, content, solution })
            }
            None if said.edits.is_empty() && solution.is_none() => None,
            None => Some(Request::Set { component: component.clone(), edits: said.edits, solution }),
        };
        if let Some(edit) = edit {
            self.run(&edit)?;
        }
        if let Some(Switch::On) = said.switch {
            self.run(&Request::ByHand(ByHand::Switch { component, switch: Switch::On }))?;
        }
        Ok(Outcome { id, is_new: false })
    }

    /// Reads a body: each column becomes an edit of the property that holds it.
    fn said(
        &self,
        component_type: &ComponentType,
        values: &Values<'_>,
        known: &[&str],
        properties: &BTreeMap<String, String>,
    ) -> Result<Said, OpsError> {
        let table = self.schema.table(self.workspace, self.table)?;
        let mut said = Said::default();
        for (name, input) in values.0 {
            let name = name.to_lowercase();
            let column = table.columns.get(&name);
            let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if column.is_none() && !(table.is_open && is_plain) {
                let message = format!("table {} has no column `{name}`", self.table);
                return Err(OpsError::request(ErrorCode::UNKNOWN_COLUMN, message));
            }
            let is_ours = column.is_some_and(|column| column.is_read_only) || name == table.primary_id;
            if is_ours || known.contains(&name.as_str()) {
                continue;
            }
            self.say(component_type, &name, input, properties, &mut said)?;
        }
        Ok(said)
    }

    fn say(
        &self,
        component_type: &ComponentType,
        column: &str,
        input: &Input,
        properties: &BTreeMap<String, String>,
        said: &mut Said,
    ) -> Result<(), OpsError> {
        if component_type.can_activate() && matches!(column, "statecode" | "statuscode") {
            if column == "statecode" {
                said.switch = Some(switch(component_type, input)?);
            }
            return Ok(());
        }
        let content = CONTENTS.iter().find(|(own, name, _)| component_type.is(own) && *name == column);
        if let Some((_, _, is_base64)) = content {
            said.content = bytes(column, input, *is_base64)?;
            return Ok(());
        }
        let value = match input {
            Input::Value(value) => text(column, value)?,
            // Who owns a component, and what it belongs to, is not for its definition to say.
            Input::Row { .. } => return Ok(()),
        };
        let name = name_of_column(component_type, column);
        if WHOLE.iter().any(|(own, whole)| component_type.is(own) && *whole == name) {
            said.edits.push(PropertyEdit { path: format!("<{}>", element(&name)), value });
            return Ok(());
        }
        let language = self.environment.settings.languages.first().copied().unwrap_or(1033);
        let paths = columns::paths(properties, column, &name, language);
        let edit = |path: String| PropertyEdit { path, value: value.clone() };
        match paths.as_slice() {
            [] => said.edits.push(edit(spelling(component_type, column))),
            paths => said.edits.extend(paths.iter().cloned().map(edit)),
        }
        Ok(())
    }
}

/// The name of an element as packages write it.
fn element(name: &str) -> &str {
    if name == "sitemap" { "SiteMap" } else { name }
}

/// How packages write a property that a definition does not hold yet.
fn spelling(component_type: &ComponentType, column: &str) -> String {
    const SPELLED: &[(&str, &str, &str)] = &[
        ("webresource", "description", "Description"),
        ("webresource", "webresourcetype", "WebResourceType"),
        ("webresource", "languagecode", "LanguageCode"),
        ("webresource", "dependencyxml", "DependencyXml"),
        ("workflow", "category", "Category"),
        ("workflow", "type", "Type"),
        ("workflow", "mode", "Mode"),
        ("workflow", "scope", "Scope"),
        ("workflow", "description", "Description"),
        ("workflow", "ondemand", "OnDemand"),
        ("workflow", "triggeroncreate", "TriggerOnCreate"),
        ("workflow", "triggerondelete", "TriggerOnDelete"),
        ("workflow", "subprocess", "Subprocess"),
        ("workflow", "modernflowtype", "ModernFlowType"),
        ("workflow", "uiflowtype", "UIFlowType"),
        ("workflow", "runas", "RunAs"),
    ];
    let known = SPELLED.iter().find(|(own, name, _)| component_type.is(own) && *name == column);
    known.map_or(column, |(.., spelled)| spelled).to_owned()
}

fn switch(component_type: &ComponentType, input: &Input) -> Result<Switch, OpsError> {
    let number = match input {
        Input::Value(Value::Number(number)) => number.as_i64(),
        Input::Value(_) | Input::Row { .. } => None,
    };
    let is_step = component_type.is("sdkmessageprocessingstep");
    match number {
        Some(number @ (0 | 1)) if (number == 1) != is_step => Ok(Switch::On),
        Some(0 | 1) => Ok(Switch::Off),
        Some(_) | None => Err(unfit("statecode", "0 or 1 is expected")),
    }
}

/// The member file that a column holds.
fn bytes(column: &str, input: &Input, is_base64: bool) -> Result<Option<Vec<u8>>, OpsError> {
    match input {
        Input::Value(Value::Null) => Ok(None),
        Input::Value(Value::String(text)) if is_base64 => {
            base64::decode(text).map(Some).ok_or_else(|| unfit(column, "Base64 is expected"))
        }
        Input::Value(Value::String(text)) => Ok(Some(text.clone().into_bytes())),
        Input::Value(_) | Input::Row { .. } => Err(unfit(column, "a text is expected")),
    }
}

/// A value as definitions write it.
fn text(column: &str, value: &Value) -> Result<String, OpsError> {
    Ok(match value {
        Value::Null => String::new(),
        Value::Bool(flag) => u8::from(*flag).to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        // A managed property.
        Value::Object(object) if object.contains_key("Value") => text(column, &object["Value"])?,
        Value::Object(_) | Value::Array(_) => return Err(unfit(column, "a plain value is expected")),
    })
}

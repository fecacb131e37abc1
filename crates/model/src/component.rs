//! Components: their types, their identity, how people name them.
//!
//! What differs per component type is data in [`TYPES`]; code with a type's name appears only where the
//! difference is behaviour. Tables that are enabled for solutions (numbers from 10000, assigned anew in every
//! environment) are types under their logical name, whether or not this build knows them.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::id::{ComponentNo, Guid};

/// One row of the component-type table (package-format §5).
#[derive(Debug)]
pub struct TypeRow {
    /// The platform's number; `None` where it differs per environment.
    pub number: Option<u16>,
    /// Lower-case name, as `TYPE:NAME` takes it.
    pub name: &'static str,
    /// What makers call it.
    pub label: &'static str,
    pub identity: Identity,
    pub merge: Merge,
    /// Unmanaged edits wait for a publish (R1). Desktop flows are publishable too, see [`ComponentType::is_publishable`].
    pub publishable: bool,
    /// A definition of this type must be declared as a root component (L66).
    pub needs_root: bool,
    /// Can be turned on and off.
    pub can_activate: bool,
    /// Element names from the definition's root down to the component's own element (R8).
    pub own_element: &'static [&'static str],
}

/// Which text a component's key is (D4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// A schema name.
    Name,
    /// `table.column` and its like.
    NameInTable,
    Guid,
}

/// How the layers of a type combine (L38–L40, D9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// The topmost layer that holds a unit decides it.
    TopWins,
    Form,
    SiteMap,
    App,
    Ribbon,
}

impl Merge {
    /// Tells whether layers are put together element by element; overwriting never applies to such types (L87).
    pub fn is_merged(self) -> bool {
        match self {
            Self::TopWins => false,
            Self::Form | Self::SiteMap | Self::App | Self::Ribbon => true,
        }
    }
}

macro_rules! types {
    ($($name:literal, $number:expr, $label:literal, $identity:ident, $merge:ident, [$($flag:ident)*], [$($own:literal)*];)*) => {
        /// The component types this build knows by name, in the order in which lists show them.
        pub static TYPES: &[TypeRow] = &[$(TypeRow {
            number: $number,
            name: $name,
            label: $label,
            identity: Identity::$identity,
            merge: Merge::$merge,
            publishable: types!(@has publishable $($flag)*),
            needs_root: types!(@has root $($flag)*),
            can_activate: types!(@has activate $($flag)*),
            own_element: &[$($own),*],
        }),*];
    };
    (@has $want:ident) => { false };
    (@has publishable publishable $($rest:ident)*) => { true };
    (@has root root $($rest:ident)*) => { true };
    (@has activate activate $($rest:ident)*) => { true };
    (@has $want:ident $other:ident $($rest:ident)*) => { types!(@has $want $($rest)*) };
}

types! {
    "entity", Some(1), "table", Name, TopWins, [publishable], ["EntityInfo" "entity"];
    "attribute", Some(2), "column", NameInTable, TopWins, [publishable], [];
    "entitykey", Some(14), "key", NameInTable, TopWins, [publishable], [];
    "entityrelationship", Some(10), "relationship", Name, TopWins, [publishable], [];
    "optionset", Some(9), "choice", Name, TopWins, [publishable root], [];
    "systemform", Some(60), "form", Guid, Form, [publishable], [];
    "savedquery", Some(26), "view", Guid, TopWins, [publishable], [];
    "savedqueryvisualization", Some(59), "chart", Guid, TopWins, [publishable], [];
    "ribboncustomization", Some(50), "ribbon", Name, Ribbon, [publishable], [];
    "customcontroldefaultconfig", Some(68), "default control configuration", Name, TopWins, [], [];
    "hierarchyrule", Some(65), "hierarchy rule", Guid, TopWins, [], [];
    "role", Some(20), "security role", Guid, TopWins, [root], [];
    "fieldsecurityprofile", Some(70), "field security profile", Guid, TopWins, [root], [];
    "workflow", Some(29), "process", Guid, TopWins, [root activate], [];
    "webresource", Some(61), "web resource", Name, TopWins, [publishable root], [];
    "sitemap", Some(62), "site map", Name, SiteMap, [publishable root], [];
    "appmodule", Some(80), "model-driven app", Name, App, [publishable root], [];
    "canvasapp", Some(300), "canvas app", Name, TopWins, [root], [];
    "customcontrol", Some(66), "custom control", Name, TopWins, [root], [];
    "pluginassembly", Some(91), "plug-in assembly", Name, TopWins, [root], [];
    "plugintype", Some(90), "plug-in type", Name, TopWins, [], [];
    "sdkmessageprocessingstep", Some(92), "plug-in step", Guid, TopWins, [root activate], [];
    "sdkmessageprocessingstepimage", Some(93), "step image", Guid, TopWins, [], [];
    "serviceendpoint", Some(95), "service endpoint", Guid, TopWins, [], [];
    "connectionrole", Some(63), "connection role", Guid, TopWins, [], [];
    "report", Some(31), "report", Guid, TopWins, [], [];
    "template", Some(36), "e-mail template", Guid, TopWins, [], [];
    "contracttemplate", Some(37), "contract template", Guid, TopWins, [], [];
    "kbarticletemplate", Some(38), "article template", Guid, TopWins, [], [];
    "mailmergetemplate", Some(39), "mail-merge template", Guid, TopWins, [], [];
    "entitymap", Some(46), "table map", Name, TopWins, [], [];
    "routingrule", Some(150), "routing rule set", Guid, TopWins, [activate], [];
    "sla", Some(152), "service level agreement", Guid, TopWins, [activate], [];
    "convertrule", Some(154), "record creation rule", Guid, TopWins, [activate], [];
    "mobileofflineprofile", Some(161), "mobile offline profile", Guid, TopWins, [], [];
    "similarityrule", Some(165), "similarity rule", Guid, TopWins, [], [];
    "entitydataprovider", Some(181), "data provider", Guid, TopWins, [], [];
    "entitydatasource", Some(183), "data source", Guid, TopWins, [], [];
    "connector", Some(372), "connector", Name, TopWins, [], [];
    "environmentvariabledefinition", Some(380), "environment variable", Name, TopWins, [], [];
    "environmentvariablevalue", Some(381), "environment variable value", Name, TopWins, [], [];
    "aimodel", Some(401), "AI model", Guid, TopWins, [], [];
    "attributeimageconfig", Some(431), "image column configuration", Name, TopWins, [], [];
    "entityimageconfig", Some(432), "table image configuration", Name, TopWins, [], [];
    "connectionreference", None, "connection reference", Name, TopWins, [], [];
    "desktopflowbinary", None, "desktop flow binary", Guid, TopWins, [], [];
    "workqueue", None, "work queue", Guid, TopWins, [], [];
    "customapi", None, "custom API", Name, TopWins, [], [];
    "bot", None, "agent", Name, TopWins, [], [];
    "botcomponent", None, "agent component", Name, TopWins, [], [];
}

/// Other names and numbers under which a known type is met.
const ALIASES: &[(&str, Option<u16>, &str)] = &[
    ("relationship", Some(3), "entityrelationship"),
    ("form", Some(24), "systemform"),
    ("dashboard", None, "systemform"),
    ("view", None, "savedquery"),
    ("chart", None, "savedqueryvisualization"),
    ("table", None, "entity"),
    ("column", None, "attribute"),
    ("choice", None, "optionset"),
    ("ribbon", None, "ribboncustomization"),
    ("emailtemplate", None, "template"),
    ("flow", None, "workflow"),
    ("customconnector", Some(371), "connector"),
    ("msdyn_aimodel", None, "aimodel"),
];

/// A component type: a row of [`TYPES`], or a solution-aware table under its logical name.
#[derive(Clone)]
pub struct ComponentType(Repr);

#[derive(Clone)]
enum Repr {
    /// Index into [`TYPES`].
    Known(usize),
    Table(Arc<str>),
}

impl ComponentType {
    /// Returns the type of that name; a name that no row has is taken for a solution-aware table.
    pub fn named(name: &str) -> Self {
        let folded = name.trim().to_lowercase();
        let name = ALIASES.iter().find(|(alias, ..)| *alias == folded).map_or(folded.as_str(), |(.., name)| name);
        match TYPES.iter().position(|row| row.name == name) {
            Some(index) => Self(Repr::Known(index)),
            None => Self(Repr::Table(Arc::from(name))),
        }
    }

    /// Returns the type of that number, where the number is the same in every environment.
    pub fn numbered(number: u16) -> Option<Self> {
        let alias = ALIASES.iter().find(|(_, alias, _)| *alias == Some(number)).map(|(.., name)| *name);
        let index = TYPES.iter().position(|row| row.number == Some(number) || alias == Some(row.name))?;
        Some(Self(Repr::Known(index)))
    }

    /// Returns the type that a manifest or a person wrote, as a number or a name.
    pub fn written(text: &str) -> Self {
        let bare = text.trim().trim_end_matches(':');
        match bare.parse() {
            Ok(number) => Self::numbered(number).unwrap_or_else(|| Self(Repr::Table(Arc::from(bare)))),
            Err(_) => Self::named(bare),
        }
    }

    /// Returns the lower-case name.
    pub fn name(&self) -> &str {
        match &self.0 {
            Repr::Known(index) => TYPES[*index].name,
            Repr::Table(name) => name,
        }
    }

    /// Returns the platform's number, where it has a fixed one.
    pub fn number(&self) -> Option<u16> {
        match &self.0 {
            Repr::Known(index) => TYPES[*index].number,
            Repr::Table(name) => name.parse().ok(),
        }
    }

    /// Returns what makers call it.
    pub fn label(&self) -> &str {
        match &self.0 {
            Repr::Known(index) => TYPES[*index].label,
            Repr::Table(name) => name,
        }
    }

    /// Returns the row of the type table, for types that have one.
    pub fn row(&self) -> Option<&'static TypeRow> {
        match &self.0 {
            Repr::Known(index) => Some(&TYPES[*index]),
            Repr::Table(_) => None,
        }
    }

    /// Tells whether this is the type of that (lower-case) name.
    pub fn is(&self, name: &str) -> bool {
        self.name() == name
    }

    /// Returns how layers of this type combine.
    pub fn merge(&self) -> Merge {
        self.row().map_or(Merge::TopWins, |row| row.merge)
    }

    /// Tells whether components of this type can be turned on and off.
    pub fn can_activate(&self) -> bool {
        self.row().is_some_and(|row| row.can_activate)
    }

    /// Tells whether unmanaged edits wait for a publish (R1); `category` is a process's `Category`.
    pub fn is_publishable(&self, category: Option<i32>) -> bool {
        let is_desktop_flow = self.is("workflow") && category == Some(6);
        is_desktop_flow || self.row().is_some_and(|row| row.publishable)
    }

    /// Tells whether a deletion waits for a publish, as a draft does (L49, L52).
    pub fn deletes_at_publish(&self) -> bool {
        matches!(self.name(), "systemform" | "savedquery" | "savedqueryvisualization")
    }

    /// Tells whether components of this type can have an Active layer over a managed one (L37).
    pub fn admits_active(&self) -> bool {
        !matches!(self.name(), "entitymap" | "teamtemplate")
    }

    /// Returns the element names from the definition's root down to the component's own element (R8).
    pub fn own_element(&self) -> &'static [&'static str] {
        self.row().map_or(&[], |row| row.own_element)
    }

    fn rank(&self) -> usize {
        match &self.0 {
            Repr::Known(index) => *index,
            Repr::Table(_) => usize::MAX,
        }
    }
}

impl PartialEq for ComponentType {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Known(left), Repr::Known(right)) => left == right,
            (Repr::Table(left), Repr::Table(right)) => left == right,
            (Repr::Known(_), Repr::Table(_)) | (Repr::Table(_), Repr::Known(_)) => false,
        }
    }
}

impl Eq for ComponentType {}

impl Ord for ComponentType {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Table(left), Repr::Table(right)) => left.cmp(right),
            (Repr::Known(_), _) | (_, Repr::Known(_)) => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for ComponentType {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for ComponentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for ComponentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The identity of a component inside an environment (D4): its type and its natural key, folded.
///
/// Keys by type: a schema name, `table.column`, a GUID without braces; for the application ribbon and the
/// classic site map, which have no name, `application` and `sitemap`; for table ribbons the table's name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ComponentKey {
    pub component_type: ComponentType,
    key: Arc<str>,
}

impl ComponentKey {
    /// Folds a name or GUID into a key.
    pub fn new(component_type: ComponentType, name: &str) -> Self {
        let key = fold_key(&component_type, name);
        Self { component_type, key: Arc::from(key) }
    }

    /// Takes text that has been folded before, by the store for example.
    pub fn folded(component_type: ComponentType, key: &str) -> Self {
        Self { component_type, key: Arc::from(key) }
    }

    /// Returns the folded natural key.
    pub fn as_str(&self) -> &str {
        &self.key
    }

    /// Returns the GUID that the key is, for types identified by one.
    pub fn guid(&self) -> Option<Guid> {
        Guid::parse(&self.key)
    }

    /// Returns the key of the table this component is a child of, where its key says so.
    pub fn table(&self) -> Option<&str> {
        let row = self.component_type.row()?;
        match row.identity {
            Identity::NameInTable => self.key.split_once('.').map(|(table, _)| table),
            Identity::Name | Identity::Guid => None,
        }
    }

    /// Returns the table this component is a child of, where its key says so.
    pub fn parent(&self) -> Option<Self> {
        self.table().map(|table| Self::folded(ComponentType::named("entity"), table))
    }
}

/// Folds names to lower case, GUIDs to their bare form, assemblies and plug-in types to the part that a new
/// version keeps.
fn fold_key(component_type: &ComponentType, name: &str) -> String {
    if let Some(guid) = Guid::parse(name) {
        return guid.to_string();
    }
    let name = name.trim();
    match component_type.name() {
        // `Name, Version=…, Culture=…` (package-format §2.3): a version bump is the same assembly.
        "pluginassembly" => name.split(',').next().unwrap_or(name).trim().to_lowercase(),
        // `Namespace.Type, Assembly, Version=…`: the type in its assembly, whatever the version.
        "plugintype" => name.split(',').take(2).map(str::trim).collect::<Vec<_>>().join(", ").to_lowercase(),
        _ => name.to_lowercase(),
    }
}

impl fmt::Debug for ComponentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ComponentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.component_type, self.key)
    }
}

/// A component as an environment knows it: identity only, its existence is a matter of layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    pub no: ComponentNo,
    pub key: ComponentKey,
    /// The name in the case it was first written in.
    pub name: String,
    /// An id that travelled in a package; others are minted from the key (D4).
    pub id: Option<Guid>,
    /// A process's `Category`, which decides whether it is publishable.
    pub category: Option<i32>,
    /// The component this one is a part of, where its key does not say so: a form's table, a step image's step.
    pub parent: Option<ComponentKey>,
}

impl Component {
    /// Returns the component this one is a part of: a column's table, a form's table, a step image's step.
    pub fn parent(&self) -> Option<ComponentKey> {
        self.parent.clone().or_else(|| self.key.parent())
    }
}

/// A component in an answer (spec `cli.md` §5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct ComponentRef {
    #[serde(rename = "type")]
    pub number: Option<u16>,
    #[serde(rename = "typename")]
    pub type_name: String,
    pub id: Guid,
    pub name: String,
    #[serde(rename = "displayname")]
    pub display_name: Option<String>,
}

impl ComponentRef {
    /// Makes a reference; ids that did not travel are minted from the key (D4).
    pub fn new(environment: Guid, key: &ComponentKey, name: &str, id: Option<Guid>, display: Option<&str>) -> Self {
        let minted = || Guid::minted(environment, key.component_type.name(), key.as_str());
        Self {
            number: key.component_type.number(),
            type_name: key.component_type.name().to_owned(),
            id: id.or_else(|| key.guid()).unwrap_or_else(minted),
            // GUIDs are shown in one form, however a package wrote them.
            name: if key.guid().is_some() { key.as_str().to_owned() } else { name.to_owned() },
            display_name: display.map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_by_name_number_and_alias() {
        assert_eq!(ComponentType::named("Entity"), ComponentType::numbered(1).expect("a table"));
        assert_eq!(ComponentType::written("29:").name(), "workflow");
        assert_eq!(ComponentType::written("3").name(), "entityrelationship");
        assert_eq!(ComponentType::named("maskingrule").name(), "maskingrule");
        assert_eq!(ComponentType::named("maskingrule").number(), None);
        assert!(ComponentType::named("workflow").is_publishable(Some(6)));
        assert!(!ComponentType::named("workflow").is_publishable(Some(5)));
    }

    #[test]
    fn names_of_types_are_unique() {
        let mut names: Vec<_> = TYPES.iter().map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TYPES.len());
    }

    #[test]
    fn keys_compare_without_case_and_braces() {
        let form = ComponentType::named("systemform");
        let left = ComponentKey::new(form.clone(), "{1A2B3C4D-0000-4000-8000-00000000ABCD}");
        assert_eq!(left, ComponentKey::new(form, "1a2b3c4d-0000-4000-8000-00000000abcd"));
        let column = ComponentKey::new(ComponentType::named("attribute"), "Contoso_Order.Contoso_Total");
        assert_eq!(column.as_str(), "contoso_order.contoso_total");
        assert_eq!(column.table(), Some("contoso_order"));
    }

    #[test]
    fn a_new_assembly_version_is_the_same_component() {
        let assembly = ComponentType::named("pluginassembly");
        let one = ComponentKey::new(assembly.clone(), "Contoso.Plugins, Version=1.0.0.0, Culture=neutral");
        assert_eq!(one, ComponentKey::new(assembly, "contoso.plugins, Version=1.2.0.0, Culture=neutral"));
    }
}

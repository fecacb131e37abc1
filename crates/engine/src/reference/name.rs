//! How definitions write names: component types they mean, prefixes and paths around web resources, names of the
//! platform that are no component (dependency-sources §4, §5).

use std::sync::OnceLock;

use strata_model::component::ComponentType;
use strata_model::reference::Target;

/// The types that definitions name, looked up once.
pub(super) struct Types {
    pub(super) table: ComponentType,
    pub(super) column: ComponentType,
    pub(super) relationship: ComponentType,
    pub(super) choice: ComponentType,
    pub(super) form: ComponentType,
    pub(super) view: ComponentType,
    pub(super) chart: ComponentType,
    pub(super) role: ComponentType,
    pub(super) process: ComponentType,
    pub(super) web_resource: ComponentType,
    pub(super) canvas_app: ComponentType,
    pub(super) custom_control: ComponentType,
    pub(super) plugin_type: ComponentType,
    pub(super) connection_reference: ComponentType,
    pub(super) environment_variable: ComponentType,
    pub(super) binary: ComponentType,
}

pub(super) fn types() -> &'static Types {
    static TYPES: OnceLock<Types> = OnceLock::new();
    TYPES.get_or_init(|| Types {
        table: ComponentType::named("entity"),
        column: ComponentType::named("attribute"),
        relationship: ComponentType::named("entityrelationship"),
        choice: ComponentType::named("optionset"),
        form: ComponentType::named("systemform"),
        view: ComponentType::named("savedquery"),
        chart: ComponentType::named("savedqueryvisualization"),
        role: ComponentType::named("role"),
        process: ComponentType::named("workflow"),
        web_resource: ComponentType::named("webresource"),
        canvas_app: ComponentType::named("canvasapp"),
        custom_control: ComponentType::named("customcontrol"),
        plugin_type: ComponentType::named("plugintype"),
        connection_reference: ComponentType::named("connectionreference"),
        environment_variable: ComponentType::named("environmentvariabledefinition"),
        binary: ComponentType::named("desktopflowbinary"),
    })
}

const DIRECTIVE: &str = "$webresource:";
const FOLDER: &str = "/webresources/";

/// Returns the web resource behind the `$webresource:` directive.
pub(super) fn directed(text: &str) -> Option<&str> {
    let text = text.trim();
    let head = text.get(..DIRECTIVE.len())?;
    head.eq_ignore_ascii_case(DIRECTIVE).then(|| without_query(&text[DIRECTIVE.len()..]))
}

/// Returns the web resource of a `/WebResources/…` path.
pub(super) fn in_folder(text: &str) -> Option<&str> {
    let text = text.trim();
    let head = text.get(..FOLDER.len())?;
    head.eq_ignore_ascii_case(FOLDER).then(|| without_query(&text[FOLDER.len()..]))
}

/// Returns the web resource of a text that is a directive, or nothing but a name.
pub(super) fn bare_or_directed(text: &str) -> Option<&str> {
    let text = text.trim();
    if let Some(name) = directed(text) {
        return Some(name);
    }
    let is_address = text.starts_with('/') || text.contains(':') || text.is_empty();
    (!is_address).then(|| without_query(text))
}

fn without_query(text: &str) -> &str {
    text.split(['?', '#']).next().unwrap_or(text)
}

/// Returns the web resource that a form names as a library, if it is one: scripts of the platform are not.
pub(super) fn library(name: &str) -> Option<&str> {
    let name = directed(name).unwrap_or_else(|| name.trim());
    (!is_platform_script(name) && !name.is_empty() && !name.starts_with('/')).then_some(name)
}

/// Tells whether a script comes with every environment: `Contact_main_system_library.js` and its like, in no folder.
pub(super) fn is_platform_script(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with("main_system_library.js") && !name.contains('/')
}

/// Tells whether a relationship is one of those that the platform gives every table.
pub(super) fn is_standard_relationship(name: &str) -> bool {
    const PREFIXES: [&str; 7] =
        ["hardcoded_", "lk_", "owner_", "user_", "team_", "business_unit_", "transactioncurrency_"];
    let has_prefix = |prefix: &&str| name.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    PREFIXES.iter().any(has_prefix)
}

/// Items of the navigation of a form, often left over from where the form was copied from.
pub(super) const NAVIGATION: &str = "navigation item";

/// A web resource that a site map names by its path: it counts, though the documentation speaks of the directive
/// only.
pub(super) const BY_PATH: &str = "page or icon by path";

/// Tells whether what is named like this is often not there, and nobody minds (dependency-sources §7).
pub(super) fn is_weak(place: &str, target: &Target) -> bool {
    match target {
        _ if place == NAVIGATION || place == BY_PATH => true,
        Target::Component(key) if key.component_type == types().web_resource => is_first_party(key.as_str()),
        Target::Component(key) if key.component_type == types().relationship => is_of_system_tables(key.as_str()),
        Target::Component(_) | Target::EntitySet(_) | Target::LookupRelationship(_) | Target::PrimaryColumns(_) => {
            false
        }
    }
}

/// Relationships of the platform begin with one of its tables, where a maker's begin with a prefix. The catalogue
/// does not list them.
fn is_of_system_tables(relationship: &str) -> bool {
    let table = relationship.split('_').next().unwrap_or_default();
    crate::catalogue::is_table(table)
}

/// Web resources of the platform and of its applications: folders without a prefix, and the maker's own prefixes.
fn is_first_party(name: &str) -> bool {
    const PREFIXES: [&str; 5] = ["msdyn", "msdynce", "msft", "adx", "mspp"];
    let prefix = name.split_once('_').map_or("", |(prefix, _)| prefix);
    let is_prefix = (2..=8).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric());
    strata_model::id::Guid::parse(name).is_none() && (!is_prefix || PREFIXES.contains(&prefix))
}

/// Tells whether every environment has this component, though no catalogue lists it: views of the platform, the two
/// roles that nobody can delete.
pub(crate) fn is_platform_id(key: &strata_model::component::ComponentKey) -> bool {
    const ROLES: [&str; 2] = ["627090ff-40a3-4053-8790-584edc5be201", "119f245c-3cc8-4b62-b31c-d1a046ced15d"];
    match key.component_type.name() {
        "savedquery" => key.as_str().starts_with("00000000-0000-0000-00aa-"),
        "role" => ROLES.contains(&key.as_str()),
        _ => false,
    }
}

/// Tells whether the platform never declares such a reference as missing (§5).
pub(crate) fn goes_unsaid(reference: &strata_model::reference::Reference) -> bool {
    const PLACES: [&str; 6] = [
        super::row::PAIR,
        super::relationship::MANY,
        super::relationship::HOLDER,
        super::relationship::MAPPED,
        super::column::IMAGE,
        super::security::ROLE_TABLE,
    ];
    PLACES.contains(&reference.place)
}

//! The manifest: `solution.xml` (package-format §2).

use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentType, Identity};
use strata_model::dependency::{DependencySide, MissingDependency, Provider};
use strata_model::environment::Behavior;
use strata_model::id::Guid;
use strata_model::package::{Manifest, Mode, PackagedPublisher, RootComponent};
use strata_model::publisher::{ADDRESS, DETAILS, Details, address_column};
use strata_model::version::Version;
use strata_xml::Element;

use crate::ReadPackageError;

/// Reads a manifest.
pub(crate) fn read(part: &str, bytes: &[u8]) -> Result<Manifest, ReadPackageError> {
    let root =
        strata_xml::parse(bytes).map_err(|error| ReadPackageError::xml(part, bytes, error.offset, &error.message))?;
    let invalid = |message: String| ReadPackageError::new(ErrorCode::IMPORT_XSD_VALIDATION, message).in_part(part);
    let manifest = root
        .child("SolutionManifest")
        .filter(|_| root.name == "ImportExportXml")
        .ok_or_else(|| invalid(format!("`<{}>` holds no SolutionManifest", root.name)))?;
    let text = |name: &str| manifest.child_text(name).ok_or_else(|| invalid(format!("SolutionManifest has no {name}")));
    let base_language = root.attribute("languagecode").and_then(|code| code.parse().ok()).unwrap_or(1033);
    let unique_name = text("UniqueName")?;
    let version = text("Version")?;
    let mode = match text("Managed")?.as_str() {
        "0" => Mode::Unmanaged,
        "1" => Mode::Managed,
        "2" => Mode::Both,
        other => return Err(invalid(format!("Managed is `{other}`; 0 or 1 is expected"))),
    };
    let publisher = manifest.child("Publisher").ok_or_else(|| invalid("SolutionManifest has no Publisher".into()))?;
    Ok(Manifest {
        friendly_name: label(manifest, base_language).unwrap_or_else(|| unique_name.clone()),
        version: Version::parse(&version).map_err(|error| {
            ReadPackageError::new(ErrorCode::INVALID_SOLUTION_VERSION, error.to_string()).in_part(part)
        })?,
        mode,
        publisher: read_publisher(publisher, base_language)
            .ok_or_else(|| invalid("Publisher has no UniqueName".into()))?,
        root_components: roots(manifest),
        missing_dependencies: missing_dependencies(manifest),
        package_version: root.attribute("SolutionPackageVersion").and_then(|text| Version::parse(text).ok()),
        build: root.attribute("version").and_then(|text| Version::parse(text).ok()),
        base_language,
        parent_solution: parent_solution(manifest),
        languages: Vec::new(),
        unique_name,
    })
}

fn label(element: &Element, language: u32) -> Option<String> {
    label_in(element.child("LocalizedNames")?, language)
}

fn label_in(labels: &Element, language: u32) -> Option<String> {
    let wanted = language.to_string();
    let own = labels.elements().find(|label| label.attribute("languagecode") == Some(wanted.as_str()));
    own.or_else(|| labels.elements().next())?.attribute("description").map(str::to_owned)
}

fn read_publisher(publisher: &Element, language: u32) -> Option<PackagedPublisher> {
    let unique_name = publisher.child_text("UniqueName")?;
    let option_value_prefix = publisher.child_text("CustomizationOptionValuePrefix");
    Some(PackagedPublisher {
        friendly_name: label(publisher, language).unwrap_or_else(|| unique_name.clone()),
        prefix: publisher.child_text("CustomizationPrefix").unwrap_or_default(),
        option_value_prefix: option_value_prefix.and_then(|text| text.parse().ok()).unwrap_or(10_000),
        unique_name,
        details: details(publisher, language),
    })
}

/// What a publisher says of itself besides; what every publisher says of its addresses is nothing of its own.
fn details(publisher: &Element, language: u32) -> Details {
    let mut details = Details::new();
    for (column, name) in DETAILS {
        let labels = publisher.child(name).filter(|_| column == "description");
        let text = labels.map_or_else(|| publisher.child_text(name), |labels| label_in(labels, language));
        details.extend(text.map(|text| (column.to_owned(), text)));
    }
    let addresses = publisher.child("Addresses").into_iter().flat_map(Element::elements);
    for address in addresses.filter(|element| element.name == "Address") {
        let number = address.child_text("AddressNumber").and_then(|number| number.trim().parse().ok());
        let Some(number @ (1 | 2)) = number else { continue };
        for part in ADDRESS {
            let text = address.child_text(part).filter(|text| default_of(part) != Some(text.as_str()));
            details.extend(text.map(|text| (address_column(number, part), text)));
        }
    }
    details.retain(|_, text| !text.is_empty());
    details
}

/// What an address says where nobody has said anything.
pub(crate) fn default_of(part: &str) -> Option<&'static str> {
    matches!(part, "AddressTypeCode" | "ShippingMethodCode").then_some("1")
}

fn parent_solution(manifest: &Element) -> Option<(String, Option<Version>)> {
    let parent = manifest.child("ParentSolution")?;
    let name = parent.child_text("UniqueName").or_else(|| Some(parent.text().trim().to_owned()))?;
    let version = parent.child_text("Version").and_then(|text| Version::parse(&text).ok());
    (!name.is_empty()).then_some((name, version))
}

fn roots(manifest: &Element) -> Vec<RootComponent> {
    manifest.child("RootComponents").into_iter().flat_map(Element::elements).filter_map(root).collect()
}

/// Reads one `RootComponent`.
pub(crate) fn root(root: &Element) -> Option<RootComponent> {
    let component_type = ComponentType::written(root.attribute("type").filter(|_| root.name == "RootComponent")?);
    let id = root.attribute("id").and_then(Guid::parse);
    let schema_name = root.attribute("schemaName").filter(|name| !name.is_empty()).map(str::to_owned);
    let name = root_name(&component_type, id, schema_name.as_deref());
    let behavior = root.attribute("behavior").and_then(|text| text.parse::<u8>().ok());
    Some(RootComponent {
        key: ComponentKey::new(component_type, &name),
        id,
        schema_name,
        behavior: Behavior::try_from(behavior.unwrap_or(0)).unwrap_or(Behavior::IncludeSubcomponents),
    })
}

/// What a root is called: by schema name or id as its type demands, `sitemap` for the one without identity.
fn root_name(component_type: &ComponentType, id: Option<Guid>, schema_name: Option<&str>) -> String {
    let by_guid = component_type.row().is_some_and(|row| row.identity == Identity::Guid);
    match (schema_name, id) {
        (_, Some(id)) if by_guid => id.to_string(),
        // Image columns: `entity attribute`.
        (Some(name), _) if component_type.is("attributeimageconfig") => name.replacen(' ', ".", 1),
        // Ribbons: `table:RibbonDiffXml`, without the table for the application's.
        (Some(name), _) if component_type.is("ribboncustomization") => {
            let table = name.split(':').next().unwrap_or(name);
            if table.is_empty() { "application".to_owned() } else { table.to_owned() }
        }
        (Some(name), _) => name.to_owned(),
        (None, Some(id)) => id.to_string(),
        (None, None) => component_type.name().to_owned(),
    }
}

fn missing_dependencies(manifest: &Element) -> Vec<MissingDependency> {
    let mut found: Vec<MissingDependency> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    let entries = manifest.child("MissingDependencies").into_iter().flat_map(Element::elements);
    for missing in entries.filter_map(missing_dependency) {
        if seen.insert((missing.required.key.clone(), missing.dependent.key.clone())) {
            found.push(missing);
        }
    }
    found
}

/// Reads one `MissingDependency`.
pub(crate) fn missing_dependency(entry: &Element) -> Option<MissingDependency> {
    let (required, dependent) = (entry.child("Required")?, entry.child("Dependent")?);
    Some(MissingDependency {
        required: side(required),
        dependent: side(dependent),
        provider: provider(required.attribute("solution")),
        application: required.child_text("package").map(|text| named_version(&text)),
    })
}

fn side(element: &Element) -> DependencySide {
    let attribute = |name: &str| element.attribute(name).filter(|value| !value.is_empty()).map(str::to_owned);
    let component_type = ComponentType::written(element.attribute("type").unwrap_or_default());
    let id = attribute("id").as_deref().and_then(Guid::parse);
    let schema_name = attribute("schemaName").or_else(|| key_path(element));
    let parent_schema_name = attribute("parentSchemaName");
    let identity = component_type.row().map(|row| row.identity);
    let name = match (identity, &parent_schema_name, &schema_name, id) {
        (Some(Identity::Guid), _, _, Some(id)) => id.to_string(),
        (Some(Identity::NameInTable), Some(parent), Some(name), _) => format!("{parent}.{name}"),
        (_, _, Some(name), _) if component_type.is("attributeimageconfig") => name.replacen(' ', ".", 1),
        (_, _, Some(name), _) => name.clone(),
        (_, _, None, Some(id)) => id.to_string(),
        (_, _, None, None) => attribute("displayName").unwrap_or_else(|| component_type.name().to_owned()),
    };
    DependencySide {
        key: ComponentKey::new(component_type, &name),
        id,
        schema_name,
        display_name: attribute("displayName"),
        parent_schema_name,
        parent_display_name: attribute("parentDisplayName"),
    }
}

/// Joins the `id.<keypath>` attributes of components that are rows of tables.
fn key_path(element: &Element) -> Option<String> {
    let parts: Vec<_> = element
        .attributes
        .iter()
        .filter(|(name, _)| name.starts_with("id."))
        .map(|(_, value)| value.as_str())
        .collect();
    (!parts.is_empty()).then(|| parts.join("."))
}

fn provider(text: Option<&str>) -> Provider {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Provider::Unknown };
    let (name, version) = named_version(text);
    match name.as_str() {
        "Active" => Provider::Active,
        "System" => Provider::System,
        _ => Provider::Solution { unique_name: name, version },
    }
}

/// Splits `Name (1.2.3.4)`.
fn named_version(text: &str) -> (String, Option<Version>) {
    let split = text.trim().rsplit_once('(').and_then(|(name, rest)| {
        let version = Version::parse(rest.trim_end().strip_suffix(')')?).ok()?;
        Some((name.trim().to_owned(), Some(version)))
    });
    split.unwrap_or_else(|| (text.trim().to_owned(), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(inside: &str) -> Manifest {
        let xml = format!(
            "<ImportExportXml version=\"9.2.1.2\" SolutionPackageVersion=\"9.2\" languagecode=\"1031\"><SolutionManifest>\
             <UniqueName>Core</UniqueName><LocalizedNames><LocalizedName description=\"Kern\" languagecode=\"1031\" />\
             </LocalizedNames><Version>1.02</Version><Managed>1</Managed><Publisher><UniqueName>contoso</UniqueName>\
             </Publisher>{inside}</SolutionManifest></ImportExportXml>"
        );
        read("solution.xml", xml.as_bytes()).expect("a manifest")
    }

    #[test]
    fn dp25_dp27_missing_dependencies_are_read_in_every_form() {
        let manifest = manifest(
            "<MissingDependencies>\
             <MissingDependency><Required key='0' type='2' schemaName='new_x' displayName='X' parentSchemaName='account' solution='Base (1.0)' />\
             <Dependent key='1' type='60' displayName='Main' id='{11111111-0000-4000-8000-00000000000A}' /></MissingDependency>\
             <MissingDependency><Required type='2' schemaName='new_x' parentSchemaName='account' solution='Base (1.0)' />\
             <Dependent type='60' id='{11111111-0000-4000-8000-00000000000a}' /></MissingDependency>\
             <MissingDependency><Required type='connectionreference' displayName='c' solution='Active' \
             id.connectionreferencelogicalname='new_c' /><Dependent type='29' id='{11111111-0000-4000-8000-00000000000b}' /></MissingDependency>\
             <MissingDependency><Required type='66' schemaName='V.C' solution='VC (2.1.0.4)'><package>VC_Anchor (2.1)</package></Required>\
             <Dependent type='62' schemaName='s' /></MissingDependency>\
             <MissingDependency><Required type='1' schemaName='account' solution='System (5.0)' /><Dependent type='62' schemaName='s' /></MissingDependency>\
             </MissingDependencies>",
        );
        let keys: Vec<_> = manifest.missing_dependencies.iter().map(|m| m.required.key.to_string()).collect();
        assert_eq!(
            keys,
            ["attribute:account.new_x", "connectionreference:new_c", "customcontrol:v.c", "entity:account"]
        );
        assert_eq!(manifest.missing_dependencies[1].provider, Provider::Active);
        assert_eq!(manifest.missing_dependencies[3].provider, Provider::System);
        let application = manifest.missing_dependencies[2].application.as_ref().expect("an application");
        assert_eq!(application.0, "VC_Anchor");
        assert_eq!((manifest.friendly_name.as_str(), manifest.version.as_str()), ("Kern", "1.02"));
    }

    #[test]
    fn roots_are_keyed_as_their_definitions_are() {
        let manifest = manifest(
            "<RootComponents><RootComponent type='62' behavior='0' /><RootComponent type='431' schemaName='t c' />\
             <RootComponent type='50' schemaName=':RibbonDiffXml' behavior='0' />\
             <RootComponent type='29' id='{11111111-0000-4000-8000-00000000000B}' schemaName='x' behavior='0' />\
             <RootComponent type='1' schemaName='contoso_t' behavior='2' /></RootComponents>",
        );
        let keys: Vec<_> = manifest.root_components.iter().map(|root| root.key.to_string()).collect();
        assert_eq!(
            keys,
            [
                "sitemap:sitemap",
                "attributeimageconfig:t.c",
                "ribboncustomization:application",
                "workflow:11111111-0000-4000-8000-00000000000b",
                "entity:contoso_t"
            ]
        );
    }

    #[test]
    fn l67_a_manifest_that_says_too_little_is_refused_with_its_code() {
        let error = read("solution.xml", b"<ImportExportXml><a></ImportExportXml>").expect_err("not well formed");
        assert_eq!((error.code.hex, error.line, error.column.is_some()), (Some("0x80048013"), Some(1), true));
        let error = read("solution.xml", b"<Other />").expect_err("another root");
        assert_eq!(error.code.hex, Some("0x8004801A"));
    }
}

//! The skeleton of a solution that came from no package: the sections that every export has, and a manifest with its
//! publisher in full (package-format §2.2, §3).

use strata_model::package::{Manifest, PackagedPublisher};
use strata_model::version::Version;
use strata_xml::escape_attribute;

/// Sections that are there even when they are empty; those with two tags are written so.
const ALWAYS: [&str; 11] = [
    "<Entities></Entities>",
    "<Roles></Roles>",
    "<Workflows></Workflows>",
    "<FieldSecurityProfiles></FieldSecurityProfiles>",
    "<Templates />",
    "<EntityMaps />",
    "<EntityRelationships />",
    "<OrganizationSettings />",
    "<optionsets />",
    "<CustomControls />",
    "<EntityDataProviders />",
];

const XSI: &str = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";

/// What an address holds behind its number; what has no value is nil.
const ADDRESS: [(&str, Option<&str>); 25] = [
    ("AddressTypeCode", Some("1")),
    ("City", None),
    ("County", None),
    ("Country", None),
    ("Fax", None),
    ("FreightTermsCode", None),
    ("ImportSequenceNumber", None),
    ("Latitude", None),
    ("Line1", None),
    ("Line2", None),
    ("Line3", None),
    ("Longitude", None),
    ("Name", None),
    ("PostalCode", None),
    ("PostOfficeBox", None),
    ("PrimaryContactName", None),
    ("ShippingMethodCode", Some("1")),
    ("StateOrProvince", None),
    ("Telephone1", None),
    ("Telephone2", None),
    ("Telephone3", None),
    ("TimeZoneRuleVersionNumber", None),
    ("UPSZone", None),
    ("UTCOffset", None),
    ("UTCConversionTimeZoneCode", None),
];

/// A `customizations.xml` without components.
pub(super) fn customizations(languages: &[u32]) -> String {
    let mut text = format!("<ImportExportXml {XSI}>");
    for section in ALWAYS {
        text.push_str(&format!("\r\n  {section}"));
    }
    text.push_str("\r\n  <Languages>");
    for language in languages {
        text.push_str(&format!("\r\n    <Language>{language}</Language>"));
    }
    text.push_str("\r\n  </Languages>\r\n</ImportExportXml>");
    text
}

/// A `solution.xml` without roots and missing dependencies.
pub(super) fn solution(manifest: &Manifest) -> String {
    let Manifest { unique_name, version, base_language, .. } = manifest;
    let generation = manifest.package_version.as_ref().map_or("9.2", Version::as_str);
    let build = manifest.build.as_ref().map_or_else(String::new, |build| format!("version=\"{build}\" "));
    let managed = u8::from(manifest.mode == strata_model::package::Mode::Managed);
    let mut lines = vec![
        format!(
            "<ImportExportXml {build}SolutionPackageVersion=\"{generation}\" languagecode=\"{base_language}\" \
             generatedBy=\"Strata\" {XSI}>"
        ),
        "  <SolutionManifest>".to_owned(),
        format!("    <UniqueName>{}</UniqueName>", escape_attribute(unique_name)),
    ];
    lines.extend(names(&manifest.friendly_name, *base_language).map(|line| format!("    {line}")));
    lines.push("    <Descriptions />".to_owned());
    lines.push(format!("    <Version>{version}</Version>"));
    lines.push(format!("    <Managed>{managed}</Managed>"));
    lines.extend(publisher(&manifest.publisher, *base_language).into_iter().map(|line| format!("    {line}")));
    for end in ["    <RootComponents />", "    <MissingDependencies />", "  </SolutionManifest>", "</ImportExportXml>"]
    {
        lines.push(end.to_owned());
    }
    lines.join("\r\n")
}

fn names(name: &str, language: u32) -> [String; 3] {
    [
        "<LocalizedNames>".to_owned(),
        format!("  <LocalizedName description=\"{}\" languagecode=\"{language}\" />", escape_attribute(name)),
        "</LocalizedNames>".to_owned(),
    ]
}

/// A publisher in full, line by line.
pub(super) fn publisher(publisher: &PackagedPublisher, language: u32) -> Vec<String> {
    let PackagedPublisher { unique_name, friendly_name, prefix, option_value_prefix } = publisher;
    let mut lines =
        vec!["<Publisher>".to_owned(), format!("  <UniqueName>{}</UniqueName>", escape_attribute(unique_name))];
    lines.extend(names(friendly_name, language).map(|line| format!("  {line}")));
    lines.push("  <Descriptions />".to_owned());
    lines.push(format!("  {}", nil("EMailAddress")));
    lines.push(format!("  {}", nil("SupportingWebsiteUrl")));
    lines.push(format!("  <CustomizationPrefix>{}</CustomizationPrefix>", escape_attribute(prefix)));
    lines.push(format!("  <CustomizationOptionValuePrefix>{option_value_prefix}</CustomizationOptionValuePrefix>"));
    lines.push("  <Addresses>".to_owned());
    for number in [1, 2] {
        lines.push("    <Address>".to_owned());
        lines.push(format!("      <AddressNumber>{number}</AddressNumber>"));
        for (name, value) in ADDRESS {
            let line = value.map_or_else(|| nil(name), |value| format!("<{name}>{value}</{name}>"));
            lines.push(format!("      {line}"));
        }
        lines.push("    </Address>".to_owned());
    }
    lines.push("  </Addresses>".to_owned());
    lines.push("</Publisher>".to_owned());
    lines
}

fn nil(name: &str) -> String {
    format!("<{name} xsi:nil=\"true\"></{name}>")
}

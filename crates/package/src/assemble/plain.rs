//! The skeleton of a solution that came from no package: the sections that every export has, and a manifest with its
//! publisher in full (package-format §2.2, §3).

use strata_model::package::{Manifest, PackagedPublisher};
use strata_model::publisher::{ADDRESS, Details, address_column};
use strata_model::version::Version;
use strata_xml::{Element, Node, escape_attribute, escape_text};

use crate::solution_xml::default_of;

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
    let PackagedPublisher { unique_name, friendly_name, prefix, option_value_prefix, details } = publisher;
    let said = |column: &str, name: &str| match details.get(column) {
        Some(text) => format!("<{name}>{}</{name}>", escape_text(text)),
        None => nil(name),
    };
    let mut lines =
        vec!["<Publisher>".to_owned(), format!("  <UniqueName>{}</UniqueName>", escape_attribute(unique_name))];
    lines.extend(names(friendly_name, language).map(|line| format!("  {line}")));
    lines.extend(description(details.get("description"), language));
    lines.push(format!("  {}", said("emailaddress", "EMailAddress")));
    lines.push(format!("  {}", said("supportingwebsiteurl", "SupportingWebsiteUrl")));
    lines.push(format!("  <CustomizationPrefix>{}</CustomizationPrefix>", escape_attribute(prefix)));
    lines.push(format!("  <CustomizationOptionValuePrefix>{option_value_prefix}</CustomizationOptionValuePrefix>"));
    lines.push("  <Addresses>".to_owned());
    for number in [1, 2] {
        lines.push("    <Address>".to_owned());
        lines.push(format!("      <AddressNumber>{number}</AddressNumber>"));
        for part in ADDRESS {
            let column = address_column(number, part);
            let line = match (details.contains_key(&column), default_of(part)) {
                (false, Some(text)) => format!("<{part}>{text}</{part}>"),
                (_, _) => said(&column, part),
            };
            lines.push(format!("      {line}"));
        }
        lines.push("    </Address>".to_owned());
    }
    lines.push("  </Addresses>".to_owned());
    lines.push("</Publisher>".to_owned());
    lines
}

fn description(text: Option<&String>, language: u32) -> Vec<String> {
    let Some(text) = text else { return vec!["  <Descriptions />".to_owned()] };
    let text = escape_attribute(text);
    vec![
        "  <Descriptions>".to_owned(),
        format!("    <Description description=\"{text}\" languagecode=\"{language}\" />"),
        "  </Descriptions>".to_owned(),
    ]
}

/// Writes other details into a publisher, which otherwise says what it said.
pub(super) fn with_details(mut publisher: Element, details: &Details, language: u32) -> Element {
    describe(publisher.child_or_new("Descriptions"), details.get("description"), language);
    set(publisher.child_or_new("EMailAddress"), details.get("emailaddress").map(String::as_str));
    set(publisher.child_or_new("SupportingWebsiteUrl"), details.get("supportingwebsiteurl").map(String::as_str));
    let addresses = publisher.child_or_new("Addresses");
    for number in [1, 2] {
        let text = |part: &str| details.get(&address_column(number, part)).map(String::as_str);
        let is_it =
            |address: &&mut Element| address.child_text("AddressNumber").is_some_and(|own| own == number.to_string());
        if !addresses.elements().any(|address| address.child_text("AddressNumber") == Some(number.to_string())) {
            if !ADDRESS.iter().any(|part| text(part).is_some()) {
                continue;
            }
            let mut address = Element::new("Address");
            address.child_or_new("AddressNumber").set_text(&number.to_string());
            addresses.children.push(Node::Element(address));
        }
        for address in addresses.elements_mut().filter(is_it) {
            for part in ADDRESS {
                if text(part).is_some() || address.child(part).is_some() {
                    set(address.child_or_new(part), text(part).or(default_of(part)));
                }
            }
        }
    }
    publisher
}

fn describe(descriptions: &mut Element, text: Option<&String>, language: u32) {
    let wanted = language.to_string();
    let is_own = |label: &Element| label.attribute("languagecode") == Some(wanted.as_str());
    let Some(text) = text else {
        descriptions.children.retain(|node| !matches!(node, Node::Element(label) if is_own(label)));
        return;
    };
    if !descriptions.elements().any(is_own) {
        let mut label = Element::new("Description");
        label.set_attribute("languagecode", &wanted);
        descriptions.children.push(Node::Element(label));
    }
    for label in descriptions.elements_mut().filter(|label| is_own(label)) {
        label.set_attribute("description", text);
    }
}

fn set(element: &mut Element, text: Option<&str>) {
    match text {
        Some(text) => {
            element.attributes.retain(|(name, _)| name != "xsi:nil");
            element.set_text(text);
        }
        None => {
            element.children.clear();
            element.set_attribute("xsi:nil", "true");
        }
    }
}

fn nil(name: &str) -> String {
    format!("<{name} xsi:nil=\"true\"></{name}>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_change_where_they_stand_and_nothing_else_does() {
        let before = b"<Publisher><UniqueName>contoso</UniqueName><Descriptions><Description description=\"Wagen\" \
            languagecode=\"1031\" /></Descriptions><EMailAddress xsi:nil=\"true\"></EMailAddress><Addresses><Address>\
            <AddressNumber>1</AddressNumber><AddressTypeCode>1</AddressTypeCode><City>Bern</City><Fax>1</Fax></Address>\
            </Addresses><Strange>x</Strange></Publisher>";
        let said = |texts: &[(&str, &str)]| {
            texts.iter().map(|(column, text)| ((*column).to_owned(), (*text).to_owned())).collect::<Details>()
        };
        let details = said(&[
            ("description", "Trucks"),
            ("emailaddress", "a@contoso.example"),
            ("address1_city", "Genf"),
            ("address2_line1", "Gate 2"),
        ]);
        let tree = strata_xml::parse(before).expect("well formed");
        let after = String::from_utf8(strata_xml::write(&with_details(tree, &details, 1033))).expect("utf-8");
        for part in [
            "<Description description=\"Wagen\" languagecode=\"1031\" />",
            "description=\"Trucks\"",
            "<EMailAddress>a@contoso.example</EMailAddress>",
            "<AddressTypeCode>1</AddressTypeCode><City>Genf</City><Fax xsi:nil=\"true\" />",
            "<AddressNumber>2</AddressNumber><Line1>Gate 2</Line1>",
            "<Strange>x</Strange>",
        ] {
            assert!(after.contains(part), "{part} in {after}");
        }
    }
}

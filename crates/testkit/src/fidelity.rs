//! The judge of everything that writes packages: which leaves of two packages are equal.
//!
//! It is a part of the product, where `unpack --verify` proves with it; here it shows that it can fail.

pub use strata_package::fidelity::{Fidelity, compare};

#[cfg(test)]
mod tests {
    use strata_model::package::Package;

    use super::*;

    const MANIFEST: &str = "<ImportExportXml languagecode='1033'><SolutionManifest><UniqueName>Contoso</UniqueName>\
        <Version>1.0</Version><Managed>0</Managed><Publisher><UniqueName>contoso</UniqueName></Publisher><RootComponents>\
        <RootComponent type='1' schemaName='new_t' behavior='0' /><RootComponent type='9' schemaName='new_o' behavior='0' />\
        </RootComponents></SolutionManifest></ImportExportXml>";

    const DOCUMENT: &str = "<ImportExportXml><Entities><Entity><Name>new_T</Name><EntityInfo><entity Name='new_T'>\
        <attributes><attribute PhysicalName='new_A'><Type>int</Type><!-- why --></attribute></attributes></entity></EntityInfo>\
        <FormXml><forms type='main'><systemform><formid>{11111111-0000-4000-8000-000000000001}</formid><form><rows><row>\
        <cell id='a' /><cell id='b' /></row><row><cell id='c' /></row></rows></form></systemform></forms></FormXml></Entity>\
        </Entities><WebResources><WebResource><WebResourceId>{11111111-0000-4000-8000-000000000002}</WebResourceId>\
        <Name>new_/x.js</Name><FileName>/WebResources/new_xjs1</FileName></WebResource></WebResources>\
        <Novelties note='n'><Novelty id='1'><Depth /></Novelty></Novelties><Bare>said</Bare></ImportExportXml>";

    fn package(manifest: &str, document: &str, files: &[(&str, &str)]) -> Package {
        let fixed =
            [("solution.xml", manifest), ("customizations.xml", document), ("[Content_Types].xml", "<Types />")];
        let all = fixed.iter().chain(files);
        let zip = crate::zipped::zipped(
            &all.map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect::<Vec<_>>(),
        );
        strata_package::read(zip, &strata_package::Limits::default()).expect("a package")
    }

    const FILES: &[(&str, &str)] = &[("WebResources/new_xjs1", "let x = 1;"), ("stray.txt", "s")];

    fn differing(manifest: &str, document: &str, files: &[(&str, &str)]) -> Vec<String> {
        let fidelity = compare(&package(MANIFEST, DOCUMENT, FILES), &package(manifest, document, files));
        assert_eq!(fidelity.leaves - fidelity.equal, fidelity.differing.len());
        fidelity.differing
    }

    fn edited(from: &str, to: &str) -> Vec<String> {
        assert!(DOCUMENT.contains(from), "{from}");
        differing(MANIFEST, &DOCUMENT.replace(from, to), FILES)
    }

    #[test]
    fn a_package_is_equal_to_itself_laid_out_anew() {
        let document = DOCUMENT.replace("><", ">\r\n  <").replace("<Depth />", "<Depth></Depth>");
        let swapped = "<RootComponent type='9' schemaName='new_o' behavior='0' /><RootComponent behavior='0' type='1' schemaName='new_t' />";
        let start = MANIFEST.find("<RootComponent ").expect("roots");
        let end = MANIFEST.find("</RootComponents>").expect("roots");
        let manifest = format!("{}{swapped}{}", &MANIFEST[..start], &MANIFEST[end..]);
        assert_eq!(differing(&manifest, &document, FILES), Vec::<String>::new());
    }

    #[test]
    fn a_changed_attribute_text_or_comment_differs() {
        assert_eq!(edited("PhysicalName='new_A'", "PhysicalName='new_a'").len(), 2, "its own leaf and the name");
        assert_eq!(edited("<Type>int</Type>", "<Type>ntext</Type>").len(), 1);
        assert_eq!(edited("<!-- why -->", "").len(), 1);
        assert_eq!(edited("<Depth />", "").len(), 1);
    }

    #[test]
    fn a_moved_cell_differs() {
        let moved = edited("<cell id='b' /></row><row>", "</row><row><cell id='b' />");
        assert_eq!(moved.len(), 3, "{moved:?}");
        assert_eq!(edited("<cell id='a' /><cell id='b' />", "<cell id='b' /><cell id='a' />").len(), 2);
    }

    #[test]
    fn a_form_in_another_group_differs() {
        assert!(!edited("<forms type='main'>", "<forms type='quick'>").is_empty());
    }

    #[test]
    fn a_lost_member_file_or_stray_file_differs() {
        assert_eq!(differing(MANIFEST, DOCUMENT, &FILES[1..]).len(), 1);
        assert_eq!(differing(MANIFEST, DOCUMENT, &FILES[..1]).len(), 1);
        assert_eq!(differing(MANIFEST, DOCUMENT, &[("WebResources/new_xjs1", "let x = 2;"), FILES[1]]).len(), 1);
    }

    #[test]
    fn a_lost_unknown_section_differs() {
        let lost = edited("<Novelties note='n'><Novelty id='1'><Depth /></Novelty></Novelties>", "");
        assert!(lost.iter().any(|line| line.starts_with("novelty:")), "{lost:?}");
        assert!(lost.iter().any(|line| line.contains("Novelties[1]@note")), "{lost:?}");
        assert_eq!(edited("<Bare>said</Bare>", "").len(), 1);
        assert!(!edited("<WebResources><WebResource>", "<WebResources hint='h'><WebResource>").is_empty());
    }

    #[test]
    fn a_lost_component_differs_whichever_side_lacks_it() {
        let start = DOCUMENT.find("<WebResources>").expect("there");
        let end = DOCUMENT.find("<Novelties").expect("there");
        let without = format!("{}{}", &DOCUMENT[..start], &DOCUMENT[end..]);
        let (whole, less) = (package(MANIFEST, DOCUMENT, FILES), package(MANIFEST, &without, FILES));
        let (there, back) = (compare(&whole, &less), compare(&less, &whole));
        assert!(there.leaves > there.equal && back.leaves - back.equal == there.leaves - there.equal);
    }

    #[test]
    fn the_manifest_is_compared() {
        let roots = MANIFEST.replace("<RootComponent type='9' schemaName='new_o' behavior='0' />", "");
        assert_eq!(differing(&roots, DOCUMENT, FILES).len(), 1);
        let version = MANIFEST.replace("1.0", "1.00");
        assert_eq!(differing(&version, DOCUMENT, FILES).len(), 1);
        let behavior = MANIFEST.replace("'new_t' behavior='0'", "'new_t' behavior='1'");
        assert_eq!(differing(&behavior, DOCUMENT, FILES).len(), 2, "a root lost and one found");
    }
}

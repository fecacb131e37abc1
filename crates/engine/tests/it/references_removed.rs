//! References taken out of definitions (DP24, DP30).

use strata_engine::reference::without;
use strata_model::reference::Target;
use strata_testkit::fixture::key;

use crate::references::{A, B};

/// Removes a target, `type:name`, from the definition of a component, `type:name of table`.
fn removed(component: &str, xml: &str, target: &str) -> (bool, String) {
    let (own, parent) = component.split_once(" of ").map_or((component, None), |(own, parent)| (own, Some(parent)));
    let parent = parent.map(|table| key(&format!("entity:{table}")));
    let mut tree = strata_xml::parse(xml.as_bytes()).expect("well formed");
    let is_gone = without(&mut tree, &key(own), parent.as_ref(), &Target::Component(key(target)));
    (is_gone, String::from_utf8(strata_xml::write(&tree)).expect("utf-8"))
}

fn kept(component: &str, xml: &str, target: &str) -> String {
    let (is_gone, rest) = removed(component, xml, target);
    assert!(is_gone, "{target} is still named by {rest}");
    rest
}

#[test]
fn dp30_a_form_loses_the_cells_of_a_column() {
    let form = r#"<systemform><form><row><cell id="1"><control uniqueid="{u}" datafieldname="contoso_a" /></cell><cell id="2"><control datafieldname="contoso_b" /></cell></row><controlDescriptions><controlDescription forControl="{U}"><customControl name="Contoso.Star" /></controlDescription></controlDescriptions><event attribute="contoso_a" /></form></systemform>"#;
    assert_eq!(
        kept(&format!("systemform:{A} of contoso_order"), form, "attribute:contoso_order.contoso_a"),
        r#"<systemform><form><row><cell id="2"><control datafieldname="contoso_b" /></cell></row><controlDescriptions /></form></systemform>"#
    );
}

#[test]
fn dp30_a_form_loses_scripts_roles_views_relationships_and_quick_forms() {
    let form = format!(
        r#"<systemform><Library name="contoso_/a.js" /><Handler libraryName="contoso_/a.js" /><Role Id="{{{A}}}" /><cell id="1"><control id="g"><parameters><RelationshipName>contoso_r</RelationshipName><ViewId>{{{A}}}</ViewId></parameters></control></cell><cell id="2"><control><parameters><ViewIds>{{{A}}},{{{B}}}</ViewIds><QuickForms>&lt;QuickFormIds&gt;&lt;QuickFormId entityname="x"&gt;{A}&lt;/QuickFormId&gt;&lt;QuickFormId entityname="y"&gt;{B}&lt;/QuickFormId&gt;&lt;/QuickFormIds&gt;</QuickForms></parameters></control></cell></systemform>"#
    );
    let own = "systemform:cccccccc-0000-4000-8000-000000000003 of contoso_order";
    let script = kept(own, &form, "webresource:contoso_/a.js");
    assert!(!script.contains("a.js") && script.contains("contoso_r"), "{script}");
    assert!(!kept(own, &form, &format!("role:{A}")).contains("<Role"));
    let relationship = kept(own, &form, "entityrelationship:contoso_r");
    assert!(!relationship.contains(r#"<cell id="1">"#) && relationship.contains(r#"<cell id="2">"#), "{relationship}");
    let view = kept(own, &form, &format!("savedquery:{A}"));
    assert!(view.contains(&format!("<ViewIds>{{{B}}}</ViewIds>")) && !view.contains(r#"<cell id="1">"#), "{view}");
    let quick = kept(own, &form, &format!("systemform:{A}"));
    assert!(quick.contains(&format!("entityname=\"y\"&gt;{B}")) && !quick.contains("entityname=\"x\""), "{quick}");
}

#[test]
fn dp30_a_view_loses_a_column_everywhere_and_a_link_with_what_hangs_on_it() {
    let view = r#"<savedquery><fetch><entity name="contoso_order"><attribute name="contoso_a" /><attribute name="contoso_b" /><order attribute="contoso_a" /><filter><condition attribute="contoso_a" /><condition entityname="l" attribute="fullname" /></filter><link-entity name="contact" from="contactid" to="contoso_c" alias="l" /></entity></fetch><grid><row><cell name="contoso_a" /><cell name="l.fullname" /></row></grid></savedquery>"#;
    let own = format!("savedquery:{A} of contoso_order");
    let column = kept(&own, view, "attribute:contoso_order.contoso_a");
    assert!(!column.contains("contoso_a") && column.contains("contoso_b"), "{column}");
    let link = kept(&own, view, "attribute:contoso_order.contoso_c");
    assert!(!link.contains("link-entity") && !link.contains("fullname") && link.contains("contoso_a"), "{link}");
    let (is_gone, same) = removed(&own, view, "entity:contoso_order");
    assert!(!is_gone, "a view is nothing without its table");
    assert_eq!(same, view);
}

#[test]
fn dp30_apps_tables_site_maps_and_ribbons_lose_parts_icons_and_scripts() {
    let app = r#"<AppModule><AppModuleComponent type="1" schemaName="contoso_order" /><AppModuleComponent type="1" schemaName="contoso_line" /></AppModule>"#;
    let rest = kept("appmodule:contoso_app", app, "entity:contoso_order");
    assert_eq!(rest, r#"<AppModule><AppModuleComponent type="1" schemaName="contoso_line" /></AppModule>"#);
    let table = "<Entity><IconVectorName>contoso_/a.svg</IconVectorName></Entity>";
    assert_eq!(
        kept("entity:contoso_order", table, "webresource:contoso_/a.svg"),
        "<Entity><IconVectorName /></Entity>"
    );
    let map = r#"<SiteMap><SubArea Id="1" Entity="contoso_order" /><SubArea Id="2" Entity="contoso_line" Icon="$webresource:contoso_/a.svg" /><SubArea Id="3" Url="/WebResources/contoso_/a.svg" /></SiteMap>"#;
    let rest = kept("sitemap:contoso_map", map, "webresource:contoso_/a.svg");
    assert_eq!(
        rest,
        r#"<SiteMap><SubArea Id="1" Entity="contoso_order" /><SubArea Id="2" Entity="contoso_line" /></SiteMap>"#
    );
    let rest = kept("sitemap:contoso_map", map, "entity:contoso_order");
    assert!(!rest.contains(r#"Id="1""#) && rest.contains(r#"Id="2""#), "{rest}");
    let ribbon = r#"<RibbonDiffXml><Button Id="b" Image16by16="$webresource:contoso_/a.svg" /><Actions><JavaScriptFunction Library="$webresource:contoso_/a.svg" /></Actions></RibbonDiffXml>"#;
    let rest = kept("ribboncustomization:contoso_order", ribbon, "webresource:contoso_/a.svg");
    assert_eq!(rest, r#"<RibbonDiffXml><Button Id="b" /><Actions /></RibbonDiffXml>"#);
}

#[test]
fn dp30_what_is_not_named_cannot_be_removed() {
    let (is_gone, _) = removed("entity:contoso_order", "<Entity />", "webresource:contoso_/a.svg");
    assert!(!is_gone);
}

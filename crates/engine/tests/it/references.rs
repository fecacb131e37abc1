//! Whom definitions of tables and of the user interface name: one test per kind of definition.

use std::borrow::Cow;

use strata_engine::reference::{Definition, mentions};
use strata_model::id::Digest;
use strata_model::plan::{Bodies, Body};
use strata_testkit::fixture::key;

pub(crate) const A: &str = "aaaaaaaa-0000-4000-8000-000000000001";
pub(crate) const B: &str = "bbbbbbbb-0000-4000-8000-000000000002";

/// One member file.
pub(crate) struct File<'a>(pub(crate) &'a [u8]);

impl Bodies for File<'_> {
    fn definition(&self, _: &Digest) -> Option<Body<'_>> {
        None
    }

    fn file(&self, digest: &Digest) -> Option<Cow<'_, [u8]>> {
        (*digest == Digest::of(self.0)).then_some(Cow::Borrowed(self.0))
    }
}

/// Reads the definition of a component, `type:name` or `type:name of table`, with one file beside it.
pub(crate) fn read_with<T>(component: &str, xml: &str, file: (&str, &str), reader: impl Fn(&Definition<'_>) -> T) -> T {
    let (own, parent) = component.split_once(" of ").map_or((component, None), |(own, parent)| (own, Some(parent)));
    let parent = parent.map(|table| key(&format!("entity:{table}")));
    let files = if file.0.is_empty() { Vec::new() } else { vec![(file.0.to_owned(), Digest::of(file.1.as_bytes()))] };
    let body = Body { bytes: xml.as_bytes().into(), home: None, files };
    reader(&Definition {
        key: &key(own),
        parent: parent.as_ref(),
        category: None,
        id: None,
        body: &body,
        files: &File(file.1.as_bytes()),
    })
}

/// Each reference as its target, an exclamation mark after what is internal.
pub(crate) fn targets_with(component: &str, xml: &str, file: (&str, &str)) -> Vec<String> {
    let found = read_with(component, xml, file, mentions);
    found
        .iter()
        .map(|reference| format!("{}{}", reference.target, if reference.is_internal { "!" } else { "" }))
        .collect()
}

pub(crate) fn targets(component: &str, xml: &str) -> Vec<String> {
    let found = targets_with(component, xml, ("", ""));
    // What may remove something is walked through mark by mark, the rest in leaps: either finds the same.
    let slowly = format!("{xml}<!-- solutionaction=\"Removed\" -->");
    assert_eq!(targets_with(component, &slowly, ("", "")), found);
    found
}

#[test]
fn dp12_a_form_needs_the_columns_it_shows() {
    let form = r#"<systemform><form><header><control id="h" classid="{4273EDBD-AC1D-40d3-9FB2-095C621B552D}"
        datafieldname="Contoso_Name" /></header><control id="c" classid="{5B773807-9FB2-42db-97C3-7A91EFF8ADFF}"
        datafieldname="contoso_due" /><events><event name="onchange" attribute="contoso_rank"><Handlers>
        <Handler functionName="f" libraryName="contoso_/rank.js"><dependencies><dependency id="contoso_sum" />
        </dependencies></Handler></Handlers></event></events></form></systemform>"#;
    assert_eq!(
        targets(&format!("systemform:{A} of contoso_order"), form),
        [
            "attribute:contoso_order.contoso_name",
            "attribute:contoso_order.contoso_due",
            "attribute:contoso_order.contoso_rank",
            "webresource:contoso_/rank.js",
            "attribute:contoso_order.contoso_sum",
        ]
    );
}

#[test]
fn dp12_a_form_needs_the_relationships_of_lookups_and_sub_grids() {
    let form = format!(
        r#"<systemform><control classid="{{270BD3DB-D9AF-4782-9025-509E298DEC0A}}" datafieldname="contoso_buyer" />
        <control classid="{{270BD3DB-D9AF-4782-9025-509E298DEC0A}}" datafieldname="ownerid" />
        <control id="grid"><parameters><TargetEntityType>contoso_line</TargetEntityType><RelationshipName>Contoso_Order_Line</RelationshipName>
        <ViewId>{{{A}}}</ViewId><ViewIds>{{{A}}},{{{B}}}</ViewIds><VisualizationId>{{{B}}}</VisualizationId></parameters></control>
        <Navigation><NavBarByRelationshipItem RelationshipName="contoso_order_task" />
        <NavBarByRelationshipItem RelationshipName="lk_contoso_order_createdby" /></Navigation></systemform>"#
    );
    assert_eq!(
        targets(&format!("systemform:{A} of contoso_order"), &form),
        [
            "relationship of contoso_order.contoso_buyer".to_owned(),
            "attribute:contoso_order.contoso_buyer".to_owned(),
            "attribute:contoso_order.ownerid".to_owned(),
            "entity:contoso_line".to_owned(),
            "entityrelationship:contoso_order_line".to_owned(),
            format!("savedquery:{A}"),
            format!("savedquery:{B}"),
            format!("savedqueryvisualization:{B}"),
            "entityrelationship:contoso_order_task".to_owned(),
        ]
    );
}

#[test]
fn dp12_a_form_needs_quick_forms_controls_roles_and_web_resources() {
    let form = format!(
        r#"<systemform><form><formLibraries><Library name="contoso_/order.js" /><Library name="Contact_main_system_library.js" />
        </formLibraries><control><parameters><QuickForms>&lt;QuickFormIds&gt;&lt;QuickFormId entityname="contact"&gt;{B}&lt;/QuickFormId&gt;&lt;/QuickFormIds&gt;</QuickForms>
        <Url>contoso_/page.html?x=1</Url></parameters></control><control><parameters><Url>https://contoso.example/x</Url></parameters></control>
        <controlDescriptions><customControl formFactor="0" name="Contoso.Star" /><customControl id="{{{A}}}" /></controlDescriptions>
        <clientresources><internaljscriptfile src="$webresource:contoso_/old.js" /></clientresources>
        <DisplayConditions><Role Id="{{{B}}}" /></DisplayConditions></form></systemform>"#
    );
    assert_eq!(
        targets(&format!("systemform:{A} of contoso_order"), &form),
        [
            "webresource:contoso_/order.js".to_owned(),
            format!("systemform:{B}"),
            "webresource:contoso_/page.html".to_owned(),
            "customcontrol:contoso.star".to_owned(),
            format!("role:{B}"),
        ]
    );
}

#[test]
fn dp12_what_a_difference_removes_from_a_form_is_not_needed() {
    let form = r#"<systemform><control datafieldname="contoso_a" solutionaction="Modified" />
        <cell solutionaction="Removed"><control datafieldname="contoso_b" /></cell><control datafieldname="contoso_c" />
        </systemform>"#;
    let found = targets(&format!("systemform:{A} of contoso_order"), form);
    assert!(found.contains(&"attribute:contoso_order.contoso_c".to_owned()), "{found:?}");
    assert!(!found.iter().any(|target| target.contains("contoso_b")), "{found:?}");
}

#[test]
fn dp12_a_view_needs_the_columns_of_its_query_and_its_layout() {
    let view = format!(
        r#"<savedquery><fetchxml><fetch><entity name="contoso_order"><attribute name="contoso_sum" />
        <order attribute="createdon" /><filter><condition attribute="contoso_tier" operator="eq" value="1" />
        <condition entityname="buyer" attribute="contoso_rank" operator="eq" value="1" /></filter>
        <link-entity name="contact" from="contactid" to="contoso_buyer" alias="buyer"><attribute name="fullname" /></link-entity>
        </entity></fetch></fetchxml><layoutxml><grid jump="contoso_name" object="1"><row id="contoso_orderid">
        <cell name="contoso_sum" /><cell name="contoso_due" imageproviderwebresource="$webresource:contoso_/i.js" /><cell name="buyer.jobtitle" /></row>
        <controlDescriptions><customControl name="Contoso.Grid" /></controlDescriptions></grid></layoutxml>
        <savedqueryid>{{{A}}}</savedqueryid></savedquery>"#
    );
    assert_eq!(
        targets(&format!("savedquery:{A} of contoso_order"), &view),
        [
            "entity:contoso_order!",
            "attribute:contoso_order.contoso_sum",
            "attribute:contoso_order.createdon",
            "attribute:contoso_order.contoso_tier",
            "entity:contact",
            "attribute:contact.contactid",
            "attribute:contoso_order.contoso_buyer",
            "attribute:contact.fullname",
            "attribute:contoso_order.contoso_due",
            "webresource:contoso_/i.js",
            "customcontrol:contoso.grid",
            "attribute:contact.contoso_rank",
            "attribute:contact.jobtitle",
        ]
    );
}

#[test]
fn dp12_a_chart_needs_the_columns_it_counts() {
    let chart = r#"<visualization><datadescription><datadefinition><fetchcollection><fetch><entity name="contoso_order">
        <attribute name="contoso_sum" aggregate="sum" alias="s" /><order alias="s" /></entity></fetch></fetchcollection>
        </datadefinition></datadescription></visualization>"#;
    assert_eq!(
        targets(&format!("savedqueryvisualization:{A} of contoso_order"), chart),
        ["entity:contoso_order!", "attribute:contoso_order.contoso_sum"]
    );
}

#[test]
fn dp12_a_site_map_needs_tables_and_web_resources_but_no_dashboards() {
    let map = format!(
        r#"<AppModuleSiteMap><SiteMap><Area Id="a" Icon="$webresource:contoso_area"><Group Id="g">
        <SubArea Id="s" Entity="Contoso_Order" VectorIcon="/WebResources/contoso_/order.svg" Icon="/_imgs/x.gif" DefaultDashboard="{A}" />
        <SubArea Id="t" Url="$webresource:contoso_/page.html?data=1" /><SubArea Id="u" Url="/main.aspx?etn=account" />
        </Group></Area></SiteMap></AppModuleSiteMap>"#
    );
    assert_eq!(
        targets("sitemap:contoso_map", &map),
        [
            "webresource:contoso_area",
            "entity:contoso_order",
            "webresource:contoso_/order.svg",
            "webresource:contoso_/page.html",
        ]
    );
}

#[test]
fn dp12_an_app_needs_its_parts_its_icon_and_the_settings_it_sets() {
    let app = format!(
        r#"<AppModule><WebResourceId>{{{A}}}</WebResourceId><WelcomePageId>00000000-0000-0000-0000-000000000000</WelcomePageId>
        <AppModuleComponents><AppModuleComponent type="1" schemaName="Contoso_Order" /><AppModuleComponent type="26" id="{{{B}}}" />
        <AppModuleComponent type="62" schemaName="contoso_map" /></AppModuleComponents><AppModuleRoleMaps><Role id="{{{B}}}" /></AppModuleRoleMaps>
        <appelements><appelement uniquename="x"><canvasappid><name>contoso_page</name></canvasappid><name>x</name></appelement></appelements>
        <appsettings><appsetting settingdefinitionid.uniquename="AppChannel" /></appsettings></AppModule>"#
    );
    assert_eq!(
        targets("appmodule:contoso_app", &app),
        [
            format!("webresource:{A}"),
            "entity:contoso_order".to_owned(),
            format!("savedquery:{B}"),
            "sitemap:contoso_map".to_owned(),
            "canvasapp:contoso_page".to_owned(),
            "settingdefinition:appchannel".to_owned(),
        ]
    );
    let plain = "<AppModule><WebResourceId>{953B9FAC-1E5E-E611-80D6-00155DED156F}</WebResourceId></AppModule>";
    assert_eq!(targets("appmodule:contoso_app", plain), ["webresource:msdyn_/images/appmodule_default_icon.png"]);
}

#[test]
fn dp12_a_table_needs_its_icons_and_its_data_source() {
    let table = format!(
        "<Entity><EntityInfo><entity Name='Contoso_Order'><IconVectorName>contoso_/order.svg</IconVectorName><IconSmallName />
        <DataProviderId>{{{A}}}</DataProviderId><DataSourceId>{B}</DataSourceId></entity></EntityInfo></Entity>"
    );
    assert_eq!(
        targets("entity:contoso_order", &table),
        [
            "webresource:contoso_/order.svg".to_owned(),
            format!("entitydataprovider:{A}"),
            format!("entitydatasource:{B}")
        ]
    );
}

#[test]
fn dp12_a_choice_column_needs_its_global_choice_and_a_key_its_columns() {
    let column = "<attribute PhysicalName='contoso_Tier'><Type>picklist</Type><OptionSetName>contoso_tier</OptionSetName></attribute>";
    assert_eq!(targets("attribute:contoso_order.contoso_tier", column), ["optionset:contoso_tier"]);
    let key = "<EntityKey Name='contoso_key'><EntityKeyAttributes><AttributeName>contoso_number</AttributeName></EntityKeyAttributes></EntityKey>";
    assert_eq!(targets("entitykey:contoso_order.contoso_key", key), ["attribute:contoso_order.contoso_number"]);
}

#[test]
fn dp12_a_relationship_goes_with_its_tables_and_needs_the_primary_columns() {
    let lookup = "<EntityRelationship Name='contoso_buyer'><EntityRelationshipType>OneToMany</EntityRelationshipType>\
        <ReferencingEntityName>Contoso_Order</ReferencingEntityName><ReferencedEntityName>Contact</ReferencedEntityName>\
        <ReferencingAttributeName>contoso_BuyerId</ReferencingAttributeName></EntityRelationship>";
    assert_eq!(
        targets("entityrelationship:contoso_buyer", lookup),
        [
            "entity:contoso_order!",
            "entity:contact!",
            "attribute:contoso_order.contoso_buyerid!",
            "primary columns of contact",
        ]
    );
    let many = "<EntityRelationship Name='contoso_many'><EntityRelationshipType>ManyToMany</EntityRelationshipType>\
        <FirstEntityName>contact</FirstEntityName><SecondEntityName>contoso_order</SecondEntityName></EntityRelationship>";
    assert_eq!(targets("entityrelationship:contoso_many", many), ["entity:contact!", "entity:contoso_order!"]);
}

#[test]
fn dp12_a_ribbon_needs_web_resources_by_directive_only() {
    let ribbon = r#"<RibbonDiffXml><CustomAction Id="a"><Button Image16by16="$webresource:contoso_/16.png" ModernImage="contoso_plain" />
        </CustomAction><JavaScriptFunction Library="$webresource:contoso_/ribbon.js" FunctionName="go" />
        <Url Address="/WebResources/contoso_other" /></RibbonDiffXml>"#;
    assert_eq!(
        targets("ribboncustomization:contoso_order", ribbon),
        ["webresource:contoso_/16.png", "webresource:contoso_/ribbon.js"]
    );
}

#[test]
fn dp12_leftovers_and_scripts_of_first_party_applications_are_weak() {
    let form = r#"<systemform><NavBarByRelationshipItem RelationshipName="contoso_order_task" /><RelationshipName>contact_customer_accounts</RelationshipName>
        <Library name="AppCommon/Contact/Contact_main_system_library.js" /><Library name="msdyn_/ActivityFeeds.Form.js" />
        <Library name="contoso_/order.js" /><control datafieldname="contoso_name" /></systemform>"#;
    let found = read_with(&format!("systemform:{A} of contoso_order"), form, ("", ""), mentions);
    let firm: Vec<_> =
        found.iter().filter(|reference| !reference.is_weak).map(|reference| reference.target.to_string()).collect();
    assert_eq!(
        firm,
        [
            "webresource:contoso_/order.js",
            "relationship of contoso_order.contoso_name",
            "attribute:contoso_order.contoso_name"
        ]
    );
}

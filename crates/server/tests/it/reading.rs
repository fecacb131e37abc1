//! Rows as clients read them.

use serde_json::{Value, json};
use strata_model::options::ImportOptions;
use strata_ops::rows::{self, RowRequest};
use strata_ops::{Request, Workspace, carry_out, silent};
use strata_server::answer::Answer;
use strata_server::ask::Verb;
use strata_testkit::examples;

use crate::definitions::json as body;
use crate::service::Scratch;

pub(crate) const ORDERS: &str = "contoso_orders";
pub(crate) const ADA: &str = "11111111-0000-4000-8000-00000000000a";
pub(crate) const BOB: &str = "22222222-0000-4000-8000-00000000000b";

/// Two accounts and six orders, five of them of an account.
pub(crate) fn with_orders() -> Scratch {
    let scratch = Scratch::new();
    let workspace = scratch.service.workspace(None).expect("a workspace");
    import_core(&workspace);
    let create = |table: &str, values: &[(&str, &str)]| {
        let values = values.iter().map(|(column, value)| ((*column).to_owned(), (*value).to_owned())).collect();
        let request = RowRequest::Create { table: table.to_owned(), values };
        let environment = workspace.environment().expect("an environment");
        rows::carry_out(&workspace, &environment, &request).expect("values that fit");
    };
    create("account", &[("accountid", ADA), ("name", "Ada Ltd"), ("contoso_tier", "100000001")]);
    create("account", &[("accountid", BOB), ("name", "Bob's")]);
    for (at, (name, total, customer)) in [
        ("Chair", "12.50", ADA),
        ("desk", "100", ADA),
        ("Lamp", "7", BOB),
        ("\u{c4}pfel", "1.25", ADA),
        ("It's (one), 50%", "0", BOB),
        ("none", "", ""),
    ]
    .into_iter()
    .enumerate()
    {
        let id = order(at);
        let values = [
            ("contoso_orderid", id.as_str()),
            ("contoso_name", name),
            ("contoso_total", total),
            ("contoso_customer", customer),
        ];
        create("contoso_order", &values);
    }
    drop(workspace);
    scratch
}

fn import_core(workspace: &Workspace) {
    let package = examples::path("contoso-core-1.0").as_path().into();
    let request = Request::Import { package, options: ImportOptions::pac() };
    let environment = workspace.environment().expect("an environment");
    carry_out(workspace, &environment, &request, &silent).expect("an import");
}

pub(crate) fn order(at: usize) -> String {
    format!("aaaaaaaa-0000-4000-8000-{at:012}")
}

pub(crate) fn read(scratch: &Scratch, url: &str) -> Value {
    let answer = scratch.get(url);
    let found = body(&answer);
    assert_eq!(answer.status, 200, "{url}: {found}");
    found
}

pub(crate) fn with(scratch: &Scratch, url: &str, prefer: &str) -> Answer {
    scratch.send(Verb::Get, url, &[("Prefer", prefer)], "")
}

/// The last sign of the ids of orders.
pub(crate) fn orders(found: &Value) -> String {
    let rows = found["value"].as_array().unwrap_or_else(|| panic!("{found}"));
    rows.iter().map(|row| row["contoso_orderid"].as_str().expect("an id").chars().last().expect("a sign")).collect()
}

fn filtered(scratch: &Scratch, filter: &str) -> String {
    orders(&read(scratch, &format!("{ORDERS}?$select=contoso_name&$orderby=contoso_orderid&$filter={filter}")))
}

#[test]
fn w5_a_row_has_its_key_its_etag_and_all_columns() {
    let scratch = with_orders();
    let answer = scratch.get(&format!("{ORDERS}({})", order(0)));
    let row = body(&answer);
    assert_eq!(answer.status, 200, "{row}");
    assert_eq!(row["@odata.context"], "http://localhost/api/data/v9.2/$metadata#contoso_orders/$entity");
    let etag = row["@odata.etag"].as_str().expect("an etag");
    assert!(answer.headers.contains(&("ETag", etag.to_owned())), "{:?}", answer.headers);
    assert_eq!(etag, format!("W/\"{}\"", row["versionnumber"]));
    assert_eq!((&row["contoso_name"], &row["contoso_total"]), (&json!("Chair"), &json!(12.5)));
    assert_eq!(row["_contoso_customer_value"], ADA);
    let members = row.as_object().expect("an object");
    assert!(!members.contains_key("contoso_customer") && members["_ownerid_value"].is_null());
    assert!(row["createdon"].as_str().is_some_and(|time| time.len() == 20 && time.ends_with('Z')));

    let row = read(&scratch, &format!("{ORDERS}({{{}}})?$select=contoso_total", order(1).to_uppercase()));
    let names: Vec<_> = row.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(names, ["@odata.context", "@odata.etag", "contoso_orderid", "contoso_total"]);
    assert_eq!(row["@odata.context"], "http://localhost/api/data/v9.2/$metadata#contoso_orders(contoso_total)/$entity");
}

#[test]
fn w2_a_row_that_is_known_is_not_sent_again() {
    let scratch = with_orders();
    let url = format!("{ORDERS}({})", order(0));
    let etag = body(&scratch.get(&url))["@odata.etag"].as_str().expect("an etag").to_owned();
    let again = |url: &str, headers: &[(&str, &str)]| scratch.send(Verb::Get, url, headers, "").status;
    assert_eq!(again(&url, &[("If-None-Match", &etag)]), 304);
    assert_eq!(again(&url, &[("If-None-Match", "W/\"1\"")]), 200);
    assert_eq!(again(&url, &[("If-None-Match", "null")]), 200);
    assert_eq!(again(&format!("{url}?$expand={}", navigation(&scratch)), &[("If-None-Match", &etag)]), 200);
    assert_eq!(again(&url, &[("If-None-Match", &etag), ("Prefer", "odata.include-annotations=*")]), 200);
}

#[test]
fn w5_what_is_not_there_is_said_as_the_platform_says_it() {
    let scratch = with_orders();
    let refused = |url: &str| {
        let answer = scratch.get(url);
        let error = &body(&answer)["error"];
        let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        (answer.status, text("code"), text("message"))
    };
    let absent = order(9);
    let (status, code, message) = refused(&format!("{ORDERS}({absent})"));
    assert_eq!((status, code.as_str()), (404, "0x80040217"));
    assert_eq!(message, format!("contoso_orders With Id = {absent} Does Not Exist"));
    for (url, status, expected) in [
        ("contoso_orders(7)", 400, "Invalid GUID"),
        ("contoso_orders?$select=contoso_nothing", 400, "Could not find a property named 'contoso_nothing'"),
        ("contoso_orders?$filter=contoso_nothing eq 1", 400, "contoso_nothing"),
        ("contoso_orders?$orderby=contoso_nothing", 400, "contoso_nothing"),
        ("contoso_orders?$expand=contoso_nothing", 400, "contoso_nothing"),
        ("contoso_orders?$filter=contoso_total eq 'many'", 400, "column contoso_total cannot be compared so"),
        (
            "contoso_orders?$filter=contoso_Customer/nothing eq 1",
            400,
            "'nothing' on type 'Microsoft.Dynamics.CRM.account'",
        ),
        ("contoso_orders?$skip=5", 400, "$skip"),
        ("contoso_orders?$skiptoken=abc", 400, "$skiptoken"),
        (
            "contoso_orders?$filter=Microsoft.Dynamics.CRM.Under(PropertyName='contoso_orderid',PropertyValue='x')",
            400,
            "`x` is no id of a row",
        ),
        (
            "contoso_orders?$filter=Microsoft.Dynamics.CRM.Under(PropertyName='contoso_orderid',PropertyValue='aaaaaaaa-0000-4000-8000-000000000001')",
            400,
            "no table that has a hierarchy",
        ),
        ("contoso_orders?savedQuery=aaaaaaaa-0000-4000-8000-000000000001", 404, "savedquery With Id ="),
        ("contoso_orders/nothing", 404, "Resource not found for the segment 'nothing'."),
        ("contoso_orders(contoso_name='x')", 400, "no alternate key"),
    ] {
        let (found, _, message) = refused(url);
        assert_eq!(found, status, "{url}: {message}");
        assert!(message.contains(expected), "{url}: {message}");
    }
    let url = format!("{ORDERS}({})/nothing", order(0));
    assert_eq!(refused(&url).0, 404);
}

#[test]
fn w4_filters_find_rows() {
    let scratch = with_orders();
    for (filter, expected) in [
        ("contoso_name eq 'CHAIR'", "0"),
        ("contoso_name ne 'chair'", "12345"),
        ("contoso_total gt 7", "01"),
        ("contoso_total le 7.0 and contoso_total ge 1", "23"),
        ("contoso_total eq null", "5"),
        ("contoso_total ne null and not (contoso_total gt 7)", "234"),
        ("contains(contoso_name,'a')", "02"),
        ("startswith(contoso_name,'%C3%A4')", "3"),
        ("endswith(contoso_name,'50%25')", "4"),
        ("contoso_name eq 'it''s+(one),+50%25'", "4"),
        ("_contoso_customer_value eq 22222222-0000-4000-8000-00000000000b", "24"),
        ("_contoso_customer_value eq '22222222-0000-4000-8000-00000000000B'", "24"),
        ("_contoso_customer_value eq {22222222-0000-4000-8000-00000000000B}", "24"),
        ("_contoso_customer_value ne 22222222-0000-4000-8000-00000000000b", "0135"),
        ("_contoso_customer_value eq null", "5"),
        ("contoso_customer/name eq 'bob''s'", "24"),
        ("contoso_customer/name ne 'bob''s'", "0135"),
        ("contoso_customer/contoso_tier eq 100000001", "013"),
        ("contoso_orderid eq aaaaaaaa-0000-4000-8000-000000000003", "3"),
        ("contoso_name in ('lamp','none','x')", "25"),
        ("Microsoft.Dynamics.CRM.In(PropertyName='contoso_name',PropertyValues=['lamp','none'])", "25"),
        ("Microsoft.Dynamics.CRM.Between(PropertyName='contoso_total',PropertyValues=['1','12.5'])", "023"),
        ("Microsoft.Dynamics.CRM.Today(PropertyName='createdon')", "012345"),
        ("Microsoft.Dynamics.CRM.LastXDays(PropertyName='createdon',PropertyValue=2) and contoso_total eq 100", "1"),
        ("Microsoft.Dynamics.CRM.LastMonth(PropertyName='createdon')", ""),
        ("createdon gt 2020-01-01T00:00:00Z and createdon lt 2999-01-01", "012345"),
        ("statecode eq 0 and contoso_name eq @p&@p='desk'", "1"),
        ("12.5 eq contoso_total", "0"),
    ] {
        let filter = filter.replace("contoso_customer/", &format!("{}/", navigation(&scratch)));
        assert_eq!(filtered(&scratch, &filter), expected, "{filter}");
    }
    let chain: Vec<_> = (0..1_500).map(|at| format!("contoso_name eq 'name {at}' or contoso_total eq {at}")).collect();
    assert_eq!(filtered(&scratch, &chain.join(" or ")), "124");
    let names = |filter: &str| {
        let found = read(&scratch, &format!("accounts?$select=name&$orderby=name&$filter={filter}"));
        let rows = found["value"].as_array().expect("rows").clone();
        rows.iter().map(|row| row["name"].as_str().expect("a name")[..3].to_owned()).collect::<Vec<_>>()
    };
    let way = lines(&scratch);
    assert_eq!(names(&format!("{way}/any(o:o/contoso_total gt 50)")), ["Ada"]);
    assert_eq!(names(&format!("{way}/any(o:o/contoso_total lt 2)")), ["Ada", "Bob"]);
    assert_eq!(names(&format!("{way}/all(o:o/contoso_total lt 50)")), ["Bob"]);
    assert_eq!(names(&format!("not {way}/any()")), Vec::<String>::new());
}

/// The navigation from an account to its orders.
pub(crate) fn lines(scratch: &Scratch) -> String {
    let found = read(scratch, "EntityDefinitions(LogicalName='account')/OneToManyRelationships");
    let own = found["value"].as_array().expect("rows").iter().find(|row| row["ReferencingEntity"] == "contoso_order");
    let own = own.unwrap_or_else(|| panic!("{found}"));
    own["ReferencedEntityNavigationPropertyName"].as_str().expect("a name").to_owned()
}

#[test]
fn w4_pages_follow_one_another() {
    let scratch = with_orders();
    let url =
        format!("{ORDERS}?$select=contoso_name&$orderby=contoso_name desc&$count=true&$filter=contoso_total ge 0");
    let first = with(&scratch, &url, "odata.maxpagesize=2");
    assert!(first.headers.contains(&("Preference-Applied", "odata.maxpagesize=2".to_owned())), "{:?}", first.headers);
    let (mut found, mut seen, mut pages) = (body(&first), String::new(), 0);
    assert_eq!(found["@odata.count"], 5);
    loop {
        pages += 1;
        seen.push_str(&orders(&found));
        let Some(next) = found["@odata.nextLink"].as_str() else { break };
        let next = next.strip_prefix("http://localhost/api/data/v9.2/").expect("the request's own root");
        found = body(&with(&scratch, next, "odata.maxpagesize=2"));
    }
    assert_eq!((seen.as_str(), pages), ("32410", 3), "\u{e4} stands behind z");
    let top = body(&with(&scratch, &format!("{url}&$top=3"), "odata.maxpagesize=2"));
    assert_eq!((orders(&top).as_str(), top.get("@odata.nextLink")), ("324", None), "$top wins");
    assert_eq!(orders(&read(&scratch, &format!("{ORDERS}?$top=0"))), "");
    let count = scratch.get(&format!("{ORDERS}/$count?$filter=contoso_total gt 7"));
    assert_eq!((count.status, count.content_type, count.body.as_slice()), (200, Some("text/plain"), b"2".as_slice()));
}

#[test]
fn w5_annotations_come_when_they_are_asked_for() {
    let scratch = with_orders();
    let url = format!("{ORDERS}({})?$select=contoso_name,contoso_customer,contoso_total,statecode,createdon", order(1));
    assert!(!scratch.get(&url).body.windows(9).any(|part| part == b"Formatted"));
    let answer = with(&scratch, &url, "odata.include-annotations=\"*\"");
    let row = body(&answer);
    let formatted = |column: &str| row[format!("{column}@OData.Community.Display.V1.FormattedValue")].clone();
    assert_eq!(formatted("_contoso_customer_value"), "Ada Ltd");
    assert_eq!(row["_contoso_customer_value@Microsoft.Dynamics.CRM.lookuplogicalname"], "account");
    let navigation = row["_contoso_customer_value@Microsoft.Dynamics.CRM.associatednavigationproperty"].as_str();
    assert!(navigation.is_some_and(|name| name.to_lowercase() == "contoso_customer"), "{row}");
    assert_eq!((formatted("contoso_total"), formatted("statecode")), (json!("100.00"), json!("Active")));
    assert!(formatted("createdon").as_str().is_some_and(|text| text.ends_with('M')), "{row}");
    assert_eq!(formatted("contoso_name"), Value::Null);
    assert!(answer.headers.contains(&("Preference-Applied", "odata.include-annotations=\"*\"".to_owned())));
    let list = body(&with(&scratch, &format!("{ORDERS}?$count=true"), "odata.include-annotations=\"Microsoft.*\""));
    assert_eq!(list["@Microsoft.Dynamics.CRM.totalrecordcount"], 6);
    assert_eq!(list["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"], false);
    assert!(list["@Microsoft.Dynamics.CRM.globalmetadataversion"].is_string());
}

#[test]
fn w4_rows_that_go_with_a_row_come_along() {
    let scratch = with_orders();
    let way = lines(&scratch);
    let url = format!("{ORDERS}?$select=contoso_name&$orderby=contoso_name&$expand=contoso_customer($select=name)");
    let url = url.replace("contoso_customer(", &format!("{}(", navigation(&scratch)));
    let found = read(&scratch, &url);
    let name = |row: &Value| row[navigation(&scratch)]["name"].clone();
    let names: Vec<_> = found["value"].as_array().expect("rows").iter().map(name).collect();
    assert_eq!(
        names,
        [json!("Ada Ltd"), json!("Ada Ltd"), json!("Bob's"), json!("Bob's"), Value::Null, json!("Ada Ltd")]
    );
    assert!(found["value"][0][navigation(&scratch)]["@odata.etag"].is_string());
    let context = found["@odata.context"].as_str().expect("a context");
    assert!(
        context.ends_with(&format!("$metadata#contoso_orders(contoso_name,{}(name))", navigation(&scratch))),
        "{context}"
    );
    let url = format!(
        "accounts?$select=name&$orderby=name desc&$expand={way}($select=contoso_total;$filter=contoso_total gt 0;\
         $orderby=contoso_total desc;$top=2;$expand={}($select=name))",
        navigation(&scratch)
    );
    let found = read(&scratch, &url);
    let totals = |at: usize| {
        let lines = found["value"][at][&way].as_array().expect("rows").clone();
        lines.iter().map(|row| row["contoso_total"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((totals(0), totals(1)), (vec![json!(7)], vec![json!(100), json!(12.5)]));
    assert_eq!(found["value"][1][&way][0][navigation(&scratch)]["name"], "Ada Ltd");
    let row = read(&scratch, &format!("accounts({BOB})?$select=name&$expand={way}"));
    assert_eq!(row[&way].as_array().map(Vec::len), Some(2));
}

/// The navigation from an order to its account.
pub(crate) fn navigation(scratch: &Scratch) -> String {
    let url = format!("{ORDERS}({})?$select=_contoso_customer_value", order(0));
    let row = body(&with(scratch, &url, "odata.include-annotations=*"));
    let name = &row["_contoso_customer_value@Microsoft.Dynamics.CRM.associatednavigationproperty"];
    name.as_str().unwrap_or_else(|| panic!("{row}")).to_owned()
}

#[test]
fn w3_properties_and_navigations_are_read_by_their_path() {
    let scratch = with_orders();
    let url = |rest: &str| format!("{ORDERS}({}){rest}", order(0));
    let value = read(&scratch, &url("/contoso_name"));
    assert_eq!(value["value"], "Chair");
    let context = format!("http://localhost/api/data/v9.2/$metadata#contoso_orders({})/contoso_name", order(0));
    assert_eq!(value["@odata.context"], context);
    let raw = scratch.get(&url("/contoso_total/$value"));
    assert_eq!((raw.content_type, raw.body.as_slice()), (Some("text/plain"), b"12.5".as_slice()));
    assert_eq!(read(&scratch, &url("/_contoso_customer_value"))["value"], ADA);
    assert_eq!(scratch.get(&format!("{ORDERS}({})/contoso_total", order(5))).status, 204);
    assert_eq!(scratch.get(&format!("{ORDERS}({})/contoso_total", order(9))).status, 404);

    let way = navigation(&scratch);
    let account = read(&scratch, &url(&format!("/{way}?$select=name")));
    assert_eq!((&account["accountid"], &account["name"]), (&json!(ADA), &json!("Ada Ltd")));
    assert_eq!(scratch.get(&format!("{ORDERS}({})/{way}", order(5))).status, 204);
    assert_eq!(scratch.get(&format!("{ORDERS}({})/{way}", order(9))).status, 404);
    let lines = lines(&scratch);
    let found =
        read(&scratch, &url(&format!("/{way}/{lines}?$select=contoso_name&$orderby=contoso_total&$count=true")));
    assert_eq!((orders(&found).as_str(), &found["@odata.count"]), ("301", &json!(3)));
    assert_eq!(scratch.get(&format!("accounts({ADA})/{lines}/$count")).body, b"3");
    let first = body(&with(&scratch, &format!("accounts({ADA})/{lines}?$orderby=contoso_name"), "odata.maxpagesize=2"));
    let next = first["@odata.nextLink"].as_str().expect("a link").strip_prefix("http://localhost/api/data/v9.2/");
    assert_eq!(orders(&read(&scratch, next.expect("the root"))), "3");
}

#[test]
fn w3_rows_are_found_by_alternate_keys() {
    let scratch = with_orders();
    let solution = read(&scratch, "solutions(uniquename='CONTOSOCORE')?$select=uniquename,version");
    assert_eq!(solution["uniquename"], "ContosoCore");
    let publisher = read(&scratch, "solutions(uniquename='ContosoCore')/publisherid?$select=uniquename");
    let name = publisher["uniquename"].as_str().expect("a name");
    let same = read(&scratch, &format!("publishers(uniquename='{name}')"));
    assert_eq!(same["publisherid"], publisher["publisherid"]);
    assert_eq!(scratch.get("solutions(uniquename='nothing')").status, 404);
    let listed = read(&scratch, "solutions?$filter=isvisible eq true&$expand=publisherid&$orderby=createdon desc");
    let own = listed["value"].as_array().expect("rows").iter().find(|row| row["uniquename"] == "ContosoCore");
    assert_eq!(own.expect("the solution")["publisherid"]["uniquename"], name);
}

#[test]
fn w4_rows_are_grouped_and_figured_out() {
    let scratch = with_orders();
    let all = read(
        &scratch,
        &format!(
            "{ORDERS}?$apply=aggregate(contoso_total with sum as total,contoso_total with max as most,$count as n)"
        ),
    );
    assert_eq!(all["value"], json!([{"total": 120.75, "most": 100, "n": 6}]));
    let groups = read(
        &scratch,
        &format!(
            "{ORDERS}?$apply=filter(contoso_total ge 0)/groupby((_contoso_customer_value),aggregate($count as n))&$orderby=n desc"
        ),
    );
    let expected = json!([{"_contoso_customer_value": ADA, "n": 3}, {"_contoso_customer_value": BOB, "n": 2}]);
    assert_eq!(groups["value"], expected);
    let refused = scratch.get(&format!("{ORDERS}?$apply=aggregate(contoso_name with sum as total)"));
    assert_eq!(refused.status, 400);
}

pub(crate) fn fetch(scratch: &Scratch, xml: &str, prefer: &str) -> Value {
    let xml: String = xml.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let answer = with(scratch, &format!("{ORDERS}?fetchXml={xml}"), prefer);
    let found = body(&answer);
    assert_eq!(answer.status, 200, "{found}");
    found
}

#[test]
fn w4_fetchxml_finds_rows() {
    let scratch = with_orders();
    let conditions = |conditions: &str| {
        let xml = format!(
            "<fetch><entity name='contoso_order'><attribute name='contoso_name'/><order attribute='contoso_orderid'/>\
             <filter>{conditions}</filter></entity></fetch>"
        );
        orders(&fetch(&scratch, &xml, ""))
    };
    for (written, expected) in [
        ("<condition attribute='contoso_name' operator='eq' value='chair'/>", "0"),
        ("<condition attribute='contoso_name' operator='ne' value='chair'/>", "12345"),
        ("<condition attribute='contoso_name' operator='like' value='%a%'/>", "02"),
        ("<condition attribute='contoso_name' operator='like' value='_esk'/>", "1"),
        ("<condition attribute='contoso_name' operator='not-like' value='%a%'/>", "1345"),
        ("<condition attribute='contoso_name' operator='like' value='[c-d]%'/>", "01"),
        ("<condition attribute='contoso_name' operator='begins-with' value='L'/>", "2"),
        ("<condition attribute='contoso_total' operator='null'/>", "5"),
        ("<condition attribute='contoso_total' operator='not-null'/>", "01234"),
        ("<condition attribute='contoso_total' operator='between'><value>1</value><value>7</value></condition>", "23"),
        ("<condition attribute='contoso_name' operator='in'><value>lamp</value><value>none</value></condition>", "25"),
        ("<condition attribute='contoso_name' operator='not-in'><value>lamp</value></condition>", "01345"),
        ("<condition attribute='createdon' operator='last-x-days' value='1'/>", "012345"),
        (
            "<condition attribute='contoso_customer' operator='eq' value='{22222222-0000-4000-8000-00000000000B}'/>",
            "24",
        ),
        (
            "<filter type='or'><condition attribute='contoso_total' operator='lt' value='1'/>\
             <condition attribute='contoso_total' operator='gt' value='50'/></filter>",
            "14",
        ),
    ] {
        assert_eq!(conditions(written), expected, "{written}");
    }
    for wrong in [
        "<fetch",
        "<x/>",
        "<fetch><entity name='account'/></fetch>",
        "<fetch><entity name='contoso_order'><attribute name='no'/></entity></fetch>",
    ] {
        let xml: String = wrong.bytes().map(|byte| format!("%{byte:02x}")).collect();
        assert_eq!(scratch.get(&format!("{ORDERS}?fetchXml={xml}")).status, 400, "{wrong}");
    }
}

#[test]
fn w4_fetchxml_joins_pages_and_groups() {
    let scratch = with_orders();
    let joined = |kind: &str, inner: &str| {
        let xml = format!(
            "<fetch><entity name='contoso_order'><attribute name='contoso_name'/><order attribute='contoso_name'/>\
             <link-entity name='account' from='accountid' to='contoso_customer' link-type='{kind}' alias='acc'>{inner}\
             </link-entity></entity></fetch>"
        );
        fetch(&scratch, &xml, "")
    };
    let found = joined("inner", "<attribute name='name'/>");
    assert_eq!((orders(&found).as_str(), &found["value"][2]["acc.name"]), ("01423", &json!("Bob's")));
    assert_eq!(orders(&joined("outer", "<attribute name='name'/>")), "014253");
    let bob = "<filter><condition attribute='name' operator='like' value='bob%'/></filter>";
    assert_eq!(orders(&joined("inner", bob)), "42");
    assert_eq!(orders(&joined("outer", bob)), "014253");
    assert_eq!(orders(&joined("any", bob)), "42");
    assert_eq!(orders(&joined("not any", bob)), "0153");
    let behind = |kind: &str| {
        let back = "<link-entity name='contoso_order' from='contoso_customer' to='accountid' link-type='";
        format!(
            "{bob}{back}{kind}'><filter><condition attribute='contoso_total' operator='eq' value='7'/></filter></link-entity>"
        )
    };
    assert_eq!(orders(&joined("any", &behind("inner"))), "42");
    assert_eq!(orders(&joined("exists", &behind("not any"))), "");
    assert_eq!(orders(&joined("not any", &behind("any"))), "0153");
    assert_eq!(orders(&joined("any", &behind("outer"))), "42");

    let page = |page: u32| {
        let xml = format!(
            "<fetch count='4' page='{page}' returntotalrecordcount='true'><entity name='contoso_order'>\
             <attribute name='contoso_name'/></entity></fetch>"
        );
        fetch(&scratch, &xml, "odata.include-annotations=\"*\"")
    };
    let (first, second) = (page(1), page(2));
    assert_eq!((orders(&first).as_str(), orders(&second).as_str()), ("0123", "45"));
    assert_eq!(first["@Microsoft.Dynamics.CRM.morerecords"], true);
    assert_eq!(first["@Microsoft.Dynamics.CRM.totalrecordcount"], 6);
    let cookie = first["@Microsoft.Dynamics.CRM.fetchxmlpagingcookie"].as_str().expect("a cookie");
    assert!(cookie.starts_with("<cookie pagenumber=\"2\" pagingcookie=\"%253Ccookie%2520page"), "{cookie}");
    assert_eq!(second["@Microsoft.Dynamics.CRM.morerecords"], false);
    assert_eq!(second.get("@Microsoft.Dynamics.CRM.fetchxmlpagingcookie"), None);

    let xml = "<fetch aggregate='true'><entity name='contoso_order'>\
         <attribute name='contoso_total' aggregate='sum' alias='total'/>\
         <attribute name='contoso_orderid' aggregate='count' alias='n'/>\
         <attribute name='contoso_customer' groupby='true' alias='who'/><order alias='n' descending='true'/></entity></fetch>";
    let groups = fetch(&scratch, xml, "");
    assert_eq!(groups["value"][0], json!({"total": 113.75, "n": 3, "who": ADA}));
    assert_eq!(groups["value"].as_array().map(Vec::len), Some(3));
    let xml =
        "<fetch distinct='true'><entity name='contoso_order'><attribute name='contoso_customer'/></entity></fetch>";
    assert_eq!(fetch(&scratch, xml, "")["value"].as_array().map(Vec::len), Some(3));
}

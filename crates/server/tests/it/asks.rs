//! What rows are asked by besides the options of a query: views, hierarchies, addresses (web-api §3, §4).

use serde_json::{Value, json};
use strata_server::ask::Verb;
use strata_store::query::{Field, FieldKind, Filter, Operator, Relation, RowQuery, Sort};

use crate::definitions::json as body;
use crate::reading::{ADA, BOB, ORDERS, fetch, lines, order, orders, read, with, with_orders};
use crate::service::Scratch;
use crate::writes::{create, refused, send};

const NONE: &[(&str, &str)] = &[];
const ACTIVE_ORDERS: &str = "49ae359f-c858-5e18-95b2-14c498b6fd4f";

#[test]
fn w4_a_system_view_answers_as_its_solution_brought_it() {
    let scratch = with_orders();
    let found = read(&scratch, &format!("{ORDERS}?savedQuery={ACTIVE_ORDERS}&$count=true"));
    assert_eq!((orders(&found).as_str(), &found["@odata.count"]), ("014253", &json!(6)));
    let row = found["value"][0].as_object().expect("a row");
    let mut columns: Vec<_> = row.keys().map(String::as_str).filter(|name| !name.starts_with('@')).collect();
    columns.sort_unstable();
    // What a row does not hold is left out.
    assert_eq!(columns, ["_contoso_customer_value", "contoso_name", "contoso_orderid", "contoso_total"]);
    assert!(!found["value"][4].as_object().expect("a row").contains_key("contoso_total"));
    // The orders of one account only.
    let way = lines(&scratch);
    assert_eq!(orders(&read(&scratch, &format!("accounts({ADA})/{way}?savedQuery={{{ACTIVE_ORDERS}}}"))), "013");
    for (url, status, word) in [
        (format!("accounts?savedQuery={ACTIVE_ORDERS}"), 400, "it is about contoso_order"),
        (format!("{ORDERS}?savedQuery={ADA}"), 404, "savedquery With Id ="),
        (format!("{ORDERS}?userQuery={ACTIVE_ORDERS}"), 404, "userquery With Id ="),
        (format!("{ORDERS}?savedQuery=mine"), 400, "no id of a view"),
        (format!("{ORDERS}?savedQuery={ACTIVE_ORDERS}&$filter=contoso_total gt 1"), 400, "$filter"),
        (format!("{ORDERS}?savedQuery={ACTIVE_ORDERS}&userQuery={ADA}"), 400, "one of"),
        (format!("{ORDERS}?savedQuery={ACTIVE_ORDERS}&$skiptoken=x"), 400, "$skiptoken"),
    ] {
        let answer = scratch.get(&url);
        let found = body(&answer);
        assert_eq!(answer.status, status, "{url}: {found}");
        assert!(found["error"]["message"].as_str().is_some_and(|text| text.contains(word)), "{url}: {found}");
    }
}

#[test]
fn w4_a_saved_view_answers_page_by_page() {
    let scratch = with_orders();
    let xml = "<fetch><entity name='contoso_order'><attribute name='contoso_name'/><order attribute='contoso_orderid'/>\
         <filter><condition attribute='ownerid' operator='eq-userid'/></filter></entity></fetch>";
    let view = json!({ "name": "Mine", "returnedtypecode": "contoso_order", "fetchxml": xml });
    let id = create(&scratch, "userqueries", NONE, &view);
    assert_eq!(orders(&read(&scratch, &format!("{ORDERS}?userQuery={id}"))), "", "rows of nobody");
    let mine = ["EqualUserId", "EqualUserOrUserTeams", "EqualUserOrUserHierarchy", "EqualUserTeams", "NotEqualUserId"];
    let of_mine = |function: &str| {
        orders(&read(&scratch, &format!("{ORDERS}?$filter=Microsoft.Dynamics.CRM.{function}(PropertyName='ownerid')")))
    };
    assert_eq!(mine.map(of_mine), ["", "", "", "", "012345"]);
    for at in 0..5 {
        create(&scratch, ORDERS, NONE, &json!({ "contoso_orderid": order(20 + at), "contoso_name": "Own" }));
    }
    let (mut url, mut seen, mut pages) = (format!("{ORDERS}?userQuery={id}"), String::new(), 0);
    loop {
        pages += 1;
        let page = body(&with(&scratch, &url, "odata.maxpagesize=2"));
        seen.push_str(&orders(&page));
        let Some(next) = page["@odata.nextLink"].as_str() else { break };
        url = next.strip_prefix("http://localhost/api/data/v9.2/").expect("the request's own root").to_owned();
    }
    assert_eq!((seen.as_str(), pages), ("01234", 3));
    assert_eq!(mine.map(of_mine), ["01234", "01234", "01234", "", "012345"]);
}

/// Accounts, each under the one before it, but for two under the first.
fn hierarchy(scratch: &Scratch) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for (name, above) in [("1", None), ("2", Some(0)), ("3", Some(1)), ("4", Some(0)), ("5", None)] {
        let mut row = json!({ "name": name });
        if let Some(above) = above {
            row["parentaccountid@odata.bind"] = format!("accounts({})", ids[above]).into();
        }
        ids.push(create(scratch, "accounts", NONE, &row));
    }
    ids
}

#[test]
fn w4_rows_are_found_under_and_above_others() {
    let scratch = Scratch::new();
    let ids = hierarchy(&scratch);
    let names = |found: &Value| {
        let rows = found["value"].as_array().unwrap_or_else(|| panic!("{found}")).clone();
        rows.iter().map(|row| row["name"].as_str().expect("a name").to_owned()).collect::<String>()
    };
    for (function, operator, of, expected) in [
        ("Under", "under", 0, "234"),
        ("UnderOrEqual", "eq-or-under", 1, "23"),
        ("NotUnder", "not-under", 0, "15"),
        ("Above", "above", 2, "12"),
        ("AboveOrEqual", "eq-or-above", 2, "123"),
    ] {
        let call = format!("Microsoft.Dynamics.CRM.{function}(PropertyName='accountid',PropertyValue='{}')", ids[of]);
        assert_eq!(names(&read(&scratch, &format!("accounts?$orderby=name&$filter={call}"))), expected, "{function}");
        let xml = format!(
            "<fetch><entity name='account'><attribute name='name'/><order attribute='name'/><filter>\
             <condition attribute='accountid' operator='{operator}' value='{}'/></filter></entity></fetch>",
            ids[of]
        );
        let xml: String = xml.bytes().map(|byte| format!("%{byte:02x}")).collect();
        assert_eq!(names(&read(&scratch, &format!("accounts?fetchXml={xml}"))), expected, "{operator}");
    }
    // By a lookup to such a table, in the table itself and in another one.
    let call = format!("Microsoft.Dynamics.CRM.UnderOrEqual(PropertyName='parentaccountid',PropertyValue={})", ids[1]);
    assert_eq!(names(&read(&scratch, &format!("accounts?$orderby=name&$filter={call}"))), "3");
    let contact = json!({ "lastname": "Ada", "parentcustomerid_account@odata.bind": format!("accounts({})", ids[2]) });
    create(&scratch, "contacts", NONE, &contact);
    let under = |of: usize| {
        let call = format!("Microsoft.Dynamics.CRM.Under(PropertyName='parentcustomerid',PropertyValue='{}')", ids[of]);
        read(&scratch, &format!("contacts?$filter={call}"))["value"].as_array().map(Vec::len)
    };
    assert_eq!((under(0), under(2)), (Some(1), Some(0)));
    // Along several lookups one after the other, in conditions and in orders.
    let above = "parentaccountid/parentaccountid/name";
    assert_eq!(names(&read(&scratch, &format!("accounts?$filter={above} eq '1'"))), "3");
    let sorted = read(&scratch, &format!("accounts?$orderby={above} desc,parentaccountid/name,name desc"));
    assert_eq!(names(&sorted), "35142");
    let call = format!(
        "Microsoft.Dynamics.CRM.Under(PropertyName='parentaccountid/parentaccountid',PropertyValue={})",
        ids[0]
    );
    assert_eq!(names(&read(&scratch, &format!("accounts?$filter={call}"))), "");
    let far = "parentaccountid/".repeat(6);
    assert_eq!(scratch.get(&format!("accounts?$filter={far}name eq '1'")).status, 400);
    let wrong = "accounts?$filter=Microsoft.Dynamics.CRM.Under(PropertyName='name',PropertyValue='x')";
    assert_eq!(scratch.get(wrong).status, 400);
    let unknown = "accounts?$filter=Microsoft.Dynamics.CRM.Beside(PropertyName='name',PropertyValue='x')";
    refused(&scratch.get(unknown), 400, "0x80060888", "Beside");
}

#[test]
fn w3_rows_of_a_collection_are_named_by_their_key_and_by_their_address() {
    let scratch = with_orders();
    let way = lines(&scratch);
    let root = "http://localhost/api/data/v9.2/";
    let one = read(&scratch, &format!("accounts({ADA})/{way}({})?$select=contoso_name", order(1)));
    assert_eq!((&one["contoso_name"], &one["contoso_orderid"]), (&json!("desk"), &json!(order(1))));
    let context = format!("{root}$metadata#contoso_orders(contoso_name)/$entity");
    assert_eq!(one["@odata.context"], context);
    let name = read(&scratch, &format!("accounts({ADA})/{way}({})/contoso_name", order(1)));
    assert_eq!(name["value"], "desk");
    let other = scratch.get(&format!("accounts({BOB})/{way}({})", order(1)));
    refused(&other, 404, "0x80040217", &order(1));
    assert_eq!(scratch.get(&format!("accounts({ADA})/{way}({})", order(9))).status, 404);

    let address = read(&scratch, &format!("{ORDERS}({})/$ref", order(1)));
    assert_eq!(address["@odata.id"], format!("{root}{ORDERS}({})", order(1)));
    assert_eq!(address["@odata.context"], format!("{root}$metadata#$ref"));
    assert_eq!(scratch.get(&format!("{ORDERS}({})/$ref", order(9))).status, 404);
    let customer = crate::reading::navigation(&scratch);
    let address = read(&scratch, &format!("{ORDERS}({})/{customer}/$ref", order(1)));
    assert_eq!(address["@odata.id"], format!("{root}accounts({ADA})"));
    let first = body(&with(&scratch, &format!("accounts({ADA})/{way}/$ref?$count=true"), "odata.maxpagesize=2"));
    assert_eq!(first["@odata.context"], format!("{root}$metadata#Collection($ref)"));
    assert_eq!(first["@odata.count"], 3);
    let next = first["@odata.nextLink"].as_str().and_then(|url| url.strip_prefix(root)).expect("a link");
    let second = read(&scratch, next);
    let ids = |page: &Value| page["value"].as_array().expect("rows").clone();
    let all: Vec<_> = ids(&first).into_iter().chain(ids(&second)).map(|row| row["@odata.id"].clone()).collect();
    assert_eq!(all, [0, 1, 3].map(|at| json!(format!("{root}{ORDERS}({})", order(at)))));
}

#[test]
fn w4_fiscal_years_are_those_of_the_calendar() {
    let scratch = with_orders();
    let grouped = |part: &str| {
        let xml = format!(
            "<fetch aggregate='true'><entity name='contoso_order'>\
             <attribute name='contoso_orderid' aggregate='count' alias='n'/>\
             <attribute name='createdon' groupby='true' dategrouping='{part}' alias='when'/></entity></fetch>"
        );
        fetch(&scratch, &xml, "")["value"].clone()
    };
    assert_eq!(grouped("fiscal-year"), grouped("year"));
    assert_eq!(grouped("fiscal-period"), grouped("quarter"));
    let made = |function: &str, values: &str| {
        let call = format!("Microsoft.Dynamics.CRM.{function}(PropertyName='createdon'{values})");
        read(&scratch, &format!("{ORDERS}?$filter={call}"))["value"].as_array().map(Vec::len)
    };
    assert_eq!((made("ThisFiscalYear", ""), made("NextFiscalPeriod", "")), (Some(6), Some(0)));
    assert_eq!(made("InFiscalPeriodAndYear", ",PropertyValue1=1,PropertyValue2=2020"), Some(0));
    assert_eq!(made("InOrAfterFiscalPeriodAndYear", ",PropertyValue1=1,PropertyValue2=2020"), Some(6));
    let applied = format!("{ORDERS}?$apply=groupby((contoso_name))/aggregate($count as n)");
    assert_eq!(send(&scratch, Verb::Get, &applied, NONE, &Value::Null).status, 400);
}

fn sql(scratch: &Scratch, text: &str) -> (u16, Value) {
    let encoded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let answer = scratch.get(&format!("{ORDERS}?sql={encoded}"));
    (answer.status, body(&answer))
}

fn rows(scratch: &Scratch, text: &str) -> Vec<Value> {
    let (status, found) = sql(scratch, text);
    assert_eq!(status, 200, "{text}: {found}");
    found["value"].as_array().expect("rows").clone()
}

#[test]
fn w4_sql_finds_rows() {
    let scratch = with_orders();
    let found = |condition: &str| {
        let text = format!("SELECT contoso_name FROM contoso_order o WHERE {condition} ORDER BY contoso_orderid");
        orders(&json!({ "value": rows(&scratch, &text) }))
    };
    for (condition, expected) in [
        ("contoso_name = 'CHAIR'", "0"),
        ("o.contoso_name <> 'chair'", "12345"),
        ("contoso_total != 100", "0234"),
        ("contoso_total > 7 OR contoso_total = -1", "01"),
        ("7.0 >= contoso_total AND (contoso_total >= 1)", "23"),
        ("contoso_name LIKE '%a%'", "02"),
        ("contoso_name NOT LIKE N'%a%'", "1345"),
        ("contoso_name IN ('lamp', 'none', 'x')", "25"),
        ("contoso_total NOT IN (7, 100)", "034"),
        ("contoso_total IS NULL", "5"),
        ("[contoso_total] is not null and \"contoso_name\" = 'it''s (one), 50%'", "4"),
        ("contoso_total BETWEEN 1 AND 7", "23"),
        ("contoso_total NOT BETWEEN 1 AND 7 -- not 5: it holds nothing", "014"),
        ("contoso_customer = '22222222-0000-4000-8000-00000000000B' /* Bob */", "24"),
        ("contoso_name = 'desk' AND contoso_total = 7 OR contoso_name = 'lamp'", "2"),
        ("createdon > '2020-01-01' AND modifiedon >= createdon", "012345"),
    ] {
        assert_eq!(found(condition), expected, "{condition}");
    }
    let top =
        rows(&scratch, "SELECT TOP 2 contoso_name, contoso_total AS total FROM contoso_order ORDER BY total DESC");
    let shown: Vec<_> = top.iter().map(|row| (row["contoso_name"].clone(), row["total"].clone())).collect();
    assert_eq!(shown, [(json!("desk"), json!(100)), (json!("Chair"), json!(12.5))]);
    let third = "SELECT contoso_name FROM contoso_order ORDER BY contoso_name OFFSET 2 ROWS FETCH NEXT 2 ROWS ONLY";
    assert_eq!(orders(&json!({ "value": rows(&scratch, third) })), "42");
}

#[test]
fn w4_sql_joins_and_groups() {
    let scratch = with_orders();
    let joined = rows(
        &scratch,
        "SELECT o.contoso_name, a.name, a.name AS again FROM contoso_order AS o \
         INNER JOIN account a ON o.contoso_customer = a.accountid WHERE a.name LIKE 'b%' ORDER BY a.name, o.contoso_name",
    );
    assert_eq!(joined.len(), 2);
    assert_eq!((&joined[0]["name"], &joined[0]["again"]), (&json!("Bob's"), &json!("Bob's")));
    let outer = "SELECT o.contoso_name FROM contoso_order o LEFT OUTER JOIN account a ON a.accountid = o.contoso_customer \
         WHERE a.accountid IS NULL";
    assert_eq!(orders(&json!({ "value": rows(&scratch, outer) })), "5");
    let grouped = "SELECT a.name, COUNT(o.contoso_orderid) AS cnt, SUM(contoso_total) total, MAX(o.contoso_total) FROM contoso_order o \
         JOIN account a ON a.accountid = o.contoso_customer GROUP BY a.name ORDER BY COUNT(o.contoso_orderid) DESC";
    let expected = json!([
        { "name": "Ada Ltd", "cnt": 3, "total": 113.75, "max_contoso_total": 100 },
        { "name": "Bob's", "cnt": 2, "total": 7, "max_contoso_total": 7 },
    ]);
    assert_eq!(json!(rows(&scratch, grouped)), expected);
    assert_eq!(json!(rows(&scratch, "SELECT COUNT(*) FROM contoso_order")), json!([{ "count": 6 }]));
    let distinct = "SELECT COUNT(DISTINCT contoso_customer) AS n FROM contoso_order";
    assert_eq!(json!(rows(&scratch, distinct)), json!([{ "n": 2 }]));
    assert_eq!(rows(&scratch, "SELECT DISTINCT contoso_customer FROM contoso_order").len(), 3);
    let same = "SELECT o.contoso_name FROM contoso_order o JOIN account a ON o.contoso_customer = a.accountid \
         WHERE a.modifiedon >= o.createdon OR o.contoso_name = a.name";
    assert!(rows(&scratch, same).len() <= 5);
}

#[test]
fn w4_sql_pages_lead_on() {
    let scratch = with_orders();
    let text = "SELECT contoso_name FROM contoso_order ORDER BY contoso_name DESC";
    let encoded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let (mut url, mut seen) = (format!("{ORDERS}?sql={encoded}"), String::new());
    loop {
        let page = body(&with(&scratch, &url, "odata.maxpagesize=4"));
        seen.push_str(&orders(&page));
        let Some(next) = page["@odata.nextLink"].as_str() else { break };
        url = next.strip_prefix("http://localhost/api/data/v9.2/").expect("the request's own root").to_owned();
    }
    assert_eq!(seen, "352410");
}

#[test]
fn w4_sql_that_is_not_of_the_platform_is_refused_with_its_place() {
    let scratch = with_orders();
    let deep = format!("SELECT contoso_name FROM contoso_order WHERE {}1=1", "(".repeat(200));
    for (text, word) in [
        ("", "SELECT is expected, not the end (position 1)"),
        ("DELETE FROM contoso_order", "SELECT is expected, not `DELETE` (position 1)"),
        ("SELECT * FROM contoso_order", "not `*` (position 8)"),
        ("SELECT contoso_name FROM contoso_order; DROP TABLE record", "the end is expected, not `;` (position 39)"),
        ("SELECT name FROM account", "it is about account"),
        ("SELECT contoso_name FROM nothing", "nothing"),
        ("SELECT nothing FROM contoso_order", "nothing"),
        ("SELECT x.contoso_name FROM contoso_order", "nothing is called `x` (position 8)"),
        ("SELECT contoso_name FROM contoso_order WHERE contoso_name = 'x", "a text has no end (position 61)"),
        (
            "SELECT contoso_name FROM contoso_order WHERE contoso_name IN (SELECT name FROM account)",
            "a value is expected",
        ),
        ("SELECT contoso_name FROM contoso_order RIGHT JOIN account a ON a.accountid = contoso_customer", "`RIGHT`"),
        ("SELECT contoso_name FROM contoso_order, account", "`,`"),
        ("SELECT contoso_name FROM contoso_order UNION SELECT name FROM account", "`UNION`"),
        ("SELECT COUNT(*) FROM contoso_order GROUP BY contoso_name HAVING COUNT(*) > 1", "`HAVING`"),
        ("SELECT UPPER(contoso_name) FROM contoso_order", "COUNT, SUM, AVG, MIN or MAX"),
        ("SELECT contoso_name, COUNT(*) FROM contoso_order", "neither grouped by nor a figure"),
        ("SELECT TOP 5001 contoso_name FROM contoso_order", "TOP is at most 5000"),
        ("SELECT contoso_name FROM contoso_order OFFSET 2 ROWS", "ORDER BY"),
        ("SELECT contoso_name FROM contoso_order WHERE NOT contoso_total = 1", "`NOT`"),
        (&deep, "nested deeper"),
    ] {
        let (status, found) = sql(&scratch, text);
        let message = found["error"]["message"].as_str().unwrap_or_default();
        assert_eq!(status, 400, "{text}: {found}");
        assert!(message.contains(word), "{text}: {message}");
    }
}

#[test]
fn w11_dp32_dependencies_of_the_whole_environment_can_be_asked_for() {
    let scratch = with_orders();
    let table = read(&scratch, "EntityDefinitions(LogicalName='contoso_order')?$select=MetadataId");
    let id = table["MetadataId"].as_str().expect("an id");
    let of = |url: &str| {
        let mut rows = read(&scratch, url)["value"].as_array().expect("rows").clone();
        rows.sort_by_key(|row| row["dependencyid"].as_str().map(str::to_owned));
        rows
    };
    let without_tags = |rows: Vec<Value>| {
        let plain = |mut row: Value| {
            row.as_object_mut().expect("a row").retain(|name, _| !name.starts_with('@') && name != "versionnumber");
            row
        };
        rows.into_iter().map(plain).collect::<Vec<_>>()
    };
    let all = read(&scratch, "dependencies?$count=true&$top=5");
    let count = all["@odata.count"].as_i64().expect("a number");
    assert!(count > 10 && all["value"].as_array().map(Vec::len) == Some(5), "{count}");
    // By one side without its type: the same rows as with it, and as the function answers.
    for side in ["required", "dependent"] {
        let one = of(&format!("dependencies?$filter={side}componentobjectid eq {id}"));
        let typed = of(&format!("dependencies?$filter={side}componentobjectid eq {id} and {side}componenttype eq 1"));
        assert!(!one.is_empty() || side == "dependent", "{side}");
        assert_eq!(without_tags(one), without_tags(typed), "{side}");
    }
    let function = read(&scratch, &format!("RetrieveDependentComponents(ObjectId={id},ComponentType=1)"));
    let node = function["value"][0]["_requiredcomponentnodeid_value"].as_str().expect("a node");
    let by_node = of(&format!("dependencies?$filter=_requiredcomponentnodeid_value eq {node}"));
    assert_eq!(by_node.len(), function["value"].as_array().expect("rows").len());
    // What an operation changes is seen.
    let workspace = scratch.service.workspace(None).expect("a workspace");
    let environment = workspace.environment().expect("an environment");
    let edit = strata_ops::Request::Uninstall { solution: "ContosoCore".to_owned() };
    strata_ops::carry_out(&workspace, &environment, &edit, &strata_ops::silent).expect("uninstalled");
    assert_eq!(read(&scratch, "dependencies?$count=true")["@odata.count"], 0);
}

#[test]
fn w11_l18_the_platforms_own_solutions_list_every_component_and_every_customized_one() {
    let scratch = with_orders();
    let of = |name: &str, more: &str| {
        let solution = read(&scratch, &format!("solutions(uniquename='{name}')?$select=solutionid"));
        let id = solution["solutionid"].as_str().expect("an id").to_owned();
        let url = format!("solutioncomponents?$filter=_solutionid_value eq {id}{more}&$count=true");
        (id, read(&scratch, &url))
    };
    let (_, core) = of("ContosoCore", "");
    let (id, default) = of("Default", "");
    assert!(default["@odata.count"].as_i64() >= core["@odata.count"].as_i64(), "{}", default["@odata.count"]);
    assert_eq!(of("Active", "").1["value"], json!([]));
    let row = &of("Default", " and componenttype eq 1").1["value"][0];
    assert_eq!((&row["rootcomponentbehavior"], &row["_solutionid_value"]), (&json!(0), &json!(id)));
    let along = read(&scratch, &format!("solutions({id})/solution_solutioncomponent?$count=true"));
    assert_eq!(along["@odata.count"], default["@odata.count"]);
    let view = json!({
        "name": "Own", "returnedtypecode": "account", "querytype": 0,
        "fetchxml": "<fetch><entity name=\"account\"><attribute name=\"name\"/></entity></fetch>",
    });
    let view = create(&scratch, "savedqueries", NONE, &view);
    let (_, active) = of("Active", "");
    assert_eq!((active["value"].as_array().map(Vec::len), &active["value"][0]["objectid"]), (Some(1), &json!(view)));
    let (_, more) = of("Default", "");
    assert_eq!(more["@odata.count"].as_i64(), default["@odata.count"].as_i64().map(|count| count + 1));
}

#[test]
fn w4_rows_are_sorted_and_found_by_when_they_were_made_and_changed_along_an_index() {
    let scratch = with_orders();
    let store = strata_store::sqlite::SqliteStore::open(std::path::Path::new(&scratch.store())).expect("the store");
    let workspace = scratch.service.workspace(None).expect("a workspace");
    let environment = workspace.environment().expect("an environment");
    for column in ["createdon", "modifiedon"] {
        let field = Field { source: 0, column: column.to_owned(), kind: FieldKind::Time };
        let all = RowQuery::all(Relation::Records("contoso_order".to_owned()));
        let order = vec![Sort { field: field.clone(), is_descending: true }];
        let value = json!("2020-01-01T00:00:00Z");
        let filter = Some(Filter::Compare { field, operator: Operator::Ge, value });
        for asked in [RowQuery { order, limit: Some(10), ..all.clone() }, RowQuery { filter, ..all }] {
            let plan = store.explain(&environment, &asked).expect("a plan").join("; ");
            assert!(plan.contains("SEARCH i0 USING") && !plan.contains("TEMP B-TREE"), "{column}: {plan}");
        }
    }
    let changed = json!({ "contoso_total": 3 });
    assert_eq!(send(&scratch, Verb::Patch, &format!("{ORDERS}({})", order(2)), NONE, &changed).status, 204);
    let newest =
        read(&scratch, &format!("{ORDERS}?$orderby=modifiedon desc,contoso_orderid&$filter=createdon ge 2020-01-01"));
    assert_eq!(newest["value"].as_array().map(Vec::len), Some(6));
}

#[test]
fn w4_fetchxml_goes_through_the_table_between_many_and_many() {
    let scratch = crate::set_writes::with_table();
    for (code, account) in [("1", "Ada"), ("2", "Bob")] {
        let row = json!({ "contoso_code": code, "contoso_part_account": [{ "name": account }] });
        create(&scratch, "contoso_parts", NONE, &row);
    }
    let xml = "<fetch><entity name='contoso_part'><attribute name='contoso_code'/>\
         <link-entity name='contoso_part_account' from='contoso_partid' to='contoso_partid' intersect='true'>\
         <link-entity name='account' from='accountid' to='accountid' alias='a'><attribute name='name'/><filter>\
         <condition attribute='name' operator='eq' value='bob'/></filter></link-entity></link-entity></entity></fetch>";
    let xml: String = xml.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let found = read(&scratch, &format!("contoso_parts?fetchXml={xml}"));
    let rows = found["value"].as_array().expect("rows");
    assert_eq!(rows.len(), 1, "{found}");
    assert_eq!((&rows[0]["contoso_code"], &rows[0]["a.name"]), (&json!("2"), &json!("Bob")));
    let text = "SELECT p.contoso_code, a.name FROM contoso_part p JOIN contoso_part_account i ON \
         i.contoso_partid = p.contoso_partid JOIN account a ON a.accountid = i.accountid ORDER BY a.name";
    let text: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let found = read(&scratch, &format!("contoso_parts?sql={text}"));
    assert_eq!((&found["value"][0]["name"], &found["value"][1]["name"]), (&json!("Ada"), &json!("Bob")));
}

#[test]
fn w4_a_link_may_match_the_first_row_only() {
    let scratch = with_orders();
    let matched = |kind: &str, filter: &str| {
        let xml = format!(
            "<fetch><entity name='account'><attribute name='name'/><order attribute='name'/><link-entity \
             name='contoso_order' from='contoso_customer' to='accountid' alias='o' link-type='{kind}'>\
             <attribute name='contoso_name'/><order attribute='contoso_name'/>{filter}</link-entity></entity></fetch>"
        );
        let xml: String = xml.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let found = read(&scratch, &format!("accounts?fetchXml={xml}"));
        let rows = found["value"].as_array().expect("rows").clone();
        rows.iter().map(|row| row["o.contoso_name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(matched("inner", "").len(), 5);
    assert_eq!(matched("matchfirstrowusingcrossapply", ""), ["Chair", "Lamp"]);
    let dear = "<filter><condition attribute='contoso_total' operator='ne' value='12.5'/></filter>";
    assert_eq!(matched("matchfirstrowusingcrossapply", dear), ["desk", "Lamp"]);
}

#[test]
fn w4_no_query_joins_more_tables_than_can_be_joined() {
    let scratch = hierarchy_of_one();
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    let links = |many: usize| {
        let link = "<link-entity name='account' from='accountid' to='accountid'/>".repeat(many);
        let xml = format!("<fetch><entity name='account'><attribute name='name'/>{link}</entity></fetch>");
        scratch.get(&format!("accounts?fetchXml={}", encoded(&xml)))
    };
    assert_eq!(links(15).status, 200);
    refused(&links(16), 400, "0x80060888", "more links");
    let joins = |many: usize| {
        let joins: String =
            (0..many).map(|at| format!(" JOIN account a{at} ON a{at}.accountid = a.accountid")).collect();
        scratch.get(&format!("accounts?sql={}", encoded(&format!("SELECT a.name FROM account a{joins}"))))
    };
    assert_eq!(joins(50).status, 200);
    refused(&joins(51), 400, "0x80060888", "more links");
    let lookups = ["parentaccountid", "createdby", "modifiedby", "owninguser"];
    let up = ["parentsystemuserid/", "parentsystemuserid/parentsystemuserid/", "businessunitid/", ""];
    let paths = lookups[1..].iter().flat_map(|first| up.map(|then| format!("{first}/{then}createdon")));
    let found = scratch.get(&format!("accounts?$orderby={}", paths.collect::<Vec<_>>().join(",")));
    assert_eq!(found.status, 200, "{}", String::from_utf8_lossy(&found.body));
    let many = ["createdby", "modifiedby", "createdonbehalfby", "modifiedonbehalfby"];
    let all = many.iter().flat_map(|one| many.iter().map(move |two| format!("{one}/{two}")));
    let all = all.flat_map(|both| many.map(|three| format!("{both}/{three}/createdon"))).collect::<Vec<_>>();
    refused(&scratch.get(&format!("accounts?$orderby={}", all.join(","))), 400, "0x80060888", "no more than 50");
}

fn hierarchy_of_one() -> Scratch {
    let scratch = Scratch::new();
    create(&scratch, "accounts", NONE, &json!({ "name": "1" }));
    scratch
}

#[test]
fn w4_lookups_are_followed_inside_of_any_and_all() {
    let scratch = with_orders();
    let (way, back) = (lines(&scratch), crate::reading::navigation(&scratch));
    let names = |condition: &str| {
        let condition = condition.replace("CUSTOMER", &back).replace("ORDERS", &way);
        let found = read(&scratch, &format!("accounts?$orderby=name&$filter={condition}"));
        let rows = found["value"].as_array().expect("rows").clone();
        rows.iter().map(|row| row["name"].as_str().expect("a name")[..3].to_owned()).collect::<Vec<_>>()
    };
    for (condition, expected) in [
        ("ORDERS/any(o:o/CUSTOMER/name eq 'Bob''s')", &["Bob"][..]),
        ("ORDERS/any(o:startswith(o/CUSTOMER/name,'ada') and o/contoso_total gt 50)", &["Ada"]),
        ("ORDERS/all(o:o/CUSTOMER/name in ('Ada Ltd','x'))", &["Ada"]),
        ("ORDERS/any(o:o/CUSTOMER/name ne 'Ada Ltd')", &["Bob"]),
        ("ORDERS/any(o:o/CUSTOMER/parentaccountid/name eq null)", &["Ada", "Bob"]),
        ("ORDERS/any(o:o/CUSTOMER/parentaccountid/name ne null)", &[]),
    ] {
        assert_eq!(names(condition), expected, "{condition}");
    }
    // As deep as it goes.
    for (depth, status) in [(10, 200), (40, 400), (90, 400)] {
        let ways = ["contact_customer_accounts", "account_primary_contact"];
        let open: String = (0..depth)
            .map(|at| match at {
                0 => format!("{}/any(v0:", ways[0]),
                _ => format!("v{}/{}/any(v{at}:", at - 1, ways[at % 2]),
            })
            .collect();
        let far = if depth % 2 == 0 {
            "primarycontactid/parentcustomerid_account"
        } else {
            "parentcustomerid_account/primarycontactid"
        };
        let condition = format!("{open}v{}/{far}/createdon ne null{}", depth - 1, ")".repeat(depth));
        let answer = scratch.get(&format!("accounts?$filter={condition}"));
        assert_eq!(answer.status, status, "{depth}: {}", String::from_utf8_lossy(&answer.body));
    }
    let far = "parentaccountid/".repeat(7);
    let answer = scratch.get(&format!("accounts?$filter={way}/any(o:o/{back}/{far}name eq 'x')"));
    refused(&answer, 400, "0x80060888", "no more than 5 lookups");
}

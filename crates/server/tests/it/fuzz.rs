//! Requests that nobody would write: no answer is a mistake of the server, and none is a panic.
//!
//! Requests grow from a grammar of the Web API over names that exist and names that do not, and some are damaged
//! afterwards. `STRATA_FUZZ_ITERATIONS` times ten says how many; the same number asks the same.

use std::panic::{AssertUnwindSafe, catch_unwind};

use strata_server::ask::Verb;

use crate::service::Scratch;

const DEFAULT_ITERATIONS: usize = 150;
const PER_ITERATION: usize = 10;

fn iterations() -> usize {
    let asked = std::env::var("STRATA_FUZZ_ITERATIONS").ok().and_then(|text| text.parse::<usize>().ok());
    asked.unwrap_or(DEFAULT_ITERATIONS) * PER_ITERATION
}

/// Chooses, always the same way for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % end.max(1)
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    fn happens(&mut self, once_in: usize) -> bool {
        self.below(once_in) == 0
    }
}

const SETS: &[&str] = &[
    "accounts",
    "contacts",
    "solutions",
    "publishers",
    "solutioncomponents",
    "importjobs",
    "asyncoperations",
    "msdyn_componentlayers",
    "msdyn_solutioncomponentsummaries",
    "msdyn_solutionhistories",
    "workflows",
    "webresourceset",
    "systemforms",
    "savedqueries",
    "environmentvariabledefinitions",
    "connectionreferences",
    "EntityDefinitions",
    "RelationshipDefinitions",
    "GlobalOptionSetDefinitions",
    "dependencies",
    "nothings",
    "$metadata",
    "",
];
const OPERATIONS: &[&str] = &[
    "WhoAmI",
    "RetrieveVersion()",
    "RetrieveDependenciesForUninstall(SolutionUniqueName='x')",
    "RetrieveDependentComponents(ObjectId=@o,ComponentType=@t)",
    "RetrieveSolutionImportResult(ImportJobId=1)",
    "IsComponentCustomizable(ComponentId=a,ComponentType='x')",
    "RetrieveMissingComponents(CustomizationFile=binary'!')",
    "ImportSolution",
    "ImportSolutionAsync",
    "StageSolution",
    "ExportSolution",
    "PublishXml",
    "AddSolutionComponent",
    "DeleteAndPromote",
    "CloneAsPatch",
    "RemoveActiveCustomizations",
    "CreateEntities",
    "InsertOptionValue",
    "DeleteOptionValue",
    "strata.Plan",
    "strata.SetFault",
    "strata.ResetToBaseline",
    "RetrieveMetadataChanges(Query=@q)",
    "BulkDelete",
    "$batch",
];
const COLUMNS: &[&str] = &[
    "name",
    "accountid",
    "createdon",
    "statecode",
    "_primarycontactid_value",
    "_publisherid_value",
    "uniquename",
    "revenue",
    "friendlyname",
    "msdyn_componentid",
    "msdyn_solutioncomponentname",
    "LogicalName",
    "nothing",
    "versionnumber",
    "publisherid/friendlyname",
    "primarycontactid/fullname",
    "a/b/c",
    "parentaccountid",
    "telephone1",
    "objectid",
];
const VALUES: &[&str] = &[
    "'x'",
    "''",
    "'it''s'",
    "null",
    "true",
    "1",
    "-1",
    "1.5",
    "9223372036854775808",
    "2026-01-31",
    "2026-01-31T10:00:00Z",
    "11111111-1111-1111-1111-111111111111",
    "'11111111-1111-1111-1111-111111111111'",
    "'%'",
    "'_'",
    "@p",
    "'ä😀'",
    "{11111111-1111-1111-1111-111111111111}",
    "2026-99-99",
    "Microsoft.Dynamics.CRM.X'1'",
    "nothing",
    "1e400",
];
const BODIES: &[&str] = &[
    "",
    "{}",
    "[]",
    "null",
    "{\"name\":\"x\"}",
    "{\"name\":1}",
    "{\"name\":null,\"revenue\":\"a\"}",
    "{\"nothing\":1}",
    "{\"primarycontactid@odata.bind\":\"/contacts(11111111-1111-1111-1111-111111111111)\"}",
    "{\"primarycontactid@odata.bind\":\"$1\"}",
    "{\"Targets\":[{\"name\":\"a\"},{\"name\":2}]}",
    "{\"value\":\"x\"}",
    "{\"CustomizationFile\":\"UEsDBA==\",\"ImportJobId\":\"x\",\"OverwriteUnmanagedCustomizations\":true,\"PublishWorkflows\":true}",
    "{\"SolutionName\":\"Default\",\"Managed\":true}",
    "{\"ParameterXml\":\"<importexportxml><entities>\"}",
    "{\"Operation\":\"x\",\"Kind\":\"fail\",\"Times\":1}",
    "{\"Name\":\"nothing\"}",
    "{\"a\":{\"b\":[[[[[]]]]]}}",
    "{\"name\":",
    "{\"uniquename\":\"x y\",\"friendlyname\":\"x\",\"version\":\"a\"}",
    "--b\r\n",
    "\u{0}\u{1}",
    "{\"Entities\":[{\"SchemaName\":\"x\"}]}",
    "{\"@odata.id\":\"accounts(1)\"}",
    "{\"statecode\":3,\"statuscode\":32}",
    "{\"name\":\"x\",\"primarycontactid\":{\"lastname\":\"y\",\"parentcustomerid_account\":{\"name\":1}}}",
    "{\"name\":\"x\",\"contact_customer_accounts\":[{\"lastname\":\"y\"},{}]}",
    "{\"name\":\"x\",\"contact_customer_accounts@odata.bind\":[\"contacts(11111111-1111-1111-1111-111111111111)\"]}",
    "{\"QuerySet\":[{\"EntityName\":\"account\",\"Criteria\":{\"Conditions\":[{\"AttributeName\":\"name\",\"Operator\":\"Null\"}]}}]}",
    "{\"QuerySet\":[{\"EntityName\":\"account\",\"Criteria\":{\"Filters\":[{}],\"FilterOperator\":7}}]}",
];
const WORDS: &[&str] = &[
    "SELECT",
    "TOP",
    "5",
    "name",
    "accountid",
    "a.name",
    "c.lastname",
    "FROM",
    "account",
    "account a",
    "contact c",
    "JOIN",
    "LEFT",
    "ON",
    "a.primarycontactid",
    "=",
    "c.contactid",
    "WHERE",
    "AND",
    "OR",
    "(",
    ")",
    "NOT",
    "IN",
    "LIKE",
    "'x%'",
    "IS",
    "NULL",
    "BETWEEN",
    "1",
    "-2.5",
    "GROUP",
    "BY",
    "ORDER",
    "DESC",
    "COUNT(*)",
    "SUM(revenue)",
    "AS",
    "n",
    ",",
    "DISTINCT",
    "OFFSET",
    "ROWS",
    "FETCH",
    "NEXT",
    "ONLY",
    "<>",
    "--",
    "/*",
    "'",
    "[name]",
    ";",
    "*",
    "nothing",
];
const STATEMENTS: &[&str] = &[
    "SELECT name FROM account",
    "SELECT a.name, c.lastname FROM account a JOIN contact c ON a.primarycontactid = c.contactid WHERE c.lastname LIKE 'x%'",
    "SELECT a.name FROM account a LEFT JOIN contact c ON c.parentcustomerid = a.accountid WHERE c.contactid IS NULL",
    "SELECT name, COUNT(*) AS n, SUM(revenue) FROM account GROUP BY name ORDER BY COUNT(*) DESC",
    "SELECT DISTINCT name FROM account ORDER BY name OFFSET 2 ROWS FETCH NEXT 3 ROWS ONLY",
    "SELECT name FROM account a WHERE (revenue BETWEEN 1 AND 2 OR a.name <> 'x') AND createdon > modifiedon",
];

fn filter(chance: &mut Chance, depth: usize) -> String {
    let column = chance.one(COLUMNS);
    let value = chance.one(VALUES);
    match chance.below(if depth == 0 { 5 } else { 9 }) {
        0 | 1 => format!("{column} {} {value}", chance.one(&["eq", "ne", "gt", "ge", "lt", "le", "has"])),
        2 => format!("{}({column},{value})", chance.one(&["contains", "startswith", "endswith", "year"])),
        3 => format!("{column} in ({value},{})", chance.one(VALUES)),
        4 => format!(
            "Microsoft.Dynamics.CRM.{}(PropertyName='{column}',PropertyValues=[{value}])",
            chance.one(&["In", "Between", "Under", "AboveOrEqual", "EqualUserId", "Nothing"])
        ),
        5 => format!("({} and {})", filter(chance, depth - 1), filter(chance, depth - 1)),
        6 => format!("{} or {}", filter(chance, depth - 1), filter(chance, depth - 1)),
        7 => format!("not ({})", filter(chance, depth - 1)),
        _ => format!(
            "{}/any(o:o/{})",
            chance.one(&["contact_customer_accounts", "solution_solutioncomponent", "x"]),
            filter(chance, depth - 1)
        ),
    }
}

/// A statement that somebody may write, with words of others in it.
fn sql(chance: &mut Chance) -> String {
    let mut words: Vec<&str> = chance.one(STATEMENTS).split(' ').collect();
    for _ in 0..chance.below(3) {
        let at = chance.below(words.len());
        match chance.below(3) {
            0 => words[at] = chance.one(WORDS),
            1 => words.insert(at, chance.one(WORDS)),
            _ => drop(words.remove(at)),
        }
    }
    words.join(" ")
}

/// What stands below an entity or a link of FetchXML.
fn fetched(chance: &mut Chance, depth: usize) -> String {
    let column = chance.one(&[
        "name",
        "accountid",
        "lastname",
        "contactid",
        "primarycontactid",
        "parentcustomerid",
        "createdon",
    ]);
    let named = |chance: &mut Chance| if chance.happens(4) { "entityname='a1' " } else { "" };
    let part = match chance.below(if depth == 0 { 4 } else { 7 }) {
        0 => format!("<attribute name='{column}'/>"),
        1 => format!("<attribute name='{column}' alias='x' groupby='true' dategrouping='fiscal-year'/>"),
        2 => format!("<order {}attribute='{column}'/>", named(chance)),
        3 => format!(
            "<filter type='{}'><condition {}attribute='{column}' operator='{}' value='{}'/></filter>",
            chance.one(&["and", "or", "xor"]),
            named(chance),
            chance.one(&[
                "eq",
                "ne",
                "like",
                "under",
                "eq-or-above",
                "eq-userid",
                "null",
                "last-x-days",
                "in-fiscal-year",
                "no"
            ]),
            chance.one(&["x", "1", "11111111-1111-1111-1111-111111111111", ""])
        ),
        4 => format!("<filter>{}</filter>", link(chance, depth - 1)),
        _ => link(chance, depth - 1),
    };
    if chance.happens(2) { part } else { part + &fetched(chance, depth.saturating_sub(1)) }
}

fn link(chance: &mut Chance, depth: usize) -> String {
    let (table, from, to) = match chance.below(3) {
        0 => ("contact", "contactid", "primarycontactid"),
        1 => ("contact", "parentcustomerid", "accountid"),
        _ => ("account", "accountid", "parentcustomerid"),
    };
    format!(
        "<link-entity name='{table}' from='{from}' to='{to}' alias='{}' link-type='{}'>{}</link-entity>",
        chance.one(&["a1", "a2", ""]),
        chance.one(&["inner", "outer", "any", "not any", "all", "exists", "matchfirstrowusingcrossapply", "x"]),
        fetched(chance, depth)
    )
}

fn option(chance: &mut Chance) -> String {
    let column = chance.one(COLUMNS);
    let text = match chance.below(15) {
        0 | 1 => format!("$select={column},{}", chance.one(COLUMNS)),
        2..=4 => format!("$filter={}", filter(chance, 3)),
        5 => format!("$orderby={column} {},{}", chance.one(&["asc", "desc", "up"]), chance.one(COLUMNS)),
        6 => format!("$top={}", chance.one(&["1", "0", "-1", "5001", "99999999999999999999", "x"])),
        7 => format!("$expand={column}($select={};$top=1;$filter={})", chance.one(COLUMNS), filter(chance, 1)),
        8 => format!("$count={}", chance.one(&["true", "false", "maybe"])),
        9 => format!("$apply={}", chance.one(&[
            "groupby((statecode),aggregate($count as n))", "aggregate(revenue with sum as s)", "filter(name eq 'x')/groupby((name))",
            "groupby((nothing))", "aggregate(", "",
        ])),
        10 => format!("fetchXml={}", chance.one(&[
            "<fetch><entity name='account'><attribute name='name'/></entity></fetch>",
            "<fetch top='1'><entity name='account'><filter><condition attribute='name' operator='like' value='%x'/></filter></entity></fetch>",
            "<fetch aggregate='true'><entity name='account'><attribute name='name' alias='n' aggregate='count'/></entity></fetch>",
            "<fetch><entity name='nothing'/></fetch>", "<fetch>", "<a/>", "<!DOCTYPE x [<!ENTITY e 'e'>]><fetch/>",
            "<fetch><entity name='account'><link-entity name='contact' from='contactid' to='primarycontactid' alias='c'><attribute name='fullname'/></link-entity></entity></fetch>",
        ])),
        11 => format!("sql={}", sql(chance)),
        12 => {
            let aggregate = if chance.happens(4) { " aggregate='true'" } else { "" };
            format!("fetchXml=<fetch{aggregate}><entity name='account'>{}</entity></fetch>", fetched(chance, 4))
        }
        13 => format!("$skiptoken={}", chance.one(&["1", "<cookie pagenumber=\"2\"/>", "%3Ccookie%3E", "AAAA", ""])),
        _ => format!("{}={}", chance.one(&["$skip", "@p", "api-version", "$format", "savedQuery", "userQuery", "$search", "@o", "@t"]), chance.one(VALUES)),
    };
    text.replace('&', "%26").replace('#', "%23")
}

fn url(chance: &mut Chance) -> String {
    let mut url = match chance.below(4) {
        0 => chance.one(OPERATIONS).to_owned(),
        _ => chance.one(SETS).to_owned(),
    };
    if chance.happens(3) {
        let value = chance.one(VALUES);
        url.push_str(&match chance.below(3) {
            0 => format!("({value})"),
            1 => format!("({}={value})", chance.one(COLUMNS)),
            _ => format!("(LogicalName='{}')", chance.one(&["account", "nothing", "solution"])),
        });
    }
    if chance.happens(3) {
        url.push('/');
        url.push_str(chance.one(&[
            "$count",
            "name",
            "name/$value",
            "$ref",
            "primarycontactid",
            "primarycontactid/$ref",
            "Attributes",
            "Keys",
            "Attributes(LogicalName='name')",
            "Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata",
            "Microsoft.Dynamics.CRM.CreateMultiple",
            "Microsoft.Dynamics.CRM.UpdateMultiple",
            "solution_solutioncomponent",
            "contact_customer_accounts",
            "OneToManyRelationships",
            "x/y/z",
            "$value",
        ]));
    }
    let options: Vec<_> = (0..chance.below(4)).map(|_| option(chance)).collect();
    if options.is_empty() { url } else { format!("{url}?{}", options.join("&")) }
}

/// Takes characters away, doubles them, or puts others in their place.
fn damaged(chance: &mut Chance, text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..=chance.below(3) {
        let at = chance.below(characters.len());
        match chance.below(3) {
            _ if characters.is_empty() => {}
            0 => drop(characters.remove(at)),
            1 => characters.insert(at, characters[at]),
            _ => {
                characters[at] = *['\'', '(', ')', '%', '/', '$', '\0', 'é', ',', '&', ' ', '"', '{']
                    .get(chance.below(13))
                    .expect("one of them")
            }
        }
    }
    characters.into_iter().collect()
}

#[test]
fn no_request_is_answered_by_a_mistake_of_the_server() {
    let scratch = Scratch::new();
    for name in ["Ada", "Grace"] {
        scratch.send(Verb::Post, "accounts", &[], &format!("{{\"name\":\"{name}\"}}"));
    }
    let mut chance = Chance(0x5eed_1234_abcd_0001);
    let mut statuses = std::collections::BTreeMap::<u16, usize>::new();
    for number in 0..iterations() {
        let mut target = url(&mut chance);
        let mut body = chance.one(BODIES).to_owned();
        if chance.happens(8) {
            target = damaged(&mut chance, &target);
        }
        if chance.happens(8) {
            body = damaged(&mut chance, &body);
        }
        let verb = [Verb::Get, Verb::Get, Verb::Get, Verb::Post, Verb::Patch, Verb::Put, Verb::Delete][chance.below(7)];
        let headers = [
            (
                "Prefer",
                chance.one(&[
                    "return=representation",
                    "odata.include-annotations=\"*\"",
                    "odata.maxpagesize=1",
                    "\"",
                    "",
                ]),
            ),
            ("If-Match", chance.one(&["*", "W/\"1\"", "x", ""])),
            ("Content-Type", chance.one(&["application/json", "multipart/mixed;boundary=b", "text/plain", ""])),
            ("MSCRM.SolutionUniqueName", chance.one(&["", "Default", "nothing"])),
        ];
        let headers = &headers[..chance.below(headers.len() + 1)];
        let told = format!("request {number}: {verb:?} {target}\n{headers:?}\n{body}");
        let answer = catch_unwind(AssertUnwindSafe(|| scratch.send(verb, &target, headers, &body)))
            .unwrap_or_else(|_| panic!("{told}"));
        assert!(answer.status < 500 || answer.status == 501, "{told}\n{}", String::from_utf8_lossy(&answer.body));
        if answer.status >= 400 {
            let error: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{told}"));
            let code = error["error"]["code"].as_str().unwrap_or_default();
            assert!(code.starts_with("0x") && error["error"]["message"].is_string(), "{told}\n{error}");
        }
        *statuses.entry(answer.status).or_default() += 1;
    }
    // A fuzzer whose requests are all refused shows nothing.
    assert!(statuses.get(&200).is_some_and(|met| *met > iterations() / 50), "{statuses:?}");
}

#[test]
fn no_question_about_rows_is_answered_by_a_mistake_of_the_server() {
    let scratch = Scratch::new();
    for name in ["Ada", "Grace"] {
        let body = format!("{{\"name\":\"{name}\",\"contact_customer_accounts\":[{{\"lastname\":\"{name}\"}}]}}");
        scratch.send(Verb::Post, "accounts", &[], &body);
    }
    let mut chance = Chance(0x5eed_1234_abcd_0002);
    let mut statuses = std::collections::BTreeMap::<u16, usize>::new();
    for number in 0..iterations() {
        let (option, text) = match chance.below(3) {
            0 => ("sql", sql(&mut chance)),
            1 => ("$filter", filter(&mut chance, 3)),
            _ => {
                let aggregate = if chance.happens(4) { " aggregate='true'" } else { "" };
                (
                    "fetchXml",
                    format!("<fetch{aggregate}><entity name='account'>{}</entity></fetch>", fetched(&mut chance, 4)),
                )
            }
        };
        let target = format!("accounts?{option}={}", text.replace('&', "%26").replace('#', "%23").replace('+', "%2B"));
        let answer = catch_unwind(AssertUnwindSafe(|| scratch.send(Verb::Get, &target, &[], "")));
        let answer = answer.unwrap_or_else(|_| panic!("request {number} panics: {target}"));
        *statuses.entry(answer.status).or_default() += 1;
        let is_answered = answer.status < 500 || answer.status == 501;
        assert!(is_answered, "{number}: {target}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
    }
    assert!(statuses.get(&200).is_some_and(|found| *found > iterations() / 20), "most do not fit: {statuses:?}");
}

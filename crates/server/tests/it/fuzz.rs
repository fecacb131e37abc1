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
            chance.one(&["In", "Between", "Under", "Nothing"])
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

fn option(chance: &mut Chance) -> String {
    let column = chance.one(COLUMNS);
    let text = match chance.below(13) {
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
        11 => format!("$skiptoken={}", chance.one(&["1", "%3Ccookie%3E", "AAAA", ""])),
        _ => format!("{}={}", chance.one(&["$skip", "@p", "api-version", "$format", "savedQuery", "$search", "@o", "@t"]), chance.one(VALUES)),
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

//! What is not published yet, and the languages of an environment.

use serde_json::{Value, json};
use strata_server::ask::Verb;

use crate::actions::{JOB, code, import, message};
use crate::packages::package;
use crate::service::Scratch;

const VIEW: &str = "11111111-0000-4000-8000-0000000000f1";

fn text(answer: &strata_server::answer::Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
}

#[test]
fn w9_l49_drafts_are_retrieved_where_they_are_asked_for() {
    let scratch = Scratch::new();
    let solution = format!(
        "Contoso 1.0.0.0 unmanaged contoso\nentity contoso_order\nsavedquery contoso_order {VIEW} \
         <LocalizedNames><LocalizedName description=\"Open\" languagecode=\"1033\" /></LocalizedNames>"
    );
    scratch.done("ImportSolution", &import(&package(&solution), JOB));
    let resource = json!({ "name": "contoso_/a.js", "webresourcetype": 3, "content": "YQ==", "displayname": "a" });
    let made = scratch.send(Verb::Post, "webresourceset", &[], &resource.to_string());
    let url = made.headers.iter().find(|(name, _)| *name == "OData-EntityId").expect("an id").1.clone();
    let id = url.rsplit_once('(').expect("a key").1.trim_end_matches(')').to_owned();
    scratch.done("PublishAllXml", &json!({}));
    let changed = json!({ "content": "Yg==", "displayname": "b" });
    let changed = scratch.send(Verb::Patch, &format!("webresourceset({id})"), &[], &changed.to_string());
    assert_eq!(changed.status, 204, "{}", text(&changed));
    let shown = |url: &str| {
        let row = scratch.ask(url);
        (row["displayname"].clone(), row["content"].clone(), row["componentstate"].clone())
    };
    let published = format!("webresourceset({id})?$select=displayname,content,componentstate");
    assert_eq!(shown(&published).0, "a");
    let function = "Microsoft.Dynamics.CRM.RetrieveUnpublished";
    let draft = shown(&format!("webresourceset({id})/{function}()?$select=displayname,content,componentstate"));
    assert_eq!(draft, (json!("b"), json!("Yg=="), shown(&published).2), "a draft stays a draft");
    let listed = scratch.ask(&format!(
        "webresourceset/{function}Multiple()?$filter=displayname eq 'b'&$select=name&$orderby=name&$count=true"
    ));
    assert_eq!((&listed["@odata.count"], &listed["value"][0]["name"]), (&json!(1), &json!("contoso_/a.js")));
    let none = scratch.ask(&format!("webresourceset/{function}Multiple?$filter=displayname eq 'a'"));
    assert_eq!(none["value"], json!([]));
    scratch.done("PublishAllXml", &json!({}));
    assert_eq!(shown(&published).0, "b");
    let view = scratch.ask(&format!("savedqueries({VIEW})/{function}()?$select=name"));
    assert_eq!(view["name"], "Open");
    for url in [
        format!("solutions/{function}Multiple()"),
        format!("accounts/{function}Multiple()"),
        format!("webresourceset/{function}()"),
        "webresourceset/RetrieveUnpublishedMultiple()".to_owned(),
    ] {
        assert_eq!(scratch.get(&url).status, 404, "{url}");
    }
    let missing = format!("webresourceset(11111111-0000-4000-8000-000000000009)/{function}()");
    assert_eq!(code(&text(&scratch.get(&missing))), "0x80040217");
}

#[test]
fn w9_languages_are_enabled_disabled_and_listed() {
    let scratch = Scratch::new();
    let enabled = || scratch.ask("RetrieveProvisionedLanguages")["RetrieveProvisionedLanguages"].clone();
    assert_eq!(enabled(), json!([1033]));
    let before = scratch.ask("RetrieveTimestamp()")["Timestamp"].clone();
    assert_eq!(scratch.ask("RetrieveTimestamp()")["Timestamp"], before);
    let wanted = json!({ "Language": 1031 });
    let plan = scratch.done("strata.Plan", &json!({ "Operation": "ProvisionLanguage", "Language": 1031 }));
    assert_eq!((&plan["operation"], enabled()), (&json!("settings"), json!([1033])));
    scratch.done("ProvisionLanguage", &wanted);
    scratch.done("ProvisionLanguage", &wanted);
    assert_eq!(enabled(), json!([1033, 1031]));
    assert_ne!(scratch.ask("RetrieveTimestamp()")["Timestamp"], before);
    assert_eq!(scratch.ask("RetrieveInstalledLanguagePacks()")["RetrieveInstalledLanguagePacks"], json!([1033, 1031]));
    assert_eq!(scratch.ask("RetrieveDeprovisionedLanguages()")["RetrieveDeprovisionedLanguages"], json!([]));
    let version = scratch.ask("RetrieveVersion()")["Version"].clone();
    for name in ["RetrieveInstalledLanguagePackVersion", "RetrieveProvisionedLanguagePackVersion"] {
        assert_eq!(scratch.ask(&format!("{name}(Language=1031)"))["PackVersion"], version);
        assert_eq!(scratch.get(&format!("{name}(Language=1036)")).status, 400);
    }
    scratch.done("DeprovisionLanguage", &wanted);
    assert_eq!(enabled(), json!([1033]));
    for (name, language, expected) in [
        ("DeprovisionLanguage", 1031, "1031 is not enabled"),
        ("DeprovisionLanguage", 1033, "1033 is the base language"),
        ("ProvisionLanguage", 7, "an LCID such as 1033 is expected"),
        ("ProvisionLanguage", -1, "an LCID such as 1033 is expected"),
    ] {
        let (status, answer) = scratch.act(name, &json!({ "Language": language }));
        assert_eq!(status, 400);
        assert!(message(&answer).contains(expected), "{answer}");
    }
    scratch.done("strata.Undo", &json!({}));
    assert_eq!(enabled(), json!([1033, 1031]));
}

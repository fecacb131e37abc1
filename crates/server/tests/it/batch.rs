//! `$batch`: parts in turn, change sets as a whole (web-api §6).

use strata_server::answer::Answer;
use strata_server::ask::Verb;

use crate::service::Scratch;

const ROOT: &str = "http://localhost/api/data/v9.2";

/// Puts parts between delimiters, as clients do.
fn multipart(boundary: &str, parts: &[String]) -> String {
    let parts: String = parts.iter().map(|part| format!("--{boundary}\r\n{part}\r\n")).collect();
    format!("{parts}--{boundary}--\r\n")
}

fn request(content_id: Option<u32>, line: &str, body: &str) -> String {
    let id = content_id.map(|id| format!("Content-ID: {id}\r\n")).unwrap_or_default();
    format!(
        "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n{id}\r\n{line} HTTP/1.1\r\n\
         Content-Type: application/json\r\n\r\n{body}"
    )
}

fn change_set(requests: &[String]) -> String {
    format!("Content-Type: multipart/mixed;boundary=\"set\"\r\n\r\n{}", multipart("set", requests))
}

fn send(scratch: &Scratch, prefer: &str, parts: &[String]) -> (Answer, String) {
    let headers = [("Content-Type", "multipart/mixed; boundary=outer"), ("Prefer", prefer)];
    let answer = scratch.send(Verb::Post, "$batch", &headers, &multipart("outer", parts));
    let text = String::from_utf8(answer.body.clone()).expect("text");
    (answer, text)
}

fn count(scratch: &Scratch, set: &str) -> String {
    String::from_utf8(scratch.get(&format!("{set}/$count")).body)
        .expect("a number")
        .trim_start_matches('\u{feff}')
        .to_owned()
}

#[test]
fn w6_parts_are_answered_in_their_order() {
    let scratch = Scratch::new();
    let (answer, text) = send(
        &scratch,
        "",
        &[
            request(None, &format!("POST {ROOT}/accounts"), "{\"name\":\"Ada\"}"),
            request(None, "GET /api/data/v9.2/accounts?$select=name", ""),
        ],
    );
    assert_eq!(answer.status, 200);
    let boundary = answer.boundary.expect("a boundary");
    assert!(boundary.starts_with("batchresponse_") && text.starts_with(&format!("--{boundary}\r\n")), "{text}");
    let created = text.find("HTTP/1.1 204 No Content").expect("a creation");
    let listed = text.find("HTTP/1.1 200 OK").expect("a list");
    assert!(created < listed && text[listed..].contains("\"name\":\"Ada\""), "{text}");
    let id = text.lines().find(|line| line.starts_with("OData-EntityId: ")).expect("an id");
    assert!(id.starts_with(&format!("OData-EntityId: {ROOT}/accounts(")) && id.ends_with(')'), "{id}");
}

#[test]
fn w6_a_change_set_refers_to_what_it_made() {
    let scratch = Scratch::new();
    let (_, text) = send(
        &scratch,
        "",
        &[change_set(&[
            request(Some(1), &format!("POST {ROOT}/contacts"), "{\"lastname\":\"Lovelace\"}"),
            request(
                Some(2),
                &format!("POST {ROOT}/accounts"),
                "{\"name\":\"$1\",\"primarycontactid@odata.bind\":\"$1\"}",
            ),
            request(Some(3), "PATCH $2", "{\"telephone1\":\"7\"}"),
        ])],
    );
    assert!(text.contains("--changesetresponse_"), "{text}");
    assert_eq!(text.matches("HTTP/1.1 204 No Content").count(), 3, "{text}");
    for id in ["Content-ID: 1", "Content-ID: 2", "Content-ID: 3"] {
        assert!(text.contains(id), "{text}");
    }
    let read = scratch.get("accounts?$select=name,telephone1&$expand=primarycontactid($select=lastname)");
    let read: serde_json::Value = serde_json::from_slice(&read.body).expect("JSON");
    let account = &read["value"][0];
    assert_eq!((account["name"].as_str(), account["telephone1"].as_str()), (Some("$1"), Some("7")), "{read}");
    assert_eq!(account["primarycontactid"]["lastname"].as_str(), Some("Lovelace"), "{read}");
}

#[test]
fn w6_a_failing_change_set_is_its_failing_part_and_nothing_stays() {
    let scratch = Scratch::new();
    let failing = change_set(&[
        request(Some(1), &format!("POST {ROOT}/publishers"), PUBLISHER),
        request(Some(2), &format!("POST {ROOT}/accounts"), "{\"name\":\"Ada\"}"),
        request(Some(3), &format!("POST {ROOT}/accounts"), "{\"nothing\":1}"),
    ]);
    let before = count(&scratch, "publishers");
    let (answer, text) = send(&scratch, "", &[failing, request(None, "GET /api/data/v9.2/accounts", "")]);
    assert_eq!(answer.status, 200);
    assert!(!text.contains("changesetresponse_") && text.contains("HTTP/1.1 400 Bad Request"), "{text}");
    assert!(text.contains("0x80048d19") && !text.contains("HTTP/1.1 200"), "what follows gets no answer: {text}");
    assert_eq!((count(&scratch, "accounts").as_str(), count(&scratch, "publishers")), ("0", before));
}

const PUBLISHER: &str = "{\"uniquename\":\"fabrikam\",\"friendlyname\":\"Fabrikam\",\"customizationprefix\":\"fab\",\
    \"customizationoptionvalueprefix\":54321}";

#[test]
fn w6_a_batch_goes_on_where_the_client_prefers_it() {
    let scratch = Scratch::new();
    let parts = [
        request(None, &format!("GET {ROOT}/nothings"), ""),
        request(None, &format!("POST {ROOT}/accounts"), "{\"name\":\"Ada\"}"),
    ];
    let (_, text) = send(&scratch, "", &parts);
    assert_eq!(text.matches("HTTP/1.1").count(), 1, "{text}");
    assert_eq!(count(&scratch, "accounts"), "0");
    let (_, text) = send(&scratch, "odata.continue-on-error", &parts);
    assert_eq!(text.matches("HTTP/1.1").count(), 2, "{text}");
    assert_eq!(count(&scratch, "accounts"), "1");
}

#[test]
fn w6_what_is_no_batch_is_refused_as_a_whole() {
    let scratch = Scratch::new();
    let refused = |content_type: &str, body: &str| {
        scratch.send(Verb::Post, "$batch", &[("Content-Type", content_type)], body).status
    };
    assert_eq!(refused("application/json", "{}"), 415);
    assert_eq!(refused("multipart/mixed", ""), 415);
    assert_eq!(refused("multipart/mixed;boundary=b", "nothing"), 400);
    assert_eq!(refused("multipart/mixed;boundary=b", "--b\r\nContent-Type: application/http\r\n\r\nGET x"), 400);
    let nested = multipart("outer", &[change_set(&[change_set(&[])])]);
    assert_eq!(refused("multipart/mixed;boundary=outer", &nested), 400);
    let (_, text) = send(&scratch, "", &[request(None, &format!("POST {ROOT}/$batch"), "")]);
    assert!(text.contains("HTTP/1.1 400"), "{text}");
    let (_, text) = send(&scratch, "", &[request(None, "GET http://localhost/other/api/data/v9.2/accounts", "")]);
    assert!(text.contains("another environment"), "{text}");
}

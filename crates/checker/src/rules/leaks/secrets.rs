//! STR402: texts that look like secrets.
//!
//! Two signs count. The first is a shape that only keys of some service have; it counts wherever it stands. The second
//! is a name that promises a secret together with a text that is random enough: at least 16 characters, no white space,
//! letters and digits mixed, 3 bits of entropy per character, and none of the things that such names usually hold instead
//! (expressions, parameters, Key Vault paths, URLs, GUIDs, names with dots and slashes).
//!
//! A finding names the kind and the place, never the text.

use std::collections::{BTreeMap, BTreeSet};

use crate::context::{Context, File};
use crate::finding::Findings;
use crate::json;

/// Larger files are data.
const FILE_MAX: usize = 16 << 20;

pub(super) fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    let mut seen: BTreeSet<(String, &'static str)> = BTreeSet::new();
    for file in context.files().filter(|file| file.bytes().len() <= FILE_MAX) {
        let Some(text) = file.text() else { continue };
        let start = file.bytes().len() - text.len();
        for (offset, kind) in shapes(text) {
            report(context, findings, file, start + offset, kind, &mut seen);
        }
    }
    named_texts(context, findings);
}

fn report(
    context: &Context<'_>,
    findings: &mut Findings<'_>,
    file: File<'_>,
    offset: usize,
    kind: &'static str,
    seen: &mut BTreeSet<(String, &'static str)>,
) {
    let place = file.place(offset);
    let owner = context.owner(place);
    let subject = owner.map_or_else(|| file.path().to_owned(), |owner| owner.packaged().key.to_string());
    // Once for each component and kind: where the first is, the others are.
    if !seen.insert((subject, kind)) {
        return;
    }
    let draft = match owner {
        Some(owner) => findings.on(owner, format!("{} holds what looks like {kind}", owner.label())),
        None => findings.package(file.path(), format!("{} holds what looks like {kind}", file.path())),
    };
    let path = draft.path.clone();
    draft.at(place).path(format!("{path}#{kind}").trim_start_matches('#').to_owned());
}

/// A shape of key: what it begins with, how many characters follow, which ones, and what it is.
struct Shape {
    begins: &'static str,
    /// Characters of the key behind the beginning; where nothing has to follow, zero.
    length: (usize, usize),
    is_key: fn(u8) -> bool,
    kind: &'static str,
}

fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'%')
}

fn upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn token(byte: u8) -> bool {
    word(byte) || byte == b'.'
}

const SHAPES: &[Shape] = &[
    Shape { begins: "AccountKey=", length: (86, 96), is_key: base64, kind: "the key of a storage account" },
    Shape { begins: "SharedAccessKey=", length: (43, 60), is_key: base64, kind: "a shared access key" },
    // As it stands in a text, in XML, and in JSON that escapes what HTML means something by.
    Shape { begins: "&sig=", length: (43, 80), is_key: base64, kind: "the signature of a shared URL" },
    Shape { begins: "?sig=", length: (43, 80), is_key: base64, kind: "the signature of a shared URL" },
    Shape { begins: "&amp;sig=", length: (43, 80), is_key: base64, kind: "the signature of a shared URL" },
    Shape { begins: "u0026sig=", length: (43, 80), is_key: base64, kind: "the signature of a shared URL" },
    Shape { begins: "AKIA", length: (16, 16), is_key: upper, kind: "an AWS access key" },
    Shape { begins: "ghp_", length: (36, 36), is_key: word, kind: "a GitHub token" },
    Shape { begins: "gho_", length: (36, 36), is_key: word, kind: "a GitHub token" },
    Shape { begins: "ghs_", length: (36, 36), is_key: word, kind: "a GitHub token" },
    Shape { begins: "github_pat_", length: (60, 90), is_key: word, kind: "a GitHub token" },
    Shape { begins: "xoxb-", length: (20, 80), is_key: word, kind: "a Slack token" },
    Shape { begins: "xoxp-", length: (20, 80), is_key: word, kind: "a Slack token" },
    Shape { begins: "AIza", length: (35, 35), is_key: word, kind: "a Google API key" },
    Shape { begins: "sk_live_", length: (24, 99), is_key: word, kind: "a Stripe key" },
    Shape { begins: "sk-proj-", length: (40, 200), is_key: word, kind: "an OpenAI key" },
    Shape { begins: "SG.", length: (60, 70), is_key: token, kind: "a SendGrid key" },
    Shape { begins: "-----BEGIN PRIVATE KEY-----", length: (0, 0), is_key: word, kind: "a private key" },
    Shape { begins: "-----BEGIN RSA PRIVATE KEY-----", length: (0, 0), is_key: word, kind: "a private key" },
    Shape { begins: "-----BEGIN EC PRIVATE KEY-----", length: (0, 0), is_key: word, kind: "a private key" },
];

impl Shape {
    /// Tells whether what follows the beginning is a key; never looks further than a key is long.
    fn is_followed(&self, rest: &[u8]) -> bool {
        let (least, most) = self.length;
        let length = rest.iter().take(most + 1).take_while(|byte| (self.is_key)(**byte)).count();
        most == 0 || ((least..=most).contains(&length) && is_random(&rest[..length], 3.0))
    }
}

/// What every secret of an Entra application has in its fourth to sixth place.
const APPLICATION_SECRET: &str = "8Q~";

/// Returns where texts stand that have the shape of a key.
fn shapes(text: &str) -> Vec<(usize, &'static str)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    for shape in SHAPES {
        for at in memchr::memmem::find_iter(bytes, shape.begins) {
            let begins_a_word = at == 0 || !word(bytes[at - 1]) || !word(shape.begins.as_bytes()[0]);
            if begins_a_word && shape.is_followed(&bytes[at + shape.begins.len()..]) {
                found.push((at, shape.kind));
            }
        }
    }
    for at in memchr::memmem::find_iter(bytes, APPLICATION_SECRET) {
        let is_part = |byte: u8| word(byte) || matches!(byte, b'~' | b'.');
        let before = bytes[..at].iter().rev().take(4).take_while(|byte| is_part(**byte)).count();
        let after = bytes[at..].iter().take(38).take_while(|byte| is_part(**byte)).count();
        if before == 3 && (34..=37).contains(&after) {
            found.push((at - before, "the secret of an Entra application"));
        }
    }
    found.extend(bearer_tokens(bytes));
    found.sort_unstable();
    found
}

/// Three pieces of base64 with dots between them, the first two of which are JSON objects.
fn bearer_tokens(bytes: &[u8]) -> Vec<(usize, &'static str)> {
    let is_token = |at: &usize| {
        // Inside a token is no other.
        if at.checked_sub(1).is_some_and(|before| token(bytes[before])) {
            return false;
        }
        let length = bytes[*at..].iter().take_while(|byte| token(**byte)).count();
        let pieces: Vec<_> = bytes[*at..*at + length].split(|byte| *byte == b'.').collect();
        matches!(pieces.as_slice(), [head, body, signature]
            if head.len() > 12 && body.starts_with(b"eyJ") && body.len() > 20 && signature.len() > 20)
    };
    memchr::memmem::find_iter(bytes, "eyJ").filter(is_token).map(|at| (at, "a bearer token")).collect()
}

/// Tells whether characters are drawn from many, without much repetition: bits of entropy per character.
fn is_random(text: &[u8], bits: f64) -> bool {
    let mut counts: BTreeMap<u8, usize> = BTreeMap::new();
    for byte in text {
        *counts.entry(*byte).or_default() += 1;
    }
    #[expect(clippy::cast_precision_loss, reason = "a text is shorter than 2^52")]
    let share = |count: &usize| *count as f64 / text.len() as f64;
    let entropy: f64 = counts.values().map(share).map(|share| -share * share.log2()).sum();
    entropy >= bits
}

/// Texts under names that promise a secret.
fn named_texts(context: &Context<'_>, findings: &mut Findings<'_>) {
    for variable in context.of_type("environmentvariabledefinition").chain(context.of_type("environmentvariablevalue"))
    {
        let text = match variable.key.component_type.is("environmentvariablevalue") {
            true => super::value_of(variable),
            false => super::default_of(variable),
        };
        let Some(text) = text else { continue };
        let names = [Some(variable.name.as_str()), variable.display_name.as_deref()];
        if names.into_iter().flatten().any(promises_a_secret) && is_secret(&text.text) {
            let message = format!("{} holds what looks like a secret", variable.label());
            findings.on(variable, message).at(text.place).path(text.path);
        }
    }
    for step in context.of_type("sdkmessageprocessingstep") {
        let element = step.tree().and_then(|tree| tree.child("Configuration"));
        if let Some(element) = element.filter(|element| holds_secret(&element.text())) {
            let message = format!("the configuration of {} holds what looks like a secret", step.label());
            findings.on(step, message).at(step.place_of(element)).path("Configuration");
        }
    }
    for component in context.of_type("workflow").chain(context.of_type("connector")) {
        for file in component.files() {
            let Some(value) = file.json() else { continue };
            json::texts(value, &mut |pointer, text| {
                let name = name_of(pointer);
                if promises_a_secret(&name) && is_secret(text) {
                    let message = format!("{} holds what looks like a secret under `{name}`", component.label());
                    findings.on(component, message).at(file.place_in_json(pointer)).path(pointer);
                }
            });
        }
    }
    for resource in context.of_type("webresource") {
        for file in resource.files() {
            let Some(text) = file.text().filter(|text| text.len() <= FILE_MAX && is_script(resource)) else { continue };
            for (offset, name) in assignments(text) {
                let message = format!("{} holds what looks like a secret under `{name}`", resource.label());
                findings.on(resource, message).at(file.place(offset)).path(name);
            }
        }
    }
}

/// HTML, scripts and data; not pictures or style sheets.
fn is_script(resource: crate::context::Component<'_>) -> bool {
    let kind = resource.tree().and_then(|tree| tree.child_text("WebResourceType"));
    kind.is_none_or(|kind| matches!(kind.as_str(), "1" | "3" | "4" | "9" | "12"))
}

/// The field that a text is of: the last step of its pointer that is a name; `value` and the like stand for what is
/// around them.
fn name_of(pointer: &str) -> String {
    let steps: Vec<_> = pointer.split('/').collect();
    let is_name = |step: &&&str| {
        !step.is_empty()
            && !step.bytes().all(|byte| byte.is_ascii_digit())
            && !matches!(**step, "value" | "defaultValue")
    };
    let name = steps.iter().rev().find(is_name).copied().unwrap_or_default();
    name.replace("~1", "/").replace("~0", "~")
}

/// Tells whether the last word of a name is one for secrets: `clientSecret`, not `secretName`.
fn promises_a_secret(name: &str) -> bool {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for c in name.chars() {
        let begins = !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase()) || !before.is_alphanumeric();
        if begins {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words.last_mut().into_iter().for_each(|word| word.extend(c.to_lowercase()));
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    let last = words.last().map(String::as_str).unwrap_or_default();
    let joined = words.concat();
    let ends = ["secret", "password", "passwd", "pwd", "token", "apikey", "accesskey", "subscriptionkey", "accountkey"];
    let ends_so = ends.iter().any(|end| last.ends_with(end) || joined.ends_with(end));
    ends_so || (last == "key" && words.len() > 1)
}

/// Tells whether a text could be a secret, and is none of the things that stand in for one.
fn is_secret(text: &str) -> bool {
    let text = text.trim();
    let is_reference = text.starts_with(['@', '/', '$', '{', '[', '<'])
        || text.contains("@{")
        || text.contains("://")
        || text.contains("parameters(")
        || super::is_vault_path(text);
    let is_one_word = !text.chars().any(char::is_whitespace);
    let has = |test: fn(&u8) -> bool| text.as_bytes().iter().any(test);
    let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    let is_guid = strata_model::id::Guid::parse(text).is_some();
    // `new_contoso_api_key`, `shared_office365.token`: names.
    let is_name = text.bytes().filter(|byte| matches!(byte, b'_' | b'.' | b'-' | b'/')).count() * 6 >= text.len();
    let fits = (16..=1024).contains(&text.len()) && text.is_ascii();
    fits && is_one_word && is_mixed && !is_reference && !is_guid && !is_name && is_random(text.as_bytes(), 3.0)
}

/// Looks for `name=value` and `"name":"value"` in a configuration, and takes one that is nothing but a secret.
fn holds_secret(text: &str) -> bool {
    if !assignments(text).is_empty() {
        return true;
    }
    text.split([';', '\n', '\r', '&', '<', '>'])
        .filter_map(|piece| piece.split_once('='))
        .any(|(name, value)| promises_a_secret(name.trim()) && is_secret(value.trim().trim_matches(['"', '\''])))
}

/// Finds quoted texts that are given to a name that promises a secret: `clientSecret = "…"`, `"apiKey": "…"`.
fn assignments(text: &str) -> Vec<(usize, String)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = memchr::memchr2(b'=', b':', &bytes[at..]) {
        let sign = at + next;
        at = sign + 1;
        let after = text[at..].trim_start();
        let Some(quote) = after.chars().next().filter(|c| matches!(c, '"' | '\'' | '`')) else { continue };
        let Some(value) = after[1..].split(quote).next().filter(|value| value.len() <= 1024) else { continue };
        let before = text[..sign].trim_end().trim_end_matches(['"', '\'']);
        let length = before.bytes().rev().take_while(|byte| word(*byte)).count();
        let name = &before[before.len() - length..];
        if promises_a_secret(name) && is_secret(value) {
            found.push((sign, name.to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_promise_a_secret_by_their_last_word() {
        for name in [
            "clientSecret",
            "client_secret",
            "Password",
            "X-Api-Key",
            "apikey",
            "contoso_ApiToken",
            "Ocp-Apim-Subscription-Key",
        ] {
            assert!(promises_a_secret(name), "{name}");
        }
        for name in
            ["secretName", "keyVaultUrl", "tokenEndpoint", "key", "primaryKeyColumn", "monkey", "passwordPolicy", ""]
        {
            assert!(!promises_a_secret(name), "{name}");
        }
    }

    #[test]
    fn stand_ins_are_no_secrets() {
        for text in ["x7Gq2Lw9Zr4Tn8Vb1Kc5", "a9f3c27be01d4586a9f3c27be01d4586"] {
            assert!(is_secret(text), "{text}");
        }
        for text in [
            "",
            "short1",
            "@outputs('Get_secret')?['body/value']",
            "@{parameters('ApiKey (contoso_ApiKey)')}",
            "/subscriptions/1/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/secrets/s1",
            "https://contoso.vault.azure.net/secrets/one1",
            "11111111-0000-4000-8000-000000000001",
            "contoso_shared_api_key_2",
            "please enter the password 12345",
            "aaaaaaaaaaaaaaaa1111",
            "correcthorsebatterystaple",
        ] {
            assert!(!is_secret(text), "{text}");
        }
    }

    #[test]
    fn keys_are_known_by_their_shape() {
        let key: String = (0..86).map(|n| char::from(b"Ab3+Cd5/Ef7Gh9Ij2"[n % 17])).collect();
        assert_eq!(shapes(&format!("x;AccountKey={key}==;")), [(2, "the key of a storage account")]);
        assert_eq!(shapes("AKIA2E7Q4W9R1T6Y8U3P"), [(0, "an AWS access key")]);
        assert_eq!(shapes("id=a1b8Q~cD3eF4gH5iJ6kL7mN8oP9qR0sT1uV2wX3y"), [(3, "the secret of an Entra application")]);
        let signature = format!("sig={}%3D", "aB3dE6gH9jK2mN5pQ8sT1vW4xY7z".repeat(2).get(..43).unwrap_or_default());
        for before in ["https://a/b?x=1&", "https://a/b?", "https://a/b?x=1&amp;", "https://a/b?x=1\\u0026"] {
            let found = shapes(&format!("{before}{signature}\""));
            assert_eq!(
                found.iter().map(|(_, kind)| *kind).collect::<Vec<_>>(),
                ["the signature of a shared URL"],
                "{before}"
            );
        }
        let token = format!("eyJhbGciOiJSUzI1NiJ9.eyJ{}.{}", "aB3d".repeat(8), "eF5g".repeat(8));
        assert_eq!(shapes(&format!("Bearer {token}")), [(7, "a bearer token")]);
        assert!(shapes("AccountKey=<your key>;AKIAAAAAAAAAAAAAAAAA ghp_short xAKIA2E7Q4W9R1T6Y8U3P").is_empty());
    }

    #[test]
    fn d13_texts_that_begin_a_key_everywhere_take_no_longer_than_others() {
        for piece in ["eyJ", "AIza", "8Q~", "ghp_", "AccountKey=", "sk-proj-", "&sig=", "=\"", "key:'"] {
            let text = piece.repeat((4 << 20) / piece.len());
            let start = std::time::Instant::now();
            drop(shapes(&text));
            drop(assignments(&text));
            assert!(start.elapsed().as_secs() < 20, "{piece}: {:?}", start.elapsed());
        }
    }
}

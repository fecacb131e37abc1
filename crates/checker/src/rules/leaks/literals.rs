//! STR403 and STR406: addresses of one environment, and people, written into definitions.

use std::collections::BTreeSet;

use strata_model::id::Guid;

use crate::context::{Component, Context, File};
use crate::finding::Findings;
use crate::flow::{self, CloudFlow, Flow, Text};
use crate::literals::tenant_hosts;

/// Larger files are data.
const FILE_MAX: usize = 16 << 20;

/// No host has a longer name.
const HOST_MAX: usize = 253;

/// Marks behind which the id of an environment or of a tenant stands.
const IDS: &[(&str, &str)] = &[
    ("login.microsoftonline.com/", "tenant"),
    ("login.windows.net/", "tenant"),
    ("sts.windows.net/", "tenant"),
    ("\"tenantid\":\"", "tenant"),
    ("\"tenantid\": \"", "tenant"),
    ("tenantid=", "tenant"),
    ("/environments/default-", "environment"),
    ("/environments/", "environment"),
    ("environments%2f", "environment"),
];

/// STR403.
pub(super) fn addresses(context: &Context<'_>, findings: &mut Findings<'_>) {
    for component in context.components().filter(|component| may_hold_addresses(component)) {
        let mut seen = said_elsewhere(component);
        let own = component.place().map(|_| (component.bytes(), None));
        let files = component.files().map(|file| (file.bytes(), Some(file)));
        for (bytes, file) in own.into_iter().chain(files) {
            if bytes.len() > FILE_MAX || std::str::from_utf8(bytes).is_err() {
                continue;
            }
            for (offset, kind, text) in addresses_in(bytes) {
                if !seen.insert(text.to_lowercase()) {
                    continue;
                }
                let place = match file {
                    Some(file) => Some(file.place(offset)),
                    None => component.place_at(offset),
                };
                let message = format!("{} holds the {kind} {text}", component.label());
                findings.on(component, message).at(place).path(text.to_lowercase());
            }
        }
    }
}

/// Returns what need not be said of a cloud flow, folded: hosts that STR506 speaks of, and what stands in the values of
/// environment variables that the flow carries along.
fn said_elsewhere(component: Component<'_>) -> BTreeSet<String> {
    let mut said = BTreeSet::new();
    let json = component.files().filter(|_| component.key.component_type.is("workflow")).filter_map(File::json);
    for flow in json.filter_map(Flow::of) {
        said.extend(flow.texts().into_iter().flat_map(|text| tenant_hosts(text.text)));
        for value in flow.values_of_variables() {
            said.extend(addresses_in(value.as_bytes()).into_iter().map(|(.., text)| text.to_lowercase()));
        }
    }
    said
}

/// Variables are where such texts belong.
fn may_hold_addresses(component: &Component<'_>) -> bool {
    !matches!(component.key.component_type.name(), "environmentvariabledefinition" | "environmentvariablevalue")
}

/// Returns where URLs of organizations and ids of environments and tenants stand, with their kind.
fn addresses_in(bytes: &[u8]) -> Vec<(usize, &'static str, String)> {
    let mut found = Vec::new();
    for at in memchr::memmem::find_iter(bytes, ".dynamics.com") {
        let is_host = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'-' | b'.');
        let length = bytes[..at].iter().rev().take(HOST_MAX).take_while(is_host).count();
        let host = String::from_utf8_lossy(&bytes[at - length..at + ".dynamics.com".len()]).into_owned();
        if is_organization(&host) {
            found.push((at - length, "URL of organization", host));
        }
    }
    // Texts are long and ids rare: what has none of the words is not lowered.
    let has = |word: &str| memchr::memmem::find(bytes, word.as_bytes()).is_some();
    if ["enant", "ENANT", "nvironments", "login.", "sts."].iter().any(|word| has(word)) {
        let lower = bytes.to_ascii_lowercase();
        for (mark, kind) in IDS {
            for at in memchr::memmem::find_iter(&lower, mark) {
                let start = at + mark.len();
                let id = bytes.get(start..start + 36).and_then(|id| std::str::from_utf8(id).ok()).and_then(Guid::parse);
                let kind = if *kind == "tenant" { "id of tenant" } else { "id of environment" };
                found.extend(id.filter(|id| !id.0.is_nil()).map(|id| (start, kind, id.to_string())));
            }
        }
    }
    found.sort();
    found
}

/// `name.crm4.dynamics.com`, also with `api` between.
fn is_organization(host: &str) -> bool {
    let steps: Vec<_> = host.trim_matches('.').split('.').collect();
    let is_region = |step: &str| step.strip_prefix("crm").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    match steps.as_slice() {
        [name, "api", region, "dynamics", "com"] | [name, region, "dynamics", "com"] => {
            !name.is_empty() && *name != "api" && is_region(region)
        }
        _ => false,
    }
}

/// STR406.
pub(super) fn people(context: &Context<'_>, findings: &mut Findings<'_>) {
    for step in context.of_type("sdkmessageprocessingstep") {
        let Some(tree) = step.tree() else { continue };
        let user = tree.elements().find(|element| {
            let is_user = element.name().to_lowercase().starts_with("impersonatinguserid");
            let id = Guid::parse(&element.text()).filter(|id| !id.0.is_nil());
            is_user && (id.is_some() || element.attribute("Name").is_some_and(|name| !name.is_empty()))
        });
        if let Some(user) = user {
            let message = format!("{} runs as a named user", step.label());
            findings.on(step, message).at(step.place_of(user)).path(user.name());
        }
    }
    for CloudFlow { component, file, flow } in flow::all(context) {
        for Text { pointer, text } in flow.texts() {
            for address in addresses_of_people(text) {
                let message = format!("{} holds the e-mail address {address}", component.label());
                let path = format!("{pointer}#{}", address.to_lowercase());
                findings.on(component, message).at(file.place_in_json(&pointer)).path(path);
            }
        }
    }
}

/// Returns the e-mail addresses in a text.
fn addresses_of_people(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let is_local = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+');
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let found = memchr::memchr_iter(b'@', bytes).filter_map(|at| {
        let local = bytes[..at].iter().rev().take_while(|byte| is_local(**byte)).count();
        let host = bytes[at + 1..].iter().take_while(|byte| is_host(**byte)).count();
        let domain = text[at + 1..at + 1 + host].trim_end_matches('.');
        let (name, ending) = domain.rsplit_once('.')?;
        let is_ending = (2..=12).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_alphabetic());
        let lower = domain.to_lowercase();
        // `column@odata.bind` and annotations of that kind are no addresses.
        let is_annotation = lower.starts_with("odata.") || lower.starts_with("microsoft.dynamics");
        // Kept for examples: nobody has an address there.
        let is_example = matches!(lower.as_str(), "example.com" | "example.net" | "example.org");
        let is_address = local > 0 && !name.is_empty() && is_ending && !is_annotation && !is_example;
        is_address.then(|| &text[at - local..at + 1 + domain.len()])
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn organizations_are_known_by_their_host() {
        for host in ["contoso.crm.dynamics.com", "contoso-dev.crm4.dynamics.com", "contoso.api.crm11.dynamics.com"] {
            assert!(is_organization(host), "{host}");
        }
        for host in ["admin.dynamics.com", "crm.dynamics.com", "disco.crmx.dynamics.com", "a.b.c.crm.dynamics.com"] {
            assert!(!is_organization(host), "{host}");
        }
    }

    #[test]
    fn d13_hosts_in_hosts_take_no_longer_than_others() {
        let start = std::time::Instant::now();
        assert!(addresses_in(".dynamics.com".repeat(200_000).as_bytes()).is_empty());
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }

    #[test]
    fn addresses_of_people_are_no_annotations() {
        assert_eq!(addresses_of_people("to ada@contoso.com; b.c+d@x-y.co.uk."), ["ada@contoso.com", "b.c+d@x-y.co.uk"]);
        for text in [
            "owner@odata.bind",
            "@outputs('a')",
            "a@b",
            "jane@example.com",
            "name@Microsoft.Dynamics.CRM.x",
            "@{x}@y.z1",
            "5 @ home.com",
        ] {
            assert!(addresses_of_people(text).is_empty(), "{text}");
        }
    }
}

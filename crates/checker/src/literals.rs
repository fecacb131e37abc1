//! Texts that mean one environment only: GUIDs and hosts.

/// A GUID in a text, in lower case, and where it begins.
pub(crate) fn guids(text: &str) -> Vec<(usize, String)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at + GUID_LENGTH <= bytes.len() {
        let is_inside = at > 0 && is_part(bytes[at - 1]);
        let is_longer = bytes.get(at + GUID_LENGTH).is_some_and(|byte| is_part(*byte));
        if !is_inside && !is_longer && is_guid(&bytes[at..at + GUID_LENGTH]) {
            found.push((at, text[at..at + GUID_LENGTH].to_ascii_lowercase()));
            at += GUID_LENGTH;
        } else {
            at += 1;
        }
    }
    found
}

const GUID_LENGTH: usize = 36;

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

fn is_guid(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().all(|(index, byte)| match index {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

/// Tells whether a GUID means the same everywhere: zero, a default solution, an application of the platform.
pub(crate) fn is_well_known(guid: &str) -> bool {
    let is_default_solution =
        matches!(guid, "fd140aaf-4df4-11dd-bd17-0019b9312238" | "00000001-0000-0000-0001-00000000009b");
    guid.bytes().all(|byte| byte == b'0' || byte == b'-')
        || is_default_solution
        || guid.ends_with("-0000-0000-c000-000000000000")
}

/// Returns the hosts in a text that belong to one tenant or environment: of SharePoint and of Dataverse.
pub(crate) fn tenant_hosts(text: &str) -> Vec<String> {
    let is_host = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let words = text.split(|c| !is_host(c)).map(|word| word.trim_matches('.').to_ascii_lowercase());
    let mut hosts: Vec<_> = words.filter(|word| is_tenant_host(word)).collect();
    hosts.sort();
    hosts.dedup();
    hosts
}

fn is_tenant_host(host: &str) -> bool {
    if let Some(tenant) = host.strip_suffix(".sharepoint.com") {
        return !tenant.is_empty();
    }
    let Some(organization) = host.strip_suffix(".dynamics.com") else { return false };
    // `org.crm4.dynamics.com`, `org.api.crm4.dynamics.com`; the region alone is a service of the platform.
    organization.rsplit_once('.').is_some_and(|(name, region)| region.starts_with("crm") && !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_are_found_whole() {
        let text = "x/2C55A490-d215-482f-9c05-ea46fcd178df/y {00000000-0000-0000-0000-000000000000}";
        let found: Vec<_> = guids(text).into_iter().map(|(_, guid)| guid).collect();
        assert_eq!(found, ["2c55a490-d215-482f-9c05-ea46fcd178df", "00000000-0000-0000-0000-000000000000"]);
        assert_eq!(guids("a2c55a490-d215-482f-9c05-ea46fcd178df2c55a490-d215-482f-9c05-ea46fcd178df-"), []);
        assert_eq!(guids("äöü-2c55a490-d215-482f-9c05-ea46fcd178dä"), []);
        assert!(is_well_known("00000003-0000-0000-c000-000000000000") && !is_well_known(&found[0]));
    }

    #[test]
    fn hosts_of_one_tenant_are_told_from_those_of_all() {
        let text = "https://contoso.sharepoint.com/sites/x, contoso-dev.crm4.dynamics.com and https://org.api.crm.dynamics.com.";
        let expect = ["contoso-dev.crm4.dynamics.com", "contoso.sharepoint.com", "org.api.crm.dynamics.com"];
        assert_eq!(tenant_hosts(text), expect);
        assert!(tenant_hosts("https://make.powerautomate.com .sharepoint.com globaldisco.dynamics.com").is_empty());
    }
}

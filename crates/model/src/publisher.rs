//! Publishers: who owns components, and which prefix their names begin with (L6–L13).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::id::{Guid, PublisherNo};

/// A publisher of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Publisher {
    #[serde(skip)]
    pub no: PublisherNo,
    #[serde(rename = "publisherid")]
    pub id: Guid,
    #[serde(rename = "uniquename")]
    pub unique_name: String,
    #[serde(rename = "friendlyname")]
    pub friendly_name: String,
    /// 2–8 letters and digits, without the underscore.
    #[serde(rename = "customizationprefix")]
    pub prefix: String,
    /// 10000–99999.
    #[serde(rename = "optionvalueprefix")]
    pub option_value_prefix: u32,
    #[serde(skip)]
    pub details: Details,
}

/// What a publisher says of itself besides, by the name that its table has for it: `emailaddress`, `address1_city`. An
/// empty text says that there is nothing, where the package of a solution may say something.
pub type Details = BTreeMap<String, String>;

/// What an address of a publisher says, by the names that packages have; its table writes them in lower case behind
/// `address1_` and `address2_`.
pub const ADDRESS: [&str; 25] = [
    "AddressTypeCode",
    "City",
    "County",
    "Country",
    "Fax",
    "FreightTermsCode",
    "ImportSequenceNumber",
    "Latitude",
    "Line1",
    "Line2",
    "Line3",
    "Longitude",
    "Name",
    "PostalCode",
    "PostOfficeBox",
    "PrimaryContactName",
    "ShippingMethodCode",
    "StateOrProvince",
    "Telephone1",
    "Telephone2",
    "Telephone3",
    "TimeZoneRuleVersionNumber",
    "UPSZone",
    "UTCOffset",
    "UTCConversionTimeZoneCode",
];

/// The other details, by their columns and by the names that packages have.
pub const DETAILS: [(&str, &str); 3] = [
    ("description", "Descriptions"),
    ("emailaddress", "EMailAddress"),
    ("supportingwebsiteurl", "SupportingWebsiteUrl"),
];

/// Returns the column of an address's part.
pub fn address_column(number: u8, part: &str) -> String {
    format!("address{number}_{}", part.to_lowercase())
}

/// Tells whether a column is a detail that packages hold.
pub fn is_detail(column: &str) -> bool {
    let part = ["address1_", "address2_"].iter().find_map(|prefix| column.strip_prefix(prefix));
    match part {
        Some(part) => ADDRESS.iter().any(|own| own.eq_ignore_ascii_case(part)),
        None => DETAILS.iter().any(|(own, _)| *own == column),
    }
}

//! Publishers: who owns components, and which prefix their names begin with (L6–L13).

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
}

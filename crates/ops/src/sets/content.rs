//! Values that are too large for rows that are listed: kept aside, and read when somebody asks for them.
//!
//! In a row stands a marker, an object with one member of a name that no value has.

use std::str::FromStr as _;

use serde_json::{Value, json};
use strata_engine::base64::encode;
use strata_model::environment::Environment;
use strata_model::id::{Digest, Operation};

use super::jobs;
use crate::{OpsError, Workspace};

/// Where a value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// A member file, as it is.
    Text(Digest),
    /// A member file, in Base64.
    Bytes(Digest),
    /// The log of an import.
    ImportLog(Operation),
}

const MARKER: &str = "$content";

impl Content {
    /// Returns what stands in the row.
    pub fn marker(self) -> Value {
        let text = match self {
            Self::Text(digest) => format!("text:{digest}"),
            Self::Bytes(digest) => format!("bytes:{digest}"),
            Self::ImportLog(operation) => format!("log:{}", operation.0),
        };
        json!({ MARKER: text })
    }

    /// Reads a marker; other values are none.
    pub fn of(value: &Value) -> Option<Self> {
        let (kind, name) = value.as_object()?.get(MARKER)?.as_str()?.split_once(':')?;
        match kind {
            "text" => Digest::from_str(name).ok().map(Self::Text),
            "bytes" => Digest::from_str(name).ok().map(Self::Bytes),
            "log" => name.parse().ok().map(|operation| Self::ImportLog(Operation(operation))),
            _ => None,
        }
    }
}

/// Returns the value that a marker stands for; other values are returned as they are.
pub fn content_of(workspace: &Workspace, environment: &Environment, value: Value) -> Result<Value, OpsError> {
    let file = |digest: &Digest| workspace.store().file(digest);
    Ok(match Content::of(&value) {
        None => value,
        Some(Content::Text(digest)) => {
            file(&digest)?.map_or(Value::Null, |bytes| String::from_utf8_lossy(&bytes).into_owned().into())
        }
        Some(Content::Bytes(digest)) => file(&digest)?.map_or(Value::Null, |bytes| encode(&bytes).into()),
        Some(Content::ImportLog(operation)) => {
            jobs::log_of(workspace, environment, operation)?.map_or(Value::Null, Value::String)
        }
    })
}

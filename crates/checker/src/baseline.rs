//! What was known before: the results of an earlier run, so that only what is new is reported.
//!
//! Results are recognised by their fingerprint, which holds no line numbers. As many findings of one fingerprint are
//! known as the earlier file has.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::options::{OptionsError, without_mark};
use crate::sarif::FINGERPRINT;

/// The fingerprints of an earlier run, each with how often it was there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline(BTreeMap<String, usize>);

impl Baseline {
    /// Takes one known finding off, if there is one of that fingerprint.
    pub(crate) fn take(&mut self, fingerprint: &str) -> bool {
        match self.0.get_mut(fingerprint) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            Some(_) | None => false,
        }
    }
}

/// Reads the SARIF file of an earlier run.
pub fn read(text: &str) -> Result<Baseline, OptionsError> {
    let format = |message: &str| OptionsError::Format(message.to_owned());
    let json: Value = serde_json::from_str(without_mark(text)).map_err(|error| format(&error.to_string()))?;
    let runs =
        json.get("runs").and_then(Value::as_array).ok_or_else(|| format("it is no SARIF file: it has no runs"))?;
    let results = runs.iter().filter_map(|run| run.get("results")?.as_array()).flatten();
    let mut baseline = Baseline::default();
    for result in results {
        let fingerprint = result.get("partialFingerprints").and_then(|prints| prints.get(FINGERPRINT)?.as_str());
        let fingerprint = fingerprint.ok_or_else(|| {
            format("it was not written by `strata check --sarif`: a result bears no fingerprint of ours")
        })?;
        *baseline.0.entry(fingerprint.to_owned()).or_default() += 1;
    }
    Ok(baseline)
}

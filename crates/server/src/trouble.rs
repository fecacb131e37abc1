//! Faults on demand: what pipelines must cope with, brought about when a test wants it.

use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;

use crate::fault::Fault;

/// Something that goes wrong on purpose.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Trouble {
    /// The action, function or set that it befalls; `*` for all. `Job.NAME` befalls the job of an asynchronous action.
    pub operation: String,
    pub kind: Kind,
    /// How often; for good where nothing is said.
    pub times: Option<u32>,
    /// Of a delay.
    #[serde(default)]
    pub milliseconds: u64,
    /// Seconds, of a throttling.
    pub retry_after: Option<u32>,
    /// Of a failure: the platform's code and a text.
    pub code: Option<String>,
    pub message: Option<String>,
}

/// What it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The answer comes later.
    Delay,
    /// The operation fails, as a promote that is refused does by default.
    Fail,
    /// Another operation seems to run.
    Concurrent,
    /// 429 with Retry-After.
    Throttle,
}

const DELAY_MAX: Duration = Duration::from_secs(600);

impl FromStr for Trouble {
    type Err = String;

    /// Reads `OPERATION:KIND[:TIMES[:VALUE]]`, where the value is milliseconds of a delay and seconds of a throttling.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut pieces = text.split(':');
        let (Some(operation), Some(kind)) = (pieces.next().filter(|name| !name.is_empty()), pieces.next()) else {
            return Err("OPERATION:KIND is expected".to_owned());
        };
        let kind = match kind {
            "delay" => Kind::Delay,
            "fail" => Kind::Fail,
            "concurrent" => Kind::Concurrent,
            "throttle" => Kind::Throttle,
            other => return Err(format!("`{other}` is none of delay, throttle, concurrent and fail")),
        };
        let mut number = |what: &str| match pieces.next() {
            None | Some("") => Ok(None),
            Some(text) => text.parse::<u32>().map(Some).map_err(|_| format!("{what} is a number, not `{text}`")),
        };
        let (times, value) = (number("TIMES")?, number("VALUE")?);
        let trouble = Self {
            operation: operation.to_owned(),
            kind,
            times,
            milliseconds: value.unwrap_or_default().into(),
            retry_after: value,
            code: None,
            message: None,
        };
        trouble.check().map(|()| trouble)
    }
}

impl Trouble {
    /// Says what does not fit together.
    pub(crate) fn check(&self) -> Result<(), String> {
        let delay = Duration::from_millis(self.milliseconds);
        match self.kind {
            Kind::Delay if self.milliseconds == 0 => Err("a delay needs Milliseconds".to_owned()),
            Kind::Delay if delay > DELAY_MAX => Err(format!("a delay lasts {} s at the most", DELAY_MAX.as_secs())),
            Kind::Delay | Kind::Fail | Kind::Concurrent | Kind::Throttle if self.times == Some(0) => {
                Err("Times is 1 or more".to_owned())
            }
            Kind::Delay | Kind::Fail | Kind::Concurrent | Kind::Throttle => Ok(()),
        }
    }

    fn befalls(&self, operation: &str) -> bool {
        self.operation == "*" && !operation.starts_with("Job.") || self.operation.eq_ignore_ascii_case(operation)
    }

    fn happen(&self, operation: &str) -> Result<(), Fault> {
        let message = |default: String| self.message.clone().unwrap_or(default);
        match self.kind {
            Kind::Delay => {
                std::thread::sleep(Duration::from_millis(self.milliseconds));
                Ok(())
            }
            Kind::Fail => {
                let code = self.code.as_deref().unwrap_or("0x8004F046");
                Err(Fault::new(400, code, message(format!("{operation} failed, as a fault on demand says"))))
            }
            Kind::Concurrent => {
                let text = format!(
                    "Cannot start another [{operation}] because there is a previous [Import] running at this moment."
                );
                Err(Fault::new(400, "0x80071151", message(text)))
            }
            Kind::Throttle => {
                let mut fault =
                    Fault::new(429, "0x80072322", message("Number of requests exceeded the limit".to_owned()));
                fault.headers.push(("Retry-After", self.retry_after.unwrap_or(1).to_string()));
                Err(fault)
            }
        }
    }
}

/// The faults that are set.
#[derive(Debug, Default)]
pub struct Troubles(Mutex<Vec<Trouble>>);

impl Troubles {
    /// Adds one behind those that are there.
    pub fn add(&self, trouble: Trouble) {
        self.lock().push(trouble);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Forgets all, and returns how many there were.
    pub(crate) fn clear(&self) -> usize {
        std::mem::take(&mut *self.lock()).len()
    }

    /// Lets happen what is set for an operation, the oldest fault first.
    pub(crate) fn befall(&self, operation: &str) -> Result<(), Fault> {
        match self.take(operation) {
            Some(trouble) => trouble.happen(operation),
            None => Ok(()),
        }
    }

    /// Takes one time off the first fault of an operation.
    fn take(&self, operation: &str) -> Option<Trouble> {
        let mut troubles = self.lock();
        let at = troubles.iter().position(|trouble| trouble.befalls(operation))?;
        let found = troubles[at].clone();
        match &mut troubles[at].times {
            Some(1) => drop(troubles.remove(at)),
            Some(times) => *times -= 1,
            None => {}
        }
        Some(found)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Trouble>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(text: &str) -> Trouble {
        serde_json::from_str(text).expect("a fault")
    }

    #[test]
    fn a_fault_happens_as_often_as_it_is_set() {
        let troubles = Troubles::default();
        troubles.add(trouble(r#"{"Operation":"ImportSolution","Kind":"throttle","Times":2,"RetryAfter":7}"#));
        assert_eq!(troubles.befall("WhoAmI"), Ok(()));
        for _ in 0..2 {
            let fault = troubles.befall("importsolution").expect_err("a refusal");
            assert_eq!((fault.status, fault.headers[0].1.as_str()), (429, "7"));
        }
        assert_eq!(troubles.befall("ImportSolution"), Ok(()));
    }

    #[test]
    fn a_fault_of_everything_leaves_jobs_alone() {
        let troubles = Troubles::default();
        troubles.add(trouble(r#"{"Operation":"*","Kind":"concurrent"}"#));
        assert!(troubles.befall("anything").is_err());
        assert_eq!(troubles.befall("Job.DeleteAndPromote"), Ok(()));
        assert_eq!(troubles.clear(), 1);
        assert_eq!(troubles.befall("anything"), Ok(()));
    }

    #[test]
    fn a_fault_can_be_written_in_one_word() {
        let trouble: Trouble = "ImportSolution:throttle:2:7".parse().expect("a fault");
        assert_eq!((trouble.kind, trouble.times, trouble.retry_after), (Kind::Throttle, Some(2), Some(7)));
        let trouble: Trouble = "*:delay::20".parse().expect("a fault");
        assert_eq!((trouble.kind, trouble.times, trouble.milliseconds), (Kind::Delay, None, 20));
        for text in ["", "x", "x:boom", "x:fail:many", "x:delay", ":fail"] {
            assert!(text.parse::<Trouble>().is_err(), "{text}");
        }
    }

    #[test]
    fn faults_that_make_no_sense_are_refused() {
        for text in [
            r#"{"Operation":"x","Kind":"delay"}"#,
            r#"{"Operation":"x","Kind":"delay","Milliseconds":600001}"#,
            r#"{"Operation":"x","Kind":"fail","Times":0}"#,
        ] {
            assert!(trouble(text).check().is_err(), "{text}");
        }
    }
}

//! The shapes of import logs and of solution history.

use serde::Serialize;
use strata_model::component::ComponentRef;
use strata_model::id::{Guid, Operation};
use strata_model::plan::{Finding, OperationKind};

/// An entry of `solution history`: the columns of the platform's table (L115).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SolutionHistoryEntry {
    #[serde(rename = "solutionhistoryid")]
    pub id: Guid,
    pub name: Option<String>,
    #[serde(rename = "solutionversion")]
    pub solution_version: Option<String>,
    #[serde(rename = "publishername")]
    pub publisher_name: Option<String>,
    #[serde(rename = "ismanaged")]
    pub is_managed: bool,
    #[serde(rename = "ispatch")]
    pub is_patch: bool,
    pub operation: u8,
    pub suboperation: u8,
    #[serde(rename = "overwritecustomizations")]
    pub overwrite_customizations: bool,
    pub status: u8,
    pub result: bool,
    #[serde(rename = "errorcode")]
    pub error_code: Option<String>,
    #[serde(rename = "exceptionmessage")]
    pub exception_message: Option<String>,
    #[serde(rename = "starttime")]
    pub start_time: String,
    #[serde(rename = "endtime")]
    pub end_time: String,
    /// In seconds.
    #[serde(rename = "totaltime")]
    pub total_time: f64,
    #[serde(rename = "packagename")]
    pub package_name: Option<String>,
    #[serde(rename = "packageversion")]
    pub package_version: Option<String>,
    #[serde(rename = "activityid")]
    pub activity_id: Guid,
    #[serde(rename = "correlationid")]
    pub correlation_id: Guid,
    /// Its number in `history`.
    #[serde(rename = "historyoperation")]
    pub history_operation: Operation,
}

/// The answer of `solution log`: an import job and its results (L113).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportLog {
    pub job: Option<Guid>,
    pub operation: Operation,
    pub solution: Option<String>,
    pub version: Option<String>,
    pub publisher: Option<String>,
    #[serde(rename = "ismanaged")]
    pub is_managed: bool,
    pub action: Option<OperationKind>,
    #[serde(rename = "packagename")]
    pub package_name: Option<String>,
    pub result: JobResult,
    /// In percent.
    pub progress: u8,
    /// The state of the job as the platform numbers it: 3 is finished (L114).
    #[serde(rename = "statecode")]
    pub state_code: u8,
    /// 30 succeeded, 31 failed (L114).
    #[serde(rename = "statuscode")]
    pub status_code: u8,
    #[serde(rename = "errorcode")]
    pub error_code: Option<String>,
    #[serde(rename = "errorname")]
    pub error_name: Option<String>,
    #[serde(rename = "errortext")]
    pub error_text: Option<String>,
    #[serde(rename = "starttime")]
    pub start_time: String,
    #[serde(rename = "endtime")]
    pub end_time: String,
    pub findings: Vec<Finding>,
    pub components: Vec<ComponentResult>,
}

/// What a job came to for one component.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComponentResult {
    pub component: ComponentRef,
    /// Null where a refused import has not come to it.
    pub result: Option<JobResult>,
    #[serde(rename = "errorcode")]
    pub error_code: Option<String>,
    #[serde(rename = "errorname")]
    pub error_name: Option<String>,
    #[serde(rename = "errortext")]
    pub error_text: Option<String>,
    pub rule: Option<String>,
}

/// How a job ended, as a whole or for one component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JobResult {
    Success,
    Warning,
    Failure,
}

impl JobResult {
    /// Returns the word that scripts read.
    pub fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }
}

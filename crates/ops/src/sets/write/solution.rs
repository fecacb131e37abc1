//! Solutions as they are written: created, edited, uninstalled or dropped.

use strata_model::code::ErrorCode;
use strata_model::environment::Snapshot;
use strata_model::id::Guid;
use strata_model::solution::RESERVED_NAMES;
use strata_model::version::Version;

use super::{Values, Writer, unfit};
use crate::rows::{Existing, Outcome, RowWrite};
use crate::sets::solutions::PLATFORM;
use crate::{NewSolution, OpsError, Request, SolutionEdit};

/// What the lifecycle knows of a solution, and what says who it is.
const OWN: [&str; 5] = ["solutionid", "uniquename", "friendlyname", "version", "publisherid"];

impl Writer<'_> {
    pub(super) fn solution(&self, write: &RowWrite) -> Result<Outcome, OpsError> {
        match write {
            RowWrite::Create { id, values } => self.create_solution(*id, Values(values)),
            RowWrite::Change { id, values, existing, version } => match self.meets(*id, *existing, *version)? {
                true => self.edit_solution(*id, Values(values)),
                false => self.create_solution(Some(*id), Values(values)),
            },
            RowWrite::Delete { id, version } => {
                self.meets(*id, Existing::Must, *version)?;
                let solution = self.solution_name(*id)?;
                self.run(&Request::Uninstall { solution })?;
                self.forget_beside(*id)?;
                Ok(Outcome { id: *id, is_new: false })
            }
        }
    }

    fn create_solution(&self, id: Option<Guid>, values: Values<'_>) -> Result<Outcome, OpsError> {
        let headers = self.headers()?;
        let unique_name = values.needed("uniquename")?;
        let id = self.own_id(id, &values)?;
        let publisher = values.row("publisherid")?.ok_or_else(|| unfit("publisherid", "a publisher is needed"))?;
        let new = NewSolution {
            unique_name: unique_name.clone(),
            publisher: self.publisher_name(&headers, publisher)?,
            version: version(&values.needed("version")?)?,
            friendly_name: values.text("friendlyname")?,
            id,
        };
        let others = values.others(&OWN);
        self.keep_beside(id.unwrap_or(headers.environment.id), &others, true)?;
        self.run(&Request::CreateSolution(new))?;
        let made = self.headers()?.solution_named(&unique_name).map(|made| made.id);
        let id = made.ok_or_else(|| crate::rows::missing_row(self.table, id.unwrap_or(headers.environment.id)))?;
        self.keep_beside(id, &others, false)?;
        self.show_anew()?;
        Ok(Outcome { id, is_new: true })
    }

    fn edit_solution(&self, id: Guid, values: Values<'_>) -> Result<Outcome, OpsError> {
        let headers = self.headers()?;
        let solution = self.solution_name(id)?;
        self.own_id(Some(id), &values)?;
        if values.text("uniquename")?.is_some_and(|name| !name.eq_ignore_ascii_case(&solution)) {
            return Err(unfit("uniquename", "the unique name of a solution does not change"));
        }
        let publisher = values.row("publisherid")?.map(|id| self.publisher_name(&headers, id)).transpose()?;
        let edit = SolutionEdit {
            version: values.text("version")?.map(|text| version(&text)).transpose()?,
            friendly_name: values.text("friendlyname")?,
            publisher,
        };
        let others = values.others(&OWN);
        self.keep_beside(id, &others, true)?;
        // What stands against an edit stands against one of what is kept beside, too.
        self.run(&Request::EditSolution { solution, edit })?;
        self.keep_beside(id, &others, false)?;
        self.show_anew()?;
        Ok(Outcome { id, is_new: false })
    }

    /// Returns the unique name of a solution, the platform's own among them.
    fn solution_name(&self, id: Guid) -> Result<String, OpsError> {
        let headers = self.headers()?;
        if let Some(solution) = headers.solutions.iter().find(|solution| solution.id == id) {
            return Ok(solution.unique_name.clone());
        }
        let minted = |name: &str| Guid::minted(self.environment.id, "solution", &name.to_lowercase());
        let own = RESERVED_NAMES.iter().find(|name| minted(name) == id);
        own.map(|name| (*name).to_owned()).ok_or_else(|| crate::rows::missing_row(self.table, id))
    }

    pub(super) fn publisher_name(&self, headers: &Snapshot, id: Guid) -> Result<String, OpsError> {
        if let Some(publisher) = headers.publishers.iter().find(|publisher| publisher.id == id) {
            return Ok(publisher.unique_name.clone());
        }
        if Guid::minted(self.environment.id, "publisher", &PLATFORM.to_lowercase()) == id {
            let message = "the publisher of the platform's own solutions is read-only";
            return Err(OpsError::request(ErrorCode::SELECT_READ_ONLY_PUBLISHER, message));
        }
        Err(crate::rows::missing_row("publisher", id))
    }
}

/// L23.
fn version(text: &str) -> Result<Version, OpsError> {
    Version::parse(text).map_err(|error| OpsError::request(ErrorCode::INVALID_SOLUTION_VERSION, error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rows::Input;

    #[test]
    fn w11_values_of_solutions_have_types() {
        let values = [("version".to_owned(), Input::Value(json!(1)))];
        assert!(Values(&values).text("version").is_err());
        assert!(version("1.0.x").is_err());
    }
}

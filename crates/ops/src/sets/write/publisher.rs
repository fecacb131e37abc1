//! Publishers as they are written.

use serde_json::Value;
use strata_model::id::Guid;
use strata_model::publisher::{Details, is_detail};

use super::{Values, Writer, unfit};
use crate::rows::{Existing, Input, Outcome, RowWrite};
use crate::{NewPublisher, OpsError, PublisherEdit, Request};

/// What the lifecycle knows of a publisher, and what says who it is.
const OWN: [&str; 5] =
    ["publisherid", "uniquename", "friendlyname", "customizationprefix", "customizationoptionvalueprefix"];

impl Writer<'_> {
    pub(super) fn publisher(&self, write: &RowWrite) -> Result<Outcome, OpsError> {
        match write {
            RowWrite::Create { id, values } => self.create_publisher(*id, Values(values)),
            RowWrite::Change { id, values, existing, version } => match self.meets(*id, *existing, *version)? {
                true => self.edit_publisher(*id, Values(values)),
                false => self.create_publisher(Some(*id), Values(values)),
            },
            RowWrite::Delete { id, version } => {
                self.meets(*id, Existing::Must, *version)?;
                let publisher = self.publisher_name(&self.headers()?, *id)?;
                self.run(&Request::DeletePublisher { publisher })?;
                self.forget_beside(*id)?;
                Ok(Outcome { id: *id, is_new: false })
            }
        }
    }

    fn create_publisher(&self, id: Option<Guid>, values: Values<'_>) -> Result<Outcome, OpsError> {
        let unique_name = values.needed("uniquename")?;
        let id = self.own_id(id, &values)?;
        let new = NewPublisher {
            unique_name: unique_name.clone(),
            prefix: values.needed("customizationprefix")?,
            friendly_name: values.text("friendlyname")?,
            option_value_prefix: option_prefix(&values)?,
            id,
            details: details(&values),
        };
        let others = values.others(&OWN);
        let nobody = id.unwrap_or(self.environment.id);
        self.keep_beside(nobody, &others, true)?;
        let others = strange(others);
        self.run(&Request::CreatePublisher(new))?;
        let headers = self.headers()?;
        let made = headers.publishers.iter().find(|made| made.unique_name.eq_ignore_ascii_case(&unique_name));
        let id = made.map(|made| made.id).ok_or_else(|| crate::rows::missing_row(self.table, nobody))?;
        self.keep_beside(id, &others, false)?;
        self.show_anew()?;
        Ok(Outcome { id, is_new: true })
    }

    fn edit_publisher(&self, id: Guid, values: Values<'_>) -> Result<Outcome, OpsError> {
        let publisher = self.publisher_name(&self.headers()?, id)?;
        self.own_id(Some(id), &values)?;
        if values.text("uniquename")?.is_some_and(|name| !name.eq_ignore_ascii_case(&publisher)) {
            return Err(unfit("uniquename", "the unique name of a publisher does not change"));
        }
        let edit = PublisherEdit {
            friendly_name: values.text("friendlyname")?,
            prefix: values.text("customizationprefix")?,
            option_value_prefix: option_prefix(&values)?,
            details: details(&values),
        };
        let others = values.others(&OWN);
        self.keep_beside(id, &others, true)?;
        let others = strange(others);
        self.run(&Request::EditPublisher { publisher, edit })?;
        self.keep_beside(id, &others, false)?;
        self.show_anew()?;
        Ok(Outcome { id, is_new: false })
    }
}

/// What packages hold of a publisher besides, as texts; null takes one away.
fn details(values: &Values<'_>) -> Details {
    let known = values.0.iter().filter(|(column, _)| is_detail(&column.to_lowercase()));
    let text = |input: &Input| match input {
        Input::Value(Value::String(text)) => text.clone(),
        Input::Value(Value::Null) | Input::Row { .. } => String::new(),
        Input::Value(other) => other.to_string(),
    };
    known.map(|(column, input)| (column.to_lowercase(), text(input))).collect()
}

/// What no package holds.
fn strange(mut values: Vec<(String, Input)>) -> Vec<(String, Input)> {
    values.retain(|(column, _)| !is_detail(&column.to_lowercase()));
    values
}

fn option_prefix(values: &Values<'_>) -> Result<Option<u32>, OpsError> {
    let column = "customizationoptionvalueprefix";
    let number = values.number(column)?;
    number.map(|number| u32::try_from(number).map_err(|_| unfit(column, "10000 to 99999 is expected"))).transpose()
}

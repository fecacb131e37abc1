//! The status of a row, and its reason.

use serde_json::Value;
use strata_engine::table::{Kind, Options};
use strata_model::code::ErrorCode;
use strata_store::Values;

use super::{Draft, Problem};
use crate::Place;

impl Draft<'_> {
    /// Gives a row the first status, and a status its first reason; a reason must belong to the status.
    pub(super) fn default_state(
        &mut self,
        given: &mut Values,
        before: Option<&Values>,
        place: &dyn Fn(Option<&str>) -> Option<Place>,
    ) {
        let reasons = self.options("statuscode");
        let number = |values: &Values, column: &str| values.get(column).and_then(Value::as_i64);
        let state_before = before.and_then(|before| number(before, "statecode"));
        if before.is_none() && !given.contains_key("statecode") {
            let of_reason = number(given, "statuscode").and_then(|reason| reasons.get(&reason).copied().flatten());
            let first = self.options("statecode").into_keys().next();
            if let Some(state) = of_reason.or(first) {
                given.insert("statecode".to_owned(), state.into());
            }
        }
        let Some(state) = number(given, "statecode").or(state_before) else { return };
        let is_of_state = |reason: &i64| reasons.get(reason).copied().flatten().is_none_or(|of| of == state);
        match number(given, "statuscode") {
            Some(reason) if !is_of_state(&reason) => {
                let message = format!("statuscode {reason} does not belong to statecode {state}");
                self.problems.push(Problem::new(ErrorCode::INVALID_VALUE, message, place(Some("statuscode"))));
            }
            Some(_) => {}
            None if before.is_none() || state_before != Some(state) => {
                if let Some(reason) = reasons.keys().find(|reason| is_of_state(reason)) {
                    given.insert("statuscode".to_owned(), (*reason).into());
                }
            }
            None => {}
        }
    }

    fn options(&self, column: &str) -> Options {
        match self.table.table.columns.get(column).map(|column| &column.kind) {
            Some(Kind::Choice { options }) => options.clone(),
            Some(_) | None => Options::new(),
        }
    }
}

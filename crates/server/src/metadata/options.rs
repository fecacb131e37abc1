//! Options of choices, one at a time: `UpdateOptionValue` (web-api §7).

use strata_ops::Request;
use strata_ops::authoring::{self, OptionWish};
use strata_ops::schema::Leaves;

use super::author::{drafted, key, refuse_others, run, solution};
use super::definitions::{Reader, Wanted, missing};
use super::payload::Payload;
use crate::answer::Answer;
use crate::ask::Ask;
use crate::fault::Fault;

/// Where options stand: in a choice of one column, or in one that columns share.
struct Place {
    component: strata_model::component::ComponentKey,
    prefix: &'static str,
    now: Leaves,
}

const PLACE: [&str; 3] = ["OptionSetName", "EntityLogicalName", "AttributeLogicalName"];

/// Answers `UpdateOptionValue`.
pub(super) fn update(ask: &Ask<'_>) -> Result<Answer, Fault> {
    let wish = wanted(
        ask,
        &["Value", "Label", "Description", "Color", "MergeLabels", "ExternalValue", "ParentValues"],
        "UpdateOptionValue",
    )?;
    let reader = Reader::new(ask)?;
    let place = place(&reader)?;
    let value = wish.value.ok_or_else(|| Fault::payload("property 'Value' is missing"))?;
    let is_there = |element: &str| place.now.contains_key(&format!("{}{element}[{value}]@value", place.prefix));
    if !is_there("options/option") {
        return Err(missing("Option", &Wanted::Name(value.to_string())));
    }
    write(&reader, place, &wish)?;
    Ok(Answer::empty())
}

/// Reads what is said of an option; other parameters are refused.
fn wanted(ask: &Ask<'_>, known: &[&str], action: &str) -> Result<OptionWish, Fault> {
    let body = ask.json()?;
    let all: Vec<_> = known.iter().chain(&PLACE).chain(&["SolutionUniqueName"]).copied().collect();
    refuse_others(&body, &all, action)?;
    super::payload::option(&Payload::new(&body))
}

fn write(reader: &Reader<'_>, place: Place, wish: &OptionWish) -> Result<(), Fault> {
    let edits = authoring::options_edits(place.prefix, std::slice::from_ref(wish));
    let body = reader.ask.json()?;
    let named = Payload::new(&body).text("SolutionUniqueName")?;
    let solution = named.or_else(|| solution(reader.ask).map(str::to_owned));
    run(reader, &Request::Set { component: place.component, edits, solution })
}

fn place(reader: &Reader<'_>) -> Result<Place, Fault> {
    let body = reader.ask.json()?;
    let payload = Payload::new(&body);
    let mut shared = payload.text("OptionSetName")?;
    if let Some(table) = payload.text("EntityLogicalName")? {
        let table = reader.table(&Wanted::Name(table.to_lowercase()))?;
        let column = reader.column(&table, &Wanted::Name(payload.needed("AttributeLogicalName")?.to_lowercase()))?;
        let now = table.column_definition(&column.name).cloned().unwrap_or_default();
        let name = format!("{}.{}", table.entry.name, column.name);
        match now.get("OptionSetName").filter(|name| !name.is_empty()) {
            Some(name) => shared = Some(name.clone()),
            None => return Ok(Place { component: key("attribute", &name), prefix: "optionset/", now }),
        }
    }
    let name = shared.ok_or_else(|| Fault::payload("property 'OptionSetName' is missing"))?;
    let found =
        reader.schema.choices(reader.ask.workspace)?.into_iter().find(|own| own.name.eq_ignore_ascii_case(&name));
    let own = found.ok_or_else(|| missing("OptionSet", &Wanted::Name(name.clone())))?;
    let component = key("optionset", &own.name);
    Ok(Place { now: drafted(reader, &component)?, component, prefix: "" })
}

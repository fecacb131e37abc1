//! `$metadata`: the sets, types and operations that are served here, as OData describes them (web-api §1).
//!
//! Every table is an entity type with its key, its columns and the ways that lead from its rows to others; every set
//! names where those ways end. What the operations take and answer comes from their own descriptions.

mod definitions;
mod operations;
mod table;
mod xml;

use std::sync::Arc;

use crate::answer::Answer;
use crate::ask::{Ask, Verb};
use crate::fault::Fault;
use xml::Writer;

/// The namespace of the platform's types and operations.
pub(crate) const NAMESPACE: &str = "Microsoft.Dynamics.CRM";

/// Answers the document, made once for each revision of an environment.
pub(crate) fn answer(ask: &Ask<'_>) -> Result<Answer, Fault> {
    if ask.verb != Verb::Get || ask.path.len() > 1 {
        return Err(Fault::verb("$metadata is read only"));
    }
    let schema = ask.schema()?;
    let bytes: Arc<Vec<u8>> = match schema.described() {
        Some(known) => known,
        None => schema.describe(document(ask)?),
    };
    Ok(Answer::of("application/xml", bytes.as_slice()))
}

fn document(ask: &Ask<'_>) -> Result<Vec<u8>, Fault> {
    let schema = ask.schema()?;
    let mut tables = Vec::new();
    for entry in schema.tables() {
        tables.push(schema.table(ask.workspace, &entry.name)?);
    }
    let own: Vec<_> = tables.iter().map(|table| table::Described::new(table, &schema)).collect();
    let mut writer = Writer::new();
    writer.open("edmx:Edmx", &[("Version", "4.0"), ("xmlns:edmx", "http://docs.oasis-open.org/odata/ns/edmx")]);
    writer.open("edmx:DataServices", &[]);
    let edm = ("xmlns", "http://docs.oasis-open.org/odata/ns/edm");
    writer.open("Schema", &[("Namespace", NAMESPACE), ("Alias", "mscrm"), edm]);
    writer.empty("EntityType", &[("Name", "crmbaseentity"), ("Abstract", "true"), ("OpenType", "true")]);
    writer.open("ComplexType", &[("Name", "BooleanManagedProperty")]);
    writer.property("Value", "Edm.Boolean", false);
    writer.property("CanBeChanged", "Edm.Boolean", false);
    writer.property("ManagedPropertyLogicalName", "Edm.String", true);
    writer.close("ComplexType");
    own.iter().for_each(|table| table.entity_type(&mut writer));
    definitions::types(&mut writer);
    let operations = operations::all();
    operations::types(&operations, NAMESPACE, &mut writer);
    writer.open("EntityContainer", &[("Name", "System")]);
    own.iter().for_each(|table| table.entity_set(&mut writer));
    definitions::sets(&mut writer);
    operations::imports(&operations, &mut writer);
    writer.close("EntityContainer");
    writer.close("Schema");
    writer.open("Schema", &[("Namespace", "strata"), edm]);
    operations::types(&operations, "strata", &mut writer);
    writer.close("Schema");
    writer.close("edmx:DataServices");
    writer.close("edmx:Edmx");
    Ok(writer.into_bytes())
}

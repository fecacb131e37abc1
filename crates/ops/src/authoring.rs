//! New tables, columns, relationships, keys and choices as makers ask for them through the Web API (web-api §7).
//!
//! A wish says what is wanted; from it come components with the definitions that packages give such ones, and requests
//! that make them, all of one wish or none. What a name may be, whose prefix it bears and what stands against it is
//! `engine::by_hand`'s to say.

mod choice;
mod column;
mod option;
mod relationship;
mod table;
mod tree;

use strata_engine::by_hand::create::NewComponent;
use strata_model::component::ComponentType;
use strata_xml::Element;

pub use choice::{ChoiceWish, OptionWish, choice_edits};
pub use column::{ChoiceOf, ColumnWish, column_edits};
pub use option::{OptionKind, option_order, option_prefix, option_removal, option_values, options_edits, settle};
pub use relationship::{
    CASCADES, KeyWish, LookupWish, ManyToManyWish, Menu, key, lookup, lookup_to_several, many_to_many,
    relationship_edits, role_place,
};
pub use table::{Ownership, TableWish, table, table_edits};
pub use tree::replacing_labels;

use crate::by_hand::ByHand;
use crate::request::Request;
use crate::schema::Labels;

/// Makes the request that creates components, all or none.
pub fn creation(all: Vec<NewComponent>) -> Request {
    Request::ByHand(ByHand::CreateAll { all })
}

/// Makes a new column of a table.
pub fn column(table: &str, wish: &ColumnWish, solution: Option<&str>) -> NewComponent {
    component("attribute", &format!("{table}.{}", wish.schema_name), None, column::tree(table, wish), solution)
}

/// Makes a new choice that columns share.
pub fn choice(wish: &ChoiceWish, solution: Option<&str>) -> NewComponent {
    component("optionset", &wish.name, None, choice::tree(wish, true), solution)
}

/// Languages in which something is named; one of them is shown where there is no other.
fn shown(labels: &Labels) -> Option<String> {
    labels.get(&1033).or_else(|| labels.values().next()).cloned()
}

fn component(
    component_type: &str,
    name: &str,
    table: Option<&str>,
    definition: Element,
    solution: Option<&str>,
) -> NewComponent {
    NewComponent {
        component_type: ComponentType::named(component_type),
        name: name.to_owned(),
        table: table.map(str::to_owned),
        display_name: None,
        definition: Some(strata_xml::write(&definition)),
        properties: Vec::new(),
        options: Vec::new(),
        solution: solution.map(str::to_owned),
        content: None,
    }
}

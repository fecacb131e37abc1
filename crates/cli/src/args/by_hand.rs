//! Arguments of what is done to components one at a time.

use std::path::PathBuf;

use clap::Args;

use super::WriteFlags;

#[derive(Debug, Args)]
#[command(after_help = CREATE_HELP)]
pub(crate) struct CreateArgs {
    /// Type and name: a schema name, TABLE.COLUMN, TABLE.Display name, or an id
    #[arg(value_name = "TYPE:NAME")]
    pub(crate) component: String,
    /// Unmanaged solution it is made in [default: it joins only the Default Solution]
    #[arg(long, visible_alias = "name", alias = "solutionUniqueName", value_name = "U")]
    pub(crate) solution_name: Option<String>,
    /// Its definition as in a package, XML or JSON [default: the smallest one of its type]
    #[arg(long, value_name = "FILE")]
    pub(crate) definition: Option<PathBuf>,
    /// Property and its value
    #[arg(long, short, value_name = "PATH=VALUE")]
    pub(crate) property: Vec<String>,
    /// Label of a new option; its value comes from the publisher's option-value prefix
    #[arg(long, value_name = "LABEL")]
    pub(crate) option: Vec<String>,
    /// Table it is a part of, where NAME does not say so
    #[arg(long, value_name = "TABLE")]
    pub(crate) table: Option<String>,
    /// Name for people
    #[arg(long, value_name = "S")]
    pub(crate) display_name: Option<String>,
    /// Content of a web resource
    #[arg(long, value_name = "FILE")]
    pub(crate) content: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) write: WriteFlags,
}

const CREATE_HELP: &str = "\
Examples:
  strata component create entity:contoso_order --solution-name Sales
  strata component create attribute:contoso_order.contoso_tier --solution-name Sales --property Type=picklist --option Gold --option Silver
  strata component create 'systemform:contoso_order.Main' --solution-name Sales
  strata component create webresource:contoso_/order.js --solution-name Sales --content order.js

Names of new metadata get the publisher's prefix where they have none.";

/// A component and the solution in whose list it is to be or not to be.
#[derive(Debug, Args)]
pub(crate) struct ListedArgs {
    /// Unique name of the unmanaged solution (short: -sn)
    #[arg(long, visible_alias = "name", alias = "solutionUniqueName", value_name = "U")]
    pub(crate) solution_name: String,
    /// The component; with --componentType its name or id alone
    #[arg(short, long, value_name = "TYPE:NAME")]
    pub(crate) component: String,
    /// Type of the component, as a name or number (short: -ct)
    #[arg(long = "componentType", alias = "component-type", value_name = "TYPE")]
    pub(crate) component_type: Option<String>,
    #[command(flatten)]
    pub(crate) write: WriteFlags,
}

impl ListedArgs {
    /// Returns the component as `TYPE:NAME`.
    pub(crate) fn text(&self) -> String {
        match &self.component_type {
            Some(component_type) => format!("{component_type}:{}", self.component),
            None => self.component.clone(),
        }
    }
}

const ADD_HELP: &str = "\
Examples:
  strata solution add-solution-component --solution-name Sales --component entity:contoso_order
  strata solution add-solution-component -sn Sales -c 'workflow:Post invoice' --AddRequiredComponents --plan

With --plan and --AddRequiredComponents the answer lists what comes along, who needs it and where it says so.";

#[derive(Debug, Args)]
#[command(after_help = ADD_HELP)]
pub(crate) struct AddArgs {
    #[command(flatten)]
    pub(crate) listed: ListedArgs,
    /// Of a table: 0 with all its parts, 1 without, 2 as a shell [default: 0]
    #[arg(long, value_name = "0|1|2", value_parser = clap::value_parser!(u8).range(0..=2))]
    pub(crate) behavior: Option<u8>,
    /// Bring along what it requires and no managed solution brings, as Add required objects does (short: -arc)
    #[arg(long = "AddRequiredComponents", alias = "add-required-components")]
    pub(crate) add_required_components: bool,
}

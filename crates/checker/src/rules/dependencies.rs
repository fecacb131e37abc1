//! STR1xx: what a package needs from elsewhere.

use crate::rule::Rule;

pub(super) static RULES: &[Rule] = &[];

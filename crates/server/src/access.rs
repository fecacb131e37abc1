//! Who may ask, and for what (R18).

/// What a caller may do; each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads everything.
    Reader,
    /// Changes rows, components and solutions.
    Maker,
    /// Goes back in history, resets environments, sets faults.
    Admin,
}

/// Somebody who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// As the file of tokens names it.
    pub name: String,
    pub role: Role,
}

impl Caller {
    /// Whoever asks where no token is needed.
    pub fn anyone() -> Self {
        Self { name: "anyone".to_owned(), role: Role::Admin }
    }
}

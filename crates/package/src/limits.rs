//! Bounds on what a package may ask of us (D13). All of them are checked before the memory is spent.

/// The bounds; sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Of all parts together, inflated.
    pub inflated_bytes_max: u64,
    pub entries_max: usize,
    /// Of inflated to packed size, for entries that inflate to more than [`Limits::RATIO_FROM`].
    pub ratio_max: u64,
    /// Of elements.
    pub depth_max: usize,
    /// Of one element.
    pub attributes_max: usize,
    /// Of the path of a part.
    pub name_bytes_max: usize,
}

impl Limits {
    /// Small files may compress as well as they like.
    pub const RATIO_FROM: u64 = 1 << 20;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            inflated_bytes_max: 2 << 30,
            entries_max: 100_000,
            ratio_max: 1_000,
            depth_max: 256,
            attributes_max: 1_024,
            name_bytes_max: 1_024,
        }
    }
}

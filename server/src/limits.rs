//! What a request may ask for at most. Past a limit it is refused, or its answer says that there is more.

/// Most bytes of the body of a request.
pub const BODY_BYTES_MAX: usize = 8 << 20;

/// Most rows of one answer; an export has no such limit.
pub const ROWS_MAX: u64 = 100_000;

/// Most nodes that one expansion brings.
pub const EXPANSION_MAX: usize = 2_000;

/// Most nodes that a drawing can hold; those that are shown are sent with an expansion.
pub const SHOWN_MAX: usize = 20_000;

/// Most pieces of evidence on one page of them.
pub const PIECES_MAX: usize = 1_000;

/// Most pairs that one discovery gives.
pub const PAIRS_MAX: u64 = 5_000;

/// Most paths that one answer holds.
pub const PATHS_MAX: usize = 500;

/// Most hops that a discovery looks over.
pub const HOPS_MAX: u32 = 4;

/// Most nodes from which a discovery starts by name.
pub const STARTS_MAX: usize = 1_000;

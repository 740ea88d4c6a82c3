//! The limits of the language, each with its reason.

/// Longest query, in bytes. Larger amounts of data belong in a parameter: `UNWIND $rows AS row`.
pub const QUERY_BYTES_MAX: usize = 1 << 20;

/// Deepest nesting: of brackets, of CASE and EXISTS, of signs and NOT, of operators that group from the left. Chains
/// of AND, OR and XOR of any length are kept flat and do not count. Every pass over a query is recursive, so this is
/// what keeps it on the stack: parsing takes at most 4 KiB for each level, and 24 KiB in a build without optimisation.
pub const NESTING_MAX: usize = 64;

/// Most hops that can be written after the star of a relationship.
pub const HOPS_MAX: u32 = u32::MAX;

/// Most hops of a WALK whose pattern sets no limit; other modes end by themselves, since they repeat nothing.
pub const WALK_HOPS_MAX: u32 = 64;

/// Most numbers that `range()` gives: a slip in a bound must not fill the memory.
pub const RANGE_LENGTH_MAX: u64 = 10_000_000;

/// Most clauses between two UNIONs. Each puts operators on top of those before it, and a row climbs through all of them.
pub const CLAUSES_MAX: usize = 200;

/// Most relationships written in one pattern; they are put one on top of the other as well. More hops than these are
/// asked for with a star.
pub const RELATIONSHIPS_MAX: usize = 200;

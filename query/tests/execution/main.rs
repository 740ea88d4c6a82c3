//! Queries run on real graphs: against a judge that enumerates every path, under limits, and through the interface.
//! What each clause and function answers is written down in the scripts of `tests/scripts`.

mod interface;
mod judge;
mod limits;

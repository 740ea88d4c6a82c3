//! Operators that give rows one by one, each in a file of its own: for queries that write, for what is asked of each row
//! of another operator, and for whatever does not run on chunks.
//!
//! All operators of a query share one row. `next` fills the slots that the operator is responsible for and says
//! whether there was another row; `open` starts an operator again for the row as it stands.

mod aggregate;
mod answering;
mod apply;
mod buffer;
mod call;
mod count_hops;
mod count_paths;
mod count_reach;
mod create;
mod delete;
mod distinct;
mod expand;
mod expand_paths;
mod filter;
mod hop_costs;
mod hop_topology;
mod limit;
mod merge;
mod node_filter;
mod profiled;
mod project;
mod reach;
mod reach_ends;
mod scan;
mod set;
mod shortest_path;
mod skip;
mod sort;
mod start;
mod union;
mod unrepeated;
mod unwind;
mod write;

pub(crate) use aggregate::Aggregate;
pub(crate) use answering::Answering;
pub(crate) use apply::Apply;
use buffer::Buffer;
pub(crate) use call::Call;
pub(crate) use count_hops::CountHops;
pub(crate) use count_paths::CountPaths;
pub(crate) use count_reach::CountReach;
pub(crate) use create::Create;
pub(crate) use delete::Delete;
pub(crate) use distinct::Distinct;
pub(crate) use expand::Expand;
pub(crate) use expand_paths::ExpandPaths;
pub(crate) use filter::Filter;
pub(crate) use hop_topology::HopTopology;
pub(crate) use limit::Limit;
pub(crate) use merge::Merge;
pub(crate) use node_filter::NodeFilter;
pub(crate) use profiled::{Profiled, Work};
pub(crate) use project::Project;
pub(crate) use reach::Reach;
pub(crate) use reach_ends::ReachEnds;
pub(crate) use scan::Scan;
pub(crate) use set::Set;
pub(crate) use shortest_path::ShortestPath;
pub(crate) use skip::Skip;
pub(crate) use sort::Sort;
pub(crate) use start::Start;
pub(crate) use union::Union;
pub(crate) use unrepeated::Unrepeated;
pub(crate) use unwind::Unwind;

use crate::Field;
use crate::executor::compute::{Context, Row, evaluate};
use crate::fault::{Result, value};
use crate::planner::plan::{Expression, Slot};
use crate::value::Cell;

/// Something that gives rows.
pub(crate) trait Operator: Send {
    /// Starts from the beginning, for the row as it stands.
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()>;

    /// Fills in the next row; false if there is none.
    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool>;

    /// Shows what stands in some slots of the next row, instead of filling it in; says whether there was one. `None`: the
    /// operator cannot.
    fn show_next(
        &mut self,
        _context: &Context<'_>,
        _slots: &[Slot],
        _show: &mut dyn FnMut(&[Field<'_>]),
    ) -> Option<Result<bool>> {
        None
    }
}

/// An operator as another one's input.
pub(crate) type Input = Box<dyn Operator>;

/// The number after SKIP or LIMIT.
pub(crate) fn row_count(count: &Expression, clause: &str, context: &Context<'_>, row: &mut Row) -> Result<u64> {
    let cell = evaluate(count, context, row)?;
    let number = match &cell {
        Cell::Integer(integer) => u64::try_from(*integer).ok(),
        _ => None,
    };
    number.ok_or_else(|| {
        let found = match cell {
            Cell::Integer(integer) => integer.to_string(),
            other => other.kind().to_owned(),
        };
        value(count.span, format!("{clause} needs a whole number of 0 or more, not {found}"))
    })
}

//! Functions that make one value of many rows.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use hopgraph_engine::{Budget, NodeSet};

use crate::executor::compute::Held;
use crate::fault::{Failure, Result};
use crate::planner::plan::AggregateKind;
use crate::syntax::ast::BinaryOperator;
use crate::value::{Cell, Key, arithmetic, order};

/// The values of one group on their way to one value.
#[derive(Debug)]
pub(crate) struct Aggregator {
    state: State,
    /// What has been seen, if equal values count once.
    seen: Option<Seen>,
    held: Held,
}

#[derive(Debug)]
enum State {
    Count(u64),
    Collect(Vec<Cell>),
    Extreme {
        best: Cell,
        wanted: Ordering,
    },
    Sum(Cell),
    Average {
        sum: f64,
        count: u64,
    },
    /// Welford's method: the mean so far and the sum of squared distances from it.
    Deviation {
        count: u64,
        mean: f64,
        squares: f64,
        of_all: bool,
    },
    /// All numbers, and the share that is asked for.
    Percentile {
        numbers: Vec<(f64, Cell)>,
        share: f64,
        continuous: bool,
    },
}

/// A set of values; nodes are the common case and are kept as a bitmap.
#[derive(Debug, Default)]
struct Seen {
    nodes: NodeSet,
    others: HashSet<Key>,
}

impl Seen {
    fn insert(&mut self, cell: &Cell, held: &mut Held, budget: &Arc<Budget>) -> Result<bool> {
        if let Cell::Node(node) = cell {
            let new = self.nodes.insert(*node);
            if new {
                held.grow(budget, 2)?;
            }
            return Ok(new);
        }
        let new = self.others.insert(Key(Box::new([cell.clone()])));
        if new {
            held.grow_by_cells(budget, std::slice::from_ref(cell))?;
        }
        Ok(new)
    }
}

impl Aggregator {
    /// Nothing seen yet.
    pub(crate) fn new(kind: AggregateKind, distinct: bool) -> Self {
        let state = match kind {
            AggregateKind::Count => State::Count(0),
            AggregateKind::Collect => State::Collect(Vec::new()),
            AggregateKind::Min => State::Extreme { best: Cell::Null, wanted: Ordering::Less },
            AggregateKind::Max => State::Extreme { best: Cell::Null, wanted: Ordering::Greater },
            AggregateKind::Average => State::Average { sum: 0.0, count: 0 },
            AggregateKind::Sum => State::Sum(Cell::Integer(0)),
            AggregateKind::Deviation | AggregateKind::DeviationOfAll => {
                let of_all = kind == AggregateKind::DeviationOfAll;
                State::Deviation { count: 0, mean: 0.0, squares: 0.0, of_all }
            }
            AggregateKind::PercentileDiscrete | AggregateKind::PercentileContinuous => {
                let continuous = kind == AggregateKind::PercentileContinuous;
                State::Percentile { numbers: Vec::new(), share: 0.0, continuous }
            }
        };
        Self { state, seen: distinct.then(Seen::default), held: Held::nothing() }
    }

    /// Counts so many rows of `count(*)`.
    pub(crate) fn add_rows(&mut self, times: i64) {
        if let State::Count(count) = &mut self.state {
            *count += times.unsigned_abs();
        }
    }

    /// Takes the value of a row that stands for so many rows; null is left out. To collect values, and for their
    /// deviation, each row must come by itself.
    pub(crate) fn add(&mut self, cell: Cell, times: i64, budget: &Arc<Budget>) -> Result<(), Failure> {
        let first_is_null =
            matches!((&self.state, &cell), (State::Percentile { .. }, Cell::List(pair)) if pair[0].is_null());
        if cell.is_null() || first_is_null {
            return Ok(());
        }
        if let Some(seen) = &mut self.seen
            && !seen.insert(&cell, &mut self.held, budget)?
        {
            return Ok(());
        }
        // Equal values count once, however often they come.
        let times = if self.seen.is_some() { 1 } else { times };
        match &mut self.state {
            State::Count(count) => *count += times.unsigned_abs(),
            State::Collect(cells) => {
                self.held.grow_by_cells(budget, std::slice::from_ref(&cell)).map_err(crate::QueryError::from)?;
                cells.push(cell);
            }
            State::Extreme { best, wanted } => {
                if best.is_null() || order(&cell, best) == *wanted {
                    *best = cell;
                }
            }
            State::Sum(sum) => {
                number("sum", &cell)?;
                let all =
                    if times == 1 { cell } else { arithmetic(BinaryOperator::Multiply, &cell, &Cell::Integer(times))? };
                *sum = arithmetic(BinaryOperator::Add, sum, &all)?;
            }
            State::Average { sum, count } => {
                *sum += number("avg", &cell)? * times as f64;
                *count += times.unsigned_abs();
            }
            State::Percentile { numbers, share, .. } => {
                let Cell::List(pair) = &cell else { return super::unfit("percentile", "two arguments", &cell) };
                let (value, wanted) = (number("percentile", &pair[0])?, number("percentile", &pair[1])?);
                if !(0.0..=1.0).contains(&wanted) {
                    return Err(format!("a percentile is asked for by a number from 0 to 1, not {wanted}").into());
                }
                *share = wanted;
                for _ in 0..times {
                    self.held.grow(budget, size_of::<(f64, Cell)>() as u64).map_err(crate::QueryError::from)?;
                    numbers.push((value, pair[0].clone()));
                }
            }
            State::Deviation { count, mean, squares, .. } => {
                let number = number("stDev", &cell)?;
                *count += 1;
                let distance = number - *mean;
                *mean += distance / *count as f64;
                *squares += distance * (number - *mean);
            }
        }
        Ok(())
    }

    /// Takes in the values of rows that come after its own. Equal values must not have to count once.
    pub(crate) fn merge(&mut self, other: Self, budget: &Arc<Budget>) -> Result<(), Failure> {
        match (&mut self.state, other.state) {
            (State::Count(count), State::Count(more)) => *count += more,
            (State::Collect(cells), State::Collect(more)) => {
                self.held.grow_by_cells(budget, &more).map_err(crate::QueryError::from)?;
                cells.extend(more);
            }
            (State::Extreme { best, wanted }, State::Extreme { best: other, .. }) => {
                if !other.is_null() && (best.is_null() || order(&other, best) == *wanted) {
                    *best = other;
                }
            }
            (State::Sum(sum), State::Sum(more)) => *sum = arithmetic(BinaryOperator::Add, sum, &more)?,
            (State::Average { sum, count }, State::Average { sum: more, count: times }) => {
                *sum += more;
                *count += times;
            }
            (
                State::Deviation { count, mean, squares, .. },
                State::Deviation { count: n, mean: other, squares: more, .. },
            ) => {
                // Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances".
                let all = *count + n;
                if n > 0 {
                    let distance = other - *mean;
                    *squares += more + distance * distance * (*count as f64) * (n as f64) / all as f64;
                    *mean += distance * n as f64 / all as f64;
                    *count = all;
                }
            }
            (State::Percentile { numbers, share, .. }, State::Percentile { numbers: more, share: same, .. }) => {
                if numbers.is_empty() {
                    *share = same;
                }
                self.held.grow(budget, more.len() as u64 * 40).map_err(crate::QueryError::from)?;
                numbers.extend(more);
            }
            _ => unreachable!("both are the same aggregate"),
        }
        Ok(())
    }

    /// The one value.
    pub(crate) fn finish(self) -> Cell {
        match self.state {
            State::Count(count) => Cell::count(count),
            State::Collect(cells) => Cell::List(cells.into()),
            State::Extreme { best, .. } => best,
            State::Sum(sum) => sum,
            State::Average { count: 0, .. } => Cell::Null,
            State::Average { sum, count } => Cell::Float(sum / count as f64),
            State::Deviation { count: 0 | 1, .. } => Cell::Float(0.0),
            State::Deviation { count, squares, of_all, .. } => {
                Cell::Float((squares / (count - u64::from(!of_all)) as f64).sqrt())
            }
            State::Percentile { numbers, share, continuous } => percentile(numbers, share, continuous),
        }
    }
}

/// The nearest number at or above the share, or what lies between two.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list, from 0 on")]
fn percentile(mut numbers: Vec<(f64, Cell)>, share: f64, continuous: bool) -> Cell {
    numbers.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let Some(last) = numbers.len().checked_sub(1) else { return Cell::Null };
    if !continuous {
        let place = (share * numbers.len() as f64).ceil() as usize;
        return numbers[place.saturating_sub(1).min(last)].1.clone();
    }
    let place = share * last as f64;
    let (below, above) = (numbers[place.floor() as usize].0, numbers[place.ceil() as usize].0);
    Cell::Float(below + (above - below) * place.fract())
}

fn number(function: &str, cell: &Cell) -> Result<f64, Failure> {
    match cell {
        Cell::Integer(integer) => Ok(*integer as f64),
        Cell::Float(float) => Ok(*float),
        other => super::unfit(function, "numbers", other),
    }
}

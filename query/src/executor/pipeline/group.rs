//! Groups of rows on their way to one row each.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::count_hops::weight;
use super::interner::Interner;
use crate::executor::column::{Chunk, Column, Kernel, Run};
use crate::executor::compute::Held;
use crate::executor::function::Aggregator;
use crate::fault::Result;
use crate::planner::plan::{AggregateKind, Slot};
use crate::syntax::ast::Span;

type FastMap<K, V> = HashMap<K, V, foldhash::fast::FixedState>;
type FastSet<K> = HashSet<K, foldhash::fast::FixedState>;

/// Groups are found by an array as long as the keys have at most so many combinations.
const COMBINATIONS_IN_ARRAY: usize = 1 << 16;

/// One aggregate, ready for columns.
pub(super) struct AggregateSpec {
    pub(super) kind: AggregateKind,
    pub(super) argument: Option<Kernel>,
    pub(super) distinct: bool,
    pub(super) slot: Slot,
    pub(super) span: Span,
}

/// What is grouped by, and what is computed of each group.
pub(super) struct GroupSpec {
    pub(super) keys: Vec<(Slot, Kernel)>,
    pub(super) aggregates: Vec<AggregateSpec>,
    /// Where the number of rows stands for which a row stands.
    pub(super) weight: Option<Slot>,
    /// Whether there are so many rows that a look at all nodes is worth it.
    pub(super) many: bool,
}

impl GroupSpec {
    /// Whether it must run on the thread of the query.
    pub(super) fn needs_context(&self) -> bool {
        let arguments = self.aggregates.iter().filter_map(|one| one.argument.as_ref());
        self.keys.iter().map(|(_, key)| key).chain(arguments).any(Kernel::needs_context)
    }

    /// Whether groups of parts of the rows can be put together.
    pub(super) fn can_merge(&self) -> bool {
        !self.needs_context() && self.aggregates.iter().all(|one| !one.distinct || one.kind == AggregateKind::Count)
    }
}

/// The groups seen so far, in the order in which they appeared.
pub(super) struct Groups {
    spec: Arc<GroupSpec>,
    interners: Vec<Interner>,
    /// The numbers of the values of each key, group by group.
    codes: Vec<Vec<u32>>,
    places: Places,
    states: Vec<State>,
    rows: usize,
    held: Held,
    held_bytes: u64,
}

/// Where the group of some numbers is.
enum Places {
    /// By the numbers, put together to one, in an array: one more than the place, 0 for none.
    Array(Vec<u32>, Vec<usize>),
    /// By the numbers of the first key and the second, of that pair and the third, and so on.
    Pairs(Vec<FastMap<u64, u32>>),
}

/// One aggregate of all groups.
enum State {
    Counts(Vec<u64>),
    /// Counts of different values, with the pairs of group and value that were seen.
    Different(Vec<u64>, Interner, FastSet<u64>),
    Values(Vec<Aggregator>),
}

impl Groups {
    /// No groups yet; without keys there is one, be there rows or not.
    pub(super) fn new(spec: &Arc<GroupSpec>) -> Self {
        let state = |one: &AggregateSpec| match (one.kind, one.distinct) {
            (AggregateKind::Count, false) => State::Counts(Vec::new()),
            (AggregateKind::Count, true) => State::Different(Vec::new(), Interner::default(), FastSet::default()),
            _ => State::Values(Vec::new()),
        };
        let mut groups = Self {
            spec: Arc::clone(spec),
            interners: spec.keys.iter().map(|_| Interner::default()).collect(),
            codes: vec![Vec::new(); spec.keys.len()],
            places: Places::Pairs(vec![FastMap::default(); spec.keys.len().max(1)]),
            states: spec.aggregates.iter().map(state).collect(),
            rows: 0,
            held: Held::nothing(),
            held_bytes: 0,
        };
        if spec.keys.is_empty() {
            groups.add_group();
        }
        groups
    }

    /// Takes in a chunk.
    pub(super) fn add(&mut self, run: &Run<'_, '_>, chunk: &Chunk) -> Result<()> {
        let spec = Arc::clone(&self.spec);
        let mut numbers = vec![Vec::new(); spec.keys.len()];
        for (((_, key), interner), numbers) in spec.keys.iter().zip(&mut self.interners).zip(&mut numbers) {
            interner.codes(&*key.evaluate(run, chunk)?, chunk.rows, spec.many, numbers);
        }
        let places = self.place_all(&numbers, chunk.rows);
        for (place, one) in spec.aggregates.iter().enumerate() {
            self.accumulate(place, one, &places, run, chunk)?;
        }
        self.charge(run)
    }

    /// The groups of rows, by the numbers of their keys.
    fn place_all(&mut self, numbers: &[Vec<u32>], rows: usize) -> Vec<u32> {
        if numbers.is_empty() {
            return vec![0; rows];
        }
        if self.rows == 0 {
            self.choose_places();
        }
        (0..rows).map(|row| self.place(numbers, row)).collect()
    }

    /// An array if the keys can have few values only.
    fn choose_places(&mut self) {
        let bounds: Option<Vec<usize>> = self.interners.iter().map(Interner::bound).collect();
        let all = bounds.as_ref().and_then(|bounds| bounds.iter().try_fold(1_usize, |all, one| all.checked_mul(*one)));
        if let (Some(bounds), Some(all)) = (bounds, all.filter(|all| *all <= COMBINATIONS_IN_ARRAY)) {
            self.places = Places::Array(vec![0; all], bounds);
        }
    }

    fn place(&mut self, numbers: &[Vec<u32>], row: usize) -> u32 {
        let new = self.rows as u32;
        let place = match &mut self.places {
            Places::Array(places, bounds) => {
                let number = |(numbers, bound): (&Vec<u32>, &usize)| (numbers[row].wrapping_add(1) as usize, *bound);
                let index =
                    numbers.iter().zip(&*bounds).map(number).fold(0, |index, (code, bound)| index * bound + code);
                if places[index] != 0 {
                    return places[index] - 1;
                }
                places[index] = new + 1;
                new
            }
            Places::Pairs(levels) => {
                let (last, before) = levels.split_last_mut().expect("there is a level for each key");
                let mut first = numbers[0][row];
                for (level, numbers) in before.iter_mut().zip(&numbers[1..]) {
                    let next = level.len() as u32;
                    first = *level.entry(u64::from(first) << 32 | u64::from(numbers[row])).or_insert(next);
                }
                let place = *last.entry(first.into()).or_insert(new);
                if place != new {
                    return place;
                }
                place
            }
        };
        for (codes, numbers) in self.codes.iter_mut().zip(numbers) {
            codes.push(numbers[row]);
        }
        self.add_group();
        place
    }

    fn add_group(&mut self) {
        self.rows += 1;
        for (state, one) in self.states.iter_mut().zip(&self.spec.aggregates) {
            match state {
                State::Counts(counts) | State::Different(counts, ..) => counts.push(0),
                State::Values(values) => values.push(Aggregator::new(one.kind, one.distinct)),
            }
        }
    }

    fn accumulate(
        &mut self,
        place: usize,
        one: &AggregateSpec,
        groups: &[u32],
        run: &Run<'_, '_>,
        chunk: &Chunk,
    ) -> Result<()> {
        let (many, before) = (self.spec.many, self.spec.weight);
        let times = |row| weight(chunk, before, row);
        let column = one.argument.as_ref().map(|argument| argument.evaluate(run, chunk)).transpose()?;
        match (&mut self.states[place], column) {
            (State::Counts(counts), None) if before.is_none() => {
                groups.iter().for_each(|&group| counts[group as usize] += 1);
            }
            (State::Counts(counts) | State::Different(counts, ..), None) => {
                for (row, &group) in groups.iter().enumerate() {
                    counts[group as usize] = counts[group as usize].saturating_add(times(row).unsigned_abs());
                }
            }
            (State::Counts(counts), Some(column)) => {
                for (row, &group) in groups.iter().enumerate().filter(|(row, _)| !column.is_null(*row)) {
                    counts[group as usize] = counts[group as usize].saturating_add(times(row).unsigned_abs());
                }
            }
            (State::Different(counts, interner, seen), Some(column)) => {
                let mut values = Vec::new();
                interner.codes(&column, chunk.rows, many, &mut values);
                for ((row, &group), value) in groups.iter().enumerate().zip(values) {
                    let pair = u64::from(group) << 32 | u64::from(value);
                    counts[group as usize] += u64::from(!column.is_null(row) && seen.insert(pair));
                }
            }
            (State::Values(values), column) => {
                for (row, &group) in groups.iter().enumerate() {
                    let cell = column.as_ref().map(|column| column.cell(row)).unwrap_or_default();
                    let added = values[group as usize].add(cell, times(row), run.budget);
                    added.map_err(|failure| failure.at(one.span))?;
                }
            }
        }
        Ok(())
    }

    /// Takes in the groups of rows that come after its own.
    pub(super) fn merge(&mut self, run: &Run<'_, '_>, mut other: Self) -> Result<()> {
        let spec = Arc::clone(&self.spec);
        if spec.keys.is_empty() {
            return self.merge_states(run, &[0], other);
        }
        let mut numbers = vec![Vec::new(); spec.keys.len()];
        for (place, numbers) in numbers.iter_mut().enumerate() {
            let column = other.interners[place].column(std::mem::take(&mut other.codes[place]));
            self.interners[place].codes(&column, other.rows, spec.many, numbers);
        }
        let places = self.place_all(&numbers, other.rows);
        self.merge_states(run, &places, other)?;
        self.charge(run)
    }

    fn merge_states(&mut self, run: &Run<'_, '_>, places: &[u32], other: Self) -> Result<()> {
        let many = self.spec.many;
        for ((mine, theirs), one) in self.states.iter_mut().zip(other.states).zip(&self.spec.aggregates) {
            match (mine, theirs) {
                (State::Counts(mine), State::Counts(theirs)) => {
                    for (&place, count) in places.iter().zip(theirs) {
                        mine[place as usize] = mine[place as usize].saturating_add(count);
                    }
                }
                (State::Different(counts, interner, seen), State::Different(_, others, pairs)) => {
                    let (groups, values): (Vec<u32>, Vec<u32>) =
                        pairs.iter().map(|pair| ((pair >> 32) as u32, *pair as u32)).unzip();
                    let (column, mut codes) = (others.column(values), Vec::new());
                    interner.codes(&column, groups.len(), many, &mut codes);
                    for (group, code) in groups.into_iter().zip(codes) {
                        let place = places[group as usize];
                        counts[place as usize] += u64::from(seen.insert(u64::from(place) << 32 | u64::from(code)));
                    }
                }
                (State::Values(mine), State::Values(theirs)) => {
                    for (&place, more) in places.iter().zip(theirs) {
                        let merged = mine[place as usize].merge(more, run.budget);
                        merged.map_err(|failure| failure.at(one.span))?;
                    }
                }
                _ => unreachable!("both have the same aggregates"),
            }
        }
        Ok(())
    }

    /// Takes the bytes of what was added from the budget.
    fn charge(&mut self, run: &Run<'_, '_>) -> Result<()> {
        let of_states = |state: &State| match state {
            State::Counts(_) => 8,
            State::Different(..) => 16,
            State::Values(_) => size_of::<Aggregator>(),
        };
        let each = 12 + 16 * self.codes.len() + self.states.iter().map(of_states).sum::<usize>();
        let seen =
            self.states.iter().map(|state| if let State::Different(_, _, seen) = state { seen.len() } else { 0 });
        let of_values = |state: &State| if let State::Different(_, values, _) = state { values.bytes() } else { 0 };
        let values = self.interners.iter().map(Interner::bytes).chain(self.states.iter().map(of_values)).sum::<u64>();
        let bytes = (self.rows * each + seen.sum::<usize>() * 10) as u64 + values;
        if bytes > self.held_bytes {
            self.held.grow(run.budget, bytes - self.held_bytes)?;
            self.held_bytes = bytes;
        }
        Ok(())
    }

    /// The groups as rows.
    pub(super) fn finish(self) -> (Chunk, Held) {
        let mut chunk = Chunk::new(self.rows);
        for (((slot, _), interner), codes) in self.spec.keys.iter().zip(&self.interners).zip(self.codes) {
            chunk.set(*slot, interner.column(codes));
        }
        for (one, state) in self.spec.aggregates.iter().zip(self.states) {
            let column = match state {
                State::Counts(counts) | State::Different(counts, ..) => {
                    Column::Integers(counts.into_iter().map(|count| i64::try_from(count).unwrap_or(i64::MAX)).collect())
                }
                State::Values(values) => Column::Cells(values.into_iter().map(Aggregator::finish).collect()),
            };
            chunk.set(one.slot, column);
        }
        (chunk, self.held)
    }
}

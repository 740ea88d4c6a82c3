//! One row for each group.

use std::collections::HashMap;

use super::{Input, Operator};
use crate::executor::compute::{Context, Held, Row, evaluate};
use crate::executor::function::Aggregator;
use crate::fault::Result;
use crate::planner::plan as logical;
use crate::planner::plan::Expression;
use crate::planner::plan::Slot;
use crate::value::{Cell, Key};

/// Reads all of its input, then gives the groups in the order in which they appeared.
pub(crate) struct Aggregate {
    input: Input,
    keys: Vec<(Slot, Expression)>,
    aggregates: Vec<logical::Aggregate>,
    /// Where the number of rows stands for which a row stands.
    weight: Option<Slot>,
    groups: Option<std::vec::IntoIter<Group>>,
    held: Held,
}

struct Group {
    key: Key,
    aggregators: Vec<Aggregator>,
}

impl Aggregate {
    pub(crate) fn new(
        input: Input,
        keys: Vec<(Slot, Expression)>,
        aggregates: Vec<logical::Aggregate>,
        weight: Option<Slot>,
    ) -> Self {
        Self { input, keys, aggregates, weight, groups: None, held: Held::nothing() }
    }

    fn new_group(&self, key: Key) -> Group {
        let aggregators = self.aggregates.iter().map(|one| Aggregator::new(one.kind, one.distinct)).collect();
        Group { key, aggregators }
    }

    fn gather(&mut self, context: &Context<'_>, row: &mut Row) -> Result<Vec<Group>> {
        let mut groups: Vec<Group> = Vec::new();
        let mut places: HashMap<Key, usize> = HashMap::new();
        if self.keys.is_empty() {
            groups.push(self.new_group(Key(Box::default())));
        }
        while self.input.next(context, row)? {
            context.tick()?;
            let place = if self.keys.is_empty() { 0 } else { self.place(context, row, &mut groups, &mut places)? };
            let times = match self.weight.map(|slot| row.get(slot)) {
                Some(Cell::Integer(times)) => *times,
                _ => 1,
            };
            for (one, aggregator) in self.aggregates.iter().zip(&mut groups[place].aggregators) {
                match &one.argument {
                    None => aggregator.add_rows(times),
                    Some(argument) => {
                        let cell = evaluate(argument, context, row)?;
                        aggregator.add(cell, times, context.budget()).map_err(|failure| failure.at(argument.span))?;
                    }
                }
            }
        }
        Ok(groups)
    }

    /// The place of the group that the row belongs to.
    fn place(
        &mut self,
        context: &Context<'_>,
        row: &mut Row,
        groups: &mut Vec<Group>,
        places: &mut HashMap<Key, usize>,
    ) -> Result<usize> {
        let cells: Box<[Cell]> = self.keys.iter().map(|(_, key)| evaluate(key, context, row)).collect::<Result<_>>()?;
        let key = Key(cells);
        if let Some(&place) = places.get(&key) {
            return Ok(place);
        }
        self.held.grow_by_cells(context.budget(), &key.0)?;
        self.held.grow_by_cells(context.budget(), &key.0)?;
        self.held.grow(context.budget(), (self.aggregates.len() * size_of::<Aggregator>()) as u64)?;
        places.insert(key.clone(), groups.len());
        groups.push(self.new_group(key));
        Ok(groups.len() - 1)
    }
}

impl Operator for Aggregate {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.groups = None;
        self.held = Held::nothing();
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        if self.groups.is_none() {
            self.groups = Some(self.gather(context, row)?.into_iter());
        }
        let Some(group) = self.groups.as_mut().and_then(Iterator::next) else { return Ok(false) };
        for ((slot, _), cell) in self.keys.iter().zip(group.key.0) {
            row.set(*slot, cell);
        }
        for (one, aggregator) in self.aggregates.iter().zip(group.aggregators) {
            row.set(one.slot, aggregator.finish());
        }
        Ok(true)
    }
}

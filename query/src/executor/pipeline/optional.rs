//! For each row, the rows that some stages make of it; if they make none, the row with nulls.

use std::sync::Arc;

use super::{Feed, Spec, Stage};
use crate::executor::column::{CHUNK_ROWS, Chunk, Column, NULL, Run};
use crate::fault::Result;
use crate::planner::plan::Slot;
use crate::value::Cell;

/// A left outer join with what the stages find. The stages keep `index`, which numbers the rows that they begin with.
pub(super) struct Optional {
    pub(super) stages: Vec<Arc<dyn Spec>>,
    pub(super) index: Slot,
    /// What the stages fill, and whether it is a node.
    pub(super) fills: Vec<(Slot, bool)>,
    /// The other slots that somebody reads later.
    pub(super) keep: Vec<Slot>,
}

impl Spec for Optional {
    fn start(self: Arc<Self>, input: Feed) -> Feed {
        Box::new(Joining { spec: self, input, rows: Chunk::default(), next: 0, inner: None })
    }

    fn needs_context(&self) -> bool {
        self.stages.iter().any(|stage| stage.needs_context())
    }
}

struct Joining {
    spec: Arc<Optional>,
    input: Feed,
    /// The rows at work.
    rows: Chunk,
    /// The first of them for which nothing has been given yet.
    next: u32,
    inner: Option<Feed>,
}

/// A chunk that is there already, as the input of stages.
pub(super) struct Once(pub(super) Option<Chunk>);

impl Stage for Once {
    fn next(&mut self, _: &Run<'_, '_>) -> Result<Option<Chunk>> {
        Ok(self.0.take())
    }
}

/// The stages on some rows, which are numbered.
pub(super) fn begin(stages: &[Arc<dyn Spec>], index: Slot, rows: &Chunk) -> Feed {
    let mut numbered = rows.clone();
    numbered.set(index, Column::Integers((0..rows.rows as i64).collect()));
    let input: Feed = Box::new(Once(Some(numbered)));
    stages.iter().fold(input, |input, stage| Arc::clone(stage).start(input))
}

/// The numbers of the rows that a chunk comes from.
pub(super) fn numbers(chunk: &Chunk, index: Slot) -> Vec<u32> {
    match chunk.get(index) {
        Some(Column::Integers(numbers)) => numbers.iter().map(|&number| number as u32).collect(),
        _ => Vec::new(),
    }
}

impl Stage for Joining {
    fn next(&mut self, run: &Run<'_, '_>) -> Result<Option<Chunk>> {
        loop {
            let Some(inner) = &mut self.inner else {
                let Some(rows) = self.input.next(run)? else { return Ok(None) };
                self.inner = Some(begin(&self.spec.stages, self.spec.index, &rows));
                (self.rows, self.next) = (rows, 0);
                continue;
            };
            match inner.next(run)? {
                Some(found) => return Ok(Some(self.joined(found))),
                None => {
                    self.inner = None;
                    let missed: Vec<u32> = (self.next..self.rows.rows as u32).collect();
                    if !missed.is_empty() {
                        return Ok(Some(self.with_nulls(&missed)));
                    }
                }
            }
        }
    }
}

impl Joining {
    /// What was found, with the rows before it for which nothing was.
    fn joined(&mut self, found: Chunk) -> Chunk {
        let numbers = numbers(&found, self.spec.index);
        let mut parents = Vec::with_capacity(numbers.len());
        let mut places = Vec::with_capacity(numbers.len());
        for (place, &number) in (0..).zip(&numbers) {
            for missed in self.next..number {
                parents.push(missed);
                places.push(NULL);
            }
            parents.push(number);
            places.push(place);
            self.next = number + 1;
        }
        if parents.len() == numbers.len() {
            return found;
        }
        let mut chunk = self.rows.gather_slots(&parents, &self.spec.keep);
        for &(slot, is_node) in &self.spec.fills {
            if let Some(column) = found.get(slot) {
                chunk.set(slot, padded(column, &places, is_node));
            }
        }
        chunk
    }

    fn with_nulls(&self, rows: &[u32]) -> Chunk {
        let mut chunk = self.rows.gather_slots(rows, &self.spec.keep);
        for &(slot, is_node) in &self.spec.fills {
            let column = if is_node { Column::Nodes(vec![NULL; rows.len()]) } else { Column::Constant(Cell::Null) };
            chunk.set(slot, column);
        }
        chunk
    }
}

/// The values at some places, null at those that are not there.
fn padded(column: &Column, places: &[u32], is_node: bool) -> Column {
    let node = |&place: &u32| if place == NULL { NULL } else { column.node(place as usize).unwrap_or(NULL) };
    let cell = |&place: &u32| if place == NULL { Cell::Null } else { column.cell(place as usize) };
    if is_node {
        Column::Nodes(places.iter().map(node).collect())
    } else {
        Column::Cells(places.iter().map(cell).collect())
    }
}

const _: () = assert!(CHUNK_ROWS < NULL as usize, "rows of a chunk are numbered by u32");

//! A line of stages behind a source of nodes, cut into morsels.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::{Feed, Spec, Stage};
use crate::executor::column::{CHUNK_ROWS, Chunk, Column, Run};
use crate::fault::Result;
use crate::planner::plan::Slot;

/// Source nodes of a morsel. Fixed, so that what is computed does not depend on the number of cores.
const MORSEL_NODES: usize = 128;

/// Morsels whose results are put together at a time, which bounds how many results wait.
const WAVE: usize = 64;

/// Where the rows of a segment come from.
#[derive(Clone)]
pub(super) enum Source {
    /// One row without values.
    Row,
    /// A row for each node.
    Nodes(Slot, Arc<[u32]>),
}

/// Stages behind a source.
#[derive(Clone)]
pub(super) struct Segment {
    pub(super) source: Source,
    pub(super) specs: Vec<Arc<dyn Spec>>,
    /// Whether it makes groups, which is worth to be done on all cores before they are read.
    pub(super) has_groups: bool,
}

impl Segment {
    /// No stages yet.
    pub(super) fn new(source: Source) -> Self {
        Self { source, specs: Vec::new(), has_groups: false }
    }

    /// Whether it gives one row without values.
    pub(super) fn is_single_row(&self) -> bool {
        matches!(self.source, Source::Row) && self.specs.is_empty()
    }

    /// How many nodes its source has; 1 for the single row.
    pub(super) fn source_len(&self) -> usize {
        match &self.source {
            Source::Row => 1,
            Source::Nodes(_, nodes) => nodes.len(),
        }
    }

    /// All of it, as one line of stages on one thread.
    pub(super) fn start(&self) -> Feed {
        self.part(0..self.source_len())
    }

    fn part(&self, places: Range<usize>) -> Feed {
        let source: Feed = Box::new(Begin { source: self.source.clone(), places });
        self.specs.iter().fold(source, |input, spec| Arc::clone(spec).start(input))
    }

    /// Whether it must run on the thread of the query.
    pub(super) fn needs_context(&self) -> bool {
        self.specs.iter().any(|spec| spec.needs_context())
    }

    /// Lets `work` run over each morsel, and `gather` take what it makes of them, in order.
    pub(super) fn each_morsel<P: Send>(
        &self,
        run: &Run<'_, '_>,
        parallel: bool,
        work: impl Fn(&mut dyn Stage, &Run<'_, '_>) -> Result<P> + Sync,
        gather: impl FnMut(P) -> Result<()>,
    ) -> Result<()> {
        self.each_morsel_of(0..self.source_len(), run, parallel, work, gather)
    }

    fn each_morsel_of<P: Send>(
        &self,
        places: Range<usize>,
        run: &Run<'_, '_>,
        parallel: bool,
        work: impl Fn(&mut dyn Stage, &Run<'_, '_>) -> Result<P> + Sync,
        mut gather: impl FnMut(P) -> Result<()>,
    ) -> Result<()> {
        if !parallel || self.needs_context() || places.len() <= MORSEL_NODES {
            return gather(work(&mut *self.part(places), run)?);
        }
        let count = places.end;
        let starts: Vec<usize> = places.step_by(MORSEL_NODES).collect();
        let (snapshot, budget) = (run.snapshot, run.budget);
        for wave in starts.chunks(WAVE) {
            let parts: Vec<Result<P>> = wave
                .par_iter()
                .map(|&start| {
                    let mut feed = self.part(start..(start + MORSEL_NODES).min(count));
                    work(&mut *feed, &Run::beside(snapshot, budget))
                })
                .collect();
            parts.into_iter().try_for_each(|part| gather(part?))?;
        }
        Ok(())
    }
}

/// The rows of a segment in order, made on all cores some morsels at a time.
pub(super) struct Gather {
    segment: Segment,
    /// From which source node on, and what is at hand.
    next: usize,
    chunks: std::vec::IntoIter<Chunk>,
}

impl Gather {
    pub(super) fn new(segment: Segment) -> Self {
        Self { segment, next: 0, chunks: Vec::new().into_iter() }
    }
}

impl Stage for Gather {
    fn next(&mut self, run: &Run<'_, '_>) -> Result<Option<Chunk>> {
        loop {
            if let Some(chunk) = self.chunks.next() {
                return Ok(Some(chunk));
            }
            let places = self.next..(self.next + MORSEL_NODES * WAVE).min(self.segment.source_len());
            if places.is_empty() {
                return Ok(None);
            }
            self.next = places.end;
            let mut chunks = Vec::new();
            let all = |feed: &mut dyn Stage, run: &Run<'_, '_>| {
                let mut chunks = Vec::new();
                while let Some(chunk) = feed.next(run)? {
                    chunks.push(chunk);
                }
                Ok(chunks)
            };
            self.segment.each_morsel_of(places, run, true, all, |mut part| {
                chunks.append(&mut part);
                Ok(())
            })?;
            self.chunks = chunks.into_iter();
        }
    }
}

/// The rows of the source.
struct Begin {
    source: Source,
    places: Range<usize>,
}

impl Stage for Begin {
    fn next(&mut self, run: &Run<'_, '_>) -> Result<Option<Chunk>> {
        run.budget.check()?;
        let rows = self.places.len().min(CHUNK_ROWS);
        if rows == 0 {
            return Ok(None);
        }
        let start = self.places.start;
        self.places.start += rows;
        let mut chunk = Chunk::new(rows);
        if let Source::Nodes(slot, nodes) = &self.source {
            chunk.set(*slot, Column::Nodes(nodes[start..start + rows].to_vec()));
        }
        Ok(Some(chunk))
    }
}

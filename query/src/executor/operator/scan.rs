//! For each row, each node that fits a pattern.

use std::sync::Arc;

use hopgraph_engine::{NodeId, NodeSet};

use super::{Input, NodeFilter, Operator};
use crate::executor::compute::{Context, Row};
use crate::fault::Result;

/// How many nodes are taken out of the set at a time.
const BLOCK: usize = 1024;

/// Goes through the nodes in order of id.
pub(crate) struct Scan {
    input: Input,
    filter: NodeFilter,
    /// The candidates for the row as it stands; `None`: a row is to be fetched first.
    candidates: Option<Arc<NodeSet>>,
    block: std::vec::IntoIter<NodeId>,
    /// Where the next block begins; `None`: the candidates are used up.
    next_block: Option<NodeId>,
}

impl Scan {
    pub(crate) fn new(input: Input, filter: NodeFilter) -> Self {
        Self { input, filter, candidates: None, block: Vec::new().into_iter(), next_block: None }
    }

    fn next_candidate(&mut self) -> Option<NodeId> {
        if let Some(node) = self.block.next() {
            return Some(node);
        }
        let block: Vec<_> = self.candidates.as_ref()?.iter_from(self.next_block?).take(BLOCK).collect();
        self.next_block = block.last().and_then(|last| last.get().checked_add(1)).map(NodeId::new);
        self.block = block.into_iter();
        self.block.next()
    }
}

impl Operator for Scan {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.candidates = None;
        self.block = Vec::new().into_iter();
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        loop {
            if self.candidates.is_some() {
                while let Some(node) = self.next_candidate() {
                    context.tick()?;
                    if self.filter.accepts(context, row, node)? {
                        return Ok(true);
                    }
                }
                self.candidates = None;
            }
            if !self.input.next(context, row)? {
                return Ok(false);
            }
            self.candidates = Some(self.filter.candidates(context, row)?);
            self.next_block = Some(NodeId::new(0));
        }
    }
}

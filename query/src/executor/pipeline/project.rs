//! Each row with computed values.

use std::sync::Arc;

use super::{Feed, Spec, Stage};
use crate::executor::column::{Chunk, Kernel, Run};
use crate::fault::Result;
use crate::planner::plan::Slot;

/// Computes expressions into slots, in order: a later one may read what an earlier one made.
pub(super) struct Project {
    pub(super) items: Vec<(Slot, Kernel)>,
}

impl Spec for Project {
    fn start(self: Arc<Self>, input: Feed) -> Feed {
        Box::new(Projecting { spec: self, input })
    }

    fn needs_context(&self) -> bool {
        self.items.iter().any(|(_, item)| item.needs_context())
    }
}

struct Projecting {
    spec: Arc<Project>,
    input: Feed,
}

impl Stage for Projecting {
    fn next(&mut self, run: &Run<'_, '_>) -> Result<Option<Chunk>> {
        let Some(mut chunk) = self.input.next(run)? else { return Ok(None) };
        for (slot, item) in &self.spec.items {
            let column = item.evaluate(run, &chunk)?.into_owned();
            chunk.set(*slot, column);
        }
        Ok(Some(chunk))
    }
}

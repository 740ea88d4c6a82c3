//! The rows for which all conditions hold.

use std::sync::Arc;

use super::{Feed, Spec, Stage};
use crate::executor::column::{Chunk, Kernel, Run};
use crate::fault::Result;

/// Asks the conditions in order; each of the rows that those before it have left.
pub(super) struct Filter {
    pub(super) conditions: Vec<Kernel>,
}

impl Spec for Filter {
    fn start(self: Arc<Self>, input: Feed) -> Feed {
        Box::new(Filtering { spec: self, input })
    }

    fn needs_context(&self) -> bool {
        self.conditions.iter().any(Kernel::needs_context)
    }
}

struct Filtering {
    spec: Arc<Filter>,
    input: Feed,
}

impl Stage for Filtering {
    fn next(&mut self, run: &Run<'_, '_>) -> Result<Option<Chunk>> {
        while let Some(mut chunk) = self.input.next(run)? {
            for condition in &self.spec.conditions {
                let rows = condition.rows_that_hold(run, &chunk)?;
                if rows.len() < chunk.rows {
                    chunk = chunk.gather(&rows);
                }
                if chunk.rows == 0 {
                    break;
                }
            }
            if chunk.rows > 0 {
                return Ok(Some(chunk));
            }
        }
        Ok(None)
    }
}

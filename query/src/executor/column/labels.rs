//! The labels of all nodes, in memory.

use std::collections::HashMap;
use std::sync::Arc;

use hopgraph_engine::{LabelId, Snapshot, View};

use super::{Column, Dictionary, NULL};
use crate::fault::Result;
use crate::value::Cell;

/// For each node which labels it has, as a code for the combination of them.
#[derive(Debug)]
pub(in crate::executor) struct LabelColumn {
    /// The combination of each node; nodes beyond have none.
    codes: Vec<u32>,
    /// The lists of names, by combination.
    lists: Arc<[Cell]>,
    /// The first label of each combination, as a place in `names`; [`NULL`] for the empty one.
    firsts: Vec<u32>,
    names: Arc<[Cell]>,
}

impl LabelColumn {
    /// The column of a moment of the graph; made once from the sets of labels, then kept.
    pub(in crate::executor) fn of(snapshot: &Snapshot) -> Result<Arc<Self>> {
        const NAME: &str = "labels";
        if let Some(column) = snapshot.kept(NAME) {
            return Ok(column);
        }
        let column = Arc::new(Self::read(snapshot)?);
        let bytes = column.codes.len() as u64 * 4;
        snapshot.keep(NAME, Arc::clone(&column), bytes);
        Ok(column)
    }

    fn read(snapshot: &Snapshot) -> Result<Self> {
        let mut codes = vec![0_u32; usize::try_from(snapshot.node_bound()?).unwrap_or(0)];
        // Combinations as a tree: one more label leads from one combination to another.
        let mut combinations: Vec<Vec<LabelId>> = vec![Vec::new()];
        let mut longer: HashMap<(u32, LabelId), u32> = HashMap::new();
        for (label, _) in snapshot.catalog().labels() {
            for node in snapshot.shared_nodes_with_label(label)?.iter() {
                let Some(code) = codes.get_mut(node.index()) else { continue };
                let before = *code;
                *code = *longer.entry((before, label)).or_insert_with(|| {
                    let mut combination = combinations[before as usize].clone();
                    combination.push(label);
                    combinations.push(combination);
                    combinations.len() as u32 - 1
                });
            }
        }
        let catalog = snapshot.catalog();
        let name = |label: &LabelId| Cell::text(catalog.label_name(*label).unwrap_or_default());
        let names: Vec<Cell> = catalog.labels().map(|(_, name)| Cell::text(name)).collect();
        let lists = combinations.iter().map(|labels| Cell::list(labels.iter().map(name))).collect();
        let firsts = combinations.iter().map(|labels| labels.first().map_or(NULL, |label| label.index() as u32));
        Ok(Self { codes, lists, firsts: firsts.collect(), names: names.into() })
    }

    fn code(&self, node: u32) -> u32 {
        self.codes.get(node as usize).copied().unwrap_or(0)
    }

    /// `labels(n)` of nodes.
    pub(in crate::executor) fn lists(&self, nodes: &[u32]) -> Column {
        let code = |&node: &u32| if node == NULL { NULL } else { self.code(node) };
        Column::Coded(nodes.iter().map(code).collect(), Dictionary::Cells(Arc::clone(&self.lists)))
    }

    /// `labels(n)[0]` of nodes.
    pub(in crate::executor) fn firsts(&self, nodes: &[u32]) -> Column {
        let code = |&node: &u32| if node == NULL { NULL } else { self.firsts[self.code(node) as usize] };
        Column::Coded(nodes.iter().map(code).collect(), Dictionary::Cells(Arc::clone(&self.names)))
    }
}

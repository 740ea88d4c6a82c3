//! One row for each group.

use std::sync::Arc;

use super::combine::Sums;
use super::count_hops::weight;
use super::group::{GroupSpec, Groups};
use super::segment::Segment;
use super::{Feed, Spec, Stage};
use crate::executor::column::{CHUNK_ROWS, Chunk, Column, Dictionary, NULL, Run};
use crate::executor::compute::Held;
use crate::fault::Result;
use crate::planner::plan::{AggregateKind, Slot};

/// Where the rows that are grouped come from.
pub(super) enum Input {
    /// A segment, whose morsels may be grouped each by itself.
    Segment(Segment),
    Feed(Feed),
}

impl Input {
    /// Shows every chunk to `work`, which gathers what it makes of them in a value for each part of the rows; `gather`
    /// takes these in order.
    pub(super) fn gather<P: Send>(
        &mut self,
        run: &Run<'_, '_>,
        parallel: bool,
        begin: impl Fn() -> P + Sync,
        work: impl Fn(&mut P, &Run<'_, '_>, Chunk) -> Result<()> + Sync,
        gather: impl FnMut(P) -> Result<()>,
    ) -> Result<()> {
        let drain = |feed: &mut dyn Stage, run: &Run<'_, '_>| {
            let mut part = begin();
            while let Some(chunk) = feed.next(run)? {
                work(&mut part, run, chunk)?;
            }
            Ok(part)
        };
        let mut gather = gather;
        match self {
            Self::Segment(segment) => segment.each_morsel(run, parallel, drain, gather),
            Self::Feed(feed) => gather(drain(&mut **feed, run)?),
        }
    }
}

/// Reads all of its input, then gives the groups in the order in which they appeared.
pub(super) struct Aggregate {
    input: Input,
    spec: Arc<GroupSpec>,
    /// The groups, and from which one on they have not been given yet.
    groups: Option<(Chunk, usize, Held)>,
}

impl Aggregate {
    pub(super) fn new(input: Input, spec: GroupSpec) -> Self {
        Self { input, spec: Arc::new(spec), groups: None }
    }

    fn all(&mut self, run: &Run<'_, '_>) -> Result<(Chunk, Held)> {
        let spec = &self.spec;
        let mut all: Option<Groups> = None;
        self.input.gather(
            run,
            spec.can_merge(),
            || Groups::new(spec),
            |groups, run, chunk| groups.add(run, &chunk),
            |groups| {
                match &mut all {
                    Some(all) => all.merge(run, groups)?,
                    None => all = Some(groups),
                }
                Ok(())
            },
        )?;
        Ok(all.unwrap_or_else(|| Groups::new(&self.spec)).finish())
    }
}

impl Stage for Aggregate {
    fn next(&mut self, run: &Run<'_, '_>) -> Result<Option<Chunk>> {
        if self.groups.is_none() {
            let (chunk, held) = self.all(run)?;
            self.groups = Some((chunk, 0, held));
        }
        let Some((chunk, first, _)) = &mut self.groups else { return Ok(None) };
        let last = (*first + CHUNK_ROWS).min(chunk.rows);
        let rows: Vec<u32> = (*first as u32..last as u32).collect();
        *first = last;
        Ok((!rows.is_empty()).then(|| chunk.gather(&rows)))
    }
}

/// Groups of which all rows come one after the other, since a key is the node of the source, or a property that no two
/// of the source nodes share: each is finished when the next source node comes, on any thread.
pub(super) struct AggregateRuns {
    pub(super) run: Slot,
    pub(super) spec: Arc<GroupSpec>,
    /// The key that is not of the source, if there is one only and all that is computed are numbers of rows.
    pub(super) counted: Option<usize>,
}

impl AggregateRuns {
    pub(super) fn new(run: Slot, spec: GroupSpec) -> Self {
        let of_run = |place: usize| {
            let key = &spec.keys[place].1;
            key.as_slot() == Some(run) || key.as_property().is_some_and(|(slot, _)| slot == run)
        };
        let others: Vec<usize> = (0..spec.keys.len()).filter(|&place| !of_run(place)).collect();
        let counts = spec.aggregates.iter().all(|one| one.kind == AggregateKind::Count && one.argument.is_none());
        let counted = match others[..] {
            [other] if counts && spec.aggregates.len() == 1 => Some(other),
            _ => None,
        };
        Self { run, spec: Arc::new(spec), counted }
    }
}

impl Spec for AggregateRuns {
    fn start(self: Arc<Self>, input: Feed) -> Feed {
        Box::new(Running {
            spec: self,
            input,
            pending: None,
            current: NULL,
            sums: Sums::default(),
            nulls: 0,
            dictionary: None,
        })
    }

    fn needs_context(&self) -> bool {
        self.spec.needs_context()
    }
}

struct Running {
    spec: Arc<AggregateRuns>,
    input: Feed,
    pending: Option<(Chunk, usize)>,
    current: u32,
    sums: Sums,
    /// The sum of the rows without a value.
    nulls: i64,
    /// What the sums are by: nodes, or texts by node.
    dictionary: Option<Option<Dictionary>>,
}

impl Stage for Running {
    fn next(&mut self, run: &Run<'_, '_>) -> Result<Option<Chunk>> {
        let mut groups: Option<Groups> = None;
        let mut started = false;
        loop {
            if self.pending.is_none() {
                self.pending = self.input.next(run)?.map(|chunk| (chunk, 0));
            }
            let Some((chunk, first)) = self.pending.take() else {
                return if started { self.finish(run, groups).map(Some) } else { Ok(None) };
            };
            let nodes = chunk.get(self.spec.run);
            let node = |row: usize| nodes.and_then(|nodes| nodes.node(row)).unwrap_or(NULL);
            if started && node(first) != self.current {
                self.pending = Some((chunk, first));
                return self.finish(run, groups).map(Some);
            }
            self.current = node(first);
            started = true;
            let last = (first..chunk.rows).find(|&row| node(row) != self.current).unwrap_or(chunk.rows);
            let part = if first == 0 && last == chunk.rows {
                std::borrow::Cow::Borrowed(&chunk)
            } else {
                std::borrow::Cow::Owned(chunk.gather(&(first as u32..last as u32).collect::<Vec<_>>()))
            };
            if groups.is_some() || !self.count(run, &part)? {
                groups.get_or_insert_with(|| Groups::new(&self.spec.spec)).add(run, &part)?;
            }
            if last < chunk.rows {
                self.pending = Some((chunk, last));
            }
        }
    }
}

impl Running {
    /// Counts rows by a key of nodes or their texts; false if the key is of another kind.
    fn count(&mut self, run: &Run<'_, '_>, chunk: &Chunk) -> Result<bool> {
        let Some(place) = self.spec.counted else { return Ok(false) };
        let spec = &self.spec.spec;
        let column = spec.keys[place].1.evaluate(run, chunk)?;
        let (codes, dictionary, canonical) = match &*column {
            Column::Nodes(nodes) => (nodes, None, None),
            Column::Coded(codes, dictionary @ Dictionary::Texts(texts)) if spec.many => {
                (codes, Some(dictionary.clone()), Some(texts.canonical()))
            }
            _ => return Ok(false),
        };
        let code = |code: u32| canonical.map_or(code, |all| all.get(code as usize).copied().unwrap_or(NULL));
        for (row, &one) in codes.iter().enumerate() {
            match code(one) {
                NULL => self.nulls += weight(chunk, spec.weight, row),
                code => self.sums.add(code, weight(chunk, spec.weight, row)),
            }
        }
        self.dictionary = Some(dictionary);
        Ok(true)
    }

    /// The groups of the run at work.
    fn finish(&mut self, run: &Run<'_, '_>, groups: Option<Groups>) -> Result<Chunk> {
        let spec = &self.spec.spec;
        let Some(place) = self.spec.counted.filter(|_| groups.is_none()) else {
            return Ok(groups.unwrap_or_else(|| Groups::new(spec)).finish().0);
        };
        let mut codes = std::mem::take(&mut self.sums.used);
        let mut sums: Vec<i64> = codes.iter().map(|&code| self.sums.take(code)).collect();
        if self.nulls > 0 {
            codes.push(NULL);
            sums.push(std::mem::take(&mut self.nulls));
        }
        let mut chunk = Chunk::new(codes.len());
        chunk.set(self.spec.run, Column::Nodes(vec![self.current; codes.len()]));
        for (slot, key) in spec.keys.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, key)| key) {
            let column = key.evaluate(run, &chunk)?.into_owned();
            chunk.set(*slot, column);
        }
        chunk.set(
            spec.keys[place].0,
            match self.dictionary.take().flatten() {
                Some(dictionary) => Column::Coded(codes, dictionary),
                None => Column::Nodes(codes),
            },
        );
        chunk.set(spec.aggregates[0].slot, Column::Integers(sums));
        Ok(chunk)
    }
}

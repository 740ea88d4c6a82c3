//! From text to rows: which transaction a query runs in, under which limits, and how its rows come out.

use std::collections::VecDeque;
use std::sync::Arc;

use hopgraph_engine::{Budget, Graph, Snapshot};

use crate::executor::compute::{Context, Held, Row as Cells, to_cell, to_value};
use crate::executor::operator::{Input, Work};
use crate::executor::{LIBRARY, lower};
use crate::fault::Result;
use crate::planner::plan::{Query, Slot, VERIFICATION_COLUMNS};
use crate::planner::{Estimator, Measured, bind, explain, improve};
use crate::syntax::ast::{Mode, Statement};
use crate::syntax::parse::parse;
use crate::{Parameters, QueryOptions, Row, Summary, Value};

/// A query that has been parsed, bound to the names of a graph and planned, to be run any number of times.
///
/// It keeps the plan that was best when it was made, and belongs to the graph that it was made for.
#[derive(Debug)]
pub struct Prepared {
    text: String,
    mode: Mode,
    query: Query,
}

impl Prepared {
    /// Prepares a query. Fails on what is wrong with the query itself; parameters come later.
    pub fn new(graph: &Graph, text: &str) -> Result<Self> {
        Self::on(&graph.snapshot()?, text, parse(text)?)
    }

    fn on(snapshot: &Snapshot<'_>, text: &str, statement: Statement) -> Result<Self> {
        let query = improve(bind(&statement, text, snapshot, LIBRARY)?, &Estimator::new(snapshot)?)?;
        Ok(Self { text: text.to_owned(), mode: statement.mode, query })
    }

    /// The names of the columns.
    pub fn columns(&self) -> Vec<String> {
        let added = self.query.verification.iter().flat_map(|_| VERIFICATION_COLUMNS);
        let columns = self.query.columns.iter().map(|(name, _)| name.clone());
        columns.chain(added.map(str::to_owned)).collect()
    }

    /// Whether it may change the graph.
    pub fn writes(&self) -> bool {
        self.query.writes && self.mode != Mode::Explain
    }

    /// Runs it; see [`crate::query`].
    pub fn run<'g>(&self, graph: &'g Graph, parameters: &Parameters, options: &QueryOptions) -> Result<Rows<'g>> {
        if let Some(retraction) = &self.query.retraction {
            let context = Context::new(graph.snapshot()?, None, Arc::new(budget(options)), parameters);
            let (rows, summary) = retraction.run(graph, &context)?;
            return Ok(Rows { columns: self.columns(), summary, source: Source::Kept(rows, Held::nothing()) });
        }
        // The change comes first: nobody else can write between it and the snapshot.
        let change = if self.writes() { Some(graph.change()?) } else { None };
        let context = Context::new(graph.snapshot()?, change, Arc::new(budget(options)), parameters);
        match self.mode {
            Mode::Explain => self.explained(&context, None),
            Mode::Profile => self.profiled(context),
            Mode::Run if self.query.verification.is_some() => self.verified(context, options),
            Mode::Run if self.query.writes => self.written(context),
            Mode::Run => self.streamed(context),
        }
    }

    fn streamed<'g>(&self, context: Context<'g>) -> Result<Rows<'g>> {
        let mut stream = self.stream(context, lower(&self.query.plan, None));
        stream.open()?;
        Ok(Rows { columns: self.columns(), summary: Summary::default(), source: Source::Stream(Box::new(stream)) })
    }

    /// A query that writes runs to its end and commits before its first row is seen.
    fn written<'g>(&self, context: Context<'g>) -> Result<Rows<'g>> {
        let mut stream = self.stream(context, lower(&self.query.plan, None));
        let (rows, held) = stream.drain()?;
        stream.context.commit()?;
        let summary = *stream.context.summary.borrow();
        Ok(Rows { columns: self.columns(), summary, source: Source::Kept(rows, held) })
    }

    /// Rows whose pairs are verified are all there before the first is read.
    fn verified<'g>(&self, context: Context<'g>, options: &QueryOptions) -> Result<Rows<'g>> {
        let verification = self.query.verification.as_ref().expect("a query that verifies comes here");
        let mut stream = self.stream(context, lower(&self.query.plan, None));
        let (rows, held) = stream.drain()?;
        let rows = verification.run(rows, options.verifier.as_deref(), &stream.context)?;
        stream.context.commit()?;
        let summary = *stream.context.summary.borrow();
        Ok(Rows { columns: self.columns(), summary, source: Source::Kept(rows, held) })
    }

    fn profiled<'g>(&self, context: Context<'g>) -> Result<Rows<'g>> {
        let mut profile: Vec<Arc<Work>> = Vec::new();
        let operator = lower(&self.query.plan, Some(&mut profile));
        let mut stream = self.stream(context, operator);
        stream.open()?;
        while stream.advance()? {}
        let mut rows =
            self.explained(&stream.context, Some(&profile.iter().map(|work| work.measured()).collect::<Vec<_>>()))?;
        stream.context.commit()?;
        rows.summary = *stream.context.summary.borrow();
        Ok(rows)
    }

    /// The plan as rows of one column.
    fn explained<'g>(&self, context: &Context<'_>, profile: Option<&[Measured]>) -> Result<Rows<'g>> {
        let estimator = Estimator::new(context.snapshot())?;
        let lines = explain(&self.query, &self.text, &estimator, profile);
        let rows = lines.into_iter().map(|line| vec![Value::Text(line)]).collect();
        let source = Source::Kept(rows, Held::nothing());
        Ok(Rows { columns: vec!["plan".into()], summary: Summary::default(), source })
    }

    fn stream<'g>(&self, context: Context<'g>, operator: Input) -> Stream<'g> {
        let row = Cells::new(self.query.slot_names.len());
        let slots = self.query.columns.iter().map(|(_, slot)| *slot).collect();
        Stream { context, operator, row, slots }
    }
}

/// Runs a query: see [`crate::query`].
pub(crate) fn query<'g>(
    graph: &'g Graph,
    text: &str,
    parameters: &Parameters,
    options: &QueryOptions,
) -> Result<Rows<'g>> {
    Prepared::new(graph, text)?.run(graph, parameters, options)
}

fn budget(options: &QueryOptions) -> Budget {
    let mut budget = Budget::unlimited();
    if let Some(bytes) = options.memory_limit_bytes {
        budget = budget.with_memory_limit(bytes);
    }
    if let Some(limit) = options.time_limit {
        budget = budget.with_time_limit(limit);
    }
    match &options.cancel {
        Some(flag) => budget.with_cancel_flag(Arc::clone(flag)),
        None => budget,
    }
}

/// A running plan with all that it needs.
struct Stream<'g> {
    context: Context<'g>,
    operator: Input,
    row: Cells,
    slots: Vec<Slot>,
}

impl Stream<'_> {
    fn open(&mut self) -> Result<()> {
        self.context.budget().check()?;
        self.operator.open(&self.context, &mut self.row)
    }

    fn advance(&mut self) -> Result<bool> {
        self.operator.next(&self.context, &mut self.row)
    }

    fn next_row(&mut self) -> Result<Option<Row>> {
        if !self.advance()? {
            return Ok(None);
        }
        let cells = self.slots.iter().map(|&slot| to_value(&self.context, self.row.get(slot)));
        cells.collect::<Result<Row>>().map(Some)
    }

    /// All rows at once.
    fn drain(&mut self) -> Result<(VecDeque<Row>, Held)> {
        self.open()?;
        let (mut rows, mut held) = (VecDeque::new(), Held::nothing());
        while let Some(row) = self.next_row()? {
            if !row.is_empty() {
                let cells: Vec<_> = row.iter().map(to_cell).collect();
                held.grow_by_cells(self.context.budget(), &cells)?;
                rows.push_back(row);
            }
        }
        Ok((rows, held))
    }
}

/// The answer to a query: columns, then rows one by one as an iterator of `Result<Row, QueryError>`. After an error
/// there are no further rows.
pub struct Rows<'g> {
    columns: Vec<String>,
    summary: Summary,
    source: Source<'g>,
}

enum Source<'g> {
    Stream(Box<Stream<'g>>),
    /// The second part gives back the bytes that the rows were charged for.
    Kept(VecDeque<Row>, #[allow(dead_code, reason = "held until the rows are dropped")] Held),
}

impl Rows<'_> {
    /// The names of the columns; empty for a query without RETURN.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What was written. All of it has been committed by the time that the rows are there.
    pub fn summary(&self) -> Summary {
        self.summary
    }

    fn end(&mut self) {
        self.source = Source::Kept(VecDeque::new(), Held::nothing());
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = match &mut self.source {
            Source::Kept(rows, _) => return rows.pop_front().map(Ok),
            Source::Stream(stream) => stream.next_row().transpose(),
        };
        if !matches!(next, Some(Ok(_))) {
            self.end();
        }
        next
    }
}

impl std::fmt::Debug for Rows<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Rows").field("columns", &self.columns).field("summary", &self.summary).finish()
    }
}

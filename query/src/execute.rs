//! From text to rows: which transaction a query runs in, under which limits, and how its rows come out.

use std::collections::VecDeque;
use std::sync::Arc;

use hopgraph_engine::{Budget, Change, Graph, Snapshot, View};

use crate::executor::compute::{Context, Held, Row as Cells, to_cell, to_value};
use crate::executor::lookup::{Lookup, lookups, tell_misses};
use crate::executor::operator::{Input, Work};
use crate::executor::retraction;
use crate::executor::{LIBRARY, lower};
use crate::fault::{Result, transaction, value};
use crate::notice::{Notice, Notices};
use crate::planner::plan::{Query, Retraction, Slot, VERIFICATION_COLUMNS};
use crate::planner::{Estimator, Measured, bind, explain, improve, only_ordered};
use crate::syntax::ast::{Mode, Retractable};
use crate::syntax::parse::parse;
use crate::{Field, Parameters, QueryOptions, Row, Summary, Value};

/// A query that has been parsed, bound to the names of a graph and planned, to be run any number of times.
///
/// It keeps the plan that was best when it was made, and belongs to the graph that it was made for.
#[derive(Debug)]
pub struct Prepared {
    text: String,
    mode: Mode,
    query: Query,
    lookups: Arc<[Lookup]>,
    /// Whether it runs without rules that improve it and without chunks, as a test wants it.
    plain: bool,
}

impl Prepared {
    /// Prepares a query. Fails on what is wrong with the query itself; parameters come later.
    pub fn new(graph: &Graph, text: &str) -> Result<Self> {
        Self::at(&graph.read()?, text)
    }

    /// Prepares a query for a graph as it is at one moment.
    pub(crate) fn at(snapshot: &Snapshot, text: &str) -> Result<Self> {
        Self::on(snapshot, snapshot, text, false)
    }

    /// Prepares a statement that knows the names that a change has added.
    pub(crate) fn in_change(change: &Change, text: &str) -> Result<Self> {
        Self::on(change, change.base(), text, false)
    }

    /// Prepares a query without the rules that improve its plan, and runs it row by row: what tests hold the others
    /// against.
    #[doc(hidden)]
    pub fn plain(graph: &Graph, text: &str) -> Result<Self> {
        let snapshot = graph.read()?;
        Self::on(&snapshot, &snapshot, text, true)
    }

    /// The names come from the view, the numbers by which plans are compared from the snapshot.
    fn on(view: &dyn View, snapshot: &Snapshot, text: &str, plain: bool) -> Result<Self> {
        let statement = parse(text)?;
        let bound = bind(&statement, text, view, LIBRARY)?;
        let estimator = Estimator::new(snapshot, &bound)?;
        let query = if plain { only_ordered(bound, &estimator)? } else { improve(bound, &estimator)? };
        let lookups = lookups(&query.plan).into();
        Ok(Self { text: text.to_owned(), mode: statement.mode, query, lookups, plain })
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

    /// Fails if a parameter that it needs is not there.
    fn check_parameters(&self, parameters: &Parameters) -> Result<()> {
        match self.query.parameters.iter().find(|(name, _)| !parameters.contains_key(*name)) {
            None => Ok(()),
            Some((name, span)) => Err(value(*span, format!("the parameter ${name} has not been given"))),
        }
    }

    /// Runs it; see [`crate::query`]. The limits cover the wait for other writers too.
    pub fn run(&self, graph: &Graph, parameters: &Parameters, options: &QueryOptions) -> Result<Rows> {
        self.check_parameters(parameters)?;
        let budget = Arc::new(options.budget());
        if let Some(Retraction { what: Retractable::Run, name }) = &self.query.retraction {
            let context = Context::new(graph.read_within(&budget)?, None, Arc::clone(&budget), parameters);
            let (rows, summary) = retraction::run(name, graph, &context)?;
            return Ok(self.kept(rows, Held::nothing(), summary));
        }
        if !self.writes() {
            return self.run_within(graph.read_within(&budget)?, budget, parameters, options);
        }
        let context = Self::writing(graph.write_within(&budget)?, budget, parameters);
        let (change, rows) = self.write(context, options);
        let rows = rows?;
        change.commit()?;
        Ok(rows)
    }

    /// Runs a query that only reads at one moment of the graph.
    pub(crate) fn run_at(&self, snapshot: &Snapshot, parameters: &Parameters, options: &QueryOptions) -> Result<Rows> {
        self.check_parameters(parameters)?;
        if self.writes() {
            return Err(transaction("this transaction only reads: a query that writes needs a write transaction"));
        }
        self.run_within(snapshot.clone(), Arc::new(options.budget()), parameters, options)
    }

    /// Runs a statement in a change, and gives that back; nothing is committed.
    pub(crate) fn run_in(
        &self,
        change: Change,
        parameters: &Parameters,
        options: &QueryOptions,
    ) -> (Change, Result<Rows>) {
        match self.check_parameters(parameters) {
            Ok(()) => self.write(Self::writing(change, Arc::new(options.budget()), parameters), options),
            Err(error) => (change, Err(error)),
        }
    }

    fn run_within(
        &self,
        snapshot: Snapshot,
        budget: Arc<Budget>,
        parameters: &Parameters,
        options: &QueryOptions,
    ) -> Result<Rows> {
        let context = Context::new(snapshot, None, budget, parameters).with_csv_files(options.csv_files.clone());
        match self.mode {
            Mode::Run if self.query.verification.is_none() => {
                let operator = self.operators(&context, None)?;
                let mut stream = self.stream(context, operator);
                stream.open()?;
                Ok(self.rows(Source::Stream(Box::new(stream)), Summary::default()))
            }
            _ => self.complete(context, options).1,
        }
    }

    /// All that a statement asks of the graph is asked of its change, or of the moment at which the change began: between
    /// that and the commit nobody else can write.
    fn writing(change: Change, budget: Arc<Budget>, parameters: &Parameters) -> Context<'static> {
        Context::new(change.base().clone(), Some(change), budget, parameters)
    }

    fn write(&self, context: Context<'static>, options: &QueryOptions) -> (Change, Result<Rows>) {
        let context = context.with_csv_files(options.csv_files.clone());
        let (context, rows) = self.complete(context, options);
        (context.into_change().expect("a statement that writes runs under a change"), rows)
    }

    /// Runs it to its end, before its first row is seen.
    fn complete(&self, context: Context<'static>, options: &QueryOptions) -> (Context<'static>, Result<Rows>) {
        let mut profile: Vec<Arc<Work>> = Vec::new();
        let operator = match self.operators(&context, (self.mode == Mode::Profile).then_some(&mut profile)) {
            Ok(operator) => operator,
            Err(error) => return (context, Err(error)),
        };
        let mut stream = self.stream(context, operator);
        let rows = match (self.mode, &self.query.retraction) {
            (Mode::Explain, _) => self.explained(&stream.context, None),
            (_, Some(retraction)) => retraction::run_in(retraction, &stream.context)
                .map(|(rows, summary)| self.kept(rows, Held::nothing(), summary)),
            (Mode::Profile, None) => self.profiled(&mut stream, &profile),
            (Mode::Run, None) => self.drained(&mut stream, options),
        };
        (stream.context, rows)
    }

    fn drained(&self, stream: &mut Stream, options: &QueryOptions) -> Result<Rows> {
        let (mut rows, held) = stream.drain()?;
        if let Some(verification) = &self.query.verification {
            rows = verification.run(rows, options.verifier.as_deref(), &stream.context)?;
        }
        let summary = *stream.context.summary.borrow();
        let mut rows = self.kept(rows, held, summary);
        if summary == Summary::default() {
            stream.tell_misses(&mut rows.notices)?;
        }
        Ok(rows)
    }

    fn profiled(&self, stream: &mut Stream, profile: &[Arc<Work>]) -> Result<Rows> {
        stream.open()?;
        while stream.advance()? {}
        let measured: Vec<Measured> = profile.iter().map(|work| work.measured()).collect();
        let mut rows = self.explained(&stream.context, Some(&measured))?;
        rows.summary = *stream.context.summary.borrow();
        Ok(rows)
    }

    /// An answer that is all there.
    fn kept(&self, rows: VecDeque<Vec<Value>>, held: Held, summary: Summary) -> Rows {
        self.rows(Source::Kept(rows, held), summary)
    }

    fn rows(&self, source: Source, summary: Summary) -> Rows {
        let mut notices = Notices::default();
        self.query.notices.iter().cloned().for_each(|notice| notices.add(notice));
        Rows { columns: self.columns().into(), summary, source, notices }
    }

    /// The plan as rows of one column.
    fn explained(&self, context: &Context<'_>, profile: Option<&[Measured]>) -> Result<Rows> {
        let estimator = Estimator::new(context.snapshot(), &self.query)?;
        let lines = explain(&self.query, &self.text, &estimator, profile);
        let rows = lines.into_iter().map(|line| vec![Value::Text(line)]).collect();
        let source = Source::Kept(rows, Held::nothing());
        Ok(Rows { columns: ["plan".to_owned()].into(), ..self.rows(source, Summary::default()) })
    }

    /// The operators of its plan.
    fn operators(&self, context: &Context<'_>, profile: Option<&mut Vec<Arc<Work>>>) -> Result<Input> {
        lower(&self.query, context, !self.plain, profile)
    }

    fn stream(&self, context: Context<'static>, operator: Input) -> Stream {
        let row = Cells::new(self.query.slot_names.len());
        let slots = self.query.columns.iter().map(|(_, slot)| *slot).collect();
        Stream { context, operator, row, slots, lookups: Arc::clone(&self.lookups), found_nothing: true }
    }
}

/// Runs a query: see [`crate::query`].
pub(crate) fn query(graph: &Graph, text: &str, parameters: &Parameters, options: &QueryOptions) -> Result<Rows> {
    Prepared::new(graph, text)?.run(graph, parameters, options)
}

/// A running plan with all that it needs.
struct Stream {
    context: Context<'static>,
    operator: Input,
    row: Cells,
    slots: Vec<Slot>,
    lookups: Arc<[Lookup]>,
    /// Whether no row has said anything yet: there was none, or one of nothing but nulls, noughts and empty lists.
    found_nothing: bool,
}

impl Stream {
    fn open(&mut self) -> Result<()> {
        self.context.budget().check()?;
        self.operator.open(&self.context, &mut self.row)
    }

    fn advance(&mut self) -> Result<bool> {
        self.operator.next(&self.context, &mut self.row)
    }

    fn next_row(&mut self) -> Result<Option<Vec<Value>>> {
        if !self.advance()? {
            return Ok(None);
        }
        let cells = self.slots.iter().map(|&slot| to_value(&self.context, self.row.get(slot)));
        let row = cells.collect::<Result<Vec<Value>>>()?;
        self.found_nothing = self.found_nothing && row.iter().all(is_nothing);
        Ok(Some(row))
    }

    /// What is told of look-ups that found nothing, at the end of the rows.
    fn tell_misses(&self, notices: &mut Notices) -> Result<()> {
        if self.found_nothing { tell_misses(&self.lookups, &self.context, notices) } else { Ok(()) }
    }

    /// Shows the fields of the next row; false if there is none.
    fn show_next(&mut self, show: &mut dyn FnMut(&[Field<'_>])) -> Result<bool> {
        if let Some(shown) = self.operator.show_next(&self.context, &self.slots, show) {
            return shown;
        }
        let row = self.next_row()?;
        Ok(row.is_some_and(|row| {
            show(&row.iter().map(Field::from).collect::<Vec<_>>());
            true
        }))
    }

    /// All rows at once.
    fn drain(&mut self) -> Result<(VecDeque<Vec<Value>>, Held)> {
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
pub struct Rows {
    columns: Arc<[String]>,
    summary: Summary,
    source: Source,
    notices: Notices,
}

/// Whether a value is what an aggregate gives where there are no rows.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Integer(0) => true,
        Value::List(values) => values.is_empty(),
        _ => false,
    }
}

enum Source {
    Stream(Box<Stream>),
    /// The second part gives back the bytes that the rows were charged for.
    Kept(VecDeque<Vec<Value>>, #[allow(dead_code, reason = "held until the rows are dropped")] Held),
}

impl Rows {
    /// The names of the columns; empty for a query without RETURN.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What was written. All of it has been committed by the time that the rows are there.
    pub fn summary(&self) -> Summary {
        self.summary
    }

    /// What whoever wrote the query may want to know beside the answer. All of it is known when the rows have come to
    /// their end.
    pub fn notices(&self) -> &[Notice] {
        self.notices.all()
    }

    /// Shows the fields of the next row without making a row of them: the fast way to write many. False if there is none;
    /// after an error there is none either.
    pub fn show_next(&mut self, show: &mut dyn FnMut(&[Field<'_>])) -> Result<bool> {
        let shown = match &mut self.source {
            Source::Kept(rows, _) => {
                let row = rows.pop_front();
                return Ok(row.is_some_and(|row| {
                    show(&row.iter().map(Field::from).collect::<Vec<_>>());
                    true
                }));
            }
            Source::Stream(stream) => stream.show_next(show),
        };
        if !matches!(shown, Ok(true)) {
            self.end();
        }
        shown
    }

    fn end(&mut self) {
        self.source = Source::Kept(VecDeque::new(), Held::nothing());
    }
}

impl Iterator for Rows {
    type Item = Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut next = match &mut self.source {
            Source::Kept(rows, _) => rows.pop_front().map(Ok),
            Source::Stream(stream) => stream.next_row().transpose(),
        };
        if let (None, Source::Stream(stream)) = (&next, &self.source) {
            next = stream.tell_misses(&mut self.notices).err().map(Err);
        }
        if !matches!(next, Some(Ok(_))) {
            self.end();
        }
        next.map(|values| values.map(|values| Row::new(&self.columns, values)))
    }
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Rows").field("columns", &self.columns).field("summary", &self.summary).finish()
    }
}

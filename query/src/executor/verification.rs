//! VERIFY: the sentences that mention both ends of a pair are read again, and say what holds between the two.

use std::collections::{BTreeMap, HashMap, VecDeque};

use hopgraph_engine::{Change, Edge, Interruption, NodeId, RelationType, Run, SentenceId, Snapshot, StorageError};

use crate::executor::compute::Context;
use crate::fault::{Result, meaning_with_help, value};
use crate::planner::plan::Verification;
use crate::{QueryError, QueryErrorKind, Value};

/// The most sentences that are shown of a pair, the most telling first.
const SENTENCES_SHOWN: usize = 10;

/// Reads sentences that mention two nodes. The language knows no model: whoever runs a query brings the reader.
pub trait Verifier: std::fmt::Debug + Send + Sync {
    /// What the sentences of the graph say of each pair. `may_go_on` is to be asked now and then.
    ///
    /// # Errors
    /// If the model or the graph fails, or it may not go on.
    fn verify(
        &self,
        snapshot: &Snapshot,
        pairs: &[[NodeId; 2]],
        may_go_on: &mut dyn FnMut() -> Result<(), Interruption>,
    ) -> Result<Vec<Verdict>, VerifierError>;

    /// The run under which its readings are written into a graph.
    fn run(&self) -> Run;
}

/// Why a verifier gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifierError {
    /// The graph failed, or the work was stopped.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The model failed.
    #[error("the model failed while verifying: {0}")]
    Model(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What the sentences say of a pair.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// The relation that is most sure, with its confidence; none if no sentence states one.
    pub relation: Option<(RelationType, f64)>,
    /// Each sentence that mentions both and that the model could read, in order.
    pub readings: Vec<SentenceReading>,
}

/// What a model says of a pair in one sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct SentenceReading {
    /// The sentence.
    pub sentence: SentenceId,
    /// The answer of the model, as it words it.
    pub answer: String,
    /// The relation that the answer states, from the first of these nodes to the second; none if it states none, or is
    /// not sure enough.
    pub relation: Option<(RelationType, [NodeId; 2])>,
    /// Probability of the answer, in 0..=1.
    pub probability: f32,
    /// Probability of each answer, in the model's order.
    pub probabilities: Vec<f32>,
}

impl Verification {
    /// Adds the columns of [`VERIFICATION_COLUMNS`](crate::planner::plan::VERIFICATION_COLUMNS) to every row. A pair that comes in several rows is read once.
    pub(crate) fn run(
        &self,
        rows: VecDeque<Vec<Value>>,
        verifier: Option<&dyn Verifier>,
        context: &Context<'_>,
    ) -> Result<VecDeque<Vec<Value>>> {
        let Some(verifier) = verifier else {
            let help =
                "`hopgraph verify` and `hopgraph query --model DIR` bring a model; a program gives one in QueryOptions";
            return Err(meaning_with_help(self.span, "VERIFY needs a model to read with", Some(help.to_owned())));
        };
        let pairs = rows.iter().map(|row| self.pair(row)).collect::<Result<Vec<_>>>()?;
        let mut distinct: Vec<[NodeId; 2]> = pairs.iter().flatten().copied().collect();
        distinct.sort_unstable();
        distinct.dedup();
        let budget = context.budget();
        let verdicts = verifier.verify(context.snapshot(), &distinct, &mut || budget.check())?;
        if verdicts.len() != distinct.len() {
            return Err(value(self.span, "the verifier gave another number of verdicts than pairs"));
        }
        if self.insert {
            let run = verifier.run();
            context.edit(|change| verdicts.iter().try_for_each(|verdict| insert(change, &run, verdict)))?;
        }
        let verdicts: HashMap<[NodeId; 2], Verdict> = distinct.into_iter().zip(verdicts).collect();
        let mut verified = VecDeque::with_capacity(rows.len());
        for (mut row, pair) in rows.into_iter().zip(pairs) {
            match pair.and_then(|pair| verdicts.get(&pair)) {
                Some(verdict) => row.extend(shown(verdict, context)?),
                None => row.extend([Value::Null, Value::Null, Value::Null]),
            }
            verified.push_back(row);
        }
        Ok(verified)
    }

    /// The nodes of a row; none if one of them is null.
    fn pair(&self, row: &[Value]) -> Result<Option<[NodeId; 2]>> {
        let mut pair = [NodeId::default(); 2];
        for (end, &column) in pair.iter_mut().zip(&self.ends) {
            match &row[column] {
                Value::Node(node) => *end = node.id,
                Value::Null => return Ok(None),
                _ => return Err(value(self.span, "VERIFY needs nodes: return the nodes themselves, not properties")),
            }
        }
        Ok(Some(pair))
    }
}

/// Writes what was read of a pair: the same as an ingestion of these sentences by this run would.
fn insert(change: &mut Change, run: &Run, verdict: &Verdict) -> Result<(), StorageError> {
    let stated = verdict.readings.iter().filter_map(|reading| Some((reading, reading.relation.as_ref()?)));
    for (reading, (relation, [source, target])) in stated {
        let run = change.begin_run(run)?;
        let edge = Edge { relation: change.relation_type(relation)?, source: *source, target: *target };
        change.add_evidence(edge, reading.sentence, run, reading.probability, &reading.probabilities)?;
    }
    Ok(())
}

/// The added columns of a pair.
fn shown(verdict: &Verdict, context: &Context<'_>) -> Result<[Value; 3]> {
    let (name, confidence) = match &verdict.relation {
        Some((relation, confidence)) => (Value::Text(relation.name.clone()), Value::Float(*confidence)),
        None => (Value::Null, Value::Null),
    };
    let mut readings: Vec<&SentenceReading> = verdict.readings.iter().collect();
    readings.sort_by(|one, other| {
        let states = |reading: &SentenceReading| reading.relation.is_some();
        states(other).cmp(&states(one)).then(other.probability.total_cmp(&one.probability))
    });
    let sentences = readings.into_iter().take(SENTENCES_SHOWN).map(|reading| sentence(reading, context));
    Ok([name, confidence, Value::List(sentences.collect::<Result<_>>()?)])
}

fn sentence(reading: &SentenceReading, context: &Context<'_>) -> Result<Value> {
    let sentence = context.view(|view| view.sentence(reading.sentence))?;
    let document = match &sentence {
        Some(sentence) => context.view(|view| view.document(sentence.document))?,
        None => None,
    };
    Ok(Value::Map(BTreeMap::from([
        ("text".to_owned(), sentence.map_or(Value::Null, |sentence| Value::Text(sentence.text))),
        ("document".to_owned(), document.map_or(Value::Null, |document| Value::Text(document.identifier))),
        ("answer".to_owned(), Value::Text(reading.answer.clone())),
        ("probability".to_owned(), Value::Float(f64::from(reading.probability))),
    ])))
}

impl From<VerifierError> for QueryError {
    fn from(error: VerifierError) -> Self {
        match error {
            VerifierError::Storage(error) => error.into(),
            error @ VerifierError::Model(_) => Self { kind: QueryErrorKind::Verifier(error), span: None, help: None },
        }
    }
}

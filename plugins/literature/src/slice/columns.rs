//! What was read of a slice as the columns of a Parquet file: a row for each document, with its sentences, mentions and
//! verdicts as lists in it.
//!
//! The columns are built from the inside out: the values of all rows one after the other, then where each row begins.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::{Float32Builder, ListBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, ListArray, RecordBatch, StringArray, StructArray};
use arrow_array::{UInt16Array, UInt32Array, UInt64Array};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema};
use hopgraph_engine::{Description, Withdrawal, WithdrawalReason};

use super::{Reading, Verdict};
use crate::candidate::{Candidate, EntityMention};
use crate::document::Location;
use crate::prepare::{PreparedDocument, PreparedEntity, PreparedSentence, Question};
use crate::{Reject, RejectKind};

type Column = (&'static str, ArrayRef);

/// The readings as a batch of rows.
pub(super) fn to_batch(readings: &[Reading]) -> Result<RecordBatch, ArrowError> {
    let documents = || readings.iter().map(|reading| &reading.document);
    let columns: Vec<Column> = vec![
        ("document", optional_texts(documents().map(|d| d.as_ref().map(|d| d.identifier.as_str())))),
        ("title", texts(documents().map(|d| d.as_ref().map_or("", |d| d.title.as_str())))),
        ("year", Arc::new(UInt16Array::from_iter(documents().map(|d| d.as_ref()?.year)))),
        ("version", Arc::new(UInt32Array::from_iter(documents().map(|d| d.as_ref()?.version)))),
        ("content_hash", Arc::new(UInt64Array::from_iter(documents().map(|d| Some(d.as_ref()?.content_hash))))),
        ("withdrawal", optional_texts(documents().map(|d| d.as_ref()?.withdrawal.map(|w| reason_name(w.reason))))),
        ("withdrawn_version", Arc::new(UInt32Array::from_iter(documents().map(|d| d.as_ref()?.withdrawal?.version)))),
        ("file", texts(documents().map(|d| d.as_ref().map_or("", |d| &d.location.file)))),
        (
            "line",
            Arc::new(UInt64Array::from_iter_values(documents().map(|d| d.as_ref().map_or(0, |d| d.location.line)))),
        ),
        ("entities", entities(readings)?),
        ("sentences", sentences(readings)?),
        ("verdicts", verdicts(readings)?),
        ("rejects", rejects(readings)?),
    ];
    let fields: Fields = columns.iter().map(field).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, array)| array).collect())
}

fn field((name, array): &Column) -> Field {
    Field::new(*name, array.data_type().clone(), true)
}

fn texts<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

fn optional_texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(StringArray::from_iter(values))
}

fn numbers(values: impl Iterator<Item = usize>) -> ArrayRef {
    Arc::new(UInt32Array::from_iter_values(values.map(|value| value as u32)))
}

fn lists_of_texts<'a>(rows: impl Iterator<Item = &'a Vec<String>>) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new());
    for row in rows {
        row.iter().for_each(|text| builder.values().append_value(text));
        builder.append(true);
    }
    Arc::new(builder.finish())
}

/// Rows of structures, by how many each row has and the columns of all of them.
fn lists(lengths: impl Iterator<Item = usize>, columns: Vec<Column>) -> Result<ArrayRef, ArrowError> {
    let fields: Fields = columns.iter().map(field).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let values = StructArray::try_new(fields.clone(), arrays, None)?;
    let item = Arc::new(Field::new("item", DataType::Struct(fields), true));
    Ok(Arc::new(ListArray::try_new(item, OffsetBuffer::from_lengths(lengths), Arc::new(values), None)?))
}

fn each_document(readings: &[Reading]) -> impl Iterator<Item = &PreparedDocument> {
    readings.iter().filter_map(|reading| reading.document.as_ref())
}

fn count_of<'a, T: 'a>(
    readings: &'a [Reading],
    of: impl Fn(&'a PreparedDocument) -> &'a Vec<T> + 'a,
) -> impl Iterator<Item = usize> + 'a {
    readings.iter().map(move |reading| reading.document.as_ref().map_or(0, |document| of(document).len()))
}

fn entities(readings: &[Reading]) -> Result<ArrayRef, ArrowError> {
    let all = || each_document(readings).flat_map(|document| &document.entities);
    let columns: Vec<Column> = vec![
        ("identifier", texts(all().map(|entity| entity.identifier.as_str()))),
        ("labels", lists_of_texts(all().map(|entity| &entity.description.labels))),
        ("given", lists_of_texts(all().map(|entity| &entity.description.given))),
        ("mentions", lists_of_texts(all().map(|entity| &entity.description.mentions))),
        ("phrase", optional_texts(all().map(|entity| entity.description.phrase.as_deref()))),
    ];
    lists(count_of(readings, |document| &document.entities), columns)
}

fn sentences(readings: &[Reading]) -> Result<ArrayRef, ArrowError> {
    let all = || each_document(readings).flat_map(|document| &document.sentences);
    let mentions = || all().flat_map(|sentence| &sentence.mentions);
    let of_mentions: Vec<Column> = vec![
        ("entity", numbers(mentions().map(|mention| mention.entity))),
        ("label", texts(mentions().map(|mention| mention.label.as_str()))),
        ("start", numbers(mentions().map(|mention| mention.span.start))),
        ("end", numbers(mentions().map(|mention| mention.span.end))),
    ];
    let columns: Vec<Column> = vec![
        ("start", numbers(all().map(|sentence| sentence.start))),
        ("text", texts(all().map(|sentence| sentence.text.as_str()))),
        ("mentions", lists(all().map(|sentence| sentence.mentions.len()), of_mentions)?),
    ];
    lists(count_of(readings, |document| &document.sentences), columns)
}

fn verdicts(readings: &[Reading]) -> Result<ArrayRef, ArrowError> {
    let questions = || each_document(readings).flat_map(|document| &document.questions);
    let candidates = || questions().map(|question| &question.candidate);
    let verdicts = || readings.iter().flat_map(|reading| &reading.verdicts);
    let mut probabilities = ListBuilder::new(Float32Builder::new());
    for verdict in verdicts() {
        probabilities.values().append_slice(verdict.as_ref().map_or(&[], |(_, probabilities)| probabilities));
        probabilities.append(true);
    }
    let answers = verdicts().map(|verdict| verdict.as_ref().ok().map(|(answer, _)| *answer as u16));
    let columns: Vec<Column> = vec![
        ("sentence", numbers(questions().map(|question| question.sentence))),
        ("source", numbers(candidates().map(|candidate| candidate.source))),
        ("target", numbers(candidates().map(|candidate| candidate.target))),
        ("source_start", numbers(candidates().map(|candidate| candidate.spans[0].start))),
        ("source_end", numbers(candidates().map(|candidate| candidate.spans[0].end))),
        ("target_start", numbers(candidates().map(|candidate| candidate.spans[1].start))),
        ("target_end", numbers(candidates().map(|candidate| candidate.spans[1].end))),
        ("answer", Arc::new(UInt16Array::from_iter(answers))),
        ("probabilities", Arc::new(probabilities.finish())),
        ("error", optional_texts(verdicts().map(|verdict| verdict.as_ref().err().map(String::as_str)))),
    ];
    lists(count_of(readings, |document| &document.questions), columns)
}

fn rejects(readings: &[Reading]) -> Result<ArrayRef, ArrowError> {
    let all = || readings.iter().flat_map(|reading| &reading.rejects);
    let columns: Vec<Column> = vec![
        ("kind", texts(all().map(|reject| reject.kind.name()))),
        ("file", texts(all().map(|reject| &*reject.location.file))),
        ("line", Arc::new(UInt64Array::from_iter_values(all().map(|reject| reject.location.line)))),
        ("record", texts(all().map(|reject| reject.record.as_str()))),
        ("reason", texts(all().map(|reject| reject.reason.as_str()))),
        ("text", texts(all().map(|reject| reject.text.as_str()))),
    ];
    lists(readings.iter().map(|reading| reading.rejects.len()), columns)
}

fn reason_name(reason: WithdrawalReason) -> &'static str {
    match reason {
        WithdrawalReason::Retracted => "retracted",
        WithdrawalReason::Deleted => "deleted",
        WithdrawalReason::Notice => "notice",
    }
}

/// The columns of a batch or of a structure by their names. Each function fails with the name of a column that is missing
/// or of another type.
struct Columns<'a>(Vec<(&'a str, &'a ArrayRef)>);

impl<'a> Columns<'a> {
    fn of_batch(batch: &'a RecordBatch) -> Self {
        let names = batch.schema_ref().fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>();
        // The names live as long as the schema of the batch.
        Self(names.into_iter().zip(batch.columns()).collect())
    }

    fn of_struct(array: &'a StructArray) -> Self {
        let names = array.fields().iter().map(|field| field.name().as_str());
        Self(names.zip(array.columns()).collect())
    }

    fn get(&self, name: &str) -> Result<&'a ArrayRef, String> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, array)| *array).ok_or_else(|| format!("it lacks the column {name}"))
    }

    fn typed<T>(&self, name: &str, cast: impl FnOnce(&'a ArrayRef) -> Option<T>) -> Result<T, String> {
        cast(self.get(name)?).ok_or_else(|| format!("its column {name} has another type"))
    }

    fn texts(&self, name: &str) -> Result<&'a StringArray, String> {
        self.typed(name, |array| array.as_string_opt())
    }

    fn numbers(&self, name: &str) -> Result<&'a UInt32Array, String> {
        self.typed(name, |array| array.as_primitive_opt::<UInt32Type>())
    }

    fn long_numbers(&self, name: &str) -> Result<&'a UInt64Array, String> {
        self.typed(name, |array| array.as_primitive_opt::<UInt64Type>())
    }

    fn short_numbers(&self, name: &str) -> Result<&'a UInt16Array, String> {
        self.typed(name, |array| array.as_primitive_opt::<UInt16Type>())
    }

    fn lists(&self, name: &str) -> Result<&'a ListArray, String> {
        self.typed(name, |array| array.as_list_opt::<i32>())
    }

    /// Where each row's structures stand, and the columns of all of them.
    fn structures(&self, name: &str) -> Result<(&'a ListArray, Columns<'a>), String> {
        let lists = self.lists(name)?;
        let values = lists.values().as_struct_opt().ok_or_else(|| format!("its column {name} has another type"))?;
        Ok((lists, Self::of_struct(values)))
    }
}

fn range(lists: &ListArray, row: usize) -> Range<usize> {
    let offsets = lists.value_offsets();
    offsets[row] as usize..offsets[row + 1] as usize
}

fn optional_text(texts: &StringArray, row: usize) -> Option<String> {
    texts.is_valid(row).then(|| texts.value(row).to_owned())
}

/// The texts of one row of a list.
fn list_of_texts(lists: &ListArray, row: usize) -> Result<Vec<String>, String> {
    let values = lists.value(row);
    let texts = values.as_string_opt::<i32>().ok_or("a list has another type than text")?;
    Ok((0..texts.len()).map(|at| texts.value(at).to_owned()).collect())
}

/// The readings in a batch of rows; fails with what does not fit.
pub(super) fn from_batch(batch: &RecordBatch) -> Result<Vec<Reading>, String> {
    let columns = Columns::of_batch(batch);
    let identifiers = columns.texts("document")?;
    let (titles, files, lines) = (columns.texts("title")?, columns.texts("file")?, columns.long_numbers("line")?);
    let (years, versions) = (columns.short_numbers("year")?, columns.numbers("version")?);
    let hashes = columns.long_numbers("content_hash")?;
    let (reasons, withdrawn) = (columns.texts("withdrawal")?, columns.numbers("withdrawn_version")?);
    let mut readings = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        let mut reading = Reading { rejects: rejects_of(&columns, row)?, ..Reading::default() };
        if let Some(identifier) = optional_text(identifiers, row) {
            let version_of = |numbers: &UInt32Array| numbers.is_valid(row).then(|| numbers.value(row));
            let withdrawal = match optional_text(reasons, row) {
                Some(name) => Some(Withdrawal { reason: reason_of(&name)?, version: version_of(withdrawn) }),
                None => None,
            };
            let (questions, verdicts) = verdicts_of(&columns, row)?;
            reading.verdicts = verdicts;
            reading.document = Some(PreparedDocument {
                identifier,
                title: titles.value(row).to_owned(),
                year: years.is_valid(row).then(|| years.value(row)),
                location: Location { file: files.value(row).into(), line: lines.value(row) },
                content_hash: hashes.value(row),
                version: version_of(versions),
                withdrawal,
                entities: entities_of(&columns, row)?,
                sentences: sentences_of(&columns, row)?,
                questions,
            });
        }
        readings.push(reading);
    }
    Ok(readings)
}

fn reason_of(name: &str) -> Result<WithdrawalReason, String> {
    let all = [WithdrawalReason::Retracted, WithdrawalReason::Deleted, WithdrawalReason::Notice];
    let found = all.into_iter().find(|reason| reason_name(*reason) == name);
    found.ok_or_else(|| format!("{name:?} is no reason for a withdrawal"))
}

fn entities_of(columns: &Columns<'_>, row: usize) -> Result<Vec<PreparedEntity>, String> {
    let (lists, columns) = columns.structures("entities")?;
    let (identifiers, phrases) = (columns.texts("identifier")?, columns.texts("phrase")?);
    let (labels, given, mentions) = (columns.lists("labels")?, columns.lists("given")?, columns.lists("mentions")?);
    let entity = |at| {
        let description = Description {
            labels: list_of_texts(labels, at)?,
            given: list_of_texts(given, at)?,
            mentions: list_of_texts(mentions, at)?,
            phrase: optional_text(phrases, at),
        };
        Ok(PreparedEntity { identifier: identifiers.value(at).to_owned(), description })
    };
    range(lists, row).map(entity).collect()
}

fn sentences_of(columns: &Columns<'_>, row: usize) -> Result<Vec<PreparedSentence>, String> {
    let (lists, columns) = columns.structures("sentences")?;
    let (starts, texts) = (columns.numbers("start")?, columns.texts("text")?);
    let (mention_lists, columns) = columns.structures("mentions")?;
    let (entities, labels) = (columns.numbers("entity")?, columns.texts("label")?);
    let (begins, ends) = (columns.numbers("start")?, columns.numbers("end")?);
    let mention = |at: usize| EntityMention {
        entity: entities.value(at) as usize,
        label: labels.value(at).to_owned(),
        span: begins.value(at) as usize..ends.value(at) as usize,
    };
    let sentence = |at: usize| PreparedSentence {
        start: starts.value(at) as usize,
        text: texts.value(at).to_owned(),
        mentions: range(mention_lists, at).map(mention).collect(),
    };
    Ok(range(lists, row).map(sentence).collect())
}

fn verdicts_of(columns: &Columns<'_>, row: usize) -> Result<(Vec<Question>, Vec<Verdict>), String> {
    let (lists, columns) = columns.structures("verdicts")?;
    let names = ["sentence", "source", "target", "source_start", "source_end", "target_start", "target_end"];
    let numbers: Vec<&UInt32Array> = names.iter().map(|name| columns.numbers(name)).collect::<Result<_, _>>()?;
    let (answers, errors) = (columns.short_numbers("answer")?, columns.texts("error")?);
    let probabilities = columns.lists("probabilities")?;
    let (mut questions, mut verdicts) = (Vec::new(), Vec::new());
    for at in range(lists, row) {
        let number = |which: usize| numbers[which].value(at) as usize;
        let spans = [number(3)..number(4), number(5)..number(6)];
        questions.push(Question {
            sentence: number(0),
            candidate: Candidate { source: number(1), target: number(2), spans },
        });
        verdicts.push(match optional_text(errors, at) {
            Some(reason) => Err(reason),
            None => {
                let values = probabilities.value(at);
                let values = values.as_primitive_opt::<Float32Type>().ok_or("its probabilities have another type")?;
                Ok((answers.value(at) as usize, values.values().to_vec()))
            }
        });
    }
    Ok((questions, verdicts))
}

fn rejects_of(columns: &Columns<'_>, row: usize) -> Result<Vec<Reject>, String> {
    let (lists, columns) = columns.structures("rejects")?;
    let (kinds, files, lines) = (columns.texts("kind")?, columns.texts("file")?, columns.long_numbers("line")?);
    let (records, reasons, texts) = (columns.texts("record")?, columns.texts("reason")?, columns.texts("text")?);
    let reject = |at: usize| {
        let kind = RejectKind::ALL.into_iter().find(|kind| kind.name() == kinds.value(at));
        Ok(Reject {
            kind: kind.ok_or_else(|| format!("{:?} is no kind of reject", kinds.value(at)))?,
            location: Location { file: files.value(at).into(), line: lines.value(at) },
            record: records.value(at).to_owned(),
            reason: reasons.value(at).to_owned(),
            text: texts.value(at).to_owned(),
        })
    };
    range(lists, row).map(reject).collect()
}

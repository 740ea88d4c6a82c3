//! Records: the types of small values as stored, and the only file that names bincode. `engine/FORMAT.md` gives their
//! order of fields; a change here is a new format version.

use std::sync::Arc;

use bincode::config::{Configuration, Limit, LittleEndian, Varint, standard};
use bincode::{Decode, Encode};

use crate::limits::READ_BYTES_MAX;
use crate::{
    Document, DocumentId, LabelId, Mention, Node, NodeId, Polarity, Properties, PropertyValue, RelationType, Run,
    RunKind, SentenceId, Temporal, Withdrawal, WithdrawalReason,
};

const CONFIGURATION: Configuration<LittleEndian, Varint, Limit<READ_BYTES_MAX>> =
    standard().with_limit::<READ_BYTES_MAX>();

/// Something that has a form on disk.
pub(crate) trait Record: Sized {
    /// That form.
    type Stored: Encode + Decode<()>;
    /// To it.
    fn store(&self) -> Self::Stored;
    /// From it; the error says what does not fit.
    fn load(stored: Self::Stored) -> Result<Self, &'static str>;
}

/// The bytes of a record.
pub(crate) fn encode<R: Record>(record: &R) -> Vec<u8> {
    bincode::encode_to_vec(record.store(), CONFIGURATION).expect("encoding to memory does not fail")
}

/// The record in these bytes, all of them.
pub(crate) fn decode<R: Record>(bytes: &[u8]) -> Result<R, String> {
    let (stored, length) = bincode::decode_from_slice(bytes, CONFIGURATION).map_err(|error| error.to_string())?;
    if length != bytes.len() {
        return Err("bytes are left over after its end".to_owned());
    }
    R::load(stored).map_err(str::to_owned)
}

/// A property value as stored.
#[derive(Encode, Decode)]
pub(crate) enum StoredValue {
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<StoredValue>),
    Date(i64),
    LocalTime(i64),
    Time(i64, i32),
    LocalDateTime(i64, i64),
    DateTime(i64, i64, i32, Option<String>),
    Duration(i64, i64, i64, u32),
}

type StoredProperties = Vec<(String, StoredValue)>;

fn store_value(value: &PropertyValue) -> StoredValue {
    match value {
        PropertyValue::Boolean(value) => StoredValue::Boolean(*value),
        PropertyValue::Integer(value) => StoredValue::Integer(*value),
        PropertyValue::Float(value) => StoredValue::Float(*value),
        PropertyValue::Text(value) => StoredValue::Text(value.clone()),
        PropertyValue::List(values) => StoredValue::List(values.iter().map(store_value).collect()),
        PropertyValue::Temporal(value) => store_temporal(value),
    }
}

fn store_temporal(value: &Temporal) -> StoredValue {
    match value {
        Temporal::Date(day) => StoredValue::Date(*day),
        Temporal::LocalTime(time) => StoredValue::LocalTime(*time),
        Temporal::Time { time, offset } => StoredValue::Time(*time, *offset),
        Temporal::LocalDateTime { day, time } => StoredValue::LocalDateTime(*day, *time),
        Temporal::DateTime { day, time, offset, zone } => {
            StoredValue::DateTime(*day, *time, *offset, zone.as_deref().map(str::to_owned))
        }
        Temporal::Duration { months, days, seconds, nanoseconds } => {
            StoredValue::Duration(*months, *days, *seconds, *nanoseconds)
        }
    }
}

fn load_value(value: StoredValue) -> Result<PropertyValue, &'static str> {
    let temporal = match value {
        StoredValue::Boolean(value) => return Ok(PropertyValue::Boolean(value)),
        StoredValue::Integer(value) => return Ok(PropertyValue::Integer(value)),
        StoredValue::Float(value) => return Ok(PropertyValue::Float(value)),
        StoredValue::Text(value) => return Ok(PropertyValue::Text(value)),
        StoredValue::List(values) => {
            return values.into_iter().map(load_value).collect::<Result<_, _>>().map(PropertyValue::List);
        }
        StoredValue::Date(day) => Temporal::Date(day),
        StoredValue::LocalTime(time) => Temporal::LocalTime(time),
        StoredValue::Time(time, offset) => Temporal::Time { time, offset },
        StoredValue::LocalDateTime(day, time) => Temporal::LocalDateTime { day, time },
        StoredValue::DateTime(day, time, offset, zone) => {
            Temporal::DateTime { day, time, offset, zone: zone.map(Arc::from) }
        }
        StoredValue::Duration(months, days, seconds, nanoseconds) => {
            Temporal::Duration { months, days, seconds, nanoseconds }
        }
    };
    if temporal.is_valid() { Ok(PropertyValue::Temporal(Arc::new(temporal))) } else { Err("a time that cannot be") }
}

impl Record for Properties {
    type Stored = StoredProperties;

    fn store(&self) -> Self::Stored {
        self.iter().map(|(name, value)| (name.clone(), store_value(value))).collect()
    }

    fn load(stored: Self::Stored) -> Result<Self, &'static str> {
        stored.into_iter().map(|(name, value)| Ok((name, load_value(value)?))).collect()
    }
}

impl Record for Node {
    /// Labels, name, synonyms, identifiers, properties.
    type Stored = (Vec<u16>, String, Vec<String>, Vec<String>, StoredProperties);

    fn store(&self) -> Self::Stored {
        let labels = self.labels.iter().map(|label| label.get()).collect();
        let properties = self.properties.store();
        (labels, self.name.clone(), self.synonyms.clone(), self.identifiers.clone(), properties)
    }

    fn load((labels, name, synonyms, identifiers, properties): Self::Stored) -> Result<Self, &'static str> {
        let labels = labels.into_iter().map(LabelId::new).collect();
        Ok(Self { labels, name, synonyms, identifiers, properties: Properties::load(properties)? })
    }
}

impl Record for String {
    type Stored = String;

    fn store(&self) -> Self::Stored {
        self.clone()
    }

    fn load(stored: Self::Stored) -> Result<Self, &'static str> {
        Ok(stored)
    }
}

impl Record for RelationType {
    /// Name, whether denied, whether symmetric.
    type Stored = (String, bool, bool);

    fn store(&self) -> Self::Stored {
        (self.name.clone(), self.polarity == Polarity::Denied, self.symmetric)
    }

    fn load((name, denied, symmetric): Self::Stored) -> Result<Self, &'static str> {
        let polarity = if denied { Polarity::Denied } else { Polarity::Asserted };
        Ok(Self { name, polarity, symmetric })
    }
}

impl Record for Document {
    /// Identifier, title, year, content hash, first sentence, number of sentences, version.
    type Stored = (String, String, Option<u16>, u64, u32, u32, Option<u32>);

    fn store(&self) -> Self::Stored {
        let (identifier, title) = (self.identifier.clone(), self.title.clone());
        let (first, count) = (self.first_sentence.get(), self.sentence_count);
        (identifier, title, self.year, self.content_hash, first, count, self.version)
    }

    fn load(
        (identifier, title, year, content_hash, first, sentence_count, version): Self::Stored,
    ) -> Result<Self, &'static str> {
        let first_sentence = SentenceId::new(first);
        Ok(Self { identifier, title, year, content_hash, version, first_sentence, sentence_count })
    }
}

impl Record for Withdrawal {
    /// Reason (0 retracted, 1 deleted, 2 notice), version.
    type Stored = (u8, Option<u32>);

    fn store(&self) -> Self::Stored {
        let reason = match self.reason {
            WithdrawalReason::Retracted => 0,
            WithdrawalReason::Deleted => 1,
            WithdrawalReason::Notice => 2,
        };
        (reason, self.version)
    }

    fn load((reason, version): Self::Stored) -> Result<Self, &'static str> {
        let reason = match reason {
            0 => WithdrawalReason::Retracted,
            1 => WithdrawalReason::Deleted,
            2 => WithdrawalReason::Notice,
            _ => return Err("an unknown reason for a withdrawal"),
        };
        Ok(Self { reason, version })
    }
}

/// A document as format 1 had it: without its version, which came last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DocumentOfFormat1(pub(crate) Document);

impl Record for DocumentOfFormat1 {
    type Stored = (String, String, Option<u16>, u64, u32, u32);

    fn store(&self) -> Self::Stored {
        let (identifier, title, year, content_hash, first, count, _) = self.0.store();
        (identifier, title, year, content_hash, first, count)
    }

    fn load((identifier, title, year, content_hash, first, count): Self::Stored) -> Result<Self, &'static str> {
        Document::load((identifier, title, year, content_hash, first, count, None)).map(Self)
    }
}

/// The text of a sentence, without its mentions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SentenceText {
    pub(crate) document: DocumentId,
    pub(crate) start: u32,
    pub(crate) text: String,
}

impl Record for SentenceText {
    type Stored = (u32, u32, String);

    fn store(&self) -> Self::Stored {
        (self.document.get(), self.start, self.text.clone())
    }

    fn load((document, start, text): Self::Stored) -> Result<Self, &'static str> {
        Ok(Self { document: DocumentId::new(document), start, text })
    }
}

impl Record for Vec<Mention> {
    /// Node, start, end of each.
    type Stored = Vec<(u32, u32, u32)>;

    fn store(&self) -> Self::Stored {
        self.iter().map(|mention| (mention.node.get(), mention.start, mention.end)).collect()
    }

    fn load(stored: Self::Stored) -> Result<Self, &'static str> {
        Ok(stored.into_iter().map(|(node, start, end)| Mention { node: NodeId::new(node), start, end }).collect())
    }
}

/// What a model gave an edge in a sentence.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) probability: f32,
    pub(crate) probabilities: Vec<f32>,
}

impl Record for Reading {
    type Stored = (f32, Vec<f32>);

    fn store(&self) -> Self::Stored {
        (self.probability, self.probabilities.clone())
    }

    fn load((probability, probabilities): Self::Stored) -> Result<Self, &'static str> {
        Ok(Self { probability, probabilities })
    }
}

/// The kind of a run as stored.
#[derive(Encode, Decode)]
pub(crate) enum StoredRunKind {
    Hand,
    Load(String),
    /// Model, weights hash, quantization, prompt, answers, threshold in thousandths.
    Model(String, String, String, String, Vec<(String, Option<String>)>, u32),
}

impl Record for Run {
    /// Kind, date, program.
    type Stored = (StoredRunKind, String, String);

    fn store(&self) -> Self::Stored {
        let kind = match self.kind.clone() {
            RunKind::Hand => StoredRunKind::Hand,
            RunKind::Load { source } => StoredRunKind::Load(source),
            RunKind::Model { model, weights_hash, quantization, prompt, answers, threshold_thousandths } => {
                StoredRunKind::Model(model, weights_hash, quantization, prompt, answers, threshold_thousandths)
            }
        };
        (kind, self.started.clone(), self.program.clone())
    }

    fn load((kind, started, program): Self::Stored) -> Result<Self, &'static str> {
        let kind = match kind {
            StoredRunKind::Hand => RunKind::Hand,
            StoredRunKind::Load(source) => RunKind::Load { source },
            StoredRunKind::Model(model, weights_hash, quantization, prompt, answers, threshold_thousandths) => {
                RunKind::Model { model, weights_hash, quantization, prompt, answers, threshold_thousandths }
            }
        };
        Ok(Self { kind, started, program })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_record_has_the_bytes_that_the_format_promises() {
        let node = Node {
            labels: vec![LabelId::new(2)],
            name: "A".to_owned(),
            synonyms: vec![],
            identifiers: vec!["X:1".to_owned()],
            properties: Properties::from([("k".to_owned(), PropertyValue::Integer(-1))]),
        };
        // One label, 2; a name of 1; no synonym; one identifier of 3; one property: a name of 1, kind 1, zigzag(-1).
        let bytes = [&[1, 2, 1][..], b"A", &[0, 1, 3], b"X:1", &[1, 1], b"k", &[1, 1]].concat();
        assert_eq!(encode(&node), bytes);
        assert_eq!(decode::<Node>(&bytes).unwrap(), node);
    }

    #[test]
    fn cut_and_lengthened_records_are_refused() {
        let bytes = encode(&Reading { probability: 0.5, probabilities: vec![0.5, 0.25, 0.25] });
        assert!(decode::<Reading>(&bytes[..bytes.len() - 1]).is_err());
        assert!(decode::<Reading>(&[&bytes[..], &[0]].concat()).is_err());
    }

    /// Whether bytes decode as a record that is encoded as other bytes or does not come back.
    fn is_unstable<R: Record>(bytes: &[u8]) -> bool {
        decode::<R>(bytes).is_ok_and(|record| decode::<R>(&encode(&record)).is_err())
    }

    proptest::proptest! {
        /// Damage that no checksum saw: a record decodes to what can be stored again, or is refused, within bounds of
        /// memory.
        #[test]
        fn any_bytes_are_a_record_or_are_refused(
            mut bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80),
            flips in proptest::collection::vec((0_usize..80, 0_u8..8), 0..4),
        ) {
            let node = Node { name: "name".to_owned(), synonyms: vec!["s".to_owned()], ..Node::default() };
            for base in [std::mem::take(&mut bytes), encode(&node)] {
                let mut bytes = base;
                for &(at, bit) in flips.iter().filter(|(at, _)| *at < bytes.len()).collect::<Vec<_>>() {
                    bytes[at] ^= 1 << bit;
                }
                proptest::prop_assert!(!is_unstable::<Node>(&bytes));
                proptest::prop_assert!(!is_unstable::<Document>(&bytes));
                proptest::prop_assert!(!is_unstable::<Run>(&bytes));
                proptest::prop_assert!(!is_unstable::<Vec<Mention>>(&bytes));
                proptest::prop_assert!(!is_unstable::<SentenceText>(&bytes));
                proptest::prop_assert!(!is_unstable::<Reading>(&bytes));
                proptest::prop_assert!(!is_unstable::<RelationType>(&bytes));
            }
        }
    }

    #[test]
    fn every_kind_of_run_comes_back() {
        let model = RunKind::Model {
            model: "m".to_owned(),
            weights_hash: "00".to_owned(),
            quantization: "Q8_0".to_owned(),
            prompt: "{sentence}".to_owned(),
            answers: vec![("True".to_owned(), Some("associated".to_owned())), ("False".to_owned(), None)],
            threshold_thousandths: 500,
        };
        for kind in [RunKind::Hand, RunKind::Load { source: "f.tsv".to_owned() }, model] {
            let run = Run { kind, started: "2026-01-01T00:00:00Z".to_owned(), program: "hopgraph 0.1.0".to_owned() };
            assert_eq!(decode::<Run>(&encode(&run)).unwrap(), run);
        }
    }
}

//! The functions that make one value of many rows, as a plan knows them.

use super::FunctionDescription;

/// Which aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AggregateKind {
    Count,
    Collect,
    Min,
    Max,
    Average,
    Sum,
    Deviation,
}

/// The aggregates as people know them, in the order of their kinds.
pub(crate) const AGGREGATES: [FunctionDescription; 7] = [
    describe("count", "value", "How many values are not null; `count(*)`: how many rows."),
    describe("collect", "value", "The values that are not null, as a list, in the order of the rows."),
    describe("min", "value", "The least value, in the order of ORDER BY; null if there is none."),
    describe("max", "value", "The largest value; null if there is none."),
    describe("avg", "number", "The mean of the numbers; null if there is none."),
    describe("sum", "number", "The sum of the numbers; 0 if there is none."),
    describe("stDev", "number", "The standard deviation of a sample: 0 for fewer than two numbers."),
];

const KINDS: [AggregateKind; 7] = [
    AggregateKind::Count,
    AggregateKind::Collect,
    AggregateKind::Min,
    AggregateKind::Max,
    AggregateKind::Average,
    AggregateKind::Sum,
    AggregateKind::Deviation,
];

const fn describe(name: &'static str, arguments: &'static str, description: &'static str) -> FunctionDescription {
    FunctionDescription { name, arguments, description, is_aggregate: true }
}

impl AggregateKind {
    /// The aggregate with this name, ignoring case.
    pub(crate) fn find(name: &str) -> Option<Self> {
        let place = AGGREGATES.iter().position(|description| description.name.eq_ignore_ascii_case(name))?;
        Some(KINDS[place])
    }

    /// Its name as documented.
    pub(crate) fn name(self) -> &'static str {
        let place = KINDS.iter().position(|&kind| kind == self).unwrap_or_default();
        AGGREGATES[place].name
    }

    /// Whether equal rows may come once or many times without a difference.
    pub(crate) fn ignores_duplicates(self) -> bool {
        matches!(self, Self::Min | Self::Max)
    }
}

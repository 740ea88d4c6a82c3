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
    DeviationOfAll,
    PercentileDiscrete,
    PercentileContinuous,
}

/// The aggregates as people know them, in the order of their kinds.
pub(crate) const AGGREGATES: [FunctionDescription; 10] = [
    describe("count", "value", "How many values are not null; `count(*)`: how many rows."),
    describe("collect", "value", "The values that are not null, as a list, in the order of the rows."),
    describe("min", "value", "The least value, in the order of ORDER BY; null if there is none."),
    describe("max", "value", "The largest value; null if there is none."),
    describe("avg", "number", "The mean of the numbers; null if there is none."),
    describe("sum", "number", "The sum of the numbers; 0 if there is none."),
    describe("stDev", "number", "The standard deviation of a sample: 0 for fewer than two numbers."),
    describe("stDevP", "number", "The standard deviation of all there is: 0 for fewer than two numbers."),
    describe(
        "percentileDisc",
        "number, share",
        "The number below which a share of the numbers lies, from 0 to 1: the nearest of them.",
    ),
    describe("percentileCont", "number, share", "The same, between two of the numbers where it lies between them."),
];

const KINDS: [AggregateKind; 10] = [
    AggregateKind::Count,
    AggregateKind::Collect,
    AggregateKind::Min,
    AggregateKind::Max,
    AggregateKind::Average,
    AggregateKind::Sum,
    AggregateKind::Deviation,
    AggregateKind::DeviationOfAll,
    AggregateKind::PercentileDiscrete,
    AggregateKind::PercentileContinuous,
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

    /// How many arguments it takes. The second one of a percentile travels with the first, in a list.
    pub(crate) fn arity(self) -> usize {
        if matches!(self, Self::PercentileDiscrete | Self::PercentileContinuous) { 2 } else { 1 }
    }

    /// Whether equal rows may come once or many times without a difference.
    pub(crate) fn ignores_duplicates(self) -> bool {
        matches!(self, Self::Min | Self::Max)
    }
}

//! That a document does not stand, as its source has said.

/// That a document does not stand, as its source has said. The graph remembers it, so that an older copy of the document
/// that comes later is known for what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// What became of it.
    pub reason: WithdrawalReason,
    /// The version of the document that said so. A later version that stands replaces the withdrawal; without a number it
    /// holds for every version.
    pub version: Option<u32>,
}

/// Why a document does not stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WithdrawalReason {
    /// Its authors or publisher have retracted it.
    Retracted,
    /// Its source has deleted the record.
    Deleted,
    /// It is a notice about another document and states nothing itself.
    Notice,
}

impl Withdrawal {
    /// Whether it holds for this version of the document.
    pub fn holds_for(self, version: Option<u32>) -> bool {
        self.version.zip(version).is_none_or(|(withdrawn, version)| version <= withdrawn)
    }

    /// What both say together, whichever came first: the one that holds for more versions.
    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        // Without a number is the most.
        let rank = |one: &Self| (one.version.is_none(), one.version, std::cmp::Reverse(one.reason));
        if rank(&other) > rank(&self) { other } else { self }
    }
}

//! The column families: one table, one line each, as in `engine/FORMAT.md`.

/// A column family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Family {
    Counters,
    Catalog,
    Nodes,
    Identifiers,
    Names,
    Labels,
    Descriptions,
    Adjacency,
    Facts,
    EdgeProperties,
    Documents,
    DocumentIdentifiers,
    Withdrawals,
    Sentences,
    Mentions,
    Mentioned,
    Evidence,
    Readings,
    Runs,
    RunDocuments,
    RunInputs,
}

/// What the values of a column family are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Whole values, replaced by each write.
    Plain,
    /// Pages of sets, under the merge operator.
    Sets,
}

impl Family {
    /// All of them, in the order of `FORMAT.md`.
    pub(crate) const ALL: [Self; 21] = [
        Self::Counters,
        Self::Catalog,
        Self::Nodes,
        Self::Identifiers,
        Self::Names,
        Self::Labels,
        Self::Descriptions,
        Self::Adjacency,
        Self::Facts,
        Self::EdgeProperties,
        Self::Documents,
        Self::DocumentIdentifiers,
        Self::Withdrawals,
        Self::Sentences,
        Self::Mentions,
        Self::Mentioned,
        Self::Evidence,
        Self::Readings,
        Self::Runs,
        Self::RunDocuments,
        Self::RunInputs,
    ];

    /// Its name in RocksDB.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Counters => "default",
            Self::Catalog => "catalog",
            Self::Nodes => "nodes",
            Self::Identifiers => "identifiers",
            Self::Names => "names",
            Self::Labels => "labels",
            Self::Descriptions => "descriptions",
            Self::Adjacency => "adjacency",
            Self::Facts => "facts",
            Self::EdgeProperties => "edge_properties",
            Self::Documents => "documents",
            Self::DocumentIdentifiers => "document_identifiers",
            Self::Withdrawals => "withdrawals",
            Self::Sentences => "sentences",
            Self::Mentions => "mentions",
            Self::Mentioned => "mentioned",
            Self::Evidence => "evidence",
            Self::Readings => "readings",
            Self::Runs => "runs",
            Self::RunDocuments => "run_documents",
            Self::RunInputs => "run_inputs",
        }
    }

    /// What its values are.
    pub(crate) const fn content(self) -> Content {
        match self {
            Self::Labels
            | Self::Descriptions
            | Self::Adjacency
            | Self::Facts
            | Self::Mentioned
            | Self::RunDocuments => Content::Sets,
            _ => Content::Plain,
        }
    }

    /// Whether keys are looked up whole that are often absent, so that a filter saves reads. Elsewhere the ids asked for
    /// are there, or only the beginning of a key is given, which no filter knows.
    pub(crate) const fn has_bloom_filter(self) -> bool {
        matches!(
            self,
            Self::Identifiers | Self::DocumentIdentifiers | Self::Withdrawals | Self::EdgeProperties | Self::Mentions
        )
    }
}

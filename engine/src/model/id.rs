//! The numbers that stand for things: one newtype for each kind, never a bare integer.

use std::fmt;

macro_rules! id_type {
    ($(#[$meta:meta])* $name:ident, $integer:ty) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($integer);

        impl $name {
            /// The largest id that this kind can have.
            pub const MAX: Self = Self(<$integer>::MAX);

            /// The id with this number.
            pub const fn new(number: $integer) -> Self {
                Self(number)
            }

            /// The number itself.
            pub const fn get(self) -> $integer {
                self.0
            }

            /// The number as an index into a dense array.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

id_type!(
    /// A node (an entity). Dense: ids are handed out from 0 upwards and never reused. Four billion fit, because
    /// Roaring bitmaps hold `u32`.
    NodeId,
    u32
);
id_type!(
    /// A node label, such as `gene`.
    LabelId,
    u16
);
id_type!(
    /// A relation type, such as `associated`. The upper bit is kept free: see [`crate::Topology`].
    RelationTypeId,
    u16
);
id_type!(
    /// A document, such as a PubMed abstract.
    DocumentId,
    u32
);
id_type!(
    /// A sentence of a document. The sentences of one document have consecutive ids.
    SentenceId,
    u32
);
id_type!(
    /// A run: whatever put edges into the graph (a model over texts, a load of a file, a person by hand).
    RunId,
    u32
);

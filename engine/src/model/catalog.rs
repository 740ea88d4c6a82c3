//! The names a graph knows: labels and relation types, and their numbers.

use std::collections::HashMap;

use crate::{LabelId, RelationType, RelationTypeId};

/// Labels and relation types by number and by name. Names are compared ignoring case and kept as first written.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    labels: Vec<String>,
    relation_types: Vec<RelationType>,
    label_by_name: HashMap<String, LabelId>,
    relation_type_by_name: HashMap<String, RelationTypeId>,
}

impl Catalog {
    /// The label with this name, ignoring case.
    pub fn label(&self, name: &str) -> Option<LabelId> {
        self.label_by_name.get(&name.to_lowercase()).copied()
    }

    /// The name of a label.
    pub fn label_name(&self, id: LabelId) -> Option<&str> {
        self.labels.get(id.index()).map(String::as_str)
    }

    /// All labels in order of their number.
    pub fn labels(&self) -> impl Iterator<Item = (LabelId, &str)> {
        (0..).map(LabelId::new).zip(self.labels.iter().map(String::as_str))
    }

    /// The relation type with this name, ignoring case.
    pub fn relation_type_id(&self, name: &str) -> Option<RelationTypeId> {
        self.relation_type_by_name.get(&name.to_lowercase()).copied()
    }

    /// The relation type with this number.
    pub fn relation_type(&self, id: RelationTypeId) -> Option<&RelationType> {
        self.relation_types.get(id.index())
    }

    /// All relation types in order of their number.
    pub fn relation_types(&self) -> impl Iterator<Item = (RelationTypeId, &RelationType)> {
        (0..).map(RelationTypeId::new).zip(&self.relation_types)
    }

    /// How many labels there are.
    pub fn label_count(&self) -> usize {
        self.labels.len()
    }

    /// How many relation types there are.
    pub fn relation_type_count(&self) -> usize {
        self.relation_types.len()
    }

    /// Adds a label under the next number.
    pub(crate) fn push_label(&mut self, name: &str) -> LabelId {
        let id = LabelId::new(u16::try_from(self.labels.len()).expect("the caller checked the id space"));
        self.labels.push(name.to_owned());
        self.label_by_name.insert(name.to_lowercase(), id);
        id
    }

    /// Adds a relation type under the next number.
    pub(crate) fn push_relation_type(&mut self, relation_type: RelationType) -> RelationTypeId {
        let id =
            RelationTypeId::new(u16::try_from(self.relation_types.len()).expect("the caller checked the id space"));
        self.relation_type_by_name.insert(relation_type.name.to_lowercase(), id);
        self.relation_types.push(relation_type);
        id
    }
}

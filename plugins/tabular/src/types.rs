//! The relation types of a load, and what was said of them.

use std::collections::HashMap;

use hopgraph_engine::{BulkLoad, Polarity, RelationType, RelationTypeId, StorageError};

use crate::{LoadError, LoadOptions};

/// The relation types of a load, and what was said of them.
pub(crate) struct Types {
    /// By name as written in the file.
    known: HashMap<String, RelationTypeId>,
    /// What the options say, by lower-case name; the flag is true once an edge has used it.
    flagged: HashMap<String, (RelationType, bool)>,
}

impl Types {
    pub(crate) fn new(options: &LoadOptions) -> Self {
        let mut flagged: HashMap<String, (RelationType, bool)> = HashMap::new();
        for name in options.symmetric.iter().chain(&options.denied) {
            let listed = |names: &[String]| names.iter().any(|other| other.eq_ignore_ascii_case(name));
            let polarity = if listed(&options.denied) { Polarity::Denied } else { Polarity::Asserted };
            let relation_type = RelationType { name: name.clone(), polarity, symmetric: listed(&options.symmetric) };
            flagged.entry(name.to_lowercase()).or_insert((relation_type, false));
        }
        Self { known: HashMap::new(), flagged }
    }

    /// Fails before the first row if the options contradict a type that the graph has.
    pub(crate) fn settle(&self, bulk: &mut BulkLoad) -> Result<(), LoadError> {
        for (relation_type, _) in self.flagged.values() {
            if bulk.catalog().relation_type_id(&relation_type.name).is_some() {
                bulk.relation_type(relation_type)?;
            }
        }
        Ok(())
    }

    pub(crate) fn id(&mut self, bulk: &mut BulkLoad, name: &str) -> Result<RelationTypeId, StorageError> {
        if let Some(id) = self.known.get(name) {
            return Ok(*id);
        }
        let id = match self.flagged.get_mut(&name.to_lowercase()) {
            Some((relation_type, used)) => {
                *used = true;
                bulk.relation_type(relation_type)?
            }
            None => match bulk.catalog().relation_type_id(name) {
                Some(id) => id,
                None => bulk.relation_type(&RelationType {
                    name: name.to_owned(),
                    polarity: Polarity::Asserted,
                    symmetric: false,
                })?,
            },
        };
        self.known.insert(name.to_owned(), id);
        Ok(id)
    }

    /// The names given in the options that no edge used, in alphabetical order.
    pub(crate) fn unused(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.flagged.values().filter(|(_, used)| !used).map(|(kind, _)| kind.name.clone()).collect();
        names.sort();
        names
    }
}

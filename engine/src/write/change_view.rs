//! What a reader may ask of an open change: its own edits first, then the store.

use crate::model::name::fold;
use crate::storage::key::Side;
use crate::storage::lookup;
use crate::write::edits;
use crate::{
    Catalog, Change, Direction, Document, DocumentId, Edge, Evidence, LabelId, Node, NodeId, NodeSet, Properties,
    RelationTypeId, Run, RunId, Sentence, SentenceId, StorageError, View, Withdrawal, confidence,
};

impl View for Change {
    fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    fn node(&self, id: NodeId) -> Result<Option<Node>, StorageError> {
        self.edits.nodes.get(&id).map_or_else(|| lookup::node(self.store(), id), |edited| Ok(edited.clone()))
    }

    fn node_by_identifier(&self, identifier: &str) -> Result<Option<NodeId>, StorageError> {
        let edited = self.edits.identifiers.get(identifier);
        edited.map_or_else(|| lookup::node_by_identifier(self.store(), identifier), |edited| Ok(*edited))
    }

    fn nodes_by_name(&self, name: &str) -> Result<Vec<NodeId>, StorageError> {
        let folded = fold(name);
        let mut found: NodeSet = lookup::nodes_by_folded_name(self.store(), &folded)?.into_iter().collect();
        let first = (folded.clone(), NodeId::default());
        for ((_, node), kind) in self.edits.names.range(first..).take_while(|((name, _), _)| *name == folded) {
            match kind {
                Some(_) => found.insert(*node),
                None => found.remove(*node),
            };
        }
        Ok(found.iter().collect())
    }

    fn nodes(&self) -> Result<NodeSet, StorageError> {
        let mut nodes = NodeSet::from(lookup::nodes(self.store())?);
        for (id, edited) in &self.edits.nodes {
            match edited {
                Some(_) => nodes.insert(*id),
                None => nodes.remove(*id),
            };
        }
        Ok(nodes)
    }

    fn nodes_with_label(&self, label: LabelId) -> Result<NodeSet, StorageError> {
        let stored = lookup::nodes_with_label(self.store(), label)?;
        Ok(edits::apply(&self.edits.labels, &label, stored).into())
    }

    fn neighbors(&self, node: NodeId, relation: RelationTypeId, direction: Direction) -> Result<NodeSet, StorageError> {
        let mut found = NodeSet::new();
        for &side in lookup::sides(self.is_symmetric(relation), direction) {
            found.union_with(&self.adjacent(relation, side, node)?);
        }
        Ok(found)
    }

    fn has_edge(&self, edge: Edge) -> Result<bool, StorageError> {
        let edge = self.canonical(edge);
        let place = (edge.relation, Side::Out, edge.source);
        let edited = edits::contains(&self.edits.adjacency, &place, edge.target.get());
        edited.map_or_else(|| lookup::has_edge(self.store(), edge), Ok)
    }

    fn edge_properties(&self, edge: Edge) -> Result<Properties, StorageError> {
        let edge = self.canonical(edge);
        match self.edits.edge_properties.get(&edge) {
            Some(edited) => Ok(edited.clone().unwrap_or_default()),
            None => Ok(lookup::edge_properties(self.store(), edge)?.unwrap_or_default()),
        }
    }

    fn evidence(&self, edge: Edge) -> Result<Vec<Evidence>, StorageError> {
        let edge = self.canonical(edge);
        let facts = self.fact_runs(edge)?.into_iter().map(|run| Evidence::Fact { run });
        Ok(facts.chain(self.readings(edge)?.into_iter().map(lookup::text_evidence)).collect())
    }

    fn confidence(&self, edge: Edge) -> Result<f64, StorageError> {
        confidence(&self.evidence(edge)?, |id| lookup::document_of(self.sentence(id)?, id))
    }

    fn document(&self, id: DocumentId) -> Result<Option<Document>, StorageError> {
        let edited = self.edits.documents.get(&id);
        edited.map_or_else(|| lookup::document(self.store(), id), |edited| Ok(edited.clone()))
    }

    fn document_by_identifier(&self, identifier: &str) -> Result<Option<DocumentId>, StorageError> {
        let edited = self.edits.document_identifiers.get(identifier);
        edited.map_or_else(|| lookup::document_by_identifier(self.store(), identifier), |edited| Ok(*edited))
    }

    fn withdrawal(&self, identifier: &str) -> Result<Option<Withdrawal>, StorageError> {
        let edited = self.edits.withdrawals.get(identifier);
        edited.map_or_else(|| lookup::withdrawal(self.store(), identifier), |edited| Ok(*edited))
    }

    fn sentence(&self, id: SentenceId) -> Result<Option<Sentence>, StorageError> {
        let edited = self.edits.sentences.get(&id);
        edited.map_or_else(|| lookup::sentence(self.store(), id), |edited| Ok(edited.clone()))
    }

    fn run(&self, id: RunId) -> Result<Option<Run>, StorageError> {
        self.edits.runs.get(&id).map_or_else(|| lookup::run(self.store(), id), |edited| Ok(edited.clone()))
    }
}

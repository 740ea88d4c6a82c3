//! Parts of a path that are repeated: `((a)-[r]->(b) WHERE a.x < b.x){2,4}`. Each hop is one of a relationship of variable
//! length, and the nodes around it are lists outside of the part.

use super::Binder;
use super::label::Named;
use super::scope::{Scope, VariableKind};
use crate::fault::{Result, meaning_with_help};
use crate::planner::plan::{Expression, ExpressionKind as Kind, Hop, Signature, Slot};
use crate::syntax::ast;
use crate::value::Cell;
use hopgraph_engine::Direction;

impl Binder<'_> {
    /// What is asked of the two nodes around each hop, and the condition of the part, as conditions on the edge.
    pub(super) fn repeated_conditions(
        &mut self,
        part: &ast::RelationshipPattern,
        ends: &[ast::NodePattern; 2],
        hop: &mut Hop,
        before: &Scope,
    ) -> Result<()> {
        self.refuse_aggregates("in a pattern");
        let slots = [self.slot(""), self.slot("")];
        let mut scope = before.clone();
        if let Some(name) = &part.variable {
            scope.add(&name.node, hop.edge, VariableKind::Relationship);
        }
        for (node, slot) in ends.iter().zip(slots) {
            if let Some(name) = &node.variable {
                scope.add(&name.node, slot, VariableKind::Node);
            }
        }
        let mut conditions = Vec::new();
        for (node, slot) in ends.iter().zip(slots) {
            let subject = Expression::slot(slot, node.span);
            let tests = self.label_tests(&node.labels, &subject, Named::Label, false)?;
            conditions.extend(tests.into_conditions(&subject));
            conditions.extend(self.node_conditions(&node.properties, slot, before)?);
            if let Some(condition) = &node.condition {
                conditions.extend(self.condition(condition, &scope)?.conjuncts());
            }
        }
        if let Some(condition) = &part.condition {
            conditions.extend(self.condition(condition, &scope)?.conjuncts());
        }
        let reads_nodes = |condition: &Expression| condition.reads().iter().any(|slot| slots.contains(slot));
        if hop.direction == Direction::Both && conditions.iter().any(reads_nodes) {
            let help = Some("give the relationship an arrow, so that it is known which node comes first".to_owned());
            return Err(meaning_with_help(part.span, "the nodes of a repeated part need an arrow between them", help));
        }
        let ways = if hop.direction == Direction::In { ["endNode", "startNode"] } else { ["startNode", "endNode"] };
        let ways = ways.map(|way| self.known_function(way));
        for mut condition in conditions {
            for (slot, way) in slots.into_iter().zip(ways) {
                put_call(&mut condition, slot, way, hop.edge);
            }
            hop.conditions.push(condition);
        }
        Ok(())
    }

    /// Outside of the part its nodes are lists: those before each hop, and those behind.
    pub(super) fn repeated_nodes(
        &mut self,
        ends: &[ast::NodePattern; 2],
        [start, relationships]: [Slot; 2],
        scope: &mut Scope,
    ) -> Result<()> {
        for (node, bounds) in ends.iter().zip([(None, Some(-1)), (Some(1), None)]) {
            let Some(name) = &node.variable else { continue };
            scope.check_new(name)?;
            let new = |kind| Expression::new(kind, name.span);
            let path = new(Kind::Path { start, relationships: vec![relationships] });
            let function = self.known_function("nodes");
            let nodes = Box::new(new(Kind::Call(function, vec![path])));
            let bound = |bound: Option<i64>| bound.map(|bound| Box::new(new(Kind::Constant(Cell::Integer(bound)))));
            let list = new(Kind::Slice { list: nodes, from: bound(bounds.0), to: bound(bounds.1) });
            let slot = self.slot(&name.node);
            scope.add_meaning(&name.node, slot, VariableKind::List, list);
        }
        Ok(())
    }
}

/// Puts `function(edge)` in place of a slot.
fn put_call(expression: &mut Expression, slot: Slot, function: &'static Signature, edge: Slot) {
    if expression.as_slot() == Some(slot) {
        expression.kind = Kind::Call(function, vec![Expression::slot(edge, expression.span)]);
        return;
    }
    for child in expression.children_mut() {
        put_call(child, slot, function, edge);
    }
}

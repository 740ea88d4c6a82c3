//! Patterns: nodes and relationships with their labels, types and property maps.

use std::sync::Arc;

use hopgraph_engine::Direction;
use hopgraph_engine::traverse::PathMode;

use super::Binder;
use super::clause::path_mode;
use super::label::{LabelTests, Named};
use super::scope::{Scope, VariableKind};
use crate::fault::{Result, meaning, meaning_with_help, too_large};
use crate::limits::RELATIONSHIPS_MAX;
use crate::planner::plan::Slot;
use crate::planner::plan::{
    Cost, EvidencePattern, Expression, ExpressionKind, Hop, Label, NodePattern, PathPattern, Pattern, Range,
    RelationshipPattern,
};
use crate::syntax::ast;
use crate::syntax::ast::{Arrow, BinaryOperator, Name, Shortest, Span};
use crate::value::Cell;

/// The variable of what a cheapest path costs.
const COST: &str = "cost";

impl Binder<'_> {
    /// The paths of one clause. Gives the pattern, and the scope with its variables added.
    pub(super) fn pattern(
        &mut self,
        paths: &[ast::PathPattern],
        mode: PathMode,
        before: &Scope,
    ) -> Result<(Pattern, Scope)> {
        let mut pattern = Pattern::default();
        let mut scope = before.clone();
        // A bare word anywhere in a clause makes it the terse form, in which unknown names are errors.
        let terse = paths.iter().any(super::clause::is_terse);
        let outer = std::mem::replace(&mut self.terse, terse);
        let bound = self.paths(paths, mode, before, &mut scope, &mut pattern);
        self.terse = outer;
        bound.map(|()| (pattern, scope))
    }

    fn paths(
        &mut self,
        paths: &[ast::PathPattern],
        mode: PathMode,
        before: &Scope,
        scope: &mut Scope,
        pattern: &mut Pattern,
    ) -> Result<()> {
        for path in paths {
            if pattern.relationships.len() + path.steps.len() > RELATIONSHIPS_MAX
                || pattern.nodes.len() > RELATIONSHIPS_MAX
            {
                return Err(too_large("long in its pattern", RELATIONSHIPS_MAX, path.span));
            }
            self.path(path, mode, before, scope, pattern)?;
        }
        refuse_nulls(pattern);
        Ok(())
    }

    fn path(
        &mut self,
        path: &ast::PathPattern,
        mode: PathMode,
        before: &Scope,
        scope: &mut Scope,
        pattern: &mut Pattern,
    ) -> Result<()> {
        check_shortest(path)?;
        let start = self.node(&path.start, before, scope, pattern)?;
        let mut relationships = Vec::new();
        let mut from = start;
        for (relationship, node) in &path.steps {
            let place = pattern.relationships.len();
            let slot = self.relationship_slot(relationship, path.shortest.is_some(), scope, pattern)?;
            let to = self.node(node, before, scope, pattern)?;
            let bound = self.relationship(relationship, slot, [from, to], path.shortest.is_some(), before)?;
            pattern.relationships.push(bound);
            if let Some(ends) = &relationship.ends {
                self.repeated_nodes(ends, [pattern.nodes[from].slot, slot], scope)?;
            }
            relationships.push(place);
            from = to;
        }
        let slot = match &path.variable {
            None => None,
            Some(name) => {
                scope.check_new(name)?;
                let slot = self.slot(&name.node);
                scope.add(&name.node, slot, VariableKind::Path);
                Some(slot)
            }
        };
        let mode = path.path_mode.as_ref().map_or(mode, |name| path_mode(Some(name.node)));
        let cost = match (path.shortest, &path.steps[..]) {
            (Some(shortest), [(step, _)]) if shortest.is_cheapest() => {
                Some(self.cost(step, pattern.relationships[relationships[0]].hop.edge, before, scope)?)
            }
            _ => None,
        };
        pattern.paths.push(PathPattern { slot, start, relationships, mode, shortest: path.shortest, cost });
        Ok(())
    }

    /// What a hop of a cheapest path costs; brings the variable of what the path costs.
    fn cost(
        &mut self,
        relationship: &ast::RelationshipPattern,
        edge: Slot,
        before: &Scope,
        scope: &mut Scope,
    ) -> Result<Cost> {
        let Some(written) = &relationship.cost else {
            let help = Some("write it behind COST: -[r:associated*..6 COST 1 - r.confidence]-".to_owned());
            return Err(meaning_with_help(relationship.span, "a cheapest path needs the cost of a hop", help));
        };
        let of_hop = self.of_one_hop(written, relationship, edge, before)?;
        let total = self.slot(COST);
        scope.imply(COST, total);
        Ok(Cost { of_hop, total })
    }

    /// The index of a node in the pattern; a node that is named twice is the same node.
    fn node(
        &mut self,
        node: &ast::NodePattern,
        before: &Scope,
        scope: &mut Scope,
        pattern: &mut Pattern,
    ) -> Result<usize> {
        let known = node.variable.as_ref().and_then(|name| scope.find_explicit(&name.node)).cloned();
        if let (Some(name), Some(known)) = (&node.variable, &known)
            && !matches!(known.kind, VariableKind::Node | VariableKind::Value)
        {
            let message = format!("`{}` is {}, not a node", name.node, known.kind.describe());
            return Err(meaning(name.span, message));
        }
        let slot = match &known {
            Some(known) => known.slot,
            None => self.new_node(node, scope),
        };
        if let Some(name) = &node.variable {
            scope.be_node(&name.node);
        }
        let subject = Expression::slot(slot, node.span);
        let LabelTests { groups: labels, conditions: mut label_conditions } =
            self.label_tests(&node.labels, &subject, Named::Label, node.bare)?;
        let mut conditions = self.node_conditions(&node.properties, slot, before)?;
        conditions.append(&mut label_conditions);
        if let Some(condition) = &node.condition {
            self.refuse_aggregates("in a pattern");
            let inner = with_node(before, node, slot);
            pattern.conditions.extend(self.condition(condition, &inner)?.conjuncts());
        }
        if let Some(place) = pattern.nodes.iter().position(|other| other.slot == slot) {
            let other = &mut pattern.nodes[place];
            if !other.bound {
                other.labels.extend(labels);
                other.conditions.extend(conditions);
                return Ok(place);
            }
            pattern.conditions.extend(label_condition(slot, labels, node.span).into_iter().chain(conditions));
            return Ok(place);
        }
        let mut found =
            NodePattern { slot, bound: known.is_some(), named: node.variable.is_some(), labels, conditions };
        if found.bound {
            let labels = std::mem::take(&mut found.labels);
            pattern.conditions.extend(label_condition(slot, labels, node.span));
            pattern.conditions.append(&mut found.conditions);
        }
        pattern.nodes.push(found);
        Ok(pattern.nodes.len() - 1)
    }

    fn new_node(&mut self, node: &ast::NodePattern, scope: &mut Scope) -> Slot {
        match &node.variable {
            Some(name) => {
                let slot = self.slot(&name.node);
                scope.add(&name.node, slot, VariableKind::Node);
                slot
            }
            None => self.slot(""),
        }
    }

    /// `{key: value}` of a node: `named` and `identifier` ask the indexes, other keys compare the property.
    pub(super) fn node_conditions(
        &mut self,
        properties: &[(Name, ast::Expression)],
        slot: Slot,
        before: &Scope,
    ) -> Result<Vec<Expression>> {
        self.refuse_aggregates("in a pattern");
        let mut conditions = Vec::new();
        for (key, value) in properties {
            let value = self.map_value(value, before)?;
            let span = Span { start: key.span.start, end: value.span.end };
            let node = Expression::slot(slot, key.span);
            let kind = match key.node.as_str() {
                "named" => self.index_test("named", vec![node, value]),
                "identifier" => self.index_test("identified", vec![node, value]),
                _ => equal_property(node, &key.node, value),
            };
            conditions.push(Expression::new(kind, span));
        }
        Ok(conditions)
    }

    /// A function that an index of nodes answers.
    fn index_test(&self, name: &str, arguments: Vec<Expression>) -> ExpressionKind {
        ExpressionKind::Call(self.known_function(name), arguments)
    }

    /// A value in the property map of a pattern.
    fn map_value(&mut self, written: &ast::Expression, before: &Scope) -> Result<Expression> {
        let value = self.expression(written, before)?;
        if value.subqueries().is_empty() {
            return Ok(value);
        }
        let help = Some("compute it in WITH first, and use its name".to_owned());
        Err(meaning_with_help(value.span, "a pattern cannot stand in a property map", help))
    }

    /// The slot of a relationship, its variable added to the scope.
    fn relationship_slot(
        &mut self,
        relationship: &ast::RelationshipPattern,
        shortest: bool,
        scope: &mut Scope,
        pattern: &mut Pattern,
    ) -> Result<Slot> {
        let Some(name) = &relationship.variable else { return Ok(self.slot("")) };
        let slot = self.slot(&name.node);
        let several = relationship.length.is_some() || shortest;
        let kind = if several { VariableKind::Relationships } else { VariableKind::Relationship };
        match scope.find_explicit(&name.node) {
            None => scope.add(&name.node, slot, kind),
            Some(known) if pattern.relationships.iter().any(|other| other.slot == known.slot) => {
                return Err(meaning(
                    name.span,
                    format!("the relationship `{}` can stand in a pattern once", name.node),
                ));
            }
            Some(known)
                if known.kind == kind
                    || known.kind == VariableKind::Value
                    || (several && known.kind == VariableKind::List) =>
            {
                let (a, b) = (Expression::slot(slot, name.span), Expression::slot(known.slot, name.span));
                pattern.conditions.push(Expression::equal(a, b));
            }
            Some(known) => {
                let message = format!("`{}` is {}, not {}", name.node, known.kind.describe(), kind.describe());
                return Err(meaning(name.span, message));
            }
        }
        Ok(slot)
    }

    fn relationship(
        &mut self,
        relationship: &ast::RelationshipPattern,
        slot: Slot,
        [from, to]: [usize; 2],
        shortest: bool,
        before: &Scope,
    ) -> Result<RelationshipPattern> {
        let single = Range { least: 1, most: Some(1) };
        let range = match relationship.length {
            Some(length) => Some(Range { least: length.least.unwrap_or(1), most: length.most }),
            None => shortest.then_some(single),
        };
        let edge = if range.is_some() { self.slot("") } else { slot };
        let direction = match relationship.arrow {
            Arrow::Right => Direction::Out,
            Arrow::Left => Direction::In,
            Arrow::Either => Direction::Both,
        };
        let types = match &relationship.type_expression {
            Some(expression) => self.relation_names(expression, self.terse)?,
            None => {
                relationship.types.iter().map(|name| self.relation_name(name, self.terse)).collect::<Result<_>>()?
            }
        };
        let mut hop = Hop { types, direction, edge, conditions: Vec::new(), evidence: EvidencePattern::default() };
        self.hop_properties(&relationship.properties, &mut hop, before)?;
        if let Some(ends) = &relationship.ends {
            self.repeated_conditions(relationship, ends, &mut hop, before)?;
        } else if let Some(condition) = &relationship.condition {
            let bound = self.of_one_hop(condition, relationship, edge, before)?;
            hop.conditions.extend(bound.conjuncts());
        }
        Ok(RelationshipPattern { slot, from, to, hop, range })
    }

    /// `{key: value}` of a relationship, asked of each hop.
    fn hop_properties(&mut self, properties: &[(Name, ast::Expression)], hop: &mut Hop, before: &Scope) -> Result<()> {
        self.refuse_aggregates("in a pattern");
        for (key, value) in properties {
            let value = self.map_value(value, before)?;
            // What MERGE would make is a property, so that is what it looks for.
            if let Some(key) = EvidencePattern::key(&key.node).filter(|_| !self.lenient) {
                hop.evidence.add(key, value);
                continue;
            }
            let span = Span { start: key.span.start, end: value.span.end };
            let kind = equal_property(Expression::slot(hop.edge, key.span), &key.node, value);
            hop.conditions.push(Expression::new(kind, span));
        }
        Ok(())
    }

    /// An expression in the brackets of a relationship: its variable stands for the relationship of one hop there.
    pub(super) fn of_one_hop(
        &mut self,
        written: &ast::Expression,
        relationship: &ast::RelationshipPattern,
        edge: Slot,
        before: &Scope,
    ) -> Result<Expression> {
        let mut inner = before.clone();
        if let Some(name) = &relationship.variable {
            inner.add(&name.node, edge, VariableKind::Relationship);
        }
        self.refuse_aggregates("in a pattern");
        let bound = self.expression(written, &inner)?;
        if bound.subqueries().is_empty() {
            return Ok(bound);
        }
        let help = Some("ask for it in the WHERE behind the pattern".to_owned());
        Err(meaning_with_help(bound.span, "a pattern cannot stand in the brackets of a relationship", help))
    }
}

/// The variables that a condition in the brackets of a node may name.
fn with_node(before: &Scope, node: &ast::NodePattern, slot: Slot) -> Scope {
    let mut scope = before.clone();
    if let Some(name) = &node.variable {
        scope.add(&name.node, slot, VariableKind::Node);
    }
    scope
}

fn equal_property(subject: Expression, key: &str, value: Expression) -> ExpressionKind {
    let span = subject.span;
    let property = Expression::new(ExpressionKind::Property(Box::new(subject), Arc::from(key)), span);
    ExpressionKind::Binary(BinaryOperator::Equal, Box::new(property), Box::new(value))
}

/// The labels of a node that the row holds already, as a condition.
fn label_condition(slot: Slot, labels: Vec<Vec<Label>>, span: Span) -> Option<Expression> {
    let node = Box::new(Expression::slot(slot, span));
    (!labels.is_empty()).then(|| Expression::new(ExpressionKind::HasLabels(node, labels), span))
}

/// A node that the row holds is none if it is null, as after OPTIONAL MATCH. Where a relationship touches it, following
/// that finds out.
fn refuse_nulls(pattern: &mut Pattern) {
    let touched = |place: usize| pattern.relationships.iter().any(|one| one.from == place || one.to == place);
    let alone = pattern.nodes.iter().enumerate().filter(|(place, node)| node.bound && !touched(*place));
    let slots: Vec<Slot> = alone.map(|(_, node)| node.slot).collect();
    pattern.conditions.extend(slots.into_iter().map(|slot| {
        let new = |kind| Expression::new(kind, Span::default());
        let is_null = new(ExpressionKind::IsNull(Box::new(Expression::slot(slot, Span::default()))));
        new(ExpressionKind::Not(Box::new(is_null)))
    }));
    let empty = |range: &Range| range.most.is_some_and(|most| most < range.least);
    if pattern.relationships.iter().filter_map(|one| one.range.as_ref()).any(empty) {
        // No path has at least 3 and at most 1 hops.
        let nothing = ExpressionKind::Constant(Cell::Boolean(false));
        pattern.conditions.push(Expression::new(nothing, Span::default()));
        for range in pattern.relationships.iter_mut().filter_map(|one| one.range.as_mut()) {
            range.most = range.most.map(|most| most.max(range.least));
        }
    }
}

fn check_shortest(path: &ast::PathPattern) -> Result<()> {
    if let (false, Some(cost)) =
        (path.shortest.is_some_and(Shortest::is_cheapest), path.steps.iter().find_map(|(step, _)| step.cost.as_ref()))
    {
        let help = Some("write ANY CHEAPEST before the path, or CHEAPEST with a number of paths".to_owned());
        return Err(meaning_with_help(cost.span, "COST is for the cheapest paths", help));
    }
    if path.shortest.is_none() {
        return Ok(());
    }
    let [(relationship, _)] = &path.steps[..] else {
        return Err(meaning(path.span, "a shortest path needs exactly one relationship between two nodes"));
    };
    match relationship.length {
        Some(length)
            if length.least.unwrap_or(1) > 1 && matches!(path.shortest, Some(Shortest::Any | Shortest::All)) =>
        {
            Err(meaning(length.span, "a shortest path begins at 0 or 1 hops"))
        }
        _ => Ok(()),
    }
}

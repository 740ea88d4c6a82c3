//! CREATE, MERGE, SET, REMOVE, DELETE.

use hopgraph_engine::traverse::PathMode;

use super::clause::slots_of;
use super::scope::{Scope, VariableKind};
use super::{Binder, Bound};
use crate::fault::{Result, meaning, meaning_with_help};
use crate::planner::plan::Slot;
use crate::planner::plan::{
    Creation, Edit, Expression, ExpressionKind, NewNode, NewRelationship, Pattern, Plan, Removal,
};
use crate::syntax::ast;
use crate::syntax::ast::{Arrow, Name, RemoveItem, SetItem, Span};

/// Nodes that the same clause makes, so that it may name them again.
type Made = Vec<Slot>;

impl Binder<'_> {
    /// `CREATE path, ...`
    pub(super) fn create(&mut self, paths: &[ast::PathPattern], bound: Bound) -> Result<Bound> {
        self.writes = true;
        let Bound { plan, mut scope } = bound;
        let before = scope.clone();
        let mut creation = Creation::default();
        for path in paths {
            check_plain(path, "CREATE")?;
            self.new_path(path, &before, &mut scope, &mut creation)?;
        }
        let keep = scope.slots();
        Ok(Bound { plan: Plan::Create { input: Box::new(plan), creation, keep }, scope })
    }

    fn new_path(
        &mut self,
        path: &ast::PathPattern,
        before: &Scope,
        scope: &mut Scope,
        creation: &mut Creation,
    ) -> Result<()> {
        let start = self.created_node(&path.start, before, scope, creation)?;
        let (mut from, mut relationships) = (start, Vec::new());
        for (relationship, node) in &path.steps {
            if let Some(name) = &relationship.variable {
                scope.check_new(name)?;
            }
            let to = self.created_node(node, before, scope, creation)?;
            let made = self.new_relationship(relationship, [from, to], before)?;
            if let Some(name) = &relationship.variable {
                scope.add(&name.node, made.slot, VariableKind::Relationship);
            }
            relationships.push(made.slot);
            creation.relationships.push(made);
            from = to;
        }
        if let Some(name) = &path.variable {
            scope.check_new(name)?;
            let slot = self.slot(&name.node);
            scope.add(&name.node, slot, VariableKind::Path);
            let kind = ExpressionKind::Path { start, relationships };
            creation.paths.push((slot, Expression::new(kind, path.span)));
        }
        Ok(())
    }

    /// The slot of a node in CREATE: one that is there, named alone, or a new one.
    fn created_node(
        &mut self,
        node: &ast::NodePattern,
        before: &Scope,
        scope: &mut Scope,
        creation: &mut Creation,
    ) -> Result<Slot> {
        if let Some(name) = &node.variable
            && let Some(known) = scope.find_explicit(&name.node)
        {
            if !matches!(known.kind, VariableKind::Node | VariableKind::Value) {
                return Err(meaning(name.span, format!("`{}` is {}, not a node", name.node, known.kind.describe())));
            }
            if !node.labels.is_empty() || !node.properties.is_empty() {
                let message = format!("`{}` is there already, so it takes no labels or properties here", name.node);
                return Err(meaning_with_help(node.span, message, Some("use SET to change it".into())));
            }
            return Ok(known.slot);
        }
        let new = self.new_node_from(node, before)?;
        if let Some(name) = &node.variable {
            self.slot_names[new.slot.0].clone_from(&name.node);
            scope.add(&name.node, new.slot, VariableKind::Node);
        }
        let slot = new.slot;
        creation.nodes.push(new);
        Ok(slot)
    }

    fn new_node_from(&mut self, node: &ast::NodePattern, before: &Scope) -> Result<NewNode> {
        let labels = self.new_labels(&node.labels)?;
        let properties = self.assignments(&node.properties, before)?;
        Ok(NewNode { slot: self.slot(""), labels, properties, span: node.span })
    }

    fn new_labels(&mut self, groups: &[Vec<Name>]) -> Result<Vec<String>> {
        let mut labels = Vec::new();
        for group in groups {
            let [name] = &group[..] else {
                let span = Span { start: group[0].span.start, end: group[group.len() - 1].span.end };
                return Err(meaning(span, "a new node cannot have one label or another; write `:A:B` for both"));
            };
            self.made.insert(name.node.to_lowercase());
            labels.push(name.node.clone());
        }
        Ok(labels)
    }

    fn assignments(&mut self, entries: &[(Name, ast::Expression)], scope: &Scope) -> Result<Vec<(String, Expression)>> {
        self.refuse_aggregates("in a pattern");
        entries.iter().map(|(key, value)| Ok((key.node.clone(), self.expression(value, scope)?))).collect()
    }

    fn new_relationship(
        &mut self,
        relationship: &ast::RelationshipPattern,
        [from, to]: [Slot; 2],
        before: &Scope,
    ) -> Result<NewRelationship> {
        if let Some(length) = relationship.length {
            return Err(meaning(length.span, "a new relationship is a single hop; it cannot have a star"));
        }
        let [name] = &relationship.types[..] else {
            let help = Some("write it as `-[:associated]->`".to_owned());
            return Err(meaning_with_help(relationship.span, "a new relationship needs exactly one type", help));
        };
        let symmetric = self
            .catalog
            .relation_type_id(&name.node)
            .and_then(|id| self.catalog.relation_type(id))
            .is_some_and(|relation| relation.symmetric);
        let (source, target) = match relationship.arrow {
            Arrow::Right => (from, to),
            Arrow::Left => (to, from),
            Arrow::Either if symmetric || self.lenient => (from, to),
            Arrow::Either => {
                let help = Some("write `->` or `<-`; only a symmetric type needs no arrow".to_owned());
                return Err(meaning_with_help(relationship.span, "a new relationship needs a direction", help));
            }
        };
        self.made.insert(name.node.to_lowercase());
        let properties = self.assignments(&relationship.properties, before)?;
        let (relation, span) = (name.node.clone(), relationship.span);
        Ok(NewRelationship { slot: self.slot(""), source, target, relation, properties, span })
    }

    /// `MERGE path [ON CREATE SET ...] [ON MATCH SET ...]`
    pub(super) fn merge(
        &mut self,
        path: &ast::PathPattern,
        on_create: &[SetItem],
        on_match: &[SetItem],
        bound: Bound,
    ) -> Result<Bound> {
        self.writes = true;
        check_plain(path, "MERGE")?;
        let Bound { plan, scope: before } = bound;
        self.lenient = true;
        let found = self.pattern(std::slice::from_ref(path), PathMode::Trail, &before);
        self.lenient = false;
        let (pattern, scope) = found?;
        let creation = self.creation_of(path, &pattern, &before)?;
        let on_create = self.edits(on_create, &scope)?;
        let on_match = self.edits(on_match, &scope)?;
        let keep = scope.slots();
        let matched = Plan::Match { input: Box::new(Plan::Row), pattern };
        let merge = Plan::Merge { input: Box::new(plan), plan: Box::new(matched), creation, on_create, on_match, keep };
        Ok(Bound { plan: merge, scope })
    }

    /// What MERGE makes if the pattern has no match: all of it that the row does not hold.
    fn creation_of(&mut self, path: &ast::PathPattern, pattern: &Pattern, before: &Scope) -> Result<Creation> {
        let mut creation = Creation::default();
        let mut made = Made::new();
        let written: Vec<&ast::NodePattern> =
            std::iter::once(&path.start).chain(path.steps.iter().map(|(_, node)| node)).collect();
        let found = &pattern.paths[0];
        let mut places = vec![found.start];
        places.extend(found.relationships.iter().map(|&place| pattern.relationships[place].to));
        for (node, &place) in written.iter().zip(&places) {
            let slot = pattern.nodes[place].slot;
            if !pattern.nodes[place].bound && !made.contains(&slot) {
                made.push(slot);
                let new = self.new_node_from(node, before)?;
                creation.nodes.push(NewNode { slot, ..new });
            }
        }
        self.lenient = true;
        for (step, (relationship, _)) in path.steps.iter().enumerate() {
            let ends = [pattern.nodes[places[step]].slot, pattern.nodes[places[step + 1]].slot];
            let new = self.new_relationship(relationship, ends, before)?;
            let slot = pattern.relationships[found.relationships[step]].slot;
            creation.relationships.push(NewRelationship { slot, ..new });
        }
        self.lenient = false;
        if let Some(slot) = found.slot {
            let kind = ExpressionKind::Path {
                start: pattern.nodes[found.start].slot,
                relationships: slots_of(found, &pattern.relationships),
            };
            creation.paths.push((slot, Expression::new(kind, path.span)));
        }
        Ok(creation)
    }

    /// `SET item, ...`
    pub(super) fn set(&mut self, items: &[SetItem], bound: Bound) -> Result<Bound> {
        self.writes = true;
        let Bound { plan, scope } = bound;
        let edits = self.edits(items, &scope)?;
        let keep = scope.slots();
        Ok(Bound { plan: Plan::Set { input: Box::new(plan), edits, keep }, scope })
    }

    fn edits(&mut self, items: &[SetItem], scope: &Scope) -> Result<Vec<Edit>> {
        self.refuse_aggregates("in SET; put it into WITH first");
        items.iter().map(|item| self.edit(item, scope)).collect()
    }

    fn edit(&mut self, item: &SetItem, scope: &Scope) -> Result<Edit> {
        Ok(match item {
            SetItem::Property { target, key, value } => Edit::Property {
                target: self.expression(target, scope)?,
                key: key.node.clone(),
                value: self.expression(value, scope)?,
            },
            SetItem::Replace { variable, value } => {
                Edit::Replace { target: variable_expression(variable, scope)?, map: self.expression(value, scope)? }
            }
            SetItem::Merge { variable, value } => {
                Edit::Merge { target: variable_expression(variable, scope)?, map: self.expression(value, scope)? }
            }
            SetItem::Labels { variable, labels } => {
                self.made.extend(labels.iter().map(|label| label.node.to_lowercase()));
                Edit::AddLabels { target: variable_expression(variable, scope)?, labels: plain(labels) }
            }
        })
    }

    /// `REMOVE item, ...`
    pub(super) fn remove(&mut self, items: &[RemoveItem], bound: Bound) -> Result<Bound> {
        self.writes = true;
        let Bound { plan, scope } = bound;
        let mut edits = Vec::new();
        for item in items {
            edits.push(match item {
                RemoveItem::Property { target, key } => Edit::Remove {
                    target: self.expression(target, &scope)?,
                    removal: Removal::Property(key.node.clone()),
                },
                RemoveItem::Labels { variable, labels } => Edit::Remove {
                    target: variable_expression(variable, &scope)?,
                    removal: Removal::Labels(plain(labels)),
                },
            });
        }
        let keep = scope.slots();
        Ok(Bound { plan: Plan::Set { input: Box::new(plan), edits, keep }, scope })
    }

    /// `[DETACH] DELETE expression, ...`
    pub(super) fn delete(&mut self, detach: bool, targets: &[ast::Expression], bound: Bound) -> Result<Bound> {
        self.writes = true;
        let Bound { plan, scope } = bound;
        self.refuse_aggregates("in DELETE; put it into WITH first");
        let targets = targets.iter().map(|target| self.expression(target, &scope)).collect::<Result<_>>()?;
        let keep = scope.slots();
        Ok(Bound { plan: Plan::Delete { input: Box::new(plan), targets, detach, keep }, scope })
    }
}

fn plain(names: &[Name]) -> Vec<String> {
    names.iter().map(|name| name.node.clone()).collect()
}

fn variable_expression(variable: &Name, scope: &Scope) -> Result<Expression> {
    let found = scope.resolve(&variable.node, variable.span)?;
    match found.kind {
        VariableKind::Node | VariableKind::Relationship | VariableKind::Value => {
            Ok(Expression::slot(found.slot, variable.span))
        }
        kind => Err(meaning(variable.span, format!("`{}` is {}, which cannot be set", variable.node, kind.describe()))),
    }
}

/// A new path is written out: no mode, no shortest path.
fn check_plain(path: &ast::PathPattern, clause: &str) -> Result<()> {
    if path.shortest.is_some() || path.path_mode.is_some() {
        return Err(meaning(
            path.span,
            format!("{clause} makes a plain path; path modes and shortest paths are for MATCH"),
        ));
    }
    let nodes = std::iter::once(&path.start).chain(path.steps.iter().map(|(_, node)| node));
    let of_nodes = nodes.filter_map(|node| node.condition.as_ref());
    let of_hops = path.steps.iter().flat_map(|(hop, _)| hop.condition.iter().chain(&hop.cost));
    match of_nodes.chain(of_hops).next() {
        None => Ok(()),
        Some(condition) => {
            let help = Some("conditions and costs in brackets are for MATCH".to_owned());
            Err(meaning_with_help(condition.span, format!("{clause} makes what is written, as it is written"), help))
        }
    }
}

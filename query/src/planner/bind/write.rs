//! CREATE, MERGE, SET, REMOVE, DELETE.

use hopgraph_engine::traverse::PathMode;

use super::clause::slots_of;
use super::label::plain_labels;
use super::scope::{Scope, VariableKind};
use super::types::type_of;
use super::{Binder, Bound};
use crate::fault::{Result, meaning, meaning_with_help, too_large};
use crate::limits::CLAUSES_MAX;
use crate::planner::plan::Slot;
use crate::planner::plan::{
    Creation, Edit, Expression, ExpressionKind, NewNode, NewRelationship, Pattern, Plan, Removal,
};
use crate::syntax::ast;
use crate::syntax::ast::{Arrow, Name, RemoveItem, SetItem, Span};
use crate::value::Cell;

/// Nodes that the same clause makes, so that it may name them again.
type Made = Vec<Slot>;

impl Binder<'_> {
    /// `CREATE path, ...`
    pub(super) fn create(&mut self, paths: &[ast::PathPattern], bound: Bound) -> Result<Bound> {
        self.writes = true;
        let Bound { plan, mut scope } = bound;
        let mut plan = plan;
        let mut creation = Creation::default();
        for path in paths {
            check_plain(path, "CREATE")?;
            if let (Some(name), true) = (&path.start.variable, path.steps.is_empty()) {
                scope.check_new(name)?;
            }
            let (earlier, before) = (std::mem::take(&mut creation), scope.clone());
            self.new_path(path, &before, &mut scope, &mut creation)?;
            if earlier.is_read_by(&creation) {
                // What a path before makes must be there when this one is made.
                self.stack_creation(path.span)?;
                plan = created(plan, earlier, &before);
            } else {
                creation = earlier.followed_by(creation);
            }
        }
        match plan {
            Plan::Create { input, creation: earlier, .. }
                if !earlier.is_read_by(&creation)
                    && creation.expressions().into_iter().all(|one| one.subqueries().is_empty()) =>
            {
                Ok(Bound { plan: created(*input, earlier.followed_by(creation), &scope), scope })
            }
            plan => Ok(Bound { plan: created(plan, creation, &scope), scope }),
        }
    }

    /// Counts creations that read what others before them make: they are put one on top of the other.
    fn stack_creation(&mut self, span: Span) -> Result<()> {
        self.creations += 1;
        if self.creations > CLAUSES_MAX { Err(too_large("long in clauses", CLAUSES_MAX, span)) } else { Ok(()) }
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
            self.check_plain_mention(name, node)?;
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
        let labels = self.new_labels(&node.labels, node.span)?;
        let properties = self.assignments(&node.properties, before)?;
        Ok(NewNode { slot: self.slot(""), labels, properties, span: node.span })
    }

    /// A node that is there already is named and nothing more.
    fn check_plain_mention(&self, name: &Name, node: &ast::NodePattern) -> Result<()> {
        let written = &self.text[node.span.start..node.span.end];
        if node.labels.is_empty() && !written.contains('{') {
            return Ok(());
        }
        let message = format!("`{}` is there already, so it takes no labels or properties here", name.node);
        Err(meaning_with_help(node.span, message, Some("use SET to change it".into())))
    }

    fn new_labels(&mut self, labels: &[ast::LabelExpression], span: Span) -> Result<Vec<String>> {
        let names = plain_labels(labels, span)?;
        self.made.extend(names.iter().map(|name| name.node.to_lowercase()));
        Ok(names.into_iter().map(|name| name.node.clone()).collect())
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
        self.check_merged(path, &before)?;
        self.lenient = true;
        let found = self.pattern(std::slice::from_ref(path), PathMode::Trail, &before);
        self.lenient = false;
        let (pattern, scope) = found?;
        let creation = self.creation_of(path, &pattern, &before)?;
        let on_create = self.edits(on_create, &scope)?;
        let on_match = self.edits(on_match, &scope)?;
        let keep = scope.slots();
        let matched = Plan::Match { input: Box::new(Plan::Row), pattern };
        let edited = on_create.iter().chain(&on_match).flat_map(Edit::expressions);
        let asked = creation.expressions().into_iter().chain(edited).flat_map(|one| one.subqueries());
        let keep = keep.into_iter().chain(asked.map(|subquery| subquery.slot)).collect();
        let merge = Plan::Merge { input: Box::new(plan), plan: Box::new(matched), creation, on_create, on_match, keep };
        Ok(Bound { plan: merge, scope })
    }

    /// What is there already cannot be made: it may only be named.
    fn check_merged(&self, path: &ast::PathPattern, before: &Scope) -> Result<()> {
        if let (Some(name), true) = (&path.start.variable, path.steps.is_empty()) {
            before.check_new(name)?;
        }
        let mut seen: Vec<&str> = Vec::new();
        for node in std::iter::once(&path.start).chain(path.steps.iter().map(|(_, node)| node)) {
            let Some(name) = &node.variable else { continue };
            if before.find_explicit(&name.node).is_some() || seen.contains(&name.node.as_str()) {
                self.check_plain_mention(name, node)?;
            }
            seen.push(&name.node);
        }
        path.steps.iter().filter_map(|(step, _)| step.variable.as_ref()).try_for_each(|name| before.check_new(name))
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
        let mut keep = scope.slots();
        let asked = edits.iter().flat_map(Edit::expressions).flat_map(|one| one.subqueries());
        keep.extend(asked.map(|subquery| subquery.slot));
        Ok(Bound { plan: Plan::Set { input: Box::new(plan), edits, keep }, scope })
    }

    fn edits(&mut self, items: &[SetItem], scope: &Scope) -> Result<Vec<Edit>> {
        self.refuse_aggregates("in SET; put it into WITH first");
        items.iter().map(|item| self.edit(item, scope)).collect()
    }

    fn edit(&mut self, item: &SetItem, scope: &Scope) -> Result<Edit> {
        Ok(match item {
            SetItem::Computed { target, key, value } => Edit::Computed {
                target: self.expression(target, scope)?,
                key: self.expression(key, scope)?,
                value: self.expression(value, scope)?,
            },
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
                RemoveItem::Computed { target, key } => {
                    let null = ExpressionKind::Constant(Cell::Null);
                    let (target, key) = (self.expression(target, &scope)?, self.expression(key, &scope)?);
                    let value = Expression::new(null, key.span);
                    Edit::Computed { target, key, value }
                }
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
        let targets: Vec<Expression> =
            targets.iter().map(|target| self.expression(target, &scope)).collect::<Result<_>>()?;
        targets.iter().try_for_each(|target| check_deletable(target, &scope))?;
        let keep = scope.slots();
        Ok(Bound { plan: Plan::Delete { input: Box::new(plan), targets, detach, keep }, scope })
    }
}

/// Only what is in the graph can be deleted from it.
fn check_deletable(target: &Expression, scope: &Scope) -> Result<()> {
    let found = type_of(target, scope);
    let fits = matches!(
        found,
        VariableKind::Node
            | VariableKind::Relationship
            | VariableKind::Relationships
            | VariableKind::Path
            | VariableKind::List
            | VariableKind::Value
    );
    if fits {
        return Ok(());
    }
    let message = format!("only nodes, relationships and paths can be deleted, not {}", found.describe());
    Err(meaning(target.span, message))
}

/// The plan with what is to be made for each of its rows, of which these variables are kept.
fn created(plan: Plan, creation: Creation, scope: &Scope) -> Plan {
    let mut keep = scope.slots();
    keep.extend(creation.expressions().into_iter().flat_map(|one| one.subqueries()).map(|subquery| subquery.slot));
    Plan::Create { input: Box::new(plan), creation, keep }
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

//! Labels and types: what they must fulfil, and what is told of those that the graph does not have.

use super::Binder;
use crate::fault::{Result, meaning, meaning_with_help};
use crate::notice::Notice;
use crate::planner::plan::{Expression, ExpressionKind, Label, RelationName};
use crate::syntax::ast::{BinaryOperator, LabelExpression, Name, Span};
use crate::syntax::suggest::nearest;
use crate::value::Cell;

/// What labels must fulfil: one of each group, and conditions that are no choice of labels.
#[derive(Default)]
pub(super) struct LabelTests {
    pub(super) groups: Vec<Vec<Label>>,
    pub(super) conditions: Vec<Expression>,
}

impl LabelTests {
    /// All of it as conditions on the subject.
    pub(super) fn into_conditions(self, subject: &Expression) -> Vec<Expression> {
        let groups = (!self.groups.is_empty()).then(|| has_labels(subject.clone(), self.groups));
        groups.into_iter().chain(self.conditions).collect()
    }
}

fn has_labels(subject: Expression, groups: Vec<Vec<Label>>) -> Expression {
    let span = subject.span;
    Expression::new(ExpressionKind::HasLabels(Box::new(subject), groups), span)
}

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    Label,
    RelationType,
}

impl Binder<'_> {
    /// What the labels of a subject must fulfil. In the terse form a label that the graph does not have is an error.
    pub(super) fn label_tests(
        &mut self,
        expressions: &[LabelExpression],
        subject: &Expression,
        named: Named,
        terse: bool,
    ) -> Result<LabelTests> {
        let mut tests = LabelTests::default();
        for expression in expressions.iter().flat_map(conjuncts) {
            match expression.alternatives() {
                Some(names) => {
                    let group = names.into_iter().map(|name| self.label(name, named, terse));
                    tests.groups.push(group.collect::<Result<_>>()?);
                }
                None => tests.conditions.push(self.label_condition(expression, subject, named, terse)?),
            }
        }
        Ok(tests)
    }

    fn label_condition(
        &mut self,
        expression: &LabelExpression,
        subject: &Expression,
        named: Named,
        terse: bool,
    ) -> Result<Expression> {
        let span = subject.span;
        let new = |kind| Expression::new(kind, span);
        Ok(match expression {
            LabelExpression::Name(name) => has_labels(subject.clone(), vec![vec![self.label(name, named, terse)?]]),
            LabelExpression::Any(_) if named == Named::RelationType => {
                new(ExpressionKind::Constant(Cell::Boolean(true)))
            }
            LabelExpression::Any(_) => {
                let call = |name: &str, of: Expression| {
                    let function = self.known_function(name);
                    new(ExpressionKind::Call(function, vec![of]))
                };
                let none = new(ExpressionKind::Constant(Cell::Integer(0)));
                let count = call("size", call("labels", subject.clone()));
                new(ExpressionKind::Binary(BinaryOperator::Greater, Box::new(count), Box::new(none)))
            }
            LabelExpression::Not(inner) => {
                new(ExpressionKind::Not(Box::new(self.label_condition(inner, subject, named, terse)?)))
            }
            LabelExpression::And(parts) => self.joined(parts, BinaryOperator::And, subject, named, terse)?,
            LabelExpression::Or(parts) => self.joined(parts, BinaryOperator::Or, subject, named, terse)?,
        })
    }

    fn joined(
        &mut self,
        parts: &[LabelExpression],
        operator: BinaryOperator,
        subject: &Expression,
        named: Named,
        terse: bool,
    ) -> Result<Expression> {
        let parts = parts.iter().map(|part| self.label_condition(part, subject, named, terse));
        let parts = parts.collect::<Result<Vec<_>>>()?;
        let join = |a, b| Expression::new(ExpressionKind::Binary(operator, Box::new(a), Box::new(b)), subject.span);
        Ok(parts.into_iter().reduce(join).unwrap_or_else(|| subject.clone()))
    }

    /// A label of a node, or of a relationship its type. One that nobody has is found nowhere, and a notice says so.
    fn label(&mut self, name: &Name, named: Named, terse: bool) -> Result<Label> {
        let id = if named == Named::Label { self.catalog.label(&name.node) } else { None };
        let known = match named {
            Named::Label => id.is_some(),
            Named::RelationType => self.catalog.relation_type_id(&name.node).is_some(),
        };
        if !known {
            self.miss(name, named, terse)?;
        }
        Ok(Label { name: name.node.as_str().into(), id })
    }

    /// The type of a relationship.
    pub(super) fn relation_name(&mut self, name: &Name, terse: bool) -> Result<RelationName> {
        let id = self.catalog.relation_type_id(&name.node);
        if id.is_none() {
            self.miss(name, Named::RelationType, terse)?;
        }
        Ok(RelationName { name: name.node.as_str().into(), id })
    }

    /// The asserted types that fulfil an expression.
    pub(super) fn relation_names(&mut self, expression: &LabelExpression, terse: bool) -> Result<Vec<RelationName>> {
        for name in expression.names() {
            self.relation_name(name, terse)?;
        }
        let known = self.catalog.relation_types();
        let asserted = known.filter(|(_, relation)| relation.polarity == hopgraph_engine::Polarity::Asserted);
        let fitting = asserted.filter(|(_, relation)| fulfils(expression, &relation.name));
        let mut names: Vec<_> =
            fitting.map(|(id, relation)| RelationName { name: relation.name.as_str().into(), id: Some(id) }).collect();
        if names.is_empty() {
            // No name would stand for every type.
            names.push(RelationName { name: "none".into(), id: None });
        }
        Ok(names)
    }

    /// Tells that the graph has no such label or type, unless the query makes it.
    fn miss(&mut self, name: &Name, named: Named, terse: bool) -> Result<()> {
        if self.lenient || self.made.contains(&name.node.to_lowercase()) {
            return Ok(());
        }
        let kind = if named == Named::Label { "label" } else { "relation type" };
        let known: Vec<&str> = match named {
            Named::Label => self.catalog.labels().map(|(_, known)| known).collect(),
            Named::RelationType => self.catalog.relation_types().map(|(_, known)| known.name.as_str()).collect(),
        };
        let help = match nearest(&name.node, known.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None if known.is_empty() => format!("the graph has no {kind}s yet"),
            None => format!("the graph has {}", listed(&known)),
        };
        let message = format!("the graph has no {kind} `{}`", name.node);
        if terse {
            return Err(meaning_with_help(name.span, message, Some(help)));
        }
        self.notices.add(Notice { message, span: Some(name.span), help: Some(help) });
        Ok(())
    }
}

/// The parts that must all hold.
fn conjuncts(expression: &LabelExpression) -> Vec<&LabelExpression> {
    match expression {
        LabelExpression::And(parts) => parts.iter().flat_map(conjuncts).collect(),
        one => vec![one],
    }
}

/// Whether a relationship of this type fulfils an expression.
fn fulfils(expression: &LabelExpression, name: &str) -> bool {
    match expression {
        LabelExpression::Name(wanted) => wanted.node.to_lowercase() == name.to_lowercase(),
        LabelExpression::Any(_) => true,
        LabelExpression::Not(inner) => !fulfils(inner, name),
        LabelExpression::And(parts) => parts.iter().all(|part| fulfils(part, name)),
        LabelExpression::Or(parts) => parts.iter().any(|part| fulfils(part, name)),
    }
}

/// The labels that something new has: written one by one, not as a choice.
pub(super) fn plain_labels(expressions: &[LabelExpression], span: Span) -> Result<Vec<&Name>> {
    let plain = |expression: &&LabelExpression| matches!(expression, LabelExpression::Name(_));
    let parts: Vec<&LabelExpression> = expressions.iter().flat_map(conjuncts).collect();
    match parts.iter().find(|part| !plain(part)) {
        None => Ok(parts.into_iter().flat_map(LabelExpression::names).collect()),
        Some(part) => {
            let names = part.names();
            let span = match (names.first(), names.last()) {
                (Some(first), Some(last)) => Span { start: first.span.start, end: last.span.end },
                _ => span,
            };
            Err(meaning(span, "a new node cannot have one label or another; write `:A:B` for both"))
        }
    }
}

/// The first few names.
fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 12;
    let first = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    let rest = names.len().saturating_sub(SHOWN);
    if rest > 0 { format!("{first} and {rest} more") } else { first }
}

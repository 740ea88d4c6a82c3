//! Expressions: variables become slots, functions are looked up, aggregates are gathered.

use std::sync::Arc;

use hopgraph_engine::traverse::PathMode;

use super::scope::{Scope, VariableKind};
use super::{Aggregates, Binder};
use crate::fault::{Result, meaning, meaning_with_help};
use crate::planner::plan::AggregateKind;
use crate::planner::plan::Slot;
use crate::planner::plan::{Aggregate, Existence, Expression, ExpressionKind as Kind, NodePattern, Pattern, Plan};
use crate::syntax::ast;
use crate::syntax::ast::{BinaryOperator, ExpressionKind as Written, Literal, Span, UnaryOperator};
use crate::syntax::suggest::nearest;
use crate::value::Cell;

impl Binder<'_> {
    /// Aggregates are an error from here on; `place` says where they stand.
    pub(super) fn refuse_aggregates(&mut self, place: &'static str) {
        self.aggregates = Aggregates::Refused(place);
    }

    /// Binds an expression.
    pub(super) fn expression(&mut self, written: &ast::Expression, scope: &Scope) -> Result<Expression> {
        let kind = self.kind(written, scope)?;
        Ok(Expression::new(kind, written.span))
    }

    fn boxed(&mut self, written: &ast::Expression, scope: &Scope) -> Result<Box<Expression>> {
        self.expression(written, scope).map(Box::new)
    }

    fn optional(&mut self, written: Option<&ast::Expression>, scope: &Scope) -> Result<Option<Box<Expression>>> {
        written.map(|written| self.boxed(written, scope)).transpose()
    }

    fn all(&mut self, written: &[ast::Expression], scope: &Scope) -> Result<Vec<Expression>> {
        written.iter().map(|written| self.expression(written, scope)).collect()
    }

    fn kind(&mut self, written: &ast::Expression, scope: &Scope) -> Result<Kind> {
        let span = written.span;
        Ok(match &written.node {
            Written::Literal(literal) => Kind::Constant(constant(literal)),
            Written::Parameter(name) => Kind::Parameter(name.as_str().into()),
            Written::Variable(name) => Kind::Slot(scope.resolve(name, span)?.slot),
            Written::Property(inner, key) => Kind::Property(self.boxed(inner, scope)?, key.node.as_str().into()),
            Written::Index(list, index) => Kind::Index(self.boxed(list, scope)?, self.boxed(index, scope)?),
            Written::Slice(list, from, to) => Kind::Slice {
                list: self.boxed(list, scope)?,
                from: self.optional(from.as_ref(), scope)?,
                to: self.optional(to.as_ref(), scope)?,
            },
            Written::List(items) => Kind::List(self.all(items, scope)?),
            Written::Map(entries) => {
                let entries = entries.iter().map(|(key, item)| Ok((key.node.clone(), self.expression(item, scope)?)));
                Kind::Map(entries.collect::<Result<_>>()?)
            }
            Written::Unary(UnaryOperator::Not, inner) => Kind::Not(self.boxed(inner, scope)?),
            Written::Unary(UnaryOperator::Negate, inner) => Kind::Negate(self.boxed(inner, scope)?),
            Written::Unary(UnaryOperator::Plus, inner) => return self.kind(inner, scope),
            Written::Binary(operator, a, b) => Kind::Binary(*operator, self.boxed(a, scope)?, self.boxed(b, scope)?),
            Written::IsNull(inner, negated) => {
                let test = Kind::IsNull(self.boxed(inner, scope)?);
                if *negated { Kind::Not(Box::new(Expression::new(test, span))) } else { test }
            }
            Written::HasLabels(inner, groups) => Kind::HasLabels(self.boxed(inner, scope)?, self.labels(groups)?),
            Written::Call { name, distinct, arguments } => self.call(name, *distinct, arguments, span, scope)?,
            Written::CountStar => self.aggregate(AggregateKind::Count, false, None, span)?,
            Written::Case { operand, branches, otherwise } => Kind::Case {
                operand: self.optional(operand.as_ref(), scope)?,
                branches: branches
                    .iter()
                    .map(|(when, then)| Ok((self.expression(when, scope)?, self.expression(then, scope)?)))
                    .collect::<Result<_>>()?,
                otherwise: self.optional(otherwise.as_ref(), scope)?,
            },
            Written::ListComprehension { variable, list, condition, result } => {
                let list = self.boxed(list, scope)?;
                let (local, inner) = self.enter(variable, scope);
                let condition = self.optional(condition.as_ref(), &inner)?;
                let result = self.optional(result.as_ref(), &inner)?;
                self.locals.pop();
                Kind::Comprehension { variable: local, list, condition, result }
            }
            Written::Quantifier { kind, variable, list, condition } => {
                let list = self.boxed(list, scope)?;
                let (local, inner) = self.enter(variable, scope);
                let condition = self.boxed(condition, &inner)?;
                self.locals.pop();
                Kind::Quantifier { kind: *kind, variable: local, list, condition }
            }
            Written::Exists { patterns, condition } => self.exists(patterns, condition.as_ref(), span, scope)?,
        })
    }

    /// A scope with the variable of a comprehension, which hides an outer one of its name.
    fn enter(&mut self, variable: &ast::Name, scope: &Scope) -> (Slot, Scope) {
        let slot = self.slot(&variable.node);
        self.locals.push(slot);
        let mut inner = scope.clone();
        inner.add(&variable.node, slot, VariableKind::Value);
        (slot, inner)
    }

    fn call(
        &mut self,
        name: &ast::Name,
        distinct: bool,
        arguments: &[ast::Expression],
        span: Span,
        scope: &Scope,
    ) -> Result<Kind> {
        if let Some(kind) = AggregateKind::find(&name.node) {
            let [argument] = arguments else {
                return Err(meaning(span, format!("{}() takes one argument", kind.name())));
            };
            let place = std::mem::replace(&mut self.aggregates, Aggregates::Refused("inside another aggregate"));
            let argument = self.expression(argument, scope);
            self.aggregates = place;
            return self.aggregate(kind, distinct, Some(argument?), span);
        }
        let Some(function) = self.library.function(&name.node) else {
            let known = self.library.functions().iter().map(|function| function.name);
            let help = nearest(&name.node, known).map(|near| format!("did you mean {near}?"));
            return Err(meaning_with_help(name.span, format!("there is no function `{}`", name.node), help));
        };
        if distinct {
            return Err(meaning(span, format!("DISTINCT belongs in an aggregate; {}() is none", function.name())));
        }
        if !function.arity.contains(&arguments.len()) {
            let message = format!(
                "{}({}) was given {} argument{}",
                function.name(),
                function.description.arguments,
                arguments.len(),
                if arguments.len() == 1 { "" } else { "s" }
            );
            return Err(meaning(span, message));
        }
        Ok(Kind::Call(function, self.all(arguments, scope)?))
    }

    /// Gathers an aggregate; equal ones are computed once.
    fn aggregate(
        &mut self,
        kind: AggregateKind,
        distinct: bool,
        argument: Option<Expression>,
        span: Span,
    ) -> Result<Kind> {
        let slot = Slot(self.slot_names.len());
        let gathered = match &mut self.aggregates {
            Aggregates::Refused(place) => {
                return Err(meaning(span, format!("an aggregate cannot stand {place}")));
            }
            Aggregates::Gathered(gathered) => gathered,
        };
        if let Some(local) =
            argument.as_ref().and_then(|argument| argument.reads().into_iter().find(|slot| self.locals.contains(slot)))
        {
            let name = &self.slot_names[local.0];
            return Err(meaning(
                span,
                format!("an aggregate cannot use `{name}`, which stands for elements of a list"),
            ));
        }
        let same = |one: &Aggregate| (one.kind, one.distinct, &one.argument) == (kind, distinct, &argument);
        if let Some(place) = gathered.iter().position(same) {
            return Ok(Kind::Aggregate(place));
        }
        gathered.push(Aggregate { kind, argument, distinct, slot });
        self.slot_names.push(self.text[span.start..span.end].to_owned());
        let Aggregates::Gathered(gathered) = &self.aggregates else { unreachable!("it was gathered just above") };
        Ok(Kind::Aggregate(gathered.len() - 1))
    }

    /// A pattern as a condition.
    fn exists(
        &mut self,
        patterns: &[ast::PathPattern],
        condition: Option<&ast::Expression>,
        span: Span,
        scope: &Scope,
    ) -> Result<Kind> {
        let place = std::mem::replace(&mut self.aggregates, Aggregates::Refused("in a pattern"));
        let bound = self.existence(patterns, condition, span, scope);
        self.aggregates = place;
        bound
    }

    fn existence(
        &mut self,
        patterns: &[ast::PathPattern],
        condition: Option<&ast::Expression>,
        span: Span,
        scope: &Scope,
    ) -> Result<Kind> {
        let (mut pattern, inner) = self.pattern(patterns, PathMode::Trail, scope)?;
        if let Some(condition) = condition {
            self.refuse_aggregates("in WHERE");
            pattern.conditions.extend(self.expression(condition, &inner)?.conjuncts());
        }
        if let Some(simple) = one_hop(&pattern, span) {
            return Ok(simple);
        }
        let plan = Plan::Match { input: Box::new(Plan::Row), pattern };
        let made: std::collections::BTreeSet<Slot> = match &plan {
            Plan::Match { pattern, .. } => pattern.fills(),
            _ => Default::default(),
        };
        let mut reads = plan.uses();
        if let Plan::Match { pattern, .. } = &plan {
            reads.extend(pattern.nodes.iter().filter(|node| node.bound).map(|node| node.slot));
        }
        reads.retain(|slot| !made.contains(slot));
        if reads.iter().any(|slot| self.locals.contains(slot)) {
            let message = "inside a list, a pattern can be a single hop between two known nodes only";
            return Err(meaning(span, message));
        }
        let slot = self.slot("");
        Ok(Kind::Exists(Arc::new(Existence { plan, slot, reads })))
    }
}

/// A pattern of a single hop between two nodes of the row needs no plan: a look at the neighbours answers it.
fn one_hop(pattern: &Pattern, span: Span) -> Option<Kind> {
    let (relationship, _) = pattern.lone_relationship()?;
    let known = |node: &NodePattern| node.bound;
    if relationship.range.is_some() || !relationship.hop.is_plain() || !pattern.nodes.iter().all(known) {
        return None;
    }
    if pattern.conditions.iter().any(|condition| condition.reads().contains(&relationship.slot)) {
        return None;
    }
    let end = |place: usize| Box::new(Expression::slot(pattern.nodes[place].slot, span));
    let connects = Kind::Connects(end(relationship.from), end(relationship.to), Arc::new(relationship.hop.clone()));
    let mut whole = Expression::new(connects, span);
    for condition in pattern.conditions.iter().rev() {
        let both = Kind::Binary(BinaryOperator::And, Box::new(condition.clone()), Box::new(whole));
        whole = Expression::new(both, span);
    }
    Some(whole.kind)
}

fn constant(literal: &Literal) -> Cell {
    match literal {
        Literal::Null => Cell::Null,
        Literal::Boolean(truth) => Cell::Boolean(*truth),
        Literal::Integer(integer) => Cell::Integer(*integer),
        Literal::Float(float) => Cell::Float(*float),
        Literal::Text(text) => Cell::text(text),
    }
}

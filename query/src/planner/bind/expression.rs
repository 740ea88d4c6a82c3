//! Expressions: variables become slots, functions are looked up, aggregates are gathered.

use super::label::Named;
use super::scope::{Scope, VariableKind};
use super::subquery::subqueries_read;
use super::types::{check, type_of};
use super::{Aggregates, Binder};
use crate::fault::{Result, meaning, meaning_with_help};
use crate::planner::plan::AggregateKind;
use crate::planner::plan::Slot;
use crate::planner::plan::{Aggregate, Expression, ExpressionKind as Kind};
use crate::syntax::ast;
use crate::syntax::ast::{BinaryOperator, ExpressionKind as Written, Literal, MapItem, Span, UnaryOperator};
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
        check(&kind, written.span, scope)?;
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
        let patterns_stand = std::mem::replace(&mut self.patterns_stand, false);
        Ok(match &written.node {
            Written::Literal(literal) => Kind::Constant(constant(literal)),
            Written::Parameter(name) => {
                self.parameters.entry(name.clone()).or_insert(span);
                Kind::Parameter(name.as_str().into())
            }
            Written::Variable(name) => scope.resolve(name, span)?.expression(span).kind,
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
            Written::Unary(UnaryOperator::Not, inner) => Kind::Not(Box::new(self.condition(inner, scope)?)),
            Written::Unary(UnaryOperator::Negate, inner) => Kind::Negate(self.boxed(inner, scope)?),
            Written::Unary(UnaryOperator::Plus, inner) => return Ok(self.expression(inner, scope)?.kind),
            Written::Binary(operator @ (BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Xor), a, b) => {
                Kind::Binary(*operator, Box::new(self.condition(a, scope)?), Box::new(self.condition(b, scope)?))
            }
            Written::Binary(operator, a, b) => Kind::Binary(*operator, self.boxed(a, scope)?, self.boxed(b, scope)?),
            Written::IsNull(inner, negated) => {
                let test = Kind::IsNull(self.boxed(inner, scope)?);
                if *negated { Kind::Not(Box::new(Expression::new(test, span))) } else { test }
            }
            Written::HasLabels(inner, labels) => self.has_labels(inner, labels, span, scope)?,
            Written::Call { name, distinct, arguments } => self.call(name, *distinct, arguments, span, scope)?,
            Written::CountStar => self.aggregate(AggregateKind::Count, false, None, span)?,
            Written::Case { operand, branches, otherwise } => {
                self.case(operand.as_ref(), branches, otherwise.as_ref(), scope)?
            }
            Written::ListComprehension { variable, list, condition, result } => {
                self.list_comprehension(variable, list, [condition.as_ref(), result.as_ref()], scope)?
            }
            Written::Quantifier { kind, variable, list, condition } => {
                self.quantifier(*kind, variable, [list, condition], span, scope)?
            }
            Written::Reduce { accumulator, start, variable, list, step } => {
                self.reduce([accumulator, variable], [start, list, step], span, scope)?
            }
            Written::PatternComprehension { pattern, condition, result } => {
                self.pattern_comprehension(pattern, condition.as_ref(), result, scope)?
            }
            Written::MapProjection { of, items } => self.map_projection(of, items, scope)?,
            Written::Subquery { kind, query } => self.subquery(*kind, query, scope)?,
            Written::Exists { patterns, condition, braces } => {
                if !braces {
                    self.check_predicate(patterns, patterns_stand, scope)?;
                }
                self.exists(patterns, condition.as_ref(), span, scope)?
            }
        })
    }

    /// A path without EXISTS before it is a condition, and names what is there already.
    fn check_predicate(&self, patterns: &[ast::PathPattern], stands: bool, scope: &Scope) -> Result<()> {
        let help = || Some("EXISTS { ... } asks whether there is one, COUNT { ... } how many there are".to_owned());
        for path in patterns {
            if !stands {
                return Err(meaning_with_help(path.span, "a pattern is a condition, not a value", help()));
            }
            let of_nodes = std::iter::once(&path.start).chain(path.steps.iter().map(|(_, node)| node));
            let of_hops = path.steps.iter().filter_map(|(hop, _)| hop.variable.as_ref());
            let names = of_nodes.filter_map(|node| node.variable.as_ref()).chain(of_hops);
            if let Some(name) = names.into_iter().find(|name| scope.find(&name.node).is_none()) {
                let message = format!("the variable `{}` is not known here", name.node);
                let help = Some("new variables can stand in EXISTS { ... }".to_owned());
                return Err(meaning_with_help(name.span, message, help));
            }
        }
        Ok(())
    }

    /// `a:Label`; of a relationship its type.
    fn has_labels(
        &mut self,
        of: &ast::Expression,
        labels: &[ast::LabelExpression],
        span: Span,
        scope: &Scope,
    ) -> Result<Kind> {
        let subject = self.expression(of, scope)?;
        let named =
            if type_of(&subject, scope) == VariableKind::Relationship { Named::RelationType } else { Named::Label };
        let tests = self.label_tests(labels, &subject, named, false)?;
        let join = |a: Expression, b: Expression| {
            Expression::new(Kind::Binary(BinaryOperator::And, Box::new(a), Box::new(b)), span)
        };
        let whole = tests.into_conditions(&subject).into_iter().reduce(join);
        Ok(whole.map_or(Kind::Constant(Cell::Boolean(true)), |whole| whole.kind))
    }

    fn list_comprehension(
        &mut self,
        variable: &ast::Name,
        list: &ast::Expression,
        [condition, result]: [Option<&ast::Expression>; 2],
        scope: &Scope,
    ) -> Result<Kind> {
        let list = self.boxed(list, scope)?;
        let (local, inner) = self.enter(variable, scope);
        let condition = condition.map(|one| self.condition(one, &inner).map(Box::new)).transpose()?;
        let result = self.optional(result, &inner)?;
        self.locals.pop();
        if subqueries_read(condition.iter().chain(&result).map(|one| &**one), local) {
            return Ok(self.comprehension_of_rows(local, list, condition, result, scope));
        }
        Ok(Kind::Comprehension { variable: local, list, condition, result })
    }

    fn quantifier(
        &mut self,
        kind: ast::QuantifierKind,
        variable: &ast::Name,
        [list, condition]: [&ast::Expression; 2],
        span: Span,
        scope: &Scope,
    ) -> Result<Kind> {
        let list = self.boxed(list, scope)?;
        let (local, inner) = self.enter(variable, scope);
        let condition = Box::new(self.condition(condition, &inner)?);
        self.locals.pop();
        if !subqueries_read([&*condition], local) {
            return Ok(Kind::Quantifier { kind, variable: local, list, condition });
        }
        let answers = self.comprehension_of_rows(local, list, None, Some(condition), scope);
        let answer = self.slot("");
        let (list, condition) = (Expression::new(answers, span), Expression::slot(answer, span));
        Ok(Kind::Quantifier { kind, variable: answer, list: Box::new(list), condition: Box::new(condition) })
    }

    /// Several values before THEN are as many branches.
    fn case(
        &mut self,
        operand: Option<&ast::Expression>,
        branches: &[(Vec<ast::Expression>, ast::Expression)],
        otherwise: Option<&ast::Expression>,
        scope: &Scope,
    ) -> Result<Kind> {
        let compares = operand.is_some();
        let operand = self.optional(operand, scope)?;
        let mut bound = Vec::new();
        for (values, then) in branches {
            let then = self.expression(then, scope)?;
            for value in values {
                let when = if compares { self.expression(value, scope)? } else { self.condition(value, scope)? };
                bound.push((when, then.clone()));
            }
        }
        Ok(Kind::Case { operand, branches: bound, otherwise: self.optional(otherwise, scope)? })
    }

    fn reduce(
        &mut self,
        [accumulator, variable]: [&ast::Name; 2],
        [start, list, step]: [&ast::Expression; 3],
        span: Span,
        scope: &Scope,
    ) -> Result<Kind> {
        let (start, list) = (self.boxed(start, scope)?, self.boxed(list, scope)?);
        let (sum, inner) = self.enter(accumulator, scope);
        let (element, inner) = self.enter(variable, &inner);
        let step = self.boxed(step, &inner)?;
        self.locals.truncate(self.locals.len() - 2);
        if subqueries_read([&*step], element) || subqueries_read([&*step], sum) {
            let help = Some("make a list of what it gives with a list comprehension first".to_owned());
            return Err(meaning_with_help(span, "in reduce() a pattern cannot read the elements", help));
        }
        Ok(Kind::Reduce { accumulator: sum, start, variable: element, list, step })
    }

    /// `a {.key, .*, key: value, variable}`
    fn map_projection(&mut self, of: &ast::Expression, items: &[MapItem], scope: &Scope) -> Result<Kind> {
        let of = self.boxed(of, scope)?;
        let (mut all, mut entries) = (false, Vec::new());
        for item in items {
            match item {
                MapItem::All(_) => all = true,
                MapItem::Property(key) => {
                    let kind = Kind::Property(of.clone(), key.node.as_str().into());
                    check(&kind, key.span, scope)?;
                    entries.push((key.node.clone(), Expression::new(kind, key.span)));
                }
                MapItem::Entry(key, value) => entries.push((key.node.clone(), self.expression(value, scope)?)),
                MapItem::Variable(name) => {
                    let found = scope.resolve(&name.node, name.span)?;
                    entries.push((name.node.clone(), found.expression(name.span)));
                }
            }
        }
        Ok(Kind::MapProjection { of, all, entries })
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
            if arguments.len() != kind.arity() {
                let wanted = if kind.arity() == 1 { "one argument" } else { "two arguments" };
                return Err(meaning(span, format!("{}() takes {wanted}", kind.name())));
            }
            let place = std::mem::replace(&mut self.aggregates, Aggregates::Refused("inside another aggregate"));
            let bound = self.all(arguments, scope);
            self.aggregates = place;
            let mut bound = bound?;
            let argument = if bound.len() == 1 { bound.remove(0) } else { Expression::new(Kind::List(bound), span) };
            return self.aggregate(kind, distinct, Some(argument), span);
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
        if !self.locals.is_empty() {
            return Err(meaning(span, "an aggregate cannot stand inside a list: it takes one value of each row"));
        }
        if let Some(random) = argument.as_ref().filter(|argument| is_random(argument)) {
            let help = Some("put it into WITH first".to_owned());
            return Err(meaning_with_help(random.span, "an aggregate cannot take what differs each time", help));
        }
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
}

/// Whether it gives another value each time that it is asked.
fn is_random(expression: &Expression) -> bool {
    let named = |one: &Expression| matches!(&one.kind, Kind::Call(function, _) if function.name() == "rand");
    expression.contains(&named)
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

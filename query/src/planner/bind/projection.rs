//! WITH and RETURN: items, groups and aggregates, DISTINCT, ORDER BY, SKIP, LIMIT.

use super::scope::{Scope, VariableKind};
use super::{Aggregates, Binder, Bound, Columns};
use crate::fault::{Result, meaning, meaning_with_help};
use crate::planner::plan::Slot;
use crate::planner::plan::{Aggregate, Expression, ExpressionKind, Plan, SortKey};
use crate::syntax::ast;

/// One item on its way into the plan.
struct Item {
    name: String,
    expression: Expression,
    kind: VariableKind,
    /// Where its value stands.
    slot: Slot,
}

impl Item {
    fn is_aggregate(&self) -> bool {
        has_aggregate(&self.expression)
    }
}

impl Binder<'_> {
    /// `WITH ... [WHERE condition]`
    pub(super) fn with(
        &mut self,
        projection: &ast::Projection,
        condition: Option<&ast::Expression>,
        span: ast::Span,
        bound: Bound,
    ) -> Result<Bound> {
        let (mut bound, _) = self.projection(projection, span, bound, true)?;
        if let Some(condition) = condition {
            self.refuse_aggregates("in WHERE; name it in WITH and use the name");
            let conditions = self.expression(condition, &bound.scope)?.conjuncts();
            bound.plan = bound.plan.filtered(conditions);
        }
        Ok(bound)
    }

    /// The items of WITH or RETURN. Gives the columns, and as scope the variables that they make.
    pub(super) fn projection(
        &mut self,
        projection: &ast::Projection,
        span: ast::Span,
        bound: Bound,
        needs_names: bool,
    ) -> Result<(Bound, Columns)> {
        let Bound { plan, scope: before } = bound;
        self.aggregates = Aggregates::Gathered(Vec::new());
        let mut items = self.items(projection, span, &before, needs_names)?;
        let grouped = items.iter().any(Item::is_aggregate);
        let mut sort_keys = self.sort_keys(&projection.order, &before, &items, grouped)?;
        let gathered = std::mem::replace(&mut self.aggregates, Aggregates::Refused("here"));
        let Aggregates::Gathered(aggregates) = gathered else { unreachable!("set above") };
        let mut plan = if grouped {
            self.grouped(plan, &mut items, &mut sort_keys, aggregates)?
        } else {
            let computed = items.iter().map(|item| (item.slot, item.expression.clone())).collect();
            Plan::Project { input: Box::new(plan), items: computed }
        };
        let slots: Vec<Slot> = items.iter().map(|item| item.slot).collect();
        if projection.distinct {
            refer_to_items(&mut sort_keys, &items);
            check_sort_keys(&sort_keys, &slots)?;
            plan = Plan::Distinct { input: Box::new(plan), slots: slots.clone() };
        }
        if !sort_keys.is_empty() {
            plan = Plan::Sort { input: Box::new(plan), keys: sort_keys, keep: slots, limit: None };
        }
        plan = self.paged(plan, projection, &before)?;
        let mut scope = Scope::default();
        for item in &items {
            scope.add(&item.name, item.slot, item.kind);
        }
        let columns = items.into_iter().map(|item| (item.name, item.slot)).collect();
        Ok((Bound { plan, scope }, columns))
    }

    fn items(
        &mut self,
        projection: &ast::Projection,
        span: ast::Span,
        before: &Scope,
        needs_names: bool,
    ) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        if projection.star {
            for variable in before.explicit() {
                let expression = Expression::slot(variable.slot, ast::Span::default());
                let (name, kind, slot) = (variable.name.clone(), variable.kind, variable.slot);
                items.push(Item { name, expression, kind, slot });
            }
        }
        if projection.star && items.is_empty() {
            return Err(meaning(span, "there is no variable that * could stand for"));
        }
        for written in &projection.items {
            let item = self.item(written, before, needs_names)?;
            if items.iter().any(|other| other.name == item.name) {
                let span = written.alias.as_ref().map_or(written.expression.span, |alias| alias.span);
                let help = Some("give one of them another name with AS".to_owned());
                return Err(meaning_with_help(span, format!("two columns are called `{}`", item.name), help));
            }
            items.push(item);
        }
        Ok(items)
    }

    fn item(&mut self, written: &ast::ProjectionItem, before: &Scope, needs_names: bool) -> Result<Item> {
        let span = written.expression.span;
        let expression = self.expression(&written.expression, before)?;
        let variable = match &written.expression.node {
            ast::ExpressionKind::Variable(name) => before.find(name),
            _ => None,
        };
        if needs_names && written.alias.is_none() && variable.is_none() {
            let help = Some("give it a name: `... AS name`".to_owned());
            return Err(meaning_with_help(span, "an expression in WITH needs a name", help));
        }
        let name = match (&written.alias, variable) {
            (Some(alias), _) => alias.node.clone(),
            (None, Some(variable)) => variable.name.clone(),
            (None, None) => self.text[span.start..span.end].to_owned(),
        };
        let kind = variable.map_or(VariableKind::Value, |variable| variable.kind);
        let slot = expression.as_slot().unwrap_or_else(|| self.slot(&name));
        Ok(Item { name, expression, kind, slot })
    }

    /// The keys of ORDER BY; they may use what was there before the projection and the names that it gives.
    fn sort_keys(
        &mut self,
        order: &[ast::OrderItem],
        before: &Scope,
        items: &[Item],
        grouped: bool,
    ) -> Result<Vec<SortKey>> {
        let mut scope = before.clone();
        for item in items {
            scope.add(&item.name, item.slot, item.kind);
        }
        let mut keys = Vec::new();
        for item in order {
            let expression = self.expression(&item.expression, &scope)?;
            if !grouped && has_aggregate(&expression) {
                let message = "ORDER BY can use an aggregate only if the items have one";
                return Err(meaning(expression.span, message));
            }
            keys.push(SortKey { expression, descending: item.descending });
        }
        Ok(keys)
    }

    /// Groups the rows: the items without an aggregate are the key.
    fn grouped(
        &mut self,
        plan: Plan,
        items: &mut [Item],
        sort_keys: &mut [SortKey],
        mut aggregates: Vec<Aggregate>,
    ) -> Result<Plan> {
        name_aggregates(items, &mut aggregates);
        let keys: Vec<(Slot, Expression)> =
            items.iter().filter(|item| !item.is_aggregate()).map(|item| (item.slot, item.expression.clone())).collect();
        let mut computed = Vec::new();
        for item in items.iter_mut().filter(|item| item.is_aggregate()) {
            refer_to_groups(&mut item.expression, &keys, &aggregates);
            check_grouped(&item.expression, &keys, &aggregates, &self.slot_names)?;
            if item.expression.as_slot() != Some(item.slot) {
                computed.push((item.slot, item.expression.clone()));
            }
        }
        let outputs: Vec<(Slot, Slot)> = items.iter().map(|item| (item.slot, item.slot)).collect();
        for key in sort_keys.iter_mut() {
            refer_to_groups(&mut key.expression, &keys, &aggregates);
            let known = key.expression.reads().iter().all(|slot| outputs.iter().any(|(output, _)| output == slot));
            if !known {
                check_grouped(&key.expression, &keys, &aggregates, &self.slot_names)?;
            }
        }
        let plan = Plan::Aggregate { input: Box::new(plan), keys, aggregates, weight: None };
        Ok(if computed.is_empty() { plan } else { Plan::Project { input: Box::new(plan), items: computed } })
    }

    fn paged(&mut self, mut plan: Plan, projection: &ast::Projection, before: &Scope) -> Result<Plan> {
        if let Some(skip) = &projection.skip {
            plan = Plan::Skip { input: Box::new(plan), count: self.row_count(skip, before)? };
        }
        if let Some(limit) = &projection.limit {
            plan = Plan::Limit { input: Box::new(plan), count: self.row_count(limit, before)? };
        }
        Ok(plan)
    }

    /// The expression behind SKIP or LIMIT.
    fn row_count(&mut self, written: &ast::Expression, before: &Scope) -> Result<Expression> {
        self.refuse_aggregates("in SKIP or LIMIT");
        let count = self.expression(written, before)?;
        match count.reads().first() {
            None => Ok(count),
            Some(_) => {
                Err(meaning(count.span, "SKIP and LIMIT are one number for all rows: they cannot use variables"))
            }
        }
    }
}

/// An item that is nothing but an aggregate needs no copy: the aggregate goes straight to the item's slot.
fn name_aggregates(items: &[Item], aggregates: &mut [Aggregate]) {
    let mut named = vec![false; aggregates.len()];
    for item in items {
        if let ExpressionKind::Aggregate(place) = item.expression.kind
            && !std::mem::replace(&mut named[place], true)
        {
            aggregates[place].slot = item.slot;
        }
    }
}

fn has_aggregate(expression: &Expression) -> bool {
    expression.contains(&|inner| matches!(inner.kind, ExpressionKind::Aggregate(_)))
}

/// Puts the slots of keys and aggregates in place of the expressions that they hold.
fn refer_to_groups(expression: &mut Expression, keys: &[(Slot, Expression)], aggregates: &[Aggregate]) {
    let found = match expression.kind {
        ExpressionKind::Aggregate(place) => Some(aggregates[place].slot),
        _ => keys.iter().find(|(_, key)| key == expression).map(|(slot, _)| *slot),
    };
    match found {
        Some(slot) => expression.kind = ExpressionKind::Slot(slot),
        None => {
            for child in expression.children_mut() {
                refer_to_groups(child, keys, aggregates);
            }
        }
    }
}

/// What stands beside an aggregate must be the same for all rows of the group.
fn check_grouped(
    expression: &Expression,
    keys: &[(Slot, Expression)],
    aggregates: &[Aggregate],
    names: &[String],
) -> Result<()> {
    let known = |slot: &Slot| {
        keys.iter().any(|(key, _)| key == slot) || aggregates.iter().any(|aggregate| aggregate.slot == *slot)
    };
    match expression.reads().iter().find(|slot| !known(slot)) {
        None => Ok(()),
        Some(slot) => {
            let name = &names[slot.0];
            let message = format!("`{name}` is used beside an aggregate, but the rows are not grouped by it");
            let help = Some("add it as an item of its own, or put it into an aggregate".to_owned());
            Err(meaning_with_help(expression.span, message, help))
        }
    }
}

/// After DISTINCT only the items are left: a sort key that is written like an item means that item.
fn refer_to_items(sort_keys: &mut [SortKey], items: &[Item]) {
    let known: Vec<(Slot, Expression)> = items.iter().map(|item| (item.slot, item.expression.clone())).collect();
    for key in sort_keys {
        refer_to_groups(&mut key.expression, &known, &[]);
    }
}

fn check_sort_keys(sort_keys: &[SortKey], slots: &[Slot]) -> Result<()> {
    match sort_keys.iter().find(|key| !key.expression.reads().iter().all(|slot| slots.contains(slot))) {
        None => Ok(()),
        Some(key) => Err(meaning(key.expression.span, "after DISTINCT, ORDER BY can use only what is returned")),
    }
}

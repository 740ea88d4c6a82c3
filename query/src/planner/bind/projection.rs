//! WITH and RETURN: items, groups and aggregates, DISTINCT, ORDER BY, SKIP, LIMIT.

use super::scope::Scope;
use super::scope::VariableKind;
use super::types::{check_row_count, type_of};
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
        Ok(self.projection(projection, condition, span, bound, true)?.0)
    }

    /// The items of WITH or RETURN, and what WHERE asks of them. Gives the columns, and as scope the variables that they
    /// make.
    pub(super) fn projection(
        &mut self,
        projection: &ast::Projection,
        condition: Option<&ast::Expression>,
        span: ast::Span,
        bound: Bound,
        needs_names: bool,
    ) -> Result<(Bound, Columns)> {
        let Bound { plan, scope: before } = bound;
        self.aggregates = Aggregates::Gathered(Vec::new());
        let mut items = self.items(projection, span, &before, needs_names)?;
        let grouped = items.iter().any(Item::is_aggregate);
        let mut behind = self.sort_keys(&projection.order, &before, &items, grouped)?;
        behind.extend(self.condition_behind(condition, &before, &items)?);
        let gathered = std::mem::replace(&mut self.aggregates, Aggregates::Refused("here"));
        let Aggregates::Gathered(aggregates) = gathered else { unreachable!("set above") };
        let mut plan = if grouped {
            self.grouped(plan, &mut items, &mut behind, aggregates)?
        } else {
            let computed = items.iter().map(|item| (item.slot, item.expression.clone())).collect();
            Plan::Project { input: Box::new(plan), items: computed }
        };
        let mut slots: Vec<Slot> = items.iter().map(|item| item.slot).collect();
        if projection.distinct {
            refer_to_items(&mut behind, &items);
            check_sort_keys(&behind, &slots)?;
            plan = Plan::Distinct { input: Box::new(plan), slots: slots.clone() };
        }
        let sort_keys = behind.drain(..projection.order.len()).collect::<Vec<_>>();
        // What the condition reads of the rows before has to last until it is asked.
        slots.extend(behind.iter().flat_map(|key| read_by(&key.expression)));
        if !sort_keys.is_empty() {
            plan = Plan::Sort { input: Box::new(plan), keys: sort_keys, keep: slots, limit: None };
        }
        plan = self.paged(plan, projection, &before)?;
        plan = plan.filtered(behind.into_iter().flat_map(|key| key.expression.conjuncts()).collect());
        let mut scope = Scope::default();
        for item in &items {
            scope.add(&item.name, item.slot, item.kind);
        }
        let columns = items.into_iter().map(|item| (item.name, item.slot)).collect();
        Ok((Bound { plan, scope }, columns))
    }

    /// The condition behind WITH; like ORDER BY it may use what was there before and the names that WITH gives.
    fn condition_behind(
        &mut self,
        condition: Option<&ast::Expression>,
        before: &Scope,
        items: &[Item],
    ) -> Result<Option<SortKey>> {
        let Some(condition) = condition else { return Ok(None) };
        let refused = Aggregates::Refused("in WHERE; name it in WITH and use the name");
        let gathered = std::mem::replace(&mut self.aggregates, refused);
        let bound = self.condition(condition, &with_items(before, items));
        self.aggregates = gathered;
        Ok(Some(SortKey { expression: bound?, descending: false }))
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
                let expression = variable.expression(ast::Span::default());
                let (name, kind) = (variable.name.clone(), variable.kind);
                let slot = variable.slot;
                items.push(Item { name, expression, kind, slot });
            }
        }
        if projection.star && items.is_empty() && !needs_names {
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
        let kind = variable.map_or_else(|| type_of(&expression, before), |variable| variable.kind);
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
        let scope = with_items(before, items);
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
            plan = Plan::Skip { input: Box::new(plan), count: self.row_count(skip, "SKIP", before)? };
        }
        if let Some(limit) = &projection.limit {
            plan = Plan::Limit { input: Box::new(plan), count: self.row_count(limit, "LIMIT", before)? };
        }
        Ok(plan)
    }

    /// The expression behind SKIP or LIMIT.
    fn row_count(&mut self, written: &ast::Expression, clause: &str, before: &Scope) -> Result<Expression> {
        self.refuse_aggregates("in SKIP or LIMIT");
        let count = self.expression(written, before)?;
        match count.reads().first() {
            None => {
                check_row_count(&count, clause, before)?;
                Ok(count)
            }
            Some(_) => {
                Err(meaning(count.span, "SKIP and LIMIT are one number for all rows: they cannot use variables"))
            }
        }
    }
}

/// What was there before, and the names that the items give.
fn with_items(before: &Scope, items: &[Item]) -> Scope {
    let mut scope = before.clone();
    for item in items {
        scope.add(&item.name, item.slot, item.kind);
    }
    scope
}

/// The slots that an expression reads, those of its subqueries and their answers included.
fn read_by(expression: &Expression) -> Vec<Slot> {
    expression.reads().into_iter().collect()
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

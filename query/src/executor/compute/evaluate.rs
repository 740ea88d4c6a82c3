//! Expressions made into values, by the three-valued logic of openCypher.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use hopgraph_engine::traverse::Path;
use hopgraph_engine::{Edge, NodeId};

use super::{Context, Held, Row, property, property_map};
use crate::executor::function;
use crate::fault::{Failure, Result, value};
use crate::planner::plan::Slot;
use crate::planner::plan::{Expression, ExpressionKind as Kind, Hop, Label};
use crate::syntax::ast::{BinaryOperator, QuantifierKind};
use crate::value::{Cell, arithmetic, compare, equals};

/// The value of an expression on a row. Variables of comprehensions use their own slots of the row.
pub(crate) fn evaluate(expression: &Expression, context: &Context<'_>, row: &mut Row) -> Result<Cell> {
    let span = expression.span;
    match &expression.kind {
        Kind::Constant(cell) => Ok(cell.clone()),
        Kind::Slot(slot) => Ok(row.get(*slot).clone()),
        Kind::Parameter(name) => context
            .parameter(name)
            .cloned()
            .ok_or_else(|| value(span, format!("the parameter ${name} has not been given"))),
        Kind::Property(inner, key) => match inner.as_slot() {
            Some(slot) => property(context, row.get(slot), key),
            None => property(context, &evaluate(inner, context, row)?, key),
        }
        .map_err(|failure| failure.at(span)),
        Kind::Index(list, index) => {
            let (list, index) = (evaluate(list, context, row)?, evaluate(index, context, row)?);
            element(context, &list, &index).map_err(|failure| failure.at(span))
        }
        Kind::Slice { list, from, to } => {
            let list = evaluate(list, context, row)?;
            let from = from.as_ref().map(|bound| evaluate(bound, context, row)).transpose()?;
            let to = to.as_ref().map(|bound| evaluate(bound, context, row)).transpose()?;
            slice(&list, from.as_ref(), to.as_ref()).map_err(|message| value(span, message))
        }
        Kind::List(items) => Ok(Cell::List(evaluate_all(items, context, row)?.into())),
        Kind::Map(entries) => {
            let entries = entries.iter().map(|(key, item)| Ok((key.clone(), evaluate(item, context, row)?)));
            Ok(Cell::map(entries.collect::<Result<Vec<_>>>()?))
        }
        Kind::Not(inner) => Ok(truth(inner, context, row)?.map(|truth| !truth).into()),
        Kind::Negate(inner) => {
            let operand = evaluate(inner, context, row)?;
            negate(&operand).map_err(|message| value(span, message))
        }
        Kind::Binary(operator, a, b) => binary(*operator, a, b, expression, context, row),
        Kind::IsNull(inner) => Ok(evaluate(inner, context, row)?.is_null().into()),
        Kind::HasLabels(inner, labels) => label_test(inner, labels, context, row),
        Kind::Call(function, arguments) => {
            let cells = evaluate_all(arguments, context, row)?;
            function::call(function, context, &cells).map_err(|failure| failure.at(span))
        }
        Kind::Case { operand, branches, otherwise } => {
            case(operand.as_deref(), branches, otherwise.as_deref(), context, row)
        }
        Kind::Comprehension { variable, list, condition, result } => {
            comprehension(*variable, list, condition.as_deref(), result.as_deref(), context, row)
        }
        Kind::Quantifier { kind, variable, list, condition } => {
            quantifier(*kind, *variable, list, condition, context, row)
        }
        Kind::Connects(from, to, hop) => {
            let ends = (evaluate(from, context, row)?, evaluate(to, context, row)?);
            connects(&ends, hop, context).map_err(|message| message.at(span))
        }
        Kind::Reduce { accumulator, start, variable, list, step } => {
            reduce([*accumulator, *variable], [start, list, step], context, row)
        }
        Kind::MapProjection { of, all, entries } => map_projection(of, *all, entries, context, row),
        Kind::CsvRows { file, headers, separator } => csv_rows(file, *headers, separator.as_deref(), context, row),
        Kind::Subquery(subquery) => Ok(row.get(subquery.slot).clone()),
        Kind::Path { start, relationships } => Ok(path(*start, relationships, row)),
        Kind::HopCount(relationships) => Ok(hop_count(relationships, row)),
        Kind::Aggregate(_) => unreachable!("the binder replaces aggregates by the slots of an Aggregate operator"),
    }
}

fn label_test(inner: &Expression, labels: &[Vec<Label>], context: &Context<'_>, row: &mut Row) -> Result<Cell> {
    match evaluate(inner, context, row)? {
        Cell::Null => Ok(Cell::Null),
        Cell::Node(node) => Ok(has_labels(context, node, labels)?.into()),
        Cell::Relationship(edge) => {
            let of_type = |label: &Label| {
                context.view(|view| Ok(view.catalog().relation_type_id(&label.name) == Some(edge.relation)))
            };
            for group in labels {
                let found = group.iter().map(of_type).collect::<Result<Vec<_>>>()?;
                if !found.contains(&true) {
                    return Ok(false.into());
                }
            }
            Ok(true.into())
        }
        other => Err(value(inner.span, format!("only a node has labels; this is {}", other.kind()))),
    }
}

fn case(
    operand: Option<&Expression>,
    branches: &[(Expression, Expression)],
    otherwise: Option<&Expression>,
    context: &Context<'_>,
    row: &mut Row,
) -> Result<Cell> {
    let operand = operand.map(|operand| evaluate(operand, context, row)).transpose()?;
    for (when, then) in branches {
        let chosen = match &operand {
            Some(operand) => equals(operand, &evaluate(when, context, row)?) == Some(true),
            None => holds(when, context, row)?,
        };
        if chosen {
            return evaluate(then, context, row);
        }
    }
    otherwise.map_or(Ok(Cell::Null), |otherwise| evaluate(otherwise, context, row))
}

/// Whether a condition holds: true, not false, not null.
pub(crate) fn holds(condition: &Expression, context: &Context<'_>, row: &mut Row) -> Result<bool> {
    Ok(truth(condition, context, row)? == Some(true))
}

/// Whether a node has a label of each list.
fn has_labels(context: &Context<'_>, node: NodeId, labels: &[Vec<Label>]) -> Result<bool> {
    for alternatives in labels {
        let mut found = false;
        for label in alternatives {
            found = found || context.nodes_with_label(label)?.contains(node);
        }
        if !found {
            return Ok(false);
        }
    }
    Ok(true)
}

fn evaluate_all(expressions: &[Expression], context: &Context<'_>, row: &mut Row) -> Result<Vec<Cell>> {
    expressions.iter().map(|expression| evaluate(expression, context, row)).collect()
}

/// A boolean, or null.
fn truth(expression: &Expression, context: &Context<'_>, row: &mut Row) -> Result<Option<bool>> {
    match evaluate(expression, context, row)? {
        Cell::Boolean(truth) => Ok(Some(truth)),
        Cell::Null => Ok(None),
        other => Err(value(expression.span, format!("a condition must be true or false; this is {}", other.kind()))),
    }
}

fn binary(
    operator: BinaryOperator,
    a: &Expression,
    b: &Expression,
    whole: &Expression,
    context: &Context<'_>,
    row: &mut Row,
) -> Result<Cell> {
    use BinaryOperator as Operator;
    if let Operator::And | Operator::Or | Operator::Xor = operator {
        return logic(operator, a, b, context, row);
    }
    let (left, right) = (evaluate(a, context, row)?, evaluate(b, context, row)?);
    match operator {
        Operator::Matches => matches(&left, &right, context).map_err(|message| value(whole.span, message)),
        Operator::Join => join(&left, &right, context).map_err(|failure| failure.at(whole.span)),
        _ => {
            let result = operate(operator, &left, &right).map_err(|message| value(whole.span, message))?;
            if operator == Operator::Add && (is_joined(&left) || is_joined(&right)) {
                context.charge(&result)?;
            }
            Ok(result)
        }
    }
}

/// The result of an operator that needs both its sides and nothing else: any but AND, OR, XOR, `=~` and `||`.
pub(crate) fn operate(operator: BinaryOperator, left: &Cell, right: &Cell) -> Result<Cell, String> {
    use BinaryOperator as Operator;
    let ordered =
        |accept: fn(Ordering) -> bool| Ok(Cell::from(compare(left, right).map(|found| found.is_some_and(accept))));
    match operator {
        Operator::Equal => Ok(equals(left, right).into()),
        Operator::NotEqual => Ok(equals(left, right).map(|equal| !equal).into()),
        Operator::Less => ordered(Ordering::is_lt),
        Operator::LessOrEqual => ordered(Ordering::is_le),
        Operator::Greater => ordered(Ordering::is_gt),
        Operator::GreaterOrEqual => ordered(Ordering::is_ge),
        Operator::StartsWith => Ok(text_test(left, right, |text, part| text.starts_with(part))),
        Operator::EndsWith => Ok(text_test(left, right, |text, part| text.ends_with(part))),
        Operator::Contains => Ok(text_test(left, right, |text, part| text.contains(part))),
        Operator::In => is_in(left, right),
        _ => arithmetic(operator, left, right),
    }
}

/// AND, OR and XOR; the right side is left alone where the left side decides.
fn logic(
    operator: BinaryOperator,
    a: &Expression,
    b: &Expression,
    context: &Context<'_>,
    row: &mut Row,
) -> Result<Cell> {
    let left = truth(a, context, row)?;
    let decided = match operator {
        BinaryOperator::And => Some(false),
        BinaryOperator::Or => Some(true),
        _ => None,
    };
    if decided.is_some() && left == decided {
        return Ok(left.into());
    }
    let right = truth(b, context, row)?;
    if decided.is_some() {
        let neutral = decided.map(|truth| !truth);
        return Ok(if right == decided || left == neutral { right } else { left }.into());
    }
    Ok(left.zip(right).map(|(left, right)| left != right).into())
}

/// A test of two texts; null if one of them is none.
fn text_test(text: &Cell, part: &Cell, test: fn(&str, &str) -> bool) -> Cell {
    match (text, part) {
        (Cell::Text(text), Cell::Text(part)) => test(text, part).into(),
        _ => Cell::Null,
    }
}

/// Whether a sum of it is larger than it: of texts and lists.
fn is_joined(cell: &Cell) -> bool {
    matches!(cell, Cell::Text(_) | Cell::List(_))
}

/// `text =~ pattern`: whether the whole text fits; null if one of them is no text.
fn matches(text: &Cell, pattern: &Cell, context: &Context<'_>) -> Result<Cell, String> {
    match (text, pattern) {
        (Cell::Text(text), Cell::Text(pattern)) => Ok(context.pattern(pattern)?.is_match(text).into()),
        _ => Ok(Cell::Null),
    }
}

/// `a || b`: of two texts or two lists.
fn join(a: &Cell, b: &Cell, context: &Context<'_>) -> Result<Cell, Failure> {
    match (a, b) {
        (Cell::Null, _) | (_, Cell::Null) => Ok(Cell::Null),
        (Cell::Text(_), Cell::Text(_)) | (Cell::List(_), Cell::List(_)) => {
            let joined = arithmetic(BinaryOperator::Add, a, b)?;
            context.charge(&joined)?;
            Ok(joined)
        }
        _ => Err(format!("|| joins two texts or two lists, not {} and {}", a.kind(), b.kind()).into()),
    }
}

fn is_in(cell: &Cell, list: &Cell) -> Result<Cell, String> {
    let cells = match list {
        Cell::Null => return Ok(Cell::Null),
        Cell::List(cells) => cells,
        other => return Err(format!("IN needs a list on its right, not {}", other.kind())),
    };
    let mut answer = Some(false);
    for element in cells.iter() {
        match equals(cell, element) {
            Some(true) => return Ok(true.into()),
            None => answer = None,
            Some(false) => {}
        }
    }
    Ok(answer.into())
}

fn negate(cell: &Cell) -> Result<Cell, String> {
    match cell {
        Cell::Null => Ok(Cell::Null),
        Cell::Integer(integer) => {
            integer.checked_neg().map(Cell::Integer).ok_or_else(|| "the result is too large for an integer".into())
        }
        Cell::Float(float) => Ok(Cell::Float(-float)),
        other => Err(format!("- works on numbers, not on {}", other.kind())),
    }
}

/// `list[index]`, `map[key]`, `node[key]`.
fn element(context: &Context<'_>, list: &Cell, index: &Cell) -> Result<Cell, Failure> {
    match (list, index) {
        (Cell::Null, _) | (_, Cell::Null) => Ok(Cell::Null),
        (Cell::List(cells), Cell::Integer(index)) => {
            let place = place_of(*index, cells.len());
            Ok(place.and_then(|place| cells.get(place)).cloned().unwrap_or_default())
        }
        (Cell::Map(_) | Cell::Node(_) | Cell::Relationship(_), Cell::Text(key)) => property(context, list, key),
        (list, index) => Err(format!("{} cannot be indexed with {}", list.kind(), index.kind()).into()),
    }
}

/// Counts from the end if negative; `None` before the start.
fn place_of(index: i64, length: usize) -> Option<usize> {
    match usize::try_from(index) {
        Ok(place) => Some(place),
        Err(_) => length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

fn slice(list: &Cell, from: Option<&Cell>, to: Option<&Cell>) -> Result<Cell, String> {
    let cells = match list {
        Cell::Null => return Ok(Cell::Null),
        Cell::List(cells) => cells,
        other => return Err(format!("only a list has parts [from..to]; this is {}", other.kind())),
    };
    let bound = |bound: Option<&Cell>, default: usize| match bound {
        None => Ok(Some(default)),
        Some(Cell::Null) => Ok(None),
        Some(Cell::Integer(index)) => Ok(Some(place_of(*index, cells.len()).unwrap_or(0).min(cells.len()))),
        Some(other) => Err(format!("the bounds of a part of a list must be integers, not {}", other.kind())),
    };
    let (Some(from), Some(to)) = (bound(from, 0)?, bound(to, cells.len())?) else { return Ok(Cell::Null) };
    Ok(Cell::list(cells[from.min(to)..to].iter().cloned()))
}

/// The elements of a list; none for null.
fn elements(list: &Expression, context: &Context<'_>, row: &mut Row) -> Result<Option<Arc<[Cell]>>> {
    match evaluate(list, context, row)? {
        Cell::Null => Ok(None),
        Cell::List(cells) => Ok(Some(cells)),
        other => Err(value(list.span, format!("a list is needed here; this is {}", other.kind()))),
    }
}

fn comprehension(
    variable: Slot,
    list: &Expression,
    condition: Option<&Expression>,
    result: Option<&Expression>,
    context: &Context<'_>,
    row: &mut Row,
) -> Result<Cell> {
    let Some(cells) = elements(list, context, row)? else { return Ok(Cell::Null) };
    let (mut results, mut held) = (Vec::new(), Held::nothing());
    for cell in cells.iter() {
        context.tick()?;
        row.set(variable, cell.clone());
        if condition.map_or(Ok(true), |condition| holds(condition, context, row))? {
            let made = result.map_or(Ok(cell.clone()), |result| evaluate(result, context, row))?;
            held.grow_by_cells(context.budget(), std::slice::from_ref(&made))?;
            results.push(made);
        }
    }
    Ok(Cell::List(results.into()))
}

fn reduce(
    [accumulator, variable]: [Slot; 2],
    [start, list, step]: [&Expression; 3],
    context: &Context<'_>,
    row: &mut Row,
) -> Result<Cell> {
    let start = evaluate(start, context, row)?;
    let Some(cells) = elements(list, context, row)? else { return Ok(Cell::Null) };
    row.set(accumulator, start);
    for cell in cells.iter() {
        context.tick()?;
        row.set(variable, cell.clone());
        let next = evaluate(step, context, row)?;
        row.set(accumulator, next);
    }
    Ok(row.get(accumulator).clone())
}

/// Null of nothing; entries behind others of the same key count.
fn map_projection(
    of: &Expression,
    all: bool,
    entries: &[(String, Expression)],
    context: &Context<'_>,
    row: &mut Row,
) -> Result<Cell> {
    let subject = evaluate(of, context, row)?;
    if subject.is_null() {
        return Ok(Cell::Null);
    }
    let properties = property_map(context, &subject).map_err(|failure| failure.at(of.span))?;
    let mut map = if all { properties } else { BTreeMap::new() };
    for (key, entry) in entries {
        map.insert(key.clone(), evaluate(entry, context, row)?);
    }
    Ok(Cell::Map(Arc::new(map)))
}

fn csv_rows(
    file: &Expression,
    headers: bool,
    separator: Option<&Expression>,
    context: &Context<'_>,
    row: &mut Row,
) -> Result<Cell> {
    let text = |expression: &Expression, row: &mut Row| match evaluate(expression, context, row)? {
        Cell::Text(text) => Ok(text),
        other => Err(value(expression.span, format!("a text is needed here, not {}", other.kind()))),
    };
    let name = text(file, row)?;
    let separator = separator.map(|separator| text(separator, row)).transpose()?;
    context.csv_rows(&name, headers, separator.as_deref()).map_err(|failure| failure.at(file.span))
}

fn quantifier(
    kind: QuantifierKind,
    variable: Slot,
    list: &Expression,
    condition: &Expression,
    context: &Context<'_>,
    row: &mut Row,
) -> Result<Cell> {
    let Some(cells) = elements(list, context, row)? else { return Ok(Cell::Null) };
    let (mut yes, mut no, mut unknown) = (0_usize, 0_usize, 0_usize);
    for cell in cells.iter() {
        context.tick()?;
        row.set(variable, cell.clone());
        match truth(condition, context, row)? {
            Some(true) => yes += 1,
            Some(false) => no += 1,
            None => unknown += 1,
        }
    }
    let open = |answer: bool| if unknown > 0 { None } else { Some(answer) };
    let answer = match kind {
        QuantifierKind::All if no > 0 => Some(false),
        QuantifierKind::All => open(true),
        QuantifierKind::Any if yes > 0 => Some(true),
        QuantifierKind::Any => open(false),
        QuantifierKind::None if yes > 0 => Some(false),
        QuantifierKind::None => open(true),
        QuantifierKind::Single if yes > 1 => Some(false),
        QuantifierKind::Single => open(yes == 1),
    };
    Ok(answer.into())
}

fn connects(ends: &(Cell, Cell), hop: &Hop, context: &Context<'_>) -> Result<Cell, Failure> {
    match ends {
        (Cell::Node(from), Cell::Node(to)) => Ok(context.connects(hop, *from, *to)?.into()),
        (Cell::Null, _) | (_, Cell::Null) => Ok(false.into()),
        (other, Cell::Node(_)) | (_, other) => {
            Err(format!("a pattern needs nodes at its ends; this is {}", other.kind()).into())
        }
    }
}

/// The path from a node along relationships; null if one of them is null, as after OPTIONAL MATCH.
fn path(start: Slot, relationships: &[Slot], row: &Row) -> Cell {
    let Cell::Node(start) = row.get(start) else { return Cell::Null };
    let Some(edges) = edges(relationships, row) else { return Cell::Null };
    let mut nodes = vec![*start];
    for edge in &edges {
        nodes.push(other_end(*edge, nodes[nodes.len() - 1]));
    }
    Cell::Path(Arc::new(Path { nodes, edges }))
}

fn other_end(edge: Edge, node: NodeId) -> NodeId {
    if edge.source == node { edge.target } else { edge.source }
}

fn hop_count(relationships: &[Slot], row: &Row) -> Cell {
    edges(relationships, row).map_or(Cell::Null, |edges| Cell::count(edges.len() as u64))
}

/// The edges of relationships, lists opened.
pub(crate) fn edges(relationships: &[Slot], row: &Row) -> Option<Vec<Edge>> {
    let mut edges = Vec::new();
    for &slot in relationships {
        match row.get(slot) {
            Cell::Relationship(edge) => edges.push(*edge),
            Cell::List(cells) => edges.extend(cells.iter().filter_map(|cell| match cell {
                Cell::Relationship(edge) => Some(*edge),
                _ => None,
            })),
            Cell::Path(path) => edges.extend(&path.edges),
            _ => return None,
        }
    }
    Some(edges)
}

//! What is known of the type of an expression before the query runs, and what is refused for it.

use super::Binder;
use super::scope::{Scope, VariableKind as Type};
use crate::fault::{Result, meaning};
use crate::planner::plan::{Answer, Expression, ExpressionKind as Kind};
use crate::syntax::ast::{self, BinaryOperator, Span};
use crate::value::Cell;

impl Binder<'_> {
    /// Binds a condition, which is true, false or null.
    pub(super) fn condition(&mut self, written: &ast::Expression, scope: &Scope) -> Result<Expression> {
        let place = std::mem::replace(&mut self.patterns_stand, true);
        let bound = self.expression(written, scope);
        self.patterns_stand = place;
        let bound = bound?;
        check_truth(&bound, scope)?;
        Ok(bound)
    }
}

/// What an expression gives, as far as is known.
pub(super) fn type_of(expression: &Expression, scope: &Scope) -> Type {
    match &expression.kind {
        Kind::Constant(cell) => of_cell(cell),
        Kind::Slot(slot) => scope.kind_of(*slot),
        Kind::List(_) | Kind::Comprehension { .. } | Kind::Slice { .. } | Kind::CsvRows { .. } => Type::List,
        Kind::Map(_) | Kind::MapProjection { .. } => Type::Map,
        Kind::Not(_) | Kind::IsNull(_) | Kind::HasLabels(..) | Kind::Quantifier { .. } | Kind::Connects(..) => {
            Type::Boolean
        }
        Kind::Subquery(subquery) => match subquery.answer {
            Answer::Exists => Type::Boolean,
            Answer::Count => Type::Integer,
            Answer::Collect(_) => Type::List,
        },
        Kind::Binary(operator, a, b) => of_operator(*operator, type_of(a, scope), type_of(b, scope)),
        Kind::Negate(inner) => type_of(inner, scope),
        Kind::Path { .. } => Type::Path,
        Kind::HopCount(_) => Type::Integer,
        Kind::Call(function, _) => of_function(function.name()),
        _ => Type::Value,
    }
}

fn of_cell(cell: &Cell) -> Type {
    match cell {
        Cell::Boolean(_) => Type::Boolean,
        Cell::Integer(_) => Type::Integer,
        Cell::Float(_) => Type::Float,
        Cell::Text(_) => Type::Text,
        Cell::List(_) => Type::List,
        Cell::Map(_) => Type::Map,
        _ => Type::Value,
    }
}

fn of_operator(operator: BinaryOperator, a: Type, b: Type) -> Type {
    use BinaryOperator as Operator;
    match operator {
        Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide | Operator::Modulo => match (a, b) {
            (Type::Integer, Type::Integer) => Type::Integer,
            (Type::Integer | Type::Float, Type::Integer | Type::Float) => Type::Float,
            _ => Type::Value,
        },
        Operator::Power | Operator::Join => Type::Value,
        _ => Type::Boolean,
    }
}

fn of_function(name: &str) -> Type {
    match name {
        "id" | "size" | "length" | "degree" | "toInteger" | "sign" => Type::Integer,
        "type" | "toLower" | "toUpper" | "trim" | "ltrim" | "rtrim" | "replace" | "substring" | "toString" => {
            Type::Text
        }
        "labels" | "keys" | "nodes" | "relationships" | "range" | "split" | "tail" => Type::List,
        "startNode" | "endNode" => Type::Node,
        "properties" => Type::Map,
        "exists" | "named" | "identified" => Type::Boolean,
        _ => Type::Value,
    }
}

fn is_number(kind: Type) -> bool {
    matches!(kind, Type::Integer | Type::Float)
}

/// Refuses what cannot be true or false.
pub(super) fn check_truth(expression: &Expression, scope: &Scope) -> Result<()> {
    match type_of(expression, scope) {
        Type::Value | Type::Boolean => Ok(()),
        other => {
            Err(meaning(expression.span, format!("a condition must be true or false; this is {}", other.describe())))
        }
    }
}

/// Refuses an expression whose parts cannot go together.
pub(super) fn check(kind: &Kind, span: Span, scope: &Scope) -> Result<()> {
    match kind {
        Kind::Not(inner) => check_truth(inner, scope),
        Kind::Binary(BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Xor, a, b) => {
            check_truth(a, scope)?;
            check_truth(b, scope)
        }
        Kind::Binary(BinaryOperator::In, _, list) => match type_of(list, scope) {
            Type::Value | Type::List | Type::Relationships => Ok(()),
            other => Err(meaning(list.span, format!("IN needs a list on its right, not {}", other.describe()))),
        },
        Kind::Property(of, key) => match type_of(of, scope) {
            kind @ (Type::Boolean
            | Type::Integer
            | Type::Float
            | Type::Text
            | Type::List
            | Type::Path
            | Type::Relationships) => {
                Err(meaning(span, format!("{} has no properties; `{key}` was asked of it", kind.describe())))
            }
            _ => Ok(()),
        },
        Kind::Index(of, index) => match (type_of(of, scope), type_of(index, scope)) {
            (kind @ (Type::Boolean | Type::Integer | Type::Float | Type::Text | Type::Path), _) => {
                Err(meaning(span, format!("{} cannot be indexed", kind.describe())))
            }
            (Type::List | Type::Relationships, kind) if kind != Type::Integer && kind != Type::Value => {
                Err(meaning(index.span, format!("a list is indexed with an integer, not {}", kind.describe())))
            }
            (Type::Map | Type::Node | Type::Relationship, kind) if kind != Type::Text && kind != Type::Value => {
                Err(meaning(index.span, format!("a key is a text, not {}", kind.describe())))
            }
            _ => Ok(()),
        },
        Kind::Call(function, arguments) => match (accepted(function.name()), arguments.first()) {
            (Some(accepted), Some(argument)) => {
                let given = type_of(argument, scope);
                if given == Type::Value || accepted.contains(&given) {
                    return Ok(());
                }
                let wanted = accepted.iter().map(|kind| kind.describe()).collect::<Vec<_>>().join(" or ");
                let name = function.name();
                Err(meaning(argument.span, format!("{name}() takes {wanted}, not {}", given.describe())))
            }
            _ => Ok(()),
        },
        Kind::HasLabels(of, _) => match type_of(of, scope) {
            Type::Value | Type::Node | Type::Relationship => Ok(()),
            other => Err(meaning(of.span, format!("only a node has labels; this is {}", other.describe()))),
        },
        _ => Ok(()),
    }
}

/// What a function takes as its first argument, where that is no more than a few types.
fn accepted(name: &str) -> Option<&'static [Type]> {
    Some(match name {
        "labels" | "degree" | "named" | "identified" => &[Type::Node],
        "type" | "startNode" | "endNode" | "confidence" => &[Type::Relationship],
        "length" => &[Type::Path, Type::List, Type::Relationships, Type::Text, Type::Map],
        "size" => &[Type::List, Type::Relationships, Type::Text, Type::Map],
        "nodes" | "relationships" => &[Type::Path],
        "properties" | "keys" => &[Type::Node, Type::Relationship, Type::Map],
        _ => return None,
    })
}

/// Refuses a number of rows that is none.
pub(super) fn check_row_count(count: &Expression, clause: &str, scope: &Scope) -> Result<()> {
    let found = match &count.kind {
        Kind::Constant(Cell::Integer(integer)) if *integer < 0 => integer.to_string(),
        Kind::Negate(inner) if is_number(type_of(inner, scope)) => "a number below 0".to_owned(),
        _ => match type_of(count, scope) {
            Type::Value | Type::Integer => return Ok(()),
            other => other.describe().to_owned(),
        },
    };
    Err(meaning(count.span, format!("{clause} needs a whole number of 0 or more, not {found}")))
}

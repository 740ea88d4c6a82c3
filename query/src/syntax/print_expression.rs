//! Expressions as text again, with the brackets that they need.

use std::fmt::{Display, Formatter, Result, Write};

use super::print::{Quoted, clause_part, entries, labels, listed, name, separated};
use crate::syntax::ast::{
    BinaryOperator, Expression, ExpressionKind, LabelExpression, Literal, MapItem, QuantifierKind, SubqueryKind,
    UnaryOperator,
};

/// An expression beside an operator: in brackets if it has an operator itself, so that no reader needs to know the
/// table of precedence.
struct Operand<'a>(&'a Expression);

impl Display for Operand<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let compound =
            matches!(self.0.node, ExpressionKind::Unary(..) | ExpressionKind::Binary(..) | ExpressionKind::IsNull(..));
        if compound { write!(f, "({})", self.0) } else { write!(f, "{}", self.0) }
    }
}

/// The left side of an operator: what an operator of the same rank made needs no brackets, for such operators group
/// from the left, and a long chain of them must not nest deeper than it was written.
struct Left<'a>(&'a Expression, u8);

impl Display for Left<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let made_by = match &self.0.node {
            ExpressionKind::Binary(operator, ..) => left_rank(*operator),
            ExpressionKind::IsNull(..) => PREDICATE,
            _ => 0,
        };
        if made_by != 0 && made_by == self.1 { write!(f, "{}", self.0) } else { write!(f, "{}", Operand(self.0)) }
    }
}

/// The rank of the operators that ask something of one value, such as `IN` and `IS NULL`.
const PREDICATE: u8 = 1;

/// Which operators group from the left with each other; 0 for those that do not.
fn left_rank(operator: BinaryOperator) -> u8 {
    use BinaryOperator as Operator;
    match operator {
        Operator::In | Operator::StartsWith | Operator::EndsWith | Operator::Contains | Operator::Matches => PREDICATE,
        Operator::Add | Operator::Subtract | Operator::Join => 2,
        Operator::Multiply | Operator::Divide | Operator::Modulo => 3,
        Operator::Power => 4,
        _ => 0,
    }
}

/// An expression before `.key` or `[index]`, or behind a sign.
pub(crate) struct Base<'a>(pub(crate) &'a Expression);

impl Display for Base<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let number = matches!(self.0.node, ExpressionKind::Literal(Literal::Integer(_) | Literal::Float(_)));
        if number { write!(f, "({})", self.0) } else { write!(f, "{}", Operand(self.0)) }
    }
}

impl Display for ExpressionKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Literal(literal) => write!(f, "{literal}"),
            Self::Parameter(parameter) if parameter.chars().all(|letter| letter.is_alphanumeric() || letter == '_') => {
                write!(f, "${parameter}")
            }
            Self::Parameter(parameter) => write!(f, "$`{}`", parameter.replace('`', "``")),
            Self::Variable(variable) => write!(f, "{}", Quoted(variable)),
            Self::Property(of, key) => write!(f, "{}.{}", Base(of), name(key)),
            Self::Index(of, index) => write!(f, "{}[{index}]", Base(of)),
            Self::Slice(of, from, to) => {
                write!(f, "{}[", Base(of))?;
                listed(f, "", from)?;
                f.write_str("..")?;
                listed(f, "", to)?;
                f.write_char(']')
            }
            Self::List(items) => list(f, items),
            Self::Map(map) => entries(f, map),
            Self::Unary(operator, operand) => unary(f, *operator, operand),
            Self::Binary(operator, left, right) => {
                write!(f, "{} {operator} {}", Left(left, left_rank(*operator)), Operand(right))
            }
            Self::IsNull(of, negated) => {
                write!(f, "{} IS {}NULL", Left(of, PREDICATE), if *negated { "NOT " } else { "" })
            }
            Self::HasLabels(of, groups) => {
                write!(f, "{}", Base(of))?;
                labels(f, ":", groups)
            }
            Self::Call { name, distinct, arguments } => {
                write!(f, "{}({}", Function(&name.node), if *distinct { "DISTINCT " } else { "" })?;
                listed(f, ", ", arguments)?;
                f.write_char(')')
            }
            Self::CountStar => f.write_str("count(*)"),
            Self::Case { operand, branches, otherwise } => case(f, operand.as_ref(), branches, otherwise.as_ref()),
            Self::ListComprehension { variable, list, condition, result } => {
                write!(f, "[{} IN {}", name(variable), BeforeBar(list))?;
                clause_part(f, "WHERE", condition.as_ref().map(BeforeBar).as_ref())?;
                clause_part(f, "|", result.as_ref())?;
                f.write_char(']')
            }
            Self::Quantifier { kind, variable, list, condition } => {
                write!(f, "{kind}({} IN {} WHERE {condition})", name(variable), BeforeBar(list))
            }
            Self::Reduce { accumulator, start, variable, list, step } => {
                let (accumulator, variable) = (name(accumulator), name(variable));
                write!(f, "reduce({accumulator} = {start}, {variable} IN {} | {step})", BeforeBar(list))
            }
            Self::PatternComprehension { pattern, condition, result } => {
                write!(f, "[{pattern}")?;
                clause_part(f, "WHERE", condition.as_ref().map(BeforeBar).as_ref())?;
                write!(f, " | {result}]")
            }
            Self::MapProjection { of, items } => {
                write!(f, "{of} {{")?;
                listed(f, ", ", items)?;
                f.write_char('}')
            }
            Self::Subquery { kind, query } => write!(f, "{kind} {{ {query} }}"),
            Self::Exists { patterns, braces: false, .. } => listed(f, ", ", patterns),
            Self::Exists { patterns, condition, .. } => {
                f.write_str("EXISTS { ")?;
                listed(f, ", ", patterns)?;
                clause_part(f, "WHERE", condition.as_ref())?;
                f.write_str(" }")
            }
        }
    }
}

impl Display for MapItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Property(key) => write!(f, ".{}", name(key)),
            Self::All(_) => f.write_str(".*"),
            Self::Entry(key, value) => write!(f, "{}: {value}", name(key)),
            Self::Variable(variable) => write!(f, "{}", name(variable)),
        }
    }
}

impl Display for SubqueryKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Exists => "EXISTS",
            Self::Count => "COUNT",
            Self::Collect => "COLLECT",
        })
    }
}

/// An expression where `|` ends the labels, as in the list of a comprehension: in brackets if it chooses between labels.
pub(crate) struct BeforeBar<'a>(pub(crate) &'a Expression);

impl Display for BeforeBar<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if chooses_labels(self.0) { write!(f, "({})", self.0) } else { write!(f, "{}", self.0) }
    }
}

/// Whether a test such as `a:B|C` stands in it, as itself or as an operand, at whatever depth.
fn chooses_labels(expression: &Expression) -> bool {
    match &expression.node {
        ExpressionKind::HasLabels(of, groups) => {
            groups.iter().any(|group| matches!(group, LabelExpression::Or(_))) || chooses_labels(of)
        }
        ExpressionKind::Unary(_, of)
        | ExpressionKind::IsNull(of, _)
        | ExpressionKind::Property(of, _)
        | ExpressionKind::Index(of, _)
        | ExpressionKind::Slice(of, ..) => chooses_labels(of),
        ExpressionKind::Binary(_, left, right) => chooses_labels(left) || chooses_labels(right),
        _ => false,
    }
}

/// A chain of signs, or of NOTs, needs no brackets, and must not nest deeper than it was written.
fn unary(f: &mut Formatter<'_>, operator: UnaryOperator, operand: &Expression) -> Result {
    let is_not = operator == UnaryOperator::Not;
    f.write_str(match operator {
        UnaryOperator::Not => "NOT ",
        UnaryOperator::Negate => "-",
        UnaryOperator::Plus => "+",
    })?;
    match &operand.node {
        ExpressionKind::Unary(inner, _) if (*inner == UnaryOperator::Not) == is_not => write!(f, "{operand}"),
        _ if is_not => write!(f, "{}", Operand(operand)),
        _ => write!(f, "{}", Base(operand)),
    }
}

/// The name of a function, whose parts are joined by dots.
struct Function<'a>(&'a str);

impl Display for Function<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        listed(f, ".", self.0.split('.').map(Quoted))
    }
}

/// `[x IN list]` would be a comprehension, so an element like that stands in brackets.
fn list(f: &mut Formatter<'_>, items: &[Expression]) -> Result {
    f.write_char('[')?;
    separated(f, ", ", items, |f, item| match begins_a_comprehension(item) {
        true => write!(f, "({item})"),
        false => write!(f, "{item}"),
    })?;
    f.write_char(']')
}

/// Whether what is printed begins with a variable and IN.
fn begins_a_comprehension(expression: &Expression) -> bool {
    match &expression.node {
        ExpressionKind::Binary(BinaryOperator::In, left, _) if matches!(left.node, ExpressionKind::Variable(_)) => true,
        ExpressionKind::Binary(operator, left, _) => left_rank(*operator) == PREDICATE && begins_a_comprehension(left),
        ExpressionKind::IsNull(of, _) => begins_a_comprehension(of),
        _ => false,
    }
}

fn case(
    f: &mut Formatter<'_>,
    operand: Option<&Expression>,
    branches: &[(Vec<Expression>, Expression)],
    otherwise: Option<&Expression>,
) -> Result {
    f.write_str("CASE")?;
    operand.map_or(Ok(()), |operand| write!(f, " {operand}"))?;
    branches.iter().try_for_each(|(values, then)| {
        f.write_str(" WHEN ")?;
        listed(f, ", ", values)?;
        write!(f, " THEN {then}")
    })?;
    clause_part(f, "ELSE", otherwise)?;
    f.write_str(" END")
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(boolean) => write!(f, "{boolean}"),
            Self::Integer(integer) => write!(f, "{integer}"),
            Self::Float(float) => write!(f, "{float:?}"),
            Self::Text(text) => quoted_text(f, text),
        }
    }
}

fn quoted_text(f: &mut Formatter<'_>, text: &str) -> Result {
    f.write_char('\'')?;
    for letter in text.chars() {
        match letter {
            '\'' => f.write_str("\\'")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            control if control.is_control() => write!(f, "\\u{:04x}", u32::from(control))?,
            letter => f.write_char(letter)?,
        }
    }
    f.write_char('\'')
}

impl Display for BinaryOperator {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Or => "OR",
            Self::Xor => "XOR",
            Self::And => "AND",
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "IN",
            Self::StartsWith => "STARTS WITH",
            Self::EndsWith => "ENDS WITH",
            Self::Contains => "CONTAINS",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Power => "^",
            Self::Matches => "=~",
            Self::Join => "||",
        })
    }
}

impl Display for QuantifierKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::All => "all",
            Self::Any => "any",
            Self::None => "none",
            Self::Single => "single",
        })
    }
}

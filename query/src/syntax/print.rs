//! Syntax trees as text again: for plans, and for tests. What is printed parses to the same tree.

use std::fmt::{Display, Formatter, Result, Write};

use crate::syntax::ast::{
    Arrow, BinaryOperator, Call, Clause, Expression, ExpressionKind, Length, Literal, Match, Mode, Name, NodePattern,
    OrderItem, PathModeName, PathPattern, Projection, ProjectionItem, QuantifierKind, RelationshipPattern, RemoveItem,
    Retractable, Retraction, SetItem, Shortest, SingleQuery, Spanned, Statement, UnaryOperator, Verification,
};
use crate::syntax::keyword::is_reserved;
use crate::syntax::parse::lexeme::is_plain_name;

/// A name, in back-quotes where it needs them.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if is_plain_name(self.0) && !is_reserved(self.0) {
            return f.write_str(self.0);
        }
        write!(f, "`{}`", self.0.replace('`', "``"))
    }
}

fn name(name: &Name) -> Quoted<'_> {
    Quoted(&name.node)
}

/// Writes items with a separator between them.
fn separated<T>(
    f: &mut Formatter<'_>,
    separator: &str,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Formatter<'_>, T) -> Result,
) -> Result {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            f.write_str(separator)?;
        }
        write(f, item)?;
    }
    Ok(())
}

fn listed<T: Display>(f: &mut Formatter<'_>, separator: &str, items: impl IntoIterator<Item = T>) -> Result {
    separated(f, separator, items, |f, item| write!(f, "{item}"))
}

fn entries(f: &mut Formatter<'_>, entries: &[(Name, Expression)]) -> Result {
    f.write_char('{')?;
    separated(f, ", ", entries, |f, (key, value)| write!(f, "{}: {value}", name(key)))?;
    f.write_char('}')
}

fn clause_part<T: Display>(f: &mut Formatter<'_>, keyword: &str, part: Option<&T>) -> Result {
    part.map_or(Ok(()), |part| write!(f, " {keyword} {part}"))
}

impl<T: Display> Display for Spanned<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.node.fmt(f)
    }
}

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self.mode {
            Mode::Run => "",
            Mode::Explain => "EXPLAIN ",
            Mode::Profile => "PROFILE ",
        })?;
        if let Some(Retraction { what, name }) = &self.retraction {
            let what = match what {
                Retractable::Document => "DOCUMENT",
                Retractable::Run => "RUN",
            };
            write!(f, "RETRACT {what} {name}")?;
        }
        listed(f, if self.union_all { " UNION ALL " } else { " UNION " }, &self.parts)?;
        if let Some(Verification { source, target, insert }) = &self.verification {
            write!(f, " VERIFY ({})-({}){}", name(source), name(target), if *insert { " INSERT" } else { "" })?;
        }
        Ok(())
    }
}

impl Display for SingleQuery {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        listed(f, " ", &self.clauses)
    }
}

impl Display for Clause {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Match(found) => write!(f, "{found}"),
            Self::Unwind { list, variable } => write!(f, "UNWIND {list} AS {}", name(variable)),
            Self::With { projection, condition } => {
                write!(f, "WITH {projection}")?;
                clause_part(f, "WHERE", condition.as_ref())
            }
            Self::Call(call) => write!(f, "{call}"),
            Self::Return(projection) if projection.items.is_empty() && !projection.star => {
                f.write_str(page(projection).trim_start())
            }
            Self::Return(projection) => write!(f, "RETURN {projection}"),
            Self::Create(paths) => {
                f.write_str("CREATE ")?;
                listed(f, ", ", paths)
            }
            Self::Merge { pattern, on_create, on_match } => {
                write!(f, "MERGE {pattern}")?;
                for (event, items) in [("CREATE", on_create), ("MATCH", on_match)] {
                    if !items.is_empty() {
                        write!(f, " ON {event} SET ")?;
                        listed(f, ", ", items)?;
                    }
                }
                Ok(())
            }
            Self::Set(items) => {
                f.write_str("SET ")?;
                listed(f, ", ", items)
            }
            Self::Remove(items) => {
                f.write_str("REMOVE ")?;
                listed(f, ", ", items)
            }
            Self::Delete { detach, targets } => {
                f.write_str(if *detach { "DETACH DELETE " } else { "DELETE " })?;
                listed(f, ", ", targets)
            }
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("CALL ")?;
        separated(f, ".", self.procedure.node.split('.'), |f, part| write!(f, "{}", Quoted(part)))?;
        f.write_char('(')?;
        listed(f, ", ", &self.arguments)?;
        f.write_char(')')?;
        if let Some(items) = &self.yields {
            f.write_str(if items.is_empty() { " YIELD *" } else { " YIELD " })?;
            separated(f, ", ", items, |f, item| {
                write!(f, "{}", name(&item.column))?;
                item.alias.as_ref().map_or(Ok(()), |alias| write!(f, " AS {}", name(alias)))
            })?;
        }
        clause_part(f, "WHERE", self.condition.as_ref())
    }
}

impl Display for Match {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(if self.optional { "OPTIONAL MATCH " } else { "MATCH " })?;
        if let Some(mode) = &self.path_mode {
            write!(f, "{mode} ")?;
        }
        listed(f, ", ", &self.patterns)?;
        clause_part(f, "WHERE", self.condition.as_ref())
    }
}

impl Display for PathModeName {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Walk => "WALK",
            Self::Trail => "TRAIL",
            Self::Acyclic => "ACYCLIC",
            Self::Simple => "SIMPLE",
        })
    }
}

impl Display for Shortest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Any => f.write_str("ANY SHORTEST"),
            Self::All => f.write_str("ALL SHORTEST"),
            Self::First(count) => write!(f, "SHORTEST {count}"),
            Self::AnyCheapest => f.write_str("ANY CHEAPEST"),
            Self::FirstCheapest(count) => write!(f, "CHEAPEST {count}"),
        }
    }
}

impl Display for PathPattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if let Some(variable) = &self.variable {
            write!(f, "{} = ", name(variable))?;
        }
        if let Some(shortest) = self.shortest {
            write!(f, "{shortest} ")?;
        }
        if let Some(mode) = &self.path_mode {
            write!(f, "{mode} ")?;
        }
        write!(f, "{}", self.start)?;
        self.steps.iter().try_for_each(|(relationship, node)| {
            let dashes = if node.bare || self.start.bare { " " } else { "" };
            write!(f, "{dashes}{relationship}{dashes}{node}")
        })
    }
}

impl Display for NodePattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if self.bare {
            labels(f, "", &self.labels)?;
            if !self.properties.is_empty() {
                f.write_char(' ')?;
                entries(f, &self.properties)?;
            }
            return Ok(());
        }
        f.write_char('(')?;
        if let Some(variable) = &self.variable {
            write!(f, "{}", name(variable))?;
        }
        labels(f, ":", &self.labels)?;
        if !self.properties.is_empty() {
            let named = self.variable.is_some() || !self.labels.is_empty();
            f.write_str(if named { " " } else { "" })?;
            entries(f, &self.properties)?;
        }
        clause_part(f, "WHERE", self.condition.as_ref())?;
        f.write_char(')')
    }
}

fn labels(f: &mut Formatter<'_>, opening: &str, groups: &[Vec<Name>]) -> Result {
    groups.iter().try_for_each(|group| {
        f.write_str(opening)?;
        listed(f, "|", group.iter().map(name))
    })
}

impl Display for RelationshipPattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(if self.arrow == Arrow::Left { "<-" } else { "-" })?;
        let names = self.variable.is_some() || !self.types.is_empty() || self.length.is_some();
        if names || !self.properties.is_empty() || self.condition.is_some() || self.cost.is_some() {
            f.write_char('[')?;
            if let Some(variable) = &self.variable {
                write!(f, "{}", name(variable))?;
            }
            if !self.types.is_empty() {
                f.write_char(':')?;
                listed(f, "|", self.types.iter().map(name))?;
            }
            if let Some(length) = &self.length {
                write!(f, "{length}")?;
            }
            if !self.properties.is_empty() {
                f.write_char(' ')?;
                entries(f, &self.properties)?;
            }
            clause_part(f, "WHERE", self.condition.as_ref())?;
            clause_part(f, "COST", self.cost.as_ref())?;
            f.write_char(']')?;
        }
        f.write_str(if self.arrow == Arrow::Right { "->" } else { "-" })
    }
}

impl Display for Length {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match (self.least, self.most) {
            (None, None) => f.write_str("*"),
            (Some(least), None) => write!(f, "*{least}.."),
            (None, Some(most)) => write!(f, "*..{most}"),
            (Some(least), Some(most)) if least == most => write!(f, "*{least}"),
            (Some(least), Some(most)) => write!(f, "*{least}..{most}"),
        }
    }
}

impl Display for Projection {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(if self.distinct { "DISTINCT " } else { "" })?;
        f.write_str(if self.star { "*" } else { "" })?;
        f.write_str(if self.star && !self.items.is_empty() { ", " } else { "" })?;
        listed(f, ", ", &self.items)?;
        f.write_str(&page(self))
    }
}

/// ORDER BY, SKIP and LIMIT, a space before each.
fn page(projection: &Projection) -> String {
    let mut page = String::new();
    for (index, item) in projection.order.iter().enumerate() {
        page.push_str(if index == 0 { " ORDER BY " } else { ", " });
        page.push_str(&item.to_string());
    }
    for (keyword, part) in [("SKIP", &projection.skip), ("LIMIT", &projection.limit)] {
        page.extend(part.iter().map(|part| format!(" {keyword} {part}")));
    }
    page
}

impl Display for ProjectionItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}", self.expression)?;
        clause_part(f, "AS", self.alias.as_ref().map(name).as_ref())
    }
}

impl Display for OrderItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}{}", self.expression, if self.descending { " DESC" } else { "" })
    }
}

impl Display for SetItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Property { target, key, value } => write!(f, "{}.{} = {value}", Base(target), name(key)),
            Self::Replace { variable, value } => write!(f, "{} = {value}", name(variable)),
            Self::Merge { variable, value } => write!(f, "{} += {value}", name(variable)),
            Self::Labels { variable, labels } => {
                write!(f, "{}:", name(variable))?;
                listed(f, ":", labels.iter().map(name))
            }
        }
    }
}

impl Display for RemoveItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Property { target, key } => write!(f, "{}.{}", Base(target), name(key)),
            Self::Labels { variable, labels } => {
                write!(f, "{}:", name(variable))?;
                listed(f, ":", labels.iter().map(name))
            }
        }
    }
}

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
        Operator::In | Operator::StartsWith | Operator::EndsWith | Operator::Contains => PREDICATE,
        Operator::Add | Operator::Subtract => 2,
        Operator::Multiply | Operator::Divide | Operator::Modulo => 3,
        Operator::Power => 4,
        _ => 0,
    }
}

/// An expression before `.key` or `[index]`, or behind a sign.
struct Base<'a>(&'a Expression);

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
                write!(f, "{kind}({} IN {list} WHERE {condition})", name(variable))
            }
            Self::Exists { patterns, condition } => {
                f.write_str("EXISTS { ")?;
                listed(f, ", ", patterns)?;
                clause_part(f, "WHERE", condition.as_ref())?;
                f.write_str(" }")
            }
        }
    }
}

/// An expression that `|` may follow, which would be taken for one more label where labels end it.
struct BeforeBar<'a>(&'a Expression);

impl Display for BeforeBar<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if ends_in_labels(self.0) { write!(f, "({})", self.0) } else { write!(f, "{}", self.0) }
    }
}

fn ends_in_labels(expression: &Expression) -> bool {
    match &expression.node {
        ExpressionKind::HasLabels(..) => true,
        ExpressionKind::Unary(_, last) | ExpressionKind::Binary(_, _, last) => ends_in_labels(last),
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
    branches: &[(Expression, Expression)],
    otherwise: Option<&Expression>,
) -> Result {
    f.write_str("CASE")?;
    operand.map_or(Ok(()), |operand| write!(f, " {operand}"))?;
    branches.iter().try_for_each(|(when, then)| write!(f, " WHEN {when} THEN {then}"))?;
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

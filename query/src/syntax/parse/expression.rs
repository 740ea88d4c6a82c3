//! Expressions, from OR down to a single value. One function for each row of the table of precedence.

use nom::Parser;
use nom::combinator::{map, opt};

use super::comprehension::{list_comprehension, map_projection, pattern_comprehension, reduce};
use super::input::{
    Expected, Parsed, Refused, Stop, Thing, Tokens, any_name, keyword, must, nested, operator, symbol, variable,
    with_bar,
};
use super::label::{Bar, labels};
use super::lexeme::LexemeKind;
use super::literal;
use super::pattern::{path_ahead, path_predicate};
use super::subquery::{subquery, subquery_ahead};
use crate::error::{QueryError, QueryErrorKind};
use crate::syntax::ast::{
    BinaryOperator, Expression, ExpressionKind, LabelExpression, Literal, MapItem, Name, PathPattern, QuantifierKind,
    Span, Spanned, UnaryOperator,
};

/// An expression and how tall its tree is. The height is limited as the depth of the parse is, for a chain such as
/// `1 - 1 - 1 ...` is parsed without recursion and yet grows a tree that only recursion can walk.
#[derive(Clone)]
struct Tree {
    expression: Expression,
    height: usize,
}

impl Tree {
    fn span(&self) -> Span {
        self.expression.span
    }
}

/// A node above its children, unless it would be too high up.
fn grow(at: Tokens<'_>, kind: ExpressionKind, span: Span, height: usize) -> Result<Tree, Stop> {
    at.check_nesting(height, span)?;
    Ok(Tree { expression: Box::new(Spanned { node: kind, span }), height })
}

fn between(first: Span, last: Span) -> Span {
    Span { start: first.start, end: last.end }
}

/// Any expression.
///
/// Where productions contain one another, from here down and in the patterns, they are written as plain steps rather
/// than as nom's combinators within combinators: each of those would have a frame on the stack at every level.
pub(super) fn expression(input: Tokens<'_>) -> Parsed<'_, Expression> {
    any_expression(input, false)
}

/// An expression that `|` may follow, which then is no choice of labels.
pub(super) fn expression_before_bar(input: Tokens<'_>) -> Parsed<'_, Expression> {
    any_expression(input, true)
}

fn any_expression(input: Tokens<'_>, bar_ends: bool) -> Parsed<'_, Expression> {
    let (rest, tree) = with_bar(bar_ends, nested(|input| operation(input, Rank::Or)))(input)?;
    let tallest = &input.context.tallest;
    tallest.set(tallest.get().max(tree.height));
    Ok((rest, tree.expression))
}

/// How tightly an operator binds, the loosest first: the table of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Or,
    Xor,
    And,
    Not,
    Comparison,
    Predicate,
    Sum,
    Product,
    Power,
    Sign,
}

/// An operator between two operands, or IS behind one.
#[derive(Clone, Copy)]
struct Infix {
    /// Its first word or symbol.
    written: &'static str,
    rank: Rank,
    /// What it means; `None` for IS.
    operator: Option<BinaryOperator>,
    /// The rank that its right operand must have.
    right: Rank,
}

const fn infix(written: &'static str, rank: Rank, operator: BinaryOperator, right: Rank) -> Infix {
    Infix { written, rank, operator: Some(operator), right }
}

const INFIXES: [Infix; 22] = [
    infix("OR", Rank::Or, BinaryOperator::Or, Rank::Xor),
    infix("XOR", Rank::Xor, BinaryOperator::Xor, Rank::And),
    infix("AND", Rank::And, BinaryOperator::And, Rank::Not),
    infix("=", Rank::Comparison, BinaryOperator::Equal, Rank::Predicate),
    infix("<>", Rank::Comparison, BinaryOperator::NotEqual, Rank::Predicate),
    infix("<", Rank::Comparison, BinaryOperator::Less, Rank::Predicate),
    infix("<=", Rank::Comparison, BinaryOperator::LessOrEqual, Rank::Predicate),
    infix(">", Rank::Comparison, BinaryOperator::Greater, Rank::Predicate),
    infix(">=", Rank::Comparison, BinaryOperator::GreaterOrEqual, Rank::Predicate),
    infix("IN", Rank::Predicate, BinaryOperator::In, Rank::Sum),
    infix("CONTAINS", Rank::Predicate, BinaryOperator::Contains, Rank::Sum),
    infix("STARTS", Rank::Predicate, BinaryOperator::StartsWith, Rank::Sum),
    infix("ENDS", Rank::Predicate, BinaryOperator::EndsWith, Rank::Sum),
    infix("=~", Rank::Predicate, BinaryOperator::Matches, Rank::Sum),
    Infix { written: "IS", rank: Rank::Predicate, operator: None, right: Rank::Sum },
    infix("+", Rank::Sum, BinaryOperator::Add, Rank::Product),
    infix("-", Rank::Sum, BinaryOperator::Subtract, Rank::Product),
    infix("||", Rank::Sum, BinaryOperator::Join, Rank::Product),
    infix("*", Rank::Product, BinaryOperator::Multiply, Rank::Power),
    infix("/", Rank::Product, BinaryOperator::Divide, Rank::Power),
    infix("%", Rank::Product, BinaryOperator::Modulo, Rank::Power),
    infix("^", Rank::Power, BinaryOperator::Power, Rank::Sign),
];

/// Operands joined by operators of this rank or tighter ones (precedence climbing: Richards and Whitby-Strevens, BCPL,
/// 1979).
fn operation(input: Tokens<'_>, loosest: Rank) -> Parsed<'_, Tree> {
    let (mut rest, mut left) = first_operand(input, loosest)?;
    while let Some(infix) = infix_ahead(rest, loosest) {
        (rest, left) = match (infix.rank, infix.operator) {
            (_, None) => null_test(rest, left)?,
            (Rank::Or | Rank::Xor | Rank::And, Some(joined_by)) => logical(rest, left, infix, joined_by)?,
            (Rank::Comparison, _) => comparison(rest, left)?,
            (_, Some(joined_by)) => {
                let (after, right) = must(operation(behind_infix(rest, infix)?, infix.right))?;
                (after, join(input, joined_by, left, right)?)
            }
        };
    }
    Ok((rest, left))
}

/// The operator that stands here, if it is of this rank or tighter.
fn infix_ahead(input: Tokens<'_>, loosest: Rank) -> Option<Infix> {
    let mut infixes = INFIXES.into_iter().filter(|infix| infix.rank >= loosest);
    infixes.find(|infix| operator(infix.written)(input).is_ok())
}

/// Past an operator: STARTS and ENDS have a second word.
fn behind_infix<'a>(input: Tokens<'a>, infix: Infix) -> Result<Tokens<'a>, Stop> {
    let behind = input.skip(1);
    match infix.operator {
        Some(BinaryOperator::StartsWith | BinaryOperator::EndsWith) => Ok(must(keyword("WITH")(behind))?.0),
        _ => Ok(behind),
    }
}

/// An operand with NOT or signs before it. NOT may stand only where the operator before it is looser.
fn first_operand(input: Tokens<'_>, loosest: Rank) -> Parsed<'_, Tree> {
    let denied = (0..).take_while(|&ahead| loosest <= Rank::Not && input.keyword_ahead(ahead, "NOT")).count();
    if denied == 0 {
        return signed(input);
    }
    let (rest, operand) = must(operation(input.skip(denied), Rank::Comparison))?;
    Ok((rest, prefixed(input, &vec![UnaryOperator::Not; denied], operand)?))
}

/// `a IS NULL`, `a IS NOT NULL`
fn null_test(is: Tokens<'_>, of: Tree) -> Parsed<'_, Tree> {
    let (rest, not) = opt(keyword("NOT")).parse(is.skip(1))?;
    let (rest, _) = must(keyword("NULL")(rest))?;
    let span = between(of.span(), is.span_to(rest));
    Ok((rest, grow(is, ExpressionKind::IsNull(of.expression, not.is_some()), span, of.height + 1)?))
}

/// Operands joined by one of the logical operators. These are associative, in three-valued logic too, so the tree is
/// made level: a thousand conditions joined by OR are ten high.
fn logical<'a>(mut rest: Tokens<'a>, first: Tree, infix: Infix, joined_by: BinaryOperator) -> Parsed<'a, Tree> {
    let mut operands = vec![first];
    while rest.keyword_ahead(0, infix.written) {
        let (after, operand) = must(operation(rest.skip(1), infix.right))?;
        operands.push(operand);
        rest = after;
    }
    Ok((rest, level(rest, operands, joined_by)?))
}

/// Joins operands pairwise until one is left.
fn level(at: Tokens<'_>, mut operands: Vec<Tree>, joined_by: BinaryOperator) -> Result<Tree, Stop> {
    while operands.len() > 1 {
        let mut joined = Vec::with_capacity(operands.len().div_ceil(2));
        let mut left = operands.into_iter();
        while let Some(first) = left.next() {
            joined.push(match left.next() {
                Some(second) => join(at, joined_by, first, second)?,
                None => first,
            });
        }
        operands = joined;
    }
    Ok(operands.remove(0))
}

/// `left operator right`
fn join(at: Tokens<'_>, joined_by: BinaryOperator, left: Tree, right: Tree) -> Result<Tree, Stop> {
    let (span, height) = (between(left.span(), right.span()), left.height.max(right.height) + 1);
    grow(at, ExpressionKind::Binary(joined_by, left.expression, right.expression), span, height)
}

/// Operators before an operand, the innermost last.
fn prefixed(input: Tokens<'_>, signs: &[UnaryOperator], operand: Tree) -> Result<Tree, Stop> {
    let places = (0..signs.len()).map(|index| input.skip(index).span());
    signs.iter().zip(places).rev().try_fold(operand, |operand, (&sign, place)| {
        let (span, height) = (between(place, operand.span()), operand.height + 1);
        grow(input, ExpressionKind::Unary(sign, operand.expression), span, height)
    })
}

/// `a < b`, and in a chain `a < b <= c`, which stands for `a < b AND b <= c`.
fn comparison(mut rest: Tokens<'_>, first: Tree) -> Parsed<'_, Tree> {
    let mut operands = vec![first];
    let mut operators = Vec::new();
    let chains = &rest.context.chains;
    while let Some(Infix { operator: Some(found), right, .. }) = comparison_ahead(rest) {
        let chains_before = chains.get();
        let (after, operand) = must(operation(rest.skip(1), right))?;
        if chains.get() > chains_before && comparison_ahead(after).is_some() {
            return refuse_chain_within_chain(rest, operand.span());
        }
        operators.push(found);
        operands.push(operand);
        rest = after;
    }
    chains.set(chains.get() + usize::from(operators.len() > 1));
    Ok((rest, chained(rest, operands, &operators)?))
}

/// The comparison that stands here.
fn comparison_ahead(input: Tokens<'_>) -> Option<Infix> {
    INFIXES.into_iter().find(|infix| infix.rank == Rank::Comparison && input.symbol_ahead(0, infix.written))
}

/// The comparisons of a chain joined by AND. Each operand but the first and the last stands in two of them.
fn chained(input: Tokens<'_>, mut operands: Vec<Tree>, operators: &[BinaryOperator]) -> Result<Tree, Stop> {
    let last = operands.pop().expect("a chain has a first operand");
    match (operators, operands.pop()) {
        ([only], Some(first)) => join(input, *only, first, last),
        (_, None) => Ok(last),
        (_, Some(before)) => {
            operands.extend([before, last]);
            let pairs = operators.iter().zip(operands.windows(2));
            let comparisons = pairs.map(|(&by, pair)| join(input, by, pair[0].clone(), pair[1].clone()));
            level(input, comparisons.collect::<Result<_, _>>()?, BinaryOperator::And)
        }
    }
}

/// A middle operand is doubled, so chains within chains within chains would grow without bounds.
fn refuse_chain_within_chain<T>(input: Tokens<'_>, span: Span) -> Parsed<'_, T> {
    let kind = QueryErrorKind::Syntax {
        expected: "a plain value between two comparisons".to_owned(),
        found: "another chain of comparisons".to_owned(),
    };
    let help = "join the two comparisons with AND, as in `a < b AND b < c`".to_owned();
    input.fail(QueryError { kind, span: Some(span), help: Some(help) })
}

/// `-a`, `+a`. A minus before a number belongs to the number, so that the least integer can be written.
fn signed(input: Tokens<'_>) -> Parsed<'_, Tree> {
    let sign = |ahead: usize| match (input.symbol_ahead(ahead, "-"), input.symbol_ahead(ahead, "+")) {
        (true, _) => Some(UnaryOperator::Negate),
        (_, plus) => plus.then_some(UnaryOperator::Plus),
    };
    let mut signs: Vec<_> = (0..).map_while(sign).collect();
    let rest = input.skip(signs.len());
    let number = rest.ahead(0).is_some_and(|lexeme| matches!(lexeme.kind, LexemeKind::Integer | LexemeKind::Float));
    let (rest, operand) = if number && signs.last() == Some(&UnaryOperator::Negate) {
        signs.pop();
        negative_number(input.skip(signs.len()))?
    } else {
        postfix(rest)?
    };
    Ok((rest, prefixed(input, &signs, operand)?))
}

/// `-12`
fn negative_number(input: Tokens<'_>) -> Parsed<'_, Tree> {
    let (rest, literal) = literal::number(input.skip(1), true)?;
    Ok((rest, grow(input, ExpressionKind::Literal(literal), input.span_to(rest), 1)?))
}

/// What SET and REMOVE are said of: `a`, `a.key`, `a:Label`.
pub(super) fn target(input: Tokens<'_>) -> Parsed<'_, Expression> {
    map(nested(postfix), |tree| tree.expression).parse(input)
}

/// `a.key`, `a[index]`, `a[from..to]`, `a:Label`
fn postfix(input: Tokens<'_>) -> Parsed<'_, Tree> {
    let (mut rest, mut base) = atom(input)?;
    loop {
        let variable = matches!(base.expression.node, ExpressionKind::Variable(_));
        let projects = variable && rest.symbol_ahead(0, "{");
        let (after, (Some(step), height)) = measured(|input| step(input, projects))(rest)? else {
            return Ok((rest, base));
        };
        let (span, height) = (input.span_to(after), base.height.max(height) + 1);
        let of = base.expression;
        let kind = match step {
            Step::Property(key) => ExpressionKind::Property(of, key),
            Step::Index(index) => ExpressionKind::Index(of, index),
            Step::Slice(from, to) => ExpressionKind::Slice(of, from, to),
            Step::Labels(labels) => ExpressionKind::HasLabels(of, labels),
            Step::Projection(items) => ExpressionKind::MapProjection { of, items },
        };
        base = grow(input, kind, span, height)?;
        rest = after;
    }
}

/// What may stand behind a value.
enum Step {
    Property(Name),
    Index(Expression),
    Slice(Option<Expression>, Option<Expression>),
    Labels(Vec<LabelExpression>),
    Projection(Vec<MapItem>),
}

/// A step behind a value, if there is one.
fn step(input: Tokens<'_>, projects: bool) -> Parsed<'_, Option<Step>> {
    if projects {
        return map_projection(input.skip(1)).map(|(rest, items)| (rest, Some(Step::Projection(items))));
    }
    if operator(".")(input).is_ok() {
        let (rest, key) = must(any_name(Thing::PropertyKey)(input.skip(1)))?;
        return Ok((rest, Some(Step::Property(key))));
    }
    if operator("[")(input).is_ok() {
        return bracket_step(input.skip(1)).map(|(rest, step)| (rest, Some(step)));
    }
    if operator(":")(input).is_ok() {
        let bar = if input.bar_ends { Bar::Ends } else { Bar::Chooses };
        return labels(input, bar).map(|(rest, labels)| (rest, Some(Step::Labels(labels))));
    }
    Ok((input, None))
}

/// `index]`, `from..to]`
fn bracket_step(input: Tokens<'_>) -> Parsed<'_, Step> {
    let (rest, from) = if input.symbol_ahead(0, "..") { (input, None) } else { must(some(expression(input)))? };
    let (rest, dots) = opt(symbol("..")).parse(rest)?;
    let open = dots.is_none() || rest.symbol_ahead(0, "]");
    let (rest, to) = if open { (rest, None) } else { must(some(expression(rest)))? };
    let (rest, _) = must(symbol("]")(rest))?;
    let step = match (from, dots) {
        (Some(index), None) => Step::Index(index),
        (from, _) => Step::Slice(from, to),
    };
    Ok((rest, step))
}

pub(super) fn some<T>(parsed: Parsed<'_, T>) -> Parsed<'_, Option<T>> {
    parsed.map(|(rest, output)| (rest, Some(output)))
}

/// Runs a production and gives with its output the height of the tallest expression in it.
fn measured<'a, T>(
    mut production: impl Parser<Tokens<'a>, Output = T, Error = Refused>,
) -> impl FnMut(Tokens<'a>) -> Parsed<'a, (T, usize)> {
    move |input| {
        let outer = input.context.tallest.replace(0);
        let parsed = production.parse(input);
        let height = input.context.tallest.replace(outer);
        parsed.map(|(rest, output)| (rest, (output, height)))
    }
}

/// A single value.
fn atom(input: Tokens<'_>) -> Parsed<'_, Tree> {
    let (rest, (kind, height)) = measured(atom_kind)(input)?;
    Ok((rest, grow(input, kind, input.span_to(rest), height + 1)?))
}

fn atom_kind(input: Tokens<'_>) -> Parsed<'_, ExpressionKind> {
    match input.ahead(0).map(|lexeme| lexeme.kind) {
        Some(LexemeKind::Integer | LexemeKind::Float) => {
            map(|input| literal::number(input, false), ExpressionKind::Literal).parse(input)
        }
        Some(LexemeKind::Text) => map(literal::text, ExpressionKind::Literal).parse(input),
        Some(LexemeKind::Parameter) => map(literal::parameter, ExpressionKind::Parameter).parse(input),
        Some(LexemeKind::Symbol("(")) if path_ahead(input) => {
            map(path_predicate, |path| exists(vec![path], None, false)).parse(input)
        }
        Some(LexemeKind::Symbol("(")) => bracketed(input),
        Some(LexemeKind::Symbol("[")) => list(input),
        Some(LexemeKind::Symbol("{")) => map(map_entries, ExpressionKind::Map).parse(input),
        Some(LexemeKind::Word | LexemeKind::QuotedName) => word(input),
        _ => input.refuse(Expected::Thing(Thing::Expression)),
    }
}

pub(super) fn exists(patterns: Vec<PathPattern>, condition: Option<Expression>, braces: bool) -> ExpressionKind {
    ExpressionKind::Exists { patterns, condition, braces }
}

/// `(a)`: the brackets leave no trace but the place, so that the column of `RETURN (a + b)` is called as written.
fn bracketed(input: Tokens<'_>) -> Parsed<'_, ExpressionKind> {
    let (rest, inside) = must(expression(input.skip(1)))?;
    let (rest, _) = must(symbol(")")(rest))?;
    Ok((rest, inside.node))
}

/// `[a, b]`, `[x IN list WHERE condition | result]`, or `[(a)--(b) WHERE condition | result]`
fn list(input: Tokens<'_>) -> Parsed<'_, ExpressionKind> {
    let named = input.variable_ahead(1) && input.symbol_ahead(2, "=");
    let begins_with_path = path_ahead(input.skip(if named { 3 } else { 1 }));
    if begins_with_path && matches!(input.first_within(&[",", "|", "WHERE"]), Some("|" | "WHERE")) {
        return pattern_comprehension(input);
    }
    if input.variable_ahead(1) && input.keyword_ahead(2, "IN") {
        return list_comprehension(input);
    }
    let (rest, items) = expressions(input.skip(1), "]")?;
    Ok((rest, ExpressionKind::List(items)))
}

/// `a, b]`: none or more expressions and what closes them.
fn expressions<'a>(input: Tokens<'a>, closing: &'static str) -> Parsed<'a, Vec<Expression>> {
    let mut items = Vec::new();
    if let Ok((rest, _)) = symbol(closing)(input) {
        return Ok((rest, items));
    }
    let mut rest = input;
    loop {
        let (after, item) = must(expression(rest))?;
        items.push(item);
        match symbol(",")(after) {
            Ok((after, _)) => rest = after,
            Err(_) => return must(symbol(closing)(after)).map(|(after, _)| (after, items)),
        }
    }
}

/// `word expression`, or nothing.
pub(super) fn optional_part<'a>(
    input: Tokens<'a>,
    opening: impl Fn(Tokens<'a>) -> Parsed<'a, Span>,
) -> Parsed<'a, Option<Expression>> {
    match opening(input) {
        Ok((rest, _)) => must(some(expression(rest))),
        Err(_) => Ok((input, None)),
    }
}

/// `x IN list`
pub(super) fn element_of_list(input: Tokens<'_>) -> Parsed<'_, (Name, Expression)> {
    let (rest, variable) = must(variable(input))?;
    let (rest, _) = must(keyword("IN")(rest))?;
    let (rest, list) = must(expression_before_bar(rest))?;
    Ok((rest, (variable, list)))
}

/// `{key: value, ...}`
pub(super) fn map_entries(input: Tokens<'_>) -> Parsed<'_, Vec<(Name, Expression)>> {
    let (mut rest, _) = symbol("{")(input)?;
    let mut entries = Vec::new();
    if let Ok((rest, _)) = symbol("}")(rest) {
        return Ok((rest, entries));
    }
    loop {
        let (after, key) = must(any_name(Thing::PropertyKey)(rest))?;
        let (after, _) = must(symbol(":")(after))?;
        let (after, value) = must(expression(after))?;
        entries.push((key, value));
        match symbol(",")(after) {
            Ok((after, _)) => rest = after,
            Err(_) => return must(symbol("}")(after)).map(|(after, _)| (after, entries)),
        }
    }
}

/// What begins with a word: a literal, CASE, EXISTS, a quantifier, a function call, a variable.
fn word(input: Tokens<'_>) -> Parsed<'_, ExpressionKind> {
    let literal = [("null", Literal::Null), ("true", Literal::Boolean(true)), ("false", Literal::Boolean(false))];
    if let Some((_, literal)) = literal.into_iter().find(|(word, _)| input.keyword_ahead(0, word)) {
        return Ok((input.skip(1), ExpressionKind::Literal(literal)));
    }
    if input.keyword_ahead(0, "CASE") {
        return case(input);
    }
    if let Some(kind) = subquery_ahead(input) {
        return must(subquery(input.skip(2), kind));
    }
    if input.keyword_ahead(0, "REDUCE") && input.symbol_ahead(1, "(") && input.symbol_ahead(3, "=") {
        return reduce(input);
    }
    if let Some(kind) = quantifier_ahead(input) {
        return quantifier(input, kind);
    }
    if let Some(parts) = call_ahead(input) {
        return call(input, parts);
    }
    if input.variable_ahead(0) {
        return map(variable, |name| ExpressionKind::Variable(name.node)).parse(input);
    }
    input.refuse(Expected::Thing(Thing::Expression))
}

/// `CASE [operand] WHEN a THEN b ... [ELSE c] END`
fn case(input: Tokens<'_>) -> Parsed<'_, ExpressionKind> {
    let rest = input.skip(1);
    let simple = !rest.keyword_ahead(0, "WHEN");
    let (mut rest, operand) = if simple { must(some(expression(rest)))? } else { (rest, None) };
    let mut branches = Vec::new();
    while branches.is_empty() || keyword("WHEN")(rest).is_ok() {
        let (after, _) = must(keyword("WHEN")(rest))?;
        let (mut after, when) = must(expression(after))?;
        let mut values = vec![when];
        while let Some(next) = symbol(",")(after).ok().filter(|_| operand.is_some()) {
            let (behind, value) = must(expression(next.0))?;
            values.push(value);
            after = behind;
        }
        let (after, _) = must(keyword("THEN")(after))?;
        let (after, then) = must(expression(after))?;
        branches.push((values, then));
        rest = after;
    }
    let (rest, otherwise) = optional_part(rest, keyword("ELSE"))?;
    let (rest, _) = must(keyword("END")(rest))?;
    Ok((rest, ExpressionKind::Case { operand, branches, otherwise }))
}

/// Which quantifier begins here: `all(x IN`, `any(x IN`, `none(x IN`, `single(x IN`.
fn quantifier_ahead(input: Tokens<'_>) -> Option<QuantifierKind> {
    let kinds = [
        ("ALL", QuantifierKind::All),
        ("ANY", QuantifierKind::Any),
        ("NONE", QuantifierKind::None),
        ("SINGLE", QuantifierKind::Single),
    ];
    let opened = input.symbol_ahead(1, "(") && input.variable_ahead(2) && input.keyword_ahead(3, "IN");
    kinds.into_iter().find(|(word, _)| opened && input.keyword_ahead(0, word)).map(|(_, kind)| kind)
}

fn quantifier(input: Tokens<'_>, kind: QuantifierKind) -> Parsed<'_, ExpressionKind> {
    let (rest, (variable, list)) = element_of_list(input.skip(2))?;
    let (rest, _) = must(keyword("WHERE")(rest))?;
    let (rest, condition) = must(expression(rest))?;
    let (rest, _) = must(symbol(")")(rest))?;
    Ok((rest, ExpressionKind::Quantifier { kind, variable, list, condition }))
}

/// How many names, joined by dots, stand before an opening bracket here.
fn call_ahead(input: Tokens<'_>) -> Option<usize> {
    let mut parts = 1;
    while input.symbol_ahead(2 * parts - 1, ".") {
        parts += 1;
    }
    let callable = parts > 1 || input.variable_ahead(0);
    let named = (0..parts).all(|part| {
        input.ahead(2 * part).is_some_and(|name| matches!(name.kind, LexemeKind::Word | LexemeKind::QuotedName))
    });
    (callable && named && input.symbol_ahead(2 * parts - 1, "(")).then_some(parts)
}

/// `name(argument, ...)`, `count(DISTINCT a)`, `count(*)`
fn call(input: Tokens<'_>, parts: usize) -> Parsed<'_, ExpressionKind> {
    let behind = input.skip(2 * parts - 1);
    let mut names = Vec::with_capacity(parts);
    for part in 0..parts {
        names.push(any_name(Thing::Function)(input.skip(2 * part))?.1.node);
    }
    let name = Name { node: names.join("."), span: input.span_to(behind) };
    if name.node.eq_ignore_ascii_case("count") && behind.symbol_ahead(1, "*") {
        return must(symbol(")")(behind.skip(2))).map(|(rest, _)| (rest, ExpressionKind::CountStar));
    }
    let (rest, distinct) = opt(keyword("DISTINCT")).parse(behind.skip(1))?;
    let (rest, arguments) = expressions(rest, ")")?;
    Ok((rest, called(name, distinct.is_some(), arguments)))
}

/// `exists((a)--(b))` is the pattern itself.
fn called(name: Name, distinct: bool, mut arguments: Vec<Expression>) -> ExpressionKind {
    if let [only] = &mut arguments[..]
        && let ExpressionKind::Exists { patterns, condition, .. } = &mut only.node
        && name.node.eq_ignore_ascii_case("exists")
    {
        return exists(std::mem::take(patterns), condition.take(), true);
    }
    ExpressionKind::Call { name, distinct, arguments }
}

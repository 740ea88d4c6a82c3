//! Expressions, from OR down to a single value. One function for each row of the table of precedence.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, map, opt, value};
use nom::multi::{many0, many1, separated_list0};
use nom::sequence::{delimited, pair, preceded, separated_pair};

use super::input::{
    Expected, Parsed, Refused, Stop, Thing, Tokens, any_name, keyword, nested, operator, symbol, variable,
};
use super::lexeme::LexemeKind;
use super::literal;
use super::pattern::{labels, path_ahead, path_predicate, subquery};
use crate::ast::{
    BinaryOperator, Expression, ExpressionKind, Literal, Name, PathPattern, QuantifierKind, Span, Spanned,
    UnaryOperator,
};
use crate::error::{QueryError, QueryErrorKind};

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
pub(super) fn expression(input: Tokens<'_>) -> Parsed<'_, Expression> {
    let (rest, tree) = nested(disjunction)(input)?;
    let tallest = &input.context.tallest;
    tallest.set(tallest.get().max(tree.height));
    Ok((rest, tree.expression))
}

/// `a OR b`
fn disjunction(input: Tokens<'_>) -> Parsed<'_, Tree> {
    logical(input, exclusive, "OR", BinaryOperator::Or)
}

/// `a XOR b`
fn exclusive(input: Tokens<'_>) -> Parsed<'_, Tree> {
    logical(input, conjunction, "XOR", BinaryOperator::Xor)
}

/// `a AND b`
fn conjunction(input: Tokens<'_>) -> Parsed<'_, Tree> {
    logical(input, negation, "AND", BinaryOperator::And)
}

/// Operands joined by one of the logical operators. These are associative, in three-valued logic too, so the tree is
/// made level: a thousand conditions joined by OR are ten high.
fn logical<'a>(
    input: Tokens<'a>,
    operand: fn(Tokens<'a>) -> Parsed<'a, Tree>,
    word: &'static str,
    joined_by: BinaryOperator,
) -> Parsed<'a, Tree> {
    let (rest, first) = operand(input)?;
    let (rest, mut operands) = many0(preceded(operator(word), cut(operand))).parse(rest)?;
    operands.insert(0, first);
    Ok((rest, level(input, operands, joined_by)?))
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

/// `NOT a`
fn negation(input: Tokens<'_>) -> Parsed<'_, Tree> {
    let signs: Vec<_> =
        (0..).map_while(|ahead| input.keyword_ahead(ahead, "NOT").then_some(UnaryOperator::Not)).collect();
    let (rest, operand) = comparison(input.skip(signs.len()))?;
    Ok((rest, prefixed(input, &signs, operand)?))
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
fn comparison(input: Tokens<'_>) -> Parsed<'_, Tree> {
    let (mut rest, first) = predicate(input)?;
    let mut operands = vec![first];
    let mut operators = Vec::new();
    while let (after, Some(found)) = opt(comparison_operator).parse(rest)? {
        let chains = input.context.chains.get();
        let (after, operand) = cut(predicate).parse(after)?;
        let (_, further) = opt(comparison_operator).parse(after)?;
        if further.is_some() && input.context.chains.get() > chains {
            return refuse_chain_within_chain(input, operand.span());
        }
        operators.push(found);
        operands.push(operand);
        rest = after;
    }
    if operators.len() > 1 {
        input.context.chains.set(input.context.chains.get() + 1);
    }
    Ok((rest, chained(input, operands, &operators)?))
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

fn comparison_operator(input: Tokens<'_>) -> Parsed<'_, BinaryOperator> {
    one_of(
        input,
        &[
            ("=", BinaryOperator::Equal),
            ("<>", BinaryOperator::NotEqual),
            ("<=", BinaryOperator::LessOrEqual),
            (">=", BinaryOperator::GreaterOrEqual),
            ("<", BinaryOperator::Less),
            (">", BinaryOperator::Greater),
        ],
    )
}

/// The first of these operators that stands here.
fn one_of<'a>(input: Tokens<'a>, operators: &[(&'static str, BinaryOperator)]) -> Parsed<'a, BinaryOperator> {
    for &(written, meant) in operators {
        if let Ok((rest, _)) = operator(written)(input) {
            return Ok((rest, meant));
        }
    }
    Err(nom::Err::Error(Refused))
}

/// `a IN list`, `a STARTS WITH b`, `a ENDS WITH b`, `a CONTAINS b`, `a IS [NOT] NULL`
fn predicate(input: Tokens<'_>) -> Parsed<'_, Tree> {
    let (mut rest, mut left) = sum(input)?;
    loop {
        if let (after, Some(negated)) = opt(is_null).parse(rest)? {
            let (span, height) = (input.span_to(after), left.height + 1);
            left = grow(input, ExpressionKind::IsNull(left.expression, negated), span, height)?;
            rest = after;
        } else if let (after, Some((joined_by, right))) = opt(pair(predicate_operator, cut(sum))).parse(rest)? {
            left = join(input, joined_by, left, right)?;
            rest = after;
        } else {
            return Ok((rest, left));
        }
    }
}

/// `IS NULL` (false), `IS NOT NULL` (true)
fn is_null(input: Tokens<'_>) -> Parsed<'_, bool> {
    let not = map(opt(keyword("NOT")), |not| not.is_some());
    delimited(operator("IS"), cut(not), cut(keyword("NULL"))).parse(input)
}

fn predicate_operator(input: Tokens<'_>) -> Parsed<'_, BinaryOperator> {
    let with = || cut(keyword("WITH"));
    alt((
        value(BinaryOperator::In, operator("IN")),
        value(BinaryOperator::Contains, operator("CONTAINS")),
        value(BinaryOperator::StartsWith, pair(operator("STARTS"), with())),
        value(BinaryOperator::EndsWith, pair(operator("ENDS"), with())),
    ))
    .parse(input)
}

/// `a + b`, `a - b`
fn sum(input: Tokens<'_>) -> Parsed<'_, Tree> {
    grouped_from_left(input, product, &[("+", BinaryOperator::Add), ("-", BinaryOperator::Subtract)])
}

/// `a * b`, `a / b`, `a % b`
fn product(input: Tokens<'_>) -> Parsed<'_, Tree> {
    let operators = [("*", BinaryOperator::Multiply), ("/", BinaryOperator::Divide), ("%", BinaryOperator::Modulo)];
    grouped_from_left(input, power, &operators)
}

/// `a ^ b`
fn power(input: Tokens<'_>) -> Parsed<'_, Tree> {
    grouped_from_left(input, signed, &[("^", BinaryOperator::Power)])
}

fn grouped_from_left<'a>(
    input: Tokens<'a>,
    operand: fn(Tokens<'a>) -> Parsed<'a, Tree>,
    operators: &[(&'static str, BinaryOperator)],
) -> Parsed<'a, Tree> {
    let (mut rest, mut left) = operand(input)?;
    while let (after, Some(joined_by)) = opt(|input| one_of(input, operators)).parse(rest)? {
        let (after, right) = cut(operand).parse(after)?;
        left = join(input, joined_by, left, right)?;
        rest = after;
    }
    Ok((rest, left))
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
        let step = alt((property_step, bracket_step, label_step));
        let (after, (Some(step), height)) = measured(opt(step))(rest)? else { return Ok((rest, base)) };
        let (span, height) = (input.span_to(after), base.height.max(height) + 1);
        let of = base.expression;
        let kind = match step {
            Step::Property(key) => ExpressionKind::Property(of, key),
            Step::Index(index) => ExpressionKind::Index(of, index),
            Step::Slice(from, to) => ExpressionKind::Slice(of, from, to),
            Step::Labels(labels) => ExpressionKind::HasLabels(of, labels),
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
    Labels(Vec<Vec<Name>>),
}

fn property_step(input: Tokens<'_>) -> Parsed<'_, Step> {
    map(preceded(operator("."), cut(any_name(Thing::PropertyKey))), Step::Property).parse(input)
}

fn label_step(input: Tokens<'_>) -> Parsed<'_, Step> {
    if !input.symbol_ahead(0, ":") {
        return input.refuse(Expected::Operator(":"));
    }
    map(labels, Step::Labels).parse(input)
}

fn bracket_step(input: Tokens<'_>) -> Parsed<'_, Step> {
    let (rest, _) = operator("[")(input)?;
    let bounds = pair(opt(expression), opt(preceded(symbol(".."), opt(expression))));
    let (rest, bounds) = cut(bounds).parse(rest)?;
    let step = match bounds {
        (Some(index), None) => Step::Index(index),
        (from, Some(to)) => Step::Slice(from, to),
        (None, None) => return rest.refuse(Expected::Thing(Thing::Expression)).map_err(fatal),
    };
    cut(symbol("]")).parse(rest).map(|(rest, _)| (rest, step))
}

/// No other alternative can do better.
fn fatal(error: Stop) -> Stop {
    match error {
        nom::Err::Error(refused) => nom::Err::Failure(refused),
        other => other,
    }
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
            map(path_predicate, |path| exists(vec![path], None)).parse(input)
        }
        Some(LexemeKind::Symbol("(")) => bracketed(input),
        Some(LexemeKind::Symbol("[")) => list(input),
        Some(LexemeKind::Symbol("{")) => map(map_entries, ExpressionKind::Map).parse(input),
        Some(LexemeKind::Word | LexemeKind::QuotedName) => word(input),
        _ => input.refuse(Expected::Thing(Thing::Expression)),
    }
}

fn exists(patterns: Vec<PathPattern>, condition: Option<Expression>) -> ExpressionKind {
    ExpressionKind::Exists { patterns, condition }
}

/// `(a)`: the brackets leave no trace but the place, so that the column of `RETURN (a + b)` is called as written.
fn bracketed(input: Tokens<'_>) -> Parsed<'_, ExpressionKind> {
    map(delimited(symbol("("), cut(expression), cut(symbol(")"))), |inside| inside.node).parse(input)
}

/// `[a, b]`, or `[x IN list WHERE condition | result]`
fn list(input: Tokens<'_>) -> Parsed<'_, ExpressionKind> {
    if input.variable_ahead(1) && input.keyword_ahead(2, "IN") {
        return list_comprehension(input);
    }
    let items = separated_list0(symbol(","), expression);
    map(delimited(symbol("["), items, cut(symbol("]"))), ExpressionKind::List).parse(input)
}

fn list_comprehension(input: Tokens<'_>) -> Parsed<'_, ExpressionKind> {
    let condition = opt(preceded(keyword("WHERE"), cut(expression)));
    let result = opt(preceded(symbol("|"), cut(expression)));
    let inside = (separated_pair(variable, keyword("IN"), cut(expression)), condition, result);
    map(delimited(symbol("["), inside, cut(symbol("]"))), |((variable, list), condition, result)| {
        ExpressionKind::ListComprehension { variable, list, condition, result }
    })
    .parse(input)
}

/// `{key: value, ...}`
pub(super) fn map_entries(input: Tokens<'_>) -> Parsed<'_, Vec<(Name, Expression)>> {
    let entry = separated_pair(any_name(Thing::PropertyKey), cut(symbol(":")), cut(expression));
    delimited(symbol("{"), separated_list0(symbol(","), entry), cut(symbol("}"))).parse(input)
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
    if input.keyword_ahead(0, "EXISTS") && input.symbol_ahead(1, "{") {
        return map(cut(subquery), |(patterns, condition)| exists(patterns, condition)).parse(input.skip(2));
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
    let branch = preceded(keyword("WHEN"), cut(separated_pair(expression, keyword("THEN"), expression)));
    let otherwise = opt(preceded(keyword("ELSE"), cut(expression)));
    let parts = (opt(expression), many1(branch), otherwise);
    map(delimited(keyword("CASE"), cut(parts), cut(keyword("END"))), |(operand, branches, otherwise)| {
        ExpressionKind::Case { operand, branches, otherwise }
    })
    .parse(input)
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
    let source = separated_pair(variable, keyword("IN"), expression);
    let inside = pair(source, preceded(keyword("WHERE"), expression));
    map(delimited(symbol("("), cut(inside), cut(symbol(")"))), move |((variable, list), condition)| {
        ExpressionKind::Quantifier { kind, variable, list, condition }
    })
    .parse(input.skip(1))
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
        return cut(map(symbol(")"), |_| ExpressionKind::CountStar)).parse(behind.skip(2));
    }
    let arguments = pair(opt(keyword("DISTINCT")), separated_list0(symbol(","), expression));
    map(delimited(symbol("("), arguments, cut(symbol(")"))), move |(distinct, arguments)| {
        called(name.clone(), distinct.is_some(), arguments)
    })
    .parse(behind)
}

/// `exists((a)--(b))` is the pattern itself.
fn called(name: Name, distinct: bool, mut arguments: Vec<Expression>) -> ExpressionKind {
    let pattern = matches!(arguments.as_slice(), [only] if matches!(only.node, ExpressionKind::Exists { .. }));
    if pattern && name.node.eq_ignore_ascii_case("exists") {
        return arguments.remove(0).node;
    }
    ExpressionKind::Call { name, distinct, arguments }
}

//! What may stand at the cursor. The parser is asked: what it expects at the end of the text before the word under the
//! cursor is what can be completed there.

use crate::syntax::ast::Span;
use crate::syntax::highlight::{TokenKind, tokens};
use crate::syntax::keyword::contains;
use crate::syntax::parse::lexeme::{Lexeme, LexemeKind, Unclosed, lexemes, unquote_name};
use crate::syntax::parse::{Wanted, wanted_at_end};

/// What may be put in at the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// What has been typed of it already: without the quote or dollar sign before it.
    pub prefix: String,
    /// Its place, which the completed word takes.
    pub span: Span,
    /// What sorts of thing it may be.
    pub kinds: Vec<CompletionKind>,
    /// Where it may be a keyword: which.
    pub keywords: Vec<&'static str>,
    /// Where it may be a variable: those of the query, in order.
    pub variables: Vec<String>,
    /// Where it is a property key or the name of an entity: the label of the node whose it is, if the query says so.
    pub label: Option<String>,
}

/// What sort of thing may be put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompletionKind {
    /// One of [`Completion::keywords`].
    Keyword,
    /// A label of the graph.
    Label,
    /// A relation type of the graph.
    RelationType,
    /// One of [`Completion::variables`].
    Variable,
    /// A function.
    Function,
    /// A property key.
    PropertyKey,
    /// The name of an entity, within a text that is compared with `name`.
    EntityName,
    /// A parameter.
    Parameter,
    /// A procedure, or the part of its name behind a dot.
    Procedure,
    /// A column that a procedure gives.
    Column,
}

/// What may stand at the cursor, given as a byte of the text.
pub fn completion_at(text: &str, cursor: usize) -> Completion {
    let cursor = (0..=cursor.min(text.len())).rev().find(|&byte| text.is_char_boundary(byte)).unwrap_or(0);
    let typed = &text[..cursor];
    let mut before = lexemes(typed);
    let last = before.last().copied().filter(|last| last.span.end == cursor);
    let Some(last) = last else { return at_a_new_word(text, typed, cursor, &before) };
    before.pop();
    match last.kind {
        LexemeKind::Word => word(text, typed, last.span, 0, &before),
        LexemeKind::Unclosed(Unclosed::Name) if typed[last.span.start..].starts_with('$') => {
            parameter(typed, last.span, 2)
        }
        LexemeKind::Unclosed(Unclosed::Name) => word(text, typed, last.span, 1, &before),
        LexemeKind::Parameter => parameter(typed, last.span, 1),
        LexemeKind::Stray if &typed[last.span.start..] == "$" => parameter(typed, last.span, 1),
        LexemeKind::Unclosed(Unclosed::Text) => entity_name(typed, last.span, &before),
        LexemeKind::Symbol(_) => {
            before.push(last);
            at_a_new_word(text, typed, cursor, &before)
        }
        _ => Completion { span: Span { start: cursor, end: cursor }, ..Completion::default() },
    }
}

/// Nothing has been typed yet of the word at the cursor.
fn at_a_new_word(text: &str, typed: &str, cursor: usize, before: &[Lexeme]) -> Completion {
    word(text, typed, Span { start: cursor, end: cursor }, 0, before)
}

/// A word of which some letters behind a quote may be there.
fn word(text: &str, typed: &str, span: Span, quote: usize, before: &[Lexeme]) -> Completion {
    let Wanted { mut kinds, keywords } = wanted_at_end(&typed[..span.start]);
    if quote > 0 {
        kinds.retain(|kind| *kind != CompletionKind::Keyword);
    }
    let owner = match before {
        [.., owner, dot] if dot.is(".") => Some(*owner),
        _ => None,
    };
    let key = kinds.contains(&CompletionKind::PropertyKey);
    Completion {
        prefix: typed[span.start + quote..].to_owned(),
        span,
        variables: if kinds.contains(&CompletionKind::Variable) { variables(text, span) } else { Vec::new() },
        label: key.then(|| label_at(typed, before, owner)).flatten(),
        keywords: if kinds.contains(&CompletionKind::Keyword) { keywords } else { Vec::new() },
        kinds,
    }
}

fn parameter(typed: &str, span: Span, quote: usize) -> Completion {
    Completion {
        prefix: typed[span.start + quote..].to_owned(),
        span: Span { start: span.start + quote, end: span.end },
        kinds: vec![CompletionKind::Parameter],
        ..Completion::default()
    }
}

/// The variables of a query, bare words among them, but for the word that is being typed.
fn variables(text: &str, typed: Span) -> Vec<String> {
    let named = tokens(text).into_iter().filter(|token| token.span.start != typed.start);
    let named = named.filter(|token| match token.kind {
        TokenKind::Variable => true,
        TokenKind::Label => !text[..token.span.start].trim_end().ends_with([':', '|', '&']),
        _ => false,
    });
    let mut variables: Vec<String> = Vec::new();
    for token in named {
        let name = unquote_name(&text[token.span.start..token.span.end]);
        if !variables.contains(&name) {
            variables.push(name);
        }
    }
    variables
}

/// Within a text: the name of an entity, if the text is compared with one.
fn entity_name(typed: &str, span: Span, before: &[Lexeme]) -> Completion {
    let inside = Span { start: span.start + 1, end: span.end };
    let nothing = Completion { span: inside, prefix: typed[inside.start..].to_owned(), ..Completion::default() };
    let Some((name, owner)) = compared_with(typed, before) else { return nothing };
    if !name.text(typed).eq_ignore_ascii_case("name") {
        return nothing;
    }
    Completion { kinds: vec![CompletionKind::EntityName], label: label_at(typed, before, owner), ..nothing }
}

/// The property that a text behind these lexemes is compared with, and the variable whose it is:
/// `{name: '`, `g.name = '`, `g.name STARTS WITH '`, `g.name IN ['TP53', '`.
fn compared_with(typed: &str, before: &[Lexeme]) -> Option<(Lexeme, Option<Lexeme>)> {
    let mut left = before;
    while let [rest @ .., text, comma] = left
        && comma.is(",")
        && text.kind == LexemeKind::Text
    {
        left = rest;
    }
    if let [rest @ .., in_word, bracket] = left
        && bracket.is("[")
        && in_word.text(typed).eq_ignore_ascii_case("IN")
    {
        return property(rest);
    }
    let (operator, rest) = left.split_last()?;
    let word = operator.text(typed);
    match operator.kind {
        LexemeKind::Symbol(":") => rest.last().map(|key| (*key, None)),
        LexemeKind::Symbol("=" | "<>") => property(rest),
        LexemeKind::Word if word.eq_ignore_ascii_case("CONTAINS") => property(rest),
        LexemeKind::Word if word.eq_ignore_ascii_case("WITH") => {
            let (first, rest) = rest.split_last()?;
            contains(&["STARTS", "ENDS"], first.text(typed)).then(|| property(rest))?
        }
        _ => None,
    }
}

/// `owner.key` at the end of these lexemes.
fn property(lexemes: &[Lexeme]) -> Option<(Lexeme, Option<Lexeme>)> {
    match lexemes {
        [.., owner, dot, key] if dot.is(".") => Some((*key, Some(*owner))),
        _ => None,
    }
}

/// The label of the node whose property is meant: of its variable, if it has one, else of the node pattern whose
/// property map is open at the end.
fn label_at(typed: &str, before: &[Lexeme], owner: Option<Lexeme>) -> Option<String> {
    match owner {
        Some(owner) => label_of_variable(typed, before, &unquote_name(owner.text(typed))),
        None => label_of_open_map(typed, before),
    }
}

/// `(variable:Label`, or the variable as a bare word.
fn label_of_variable(typed: &str, before: &[Lexeme], variable: &str) -> Option<String> {
    let called = |lexeme: &Lexeme| unquote_name(lexeme.text(typed)) == variable;
    let declared = before.windows(4).find(|window| window[0].is("(") && called(&window[1]) && window[2].is(":"));
    let bare = || {
        let mut labels = tokens(typed).into_iter().filter(|token| token.kind == TokenKind::Label);
        labels.find(|token| unquote_name(&typed[token.span.start..token.span.end]) == variable)
    };
    match declared {
        Some(window) => Some(unquote_name(window[3].text(typed))),
        None => bare().map(|token| unquote_name(&typed[token.span.start..token.span.end])),
    }
}

/// The label before the innermost brace that is open.
fn label_of_open_map(typed: &str, before: &[Lexeme]) -> Option<String> {
    let mut closed = 0_usize;
    let open = before.iter().rposition(|lexeme| {
        closed += usize::from(lexeme.is("}"));
        let opens = lexeme.is("{");
        let found = opens && closed == 0;
        closed -= usize::from(opens && closed > 0);
        found
    })?;
    let label = before[..open].last()?;
    let is_label = tokens(typed).iter().any(|token| token.kind == TokenKind::Label && token.span == label.span);
    is_label.then(|| unquote_name(label.text(typed)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use CompletionKind::{EntityName, Function, Keyword, Label, Parameter, PropertyKey, RelationType, Variable};

    /// Completes at the bar.
    fn at(text: &str) -> Completion {
        let cursor = text.find('|').unwrap();
        completion_at(&text.replacen('|', "", 1), cursor)
    }

    #[test]
    fn the_kinds_are_those_that_the_parser_would_take() {
        let cases: [(&str, &[CompletionKind], &str); 18] = [
            ("|", &[Keyword], ""),
            ("MA|", &[Keyword], "MA"),
            ("MATCH |", &[Label, Keyword], ""),
            ("MATCH ge|", &[Label, Keyword], "ge"),
            ("MATCH gene -- d|", &[Label], "d"),
            ("MATCH (g:|", &[Label], ""),
            ("MATCH (a)-[:as|", &[RelationType], "as"),
            ("MATCH (a)-[r:x*2..4]-(b:`cell l|", &[Label], "cell l"),
            ("MATCH (g:gene {na|", &[PropertyKey], "na"),
            ("MATCH (g:gene) WHERE g.na|", &[PropertyKey], "na"),
            ("MATCH (g:gene) WHERE |", &[Keyword, Variable, Function], ""),
            ("MATCH (g:gene) WHERE g.name = $n|", &[Parameter], "n"),
            ("MATCH (g:gene {name: 'BR|", &[EntityName], "BR"),
            ("MATCH (g:gene) WHERE g.name STARTS WITH \"BR|", &[EntityName], "BR"),
            ("MATCH (g:gene) WHERE g.name IN ['A', 'B|", &[EntityName], "B"),
            ("MATCH (g:gene) WHERE g.note = 'B|", &[], "B"),
            ("MATCH (g) // com|", &[], ""),
            ("MATCH (g:gene)) RETURN g|", &[], "g"),
        ];
        for (text, kinds, prefix) in cases {
            let completion = at(text);
            assert_eq!(completion.prefix, prefix, "{text}");
            let mut found = completion.kinds;
            found.sort_by_key(|kind| kinds.iter().position(|other| other == kind));
            assert_eq!(found, kinds, "{text}");
        }
    }

    #[test]
    fn keywords_are_those_that_fit_here() {
        assert!(at("MATCH (g) |").keywords.contains(&"WHERE"));
        assert!(!at("MATCH (g) |").keywords.contains(&"SKIP"));
        assert_eq!(at("RETURN 1 ORDER |").keywords, ["BY"]);
        assert!(at("MATCH (g) WHERE g.name STARTS |").keywords.contains(&"WITH"));
        assert!(at("MATCH |").keywords.contains(&"TRAIL"));
        assert!(at("MATCH (g) WHERE |").keywords.contains(&"NOT"));
    }

    #[test]
    fn variables_are_those_of_the_whole_query() {
        assert_eq!(at("MATCH p = gene -[r*2]- (d:disease) WHERE | RETURN x").variables, ["p", "gene", "r", "d", "x"]);
        assert_eq!(at("MATCH (gene:x) WHERE ge|").variables, ["gene"]);
    }

    #[test]
    fn a_key_or_name_comes_with_the_label_of_its_node() {
        let cases = [
            ("MATCH (g:gene {name: 'B|", Some("gene")),
            ("MATCH (g:gene {note: {a: 1}, na|", Some("gene")),
            ("MATCH (g:gene)--(d:disease) WHERE d.name = 'B|", Some("disease")),
            ("MATCH gene -- disease WHERE gene.na|", Some("gene")),
            ("MATCH (g)--(d) WHERE d.na|", None),
            ("RETURN {na|", None),
        ];
        for (text, label) in cases {
            assert_eq!(at(text).label.as_deref(), label, "{text}");
        }
    }

    #[test]
    fn the_span_is_what_the_completed_word_replaces() {
        assert_eq!(at("MATCH (g:ge|ne)").span, Span { start: 9, end: 11 });
        assert_eq!(at("MATCH (g:`ge|").span, Span { start: 9, end: 12 });
        assert_eq!(at("MATCH (g {name: 'BR|'})").span, Span { start: 17, end: 19 });
    }
}

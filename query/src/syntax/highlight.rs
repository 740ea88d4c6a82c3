//! What each piece of a query is, for colours in a shell: judged by what stands around it, so that it works on text
//! that is still being typed and on text that is wrong.

use crate::syntax::ast::Span;
use crate::syntax::keyword;
use crate::syntax::keyword::KEYWORDS;
use crate::syntax::parse::lexeme::{Lexeme, LexemeKind, lexemes};

/// A piece of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its place.
    pub span: Span,
}

/// What a piece of a query is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenKind {
    /// `MATCH`
    Keyword,
    /// The label of a node, or a bare word, which is a variable as well.
    Label,
    /// The type of a relationship.
    RelationType,
    /// A variable.
    Variable,
    /// The name of a function.
    Function,
    /// The key of a property or of a map.
    PropertyKey,
    /// `'text'`
    Text,
    /// `12`, `1.5`
    Number,
    /// `$name`
    Parameter,
    /// `// comment`
    Comment,
    /// Brackets, operators, separators.
    Punctuation,
    /// What cannot stand in a query: a text without its closing quote, a stray letter.
    Error,
}

/// The pieces of a text in order. What lies between them is blank.
pub fn tokens(text: &str) -> Vec<Token> {
    let lexemes = lexemes(text);
    let mut reader = Reader::default();
    let kinds = (0..lexemes.len()).map(|index| {
        let next = lexemes[index + 1..].iter().find(|lexeme| lexeme.kind != LexemeKind::Comment);
        reader.read(text, &lexemes[index], next)
    });
    let kinds: Vec<_> = kinds.collect();
    lexemes.iter().zip(kinds).map(|(lexeme, kind)| Token { kind, span: lexeme.span }).collect()
}

/// What is remembered of the text so far.
#[derive(Default)]
struct Reader<'t> {
    open: Vec<Open>,
    in_pattern: bool,
    in_labels: bool,
    before: &'t str,
}

/// An open bracket.
struct Open {
    bracket: Bracket,
    /// Whether a pattern was being read outside of it.
    in_pattern: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bracket {
    Round,
    Relationship,
    List,
    Map,
    Subquery,
}

impl<'t> Reader<'t> {
    fn read(&mut self, text: &'t str, lexeme: &Lexeme, next: Option<&Lexeme>) -> TokenKind {
        let letters = lexeme.text(text);
        let kind = match lexeme.kind {
            LexemeKind::Comment => return TokenKind::Comment,
            LexemeKind::Text => TokenKind::Text,
            LexemeKind::Integer | LexemeKind::Float => TokenKind::Number,
            LexemeKind::Parameter => TokenKind::Parameter,
            LexemeKind::Unclosed(_) | LexemeKind::BrokenNumber | LexemeKind::Stray => TokenKind::Error,
            LexemeKind::Word => self.word(letters, next.map_or("", |next| next.text(text)), true),
            LexemeKind::QuotedName => self.word(letters, next.map_or("", |next| next.text(text)), false),
            LexemeKind::Symbol(symbol) => {
                self.symbol(symbol);
                TokenKind::Punctuation
            }
        };
        let label = matches!(kind, TokenKind::Label | TokenKind::RelationType);
        self.in_labels = label || (self.in_labels && ["|", "&", ":"].contains(&letters));
        self.before = letters;
        kind
    }

    fn innermost(&self) -> Option<Bracket> {
        self.open.last().map(|open| open.bracket)
    }

    /// What a name is. Where only a name can stand a keyword is one, too.
    fn word(&mut self, word: &'t str, next: &str, may_be_keyword: bool) -> TokenKind {
        let in_map = self.innermost() == Some(Bracket::Map);
        let behind_colon = self.before == ":" && !in_map;
        if self.before == "." {
            return if next == "(" { TokenKind::Function } else { TokenKind::PropertyKey };
        }
        if in_map && ["{", ","].contains(&self.before) {
            return TokenKind::PropertyKey;
        }
        if behind_colon || (self.in_labels && ["|", "&"].contains(&self.before)) {
            let relationship = self.innermost() == Some(Bracket::Relationship);
            return if relationship { TokenKind::RelationType } else { TokenKind::Label };
        }
        if may_be_keyword && keyword::contains(KEYWORDS, word) {
            self.keyword(word);
            return TokenKind::Keyword;
        }
        if self.before.eq_ignore_ascii_case("CALL") {
            return TokenKind::Function;
        }
        let outside = matches!(self.innermost(), None | Some(Bracket::Subquery));
        match next {
            "(" if !(outside && self.in_pattern) => TokenKind::Function,
            _ if outside && self.in_pattern && next != "=" => TokenKind::Label,
            _ => TokenKind::Variable,
        }
    }

    /// A clause says whether a pattern or an expression follows.
    fn keyword(&mut self, word: &str) {
        let event = self.before.eq_ignore_ascii_case("ON");
        let opens_pattern = keyword::contains(&["MATCH", "CREATE", "MERGE"], word) && !event;
        if opens_pattern {
            self.in_pattern = true;
        } else if keyword::contains(keyword::CLAUSES, word) || word.eq_ignore_ascii_case("ON") {
            self.in_pattern = false;
        }
    }

    fn symbol(&mut self, symbol: &str) {
        let bracket = match symbol {
            "(" => Bracket::Round,
            "[" if self.before == "-" => Bracket::Relationship,
            "[" => Bracket::List,
            "{" if self.before.eq_ignore_ascii_case("EXISTS") => Bracket::Subquery,
            "{" => Bracket::Map,
            ")" | "]" | "}" => {
                self.in_pattern = self.open.pop().map_or(self.in_pattern, |open| open.in_pattern);
                return;
            }
            _ => return,
        };
        self.open.push(Open { bracket, in_pattern: self.in_pattern });
        self.in_pattern |= bracket == Bracket::Subquery;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with each name marked by the first letters of what it is.
    fn marked(text: &str) -> String {
        let shown = tokens(text).into_iter().filter_map(|token| {
            let letters = &text[token.span.start..token.span.end];
            let mark = match token.kind {
                TokenKind::Punctuation => return None,
                TokenKind::Keyword => "k",
                TokenKind::Label => "l",
                TokenKind::RelationType => "t",
                TokenKind::Variable => "v",
                TokenKind::Function => "f",
                TokenKind::PropertyKey => "p",
                TokenKind::Text | TokenKind::Number => "n",
                TokenKind::Parameter => "$",
                TokenKind::Comment => "c",
                TokenKind::Error => "e",
            };
            Some(format!("{mark}:{letters}"))
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn names_are_told_apart_by_what_stands_around_them() {
        let cases = [
            (
                "MATCH (g:gene)-[r:associated|treats*2..4]-(d)",
                "k:MATCH v:g l:gene v:r t:associated t:treats n:2 n:4 v:d",
            ),
            ("match gene -[*2]- disease return gene.name", "k:match l:gene n:2 l:disease k:return v:gene p:name"),
            ("MATCH p = TRAIL (a {name: x, in: 'y'})", "k:MATCH v:p k:TRAIL v:a p:name v:x p:in n:'y'"),
            (
                "WHERE g:gene|order AND $p IN count(x) // done",
                "k:WHERE v:g l:gene l:order k:AND $:$p k:IN f:count v:x c:// done",
            ),
            (
                "MATCH (a) WHERE EXISTS { gene -- (b) WHERE c } RETURN d",
                "k:MATCH v:a k:WHERE k:EXISTS l:gene v:b k:WHERE v:c k:RETURN v:d",
            ),
            ("MERGE (a) ON CREATE SET a.order = 1", "k:MERGE v:a k:ON k:CREATE k:SET v:a p:order n:1"),
            (
                "CALL algo.pagerank({types: 'a'}) YIELD node AS n",
                "k:CALL f:algo f:pagerank p:types n:'a' k:YIELD v:node k:AS v:n",
            ),
            ("RETURN [x IN xs | x]", "k:RETURN v:x k:IN v:xs v:x"),
        ];
        for (text, expected) in cases {
            assert_eq!(marked(text), expected, "{text}");
        }
    }

    #[test]
    fn broken_text_is_marked_and_the_rest_is_not_lost() {
        assert_eq!(marked("RETURN 'open"), "k:RETURN e:'open");
        assert_eq!(marked("RETURN 1a ? x)]}"), "k:RETURN e:1a e:? v:x");
        assert_eq!(marked("/* open"), "e:/* open");
    }
}

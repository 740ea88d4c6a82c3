//! Colours for a statement while it is typed.

use hopgraph::query::highlight::{TokenKind, tokens};

/// The text with the colours of its tokens, as ANSI escapes; the letters stay where they are.
pub(super) fn coloured(text: &str) -> String {
    if text.trim_start().starts_with(':') {
        return paint(text, "35");
    }
    let mut out = String::with_capacity(text.len() * 2);
    let mut end = 0;
    for token in tokens(text) {
        out.push_str(text.get(end..token.span.start).unwrap_or_default());
        let word = text.get(token.span.start..token.span.end).unwrap_or_default();
        match style(token.kind, word) {
            Some(style) => out.push_str(&paint(word, style)),
            None => out.push_str(word),
        }
        end = token.span.end;
    }
    out.push_str(text.get(end..).unwrap_or_default());
    out
}

fn paint(text: &str, style: &str) -> String {
    format!("\x1b[{style}m{text}\x1b[0m")
}

/// The style of a kind of token, as an SGR parameter; the sixteen colours that every terminal theme adapts.
fn style(kind: TokenKind, word: &str) -> Option<&'static str> {
    match kind {
        TokenKind::Keyword => Some("1;34"),
        TokenKind::Label => Some("33"),
        TokenKind::RelationType => Some("36"),
        TokenKind::Function => Some("34"),
        TokenKind::Text => Some("32"),
        // A text that is still being typed is no mistake.
        TokenKind::Error if word.starts_with(['\'', '"']) => Some("32"),
        TokenKind::Number => Some("95"),
        TokenKind::Parameter => Some("35"),
        TokenKind::Comment => Some("90"),
        TokenKind::Error => Some("31"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_change_no_letter() {
        for text in ["MATCH (g:gene {name: 'é'}) // c", ":help", "MATCH (n) WHERE n.x > $p RETURN 1.5", "'open", ""] {
            let coloured = coloured(text);
            let mut plain = String::new();
            let mut rest = coloured.as_str();
            while let Some((before, after)) = rest.split_once('\x1b') {
                plain.push_str(before);
                rest = after.split_once('m').map_or("", |(_, after)| after);
            }
            plain.push_str(rest);
            assert_eq!(plain, text);
        }
    }

    #[test]
    fn keywords_and_strings_are_coloured() {
        assert_eq!(coloured("RETURN 'a'"), "\x1b[1;34mRETURN\x1b[0m \x1b[32m'a'\x1b[0m");
    }
}

//! The line of a query with carets under a place in it.

use unicode_width::UnicodeWidthChar;

use crate::syntax::ast::Span;

/// Most columns of the query that are shown; a longer line is cut around the place.
const COLUMNS_MAX: usize = 96;
/// Columns that are kept before the place when a line is cut.
const COLUMNS_BEFORE: usize = 40;
/// Stands where a line was cut.
const CUT: &str = "…";
/// Columns that a tab takes.
const TAB_COLUMNS: usize = 4;

/// `line 3: ` and the line, then carets under those letters of the span that are in this line: at least one.
pub(crate) fn excerpt(text: &str, span: Span) -> String {
    let start = floor_boundary(text, span.start);
    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = text[line_start..].find('\n').map_or(text.len(), |length| line_start + length);
    let line = text[line_start..line_end].trim_end_matches('\r');
    let number = text[..line_start].matches('\n').count() + 1;
    let marked = Span {
        start: (start - line_start).min(line.len()),
        end: (floor_boundary(text, span.end).max(start) - line_start).min(line.len()),
    };
    let (line, marked) = cut(line, marked);
    let opening = format!("line {number}: ");
    let blank = " ".repeat(opening.len() + columns(&line[..marked.start]));
    let carets = "^".repeat(columns(&line[marked.start..marked.end]).max(1));
    format!("{opening}{}\n{blank}{carets}", shown(&line))
}

/// The nearest boundary between letters that is not behind this byte.
fn floor_boundary(text: &str, byte: usize) -> usize {
    (0..=byte.min(text.len())).rev().find(|&byte| text.is_char_boundary(byte)).unwrap_or(0)
}

/// Cuts a line that is too wide, and moves the mark along.
fn cut(line: &str, marked: Span) -> (String, Span) {
    if columns(line) <= COLUMNS_MAX {
        return (line.to_owned(), marked);
    }
    let before = take_columns(line[..marked.start].chars().rev(), COLUMNS_BEFORE);
    let from = marked.start - before;
    let length = take_columns(line[from..].chars(), COLUMNS_MAX);
    let to = from + length;
    let left = if from > 0 { CUT } else { "" };
    let right = if to < line.len() { CUT } else { "" };
    let moved = |byte: usize| byte.min(to) - from + left.len();
    let marked = Span { start: moved(marked.start), end: moved(marked.end) };
    (format!("{left}{}{right}", &line[from..to]), marked)
}

/// How many bytes the letters take that fit into this many columns.
fn take_columns(letters: impl Iterator<Item = char>, most: usize) -> usize {
    let mut left = most;
    let fitting = letters.take_while(|&letter| {
        let fits = width(letter) <= left;
        left = left.saturating_sub(width(letter));
        fits
    });
    fitting.map(char::len_utf8).sum()
}

fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

/// Columns that a letter takes in a terminal.
fn width(letter: char) -> usize {
    match letter {
        '\t' => TAB_COLUMNS,
        control if control.is_control() => 1,
        letter => letter.width().unwrap_or(0),
    }
}

/// Tabs as spaces; other control characters, which could upset a terminal, as a replacement sign.
fn shown(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    for letter in line.chars() {
        match letter {
            '\t' => shown.push_str(&" ".repeat(TAB_COLUMNS)),
            control if control.is_control() => shown.push(char::REPLACEMENT_CHARACTER),
            letter => shown.push(letter),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, start: usize, end: usize) -> String {
        excerpt(text, Span { start, end })
    }

    #[test]
    fn carets_stand_under_the_letters() {
        assert_eq!(marked("MATCH x\nRETURN y", 15, 16), "line 2: RETURN y\n               ^");
        assert_eq!(marked("", 0, 0), "line 1: \n        ^");
        assert_eq!(marked("abc", 3, 3), "line 1: abc\n           ^");
        assert_eq!(marked("ab\r\ncd\r\n", 4, 6), "line 2: cd\n        ^^");
    }

    #[test]
    fn wide_letters_marks_and_tabs_are_counted_in_columns() {
        assert_eq!(marked("'漢字' x", 9, 10), "line 1: '漢字' x\n               ^");
        assert_eq!(marked("'e\u{301}' x", 6, 7), "line 1: 'e\u{301}' x\n            ^");
        assert_eq!(marked("\tx", 1, 2), "line 1:     x\n            ^");
        assert_eq!(marked("\u{1b}[x", 2, 3), "line 1: \u{fffd}[x\n          ^");
    }

    #[test]
    fn a_span_over_several_lines_is_marked_to_the_end_of_its_first() {
        assert_eq!(marked("ab 'cd\nef' g", 3, 10), "line 1: ab 'cd\n           ^^^");
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{}!{}", "a".repeat(200), "b".repeat(200));
        let shown = marked(&text, 200, 201);
        let expected = format!("line 1: …{}!{}…\n{}^", "a".repeat(40), "b".repeat(55), " ".repeat(49));
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_place_outside_the_text_or_within_a_letter_does_no_harm() {
        assert_eq!(marked("漢", 1, 2), "line 1: 漢\n        ^");
        assert_eq!(marked("ab", 7, 9), "line 1: ab\n          ^");
    }
}

//! When a line is complete, so that Enter runs it.

/// Whether this input can run: a command, a complete statement, or one that was closed with an empty line.
pub(super) fn is_complete(input: &str) -> bool {
    let text = input.trim();
    let closed = input.ends_with('\n') || input.rsplit('\n').next().is_some_and(|line| line.trim().is_empty());
    text.is_empty()
        || text.starts_with(':')
        || closed
        || crate::script::boundary(text).is_some()
        || hopgraph::query::parse::is_complete(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enter_runs_what_is_complete() {
        let cases = [
            ("", true),
            ("  ", true),
            (":help", true),
            ("begin", true),
            ("MATCH gene -[*2..4]- disease", true),
            ("MATCH (g:gene) RETURN g;", true),
            ("MATCH (g:gene", false),
            ("MATCH (g:gene {name: 'BRCA", false),
            ("MATCH (g:gene)", false),
            ("MATCH (g:gene)\nRETURN g", true),
            // An empty line runs it as it is, and the error tells what is missing.
            ("MATCH (g:gene\n", true),
            ("MATCH (g:gene\n  ", true),
        ];
        for (input, expected) in cases {
            assert_eq!(is_complete(input), expected, "{input:?}");
        }
    }
}

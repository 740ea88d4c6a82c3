//! The limits of what is loaded, each with its reason.

/// The longest row of a text file, in bytes. A longer one is most often a quotation mark that nothing closes, after which
/// the rest of the file would be held as one row.
pub const ROW_BYTES_MAX: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::{LoadError, LoadOptions, load};

    #[test]
    fn a_row_that_is_too_long_ends_the_load_at_its_line_and_leaves_the_graph_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nodes.csv");
        let rest = "2,b\n".repeat(ROW_BYTES_MAX / 4 + 1);
        std::fs::write(&path, format!("id:ID,name\n1,\"a\n{rest}")).unwrap();
        let graph = hopgraph_engine::Graph::temporary().unwrap();
        let options = LoadOptions { nodes: vec![path.clone()], ..LoadOptions::default() };
        let error = load(&graph, &options, &mut |_| ControlFlow::Continue(())).unwrap_err();
        assert!(matches!(&error, LoadError::RowTooLong { path: of, line: 2 } if *of == path), "{error}");
        assert!(error.to_string().contains("longer than 64 MiB"), "{error}");
        assert!(hopgraph_engine::View::nodes(&graph.snapshot().unwrap()).unwrap().is_empty());
    }
}

//! One file or other source of rows: what its columns mean, and its rows in chunks.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::batch::{Batch, names_of};
use crate::columns::{Columns, Table};
use crate::source::{Block, Source};
use crate::{LoadError, LoadOptions, parquet_file};

/// Some rows.
pub(crate) enum Chunk {
    Text(Block),
    Batch(Batch),
}

/// Rows on their way.
pub(crate) type Chunks<'c> = Box<dyn Iterator<Item = Result<Chunk, LoadError>> + Send + 'c>;

/// Rows, and what they are.
pub(crate) struct Input<'c> {
    /// The file, or what stands for it in messages.
    pub(crate) path: PathBuf,
    pub(crate) columns: Columns,
    pub(crate) chunks: Chunks<'c>,
}

impl Input<'static> {
    /// Opens a file and finds out what its columns mean.
    pub(crate) fn open(
        path: &Path,
        table: Table,
        options: &LoadOptions,
        bytes_read: &Arc<AtomicU64>,
    ) -> Result<Self, LoadError> {
        let failed = |source| LoadError::File { path: path.to_owned(), source };
        if let Some(file) = parquet(path).map_err(failed)? {
            return parquet_file::open(path, file, table, options, bytes_read);
        }
        Self::open_text(path, table, options, bytes_read)
    }

    fn open_text(
        path: &Path,
        table: Table,
        options: &LoadOptions,
        bytes_read: &Arc<AtomicU64>,
    ) -> Result<Self, LoadError> {
        let mut source = Source::open(path, options.delimiter, bytes_read)?;
        let (first, length) = source.first_row()?;
        let first: Vec<String> = first.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect();
        let columns = columns(&first, table, options, source.delimiter(), options.no_header)
            .map_err(|reason| LoadError::Columns { path: source.path().to_owned(), reason })?;
        if !options.no_header {
            source.skip(length);
        }
        let chunks = std::iter::from_fn(move || source.next_block().map(|block| block.map(Chunk::Text)).transpose());
        Ok(Self { path: path.to_owned(), columns, chunks: Box::new(chunks) })
    }
}

impl<'c> Input<'c> {
    /// Record batches that a program has; their first one says what the columns are. `None` if there is no batch.
    pub(crate) fn batches(
        name: &str,
        batches: impl Iterator<Item = arrow_array::RecordBatch> + Send + 'c,
        table: Table,
        options: &LoadOptions,
    ) -> Result<Option<Self>, LoadError> {
        let path = PathBuf::from(name);
        let mut batches = batches.peekable();
        let Some(first) = batches.peek() else { return Ok(None) };
        let columns = columns(&names_of(&first.schema()), table, options, b',', false)
            .map_err(|reason| LoadError::Columns { path: path.clone(), reason })?;
        let mut row = 1;
        let chunks = batches.map(move |batch| {
            let first_row = row;
            row += batch.num_rows() as u64;
            Ok(Chunk::Batch(Batch { rows: batch, first_row }))
        });
        Ok(Some(Self { path, columns, chunks: Box::new(chunks) }))
    }
}

/// The file, if it is a Parquet file.
fn parquet(path: &Path) -> io::Result<Option<File>> {
    let mut file = File::open(path)?;
    // A pipe is never one: Parquet is read from its end.
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let mut magic = Vec::new();
    (&mut file).take(4).read_to_end(&mut magic)?;
    file.rewind()?;
    Ok((magic == parquet_file::MAGIC).then_some(file))
}

/// What columns with these names mean, unless the options name them otherwise.
pub(crate) fn columns(
    names: &[String],
    table: Table,
    options: &LoadOptions,
    delimiter: u8,
    no_header: bool,
) -> Result<Columns, String> {
    let given = match table {
        Table::Nodes => &options.node_columns,
        Table::Edges => &options.edge_columns,
    };
    let columns = match given {
        Some(given) => Columns::of_table(given, table)?,
        None if no_header => {
            return Err(format!("without a header row the columns have to be named with {}", table.option()));
        }
        None => Columns::of_table(names, table)?,
    };
    if columns.len() == names.len() {
        return Ok(columns);
    }
    Err(format!(
        "{} names {} columns, but the first row has {} ({:?}); name each, with - for one to leave out",
        table.option(),
        columns.len(),
        names.len(),
        names.join(if delimiter == b',' { "," } else { "\t" }),
    ))
}

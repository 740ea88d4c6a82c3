//! Parquet files: the column files that data frames and other databases write.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use crate::batch::{Batch, names_of};
use crate::columns::Table;
use crate::input::{self, Chunk, Input};
use crate::{LoadError, LoadOptions};

/// What a Parquet file begins with.
pub(crate) const MAGIC: &[u8] = b"PAR1";

/// Rows read at once.
const BATCH_ROWS: usize = 1 << 14;

/// Opens a Parquet file and finds out what its columns mean.
pub(crate) fn open(
    path: &Path,
    file: File,
    table: Table,
    options: &LoadOptions,
    bytes_read: &Arc<AtomicU64>,
) -> Result<Input<'static>, LoadError> {
    let length = file.metadata().map_or(0, |data| data.len());
    let failed = |reason: String| LoadError::ColumnFile { path: path.to_owned(), reason };
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| failed(error.to_string()))?;
    let columns = input::columns(&names_of(builder.schema()), table, options, b',', false)
        .map_err(|reason| LoadError::Columns { path: path.to_owned(), reason })?;
    let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    let reader = builder.with_batch_size(BATCH_ROWS).build().map_err(|error| failed(error.to_string()))?;
    let share = length as f64 / rows.max(1) as f64;
    let chunks = Batches { path: path.into(), reader, first_row: 1, share, bytes_read: Arc::clone(bytes_read) };
    Ok(Input { path: path.to_owned(), columns, chunks: Box::new(chunks) })
}

struct Batches {
    path: Box<Path>,
    reader: ParquetRecordBatchReader,
    first_row: u64,
    /// Bytes of the file for each row: Parquet does not say how much was read.
    share: f64,
    bytes_read: Arc<AtomicU64>,
}

impl Iterator for Batches {
    type Item = Result<Chunk, LoadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rows = match self.reader.next()? {
            Ok(rows) => rows,
            Err(error) => {
                return Some(Err(LoadError::ColumnFile { path: self.path.to_path_buf(), reason: error.to_string() }));
            }
        };
        let first_row = self.first_row;
        self.first_row += rows.num_rows() as u64;
        self.bytes_read.fetch_add((rows.num_rows() as f64 * self.share) as u64, Ordering::Relaxed);
        Some(Ok(Chunk::Batch(Batch { rows, first_row })))
    }
}

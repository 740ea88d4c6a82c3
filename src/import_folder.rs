//! A folder as what LOAD CSV may read: the language asks, the tables read, neither knows the other.

use std::path::Path;

use hopgraph_query::CsvFiles;
use hopgraph_tabular::Folder;

/// Lets LOAD CSV read the files of one folder; to be given to [`crate::QueryOptions::csv_files`].
#[derive(Clone, Debug)]
pub struct ImportFolder(Folder);

impl ImportFolder {
    /// A folder that is there.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        Folder::open(path).map(Self)
    }
}

impl CsvFiles for ImportFolder {
    fn read(&self, name: &str, separator: u8, row: &mut dyn FnMut(&[String]) -> bool) -> Result<(), String> {
        self.0.read_records(name, separator, row)
    }
}

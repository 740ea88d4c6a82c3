//! The delimited files of one folder, one record after the other.

use std::path::{Component, Path, PathBuf};

/// A folder whose files may be read, and nothing outside it.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// A folder that is there.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let root = path.canonicalize()?;
        if root.is_dir() { Ok(Self { root }) } else { Err(std::io::ErrorKind::NotADirectory.into()) }
    }

    /// Shows each record of a file of this folder to `row`, fields apart, until that gives false. The first is a record
    /// like the others. The error says what is wrong, in words.
    pub fn read_records(
        &self,
        name: &str,
        separator: u8,
        row: &mut dyn FnMut(&[String]) -> bool,
    ) -> Result<(), String> {
        let path = self.file(name)?;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .from_path(path)
            .map_err(|error| format!("{name}: {error}"))?;
        let mut fields = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| format!("{name}: {error}"))?;
            fields.clear();
            fields.extend(record.iter().map(str::to_owned));
            if !row(&fields) {
                break;
            }
        }
        Ok(())
    }

    /// The file of this name, if it lies in the folder: a link out of it is not followed.
    fn file(&self, name: &str) -> Result<PathBuf, String> {
        if name.contains("://") {
            return Err(format!("{name} is an address: only the files of the import folder can be read"));
        }
        let relative = Path::new(name);
        if name.is_empty() || relative.components().any(|part| !matches!(part, Component::Normal(_))) {
            return Err(format!("{name} is no name of a file in the import folder, such as genes.csv"));
        }
        let path = self.root.join(relative).canonicalize().map_err(|error| format!("{name}: {error}"))?;
        if !path.starts_with(&self.root) {
            return Err(format!("{name} leads out of the import folder"));
        }
        if path.is_file() { Ok(path) } else { Err(format!("{name} is no file")) }
    }
}

#[cfg(test)]
mod tests {
    use super::Folder;

    fn read(folder: &Folder, name: &str) -> Result<Vec<Vec<String>>, String> {
        let mut rows = Vec::new();
        folder.read_records(name, b',', &mut |fields| {
            rows.push(fields.to_vec());
            true
        })?;
        Ok(rows)
    }

    #[test]
    fn reads_the_records_of_a_file_and_nothing_outside_the_folder() {
        let parent = tempfile::tempdir().unwrap();
        let inside = parent.path().join("in");
        std::fs::create_dir(&inside).unwrap();
        std::fs::write(inside.join("genes.csv"), "name,score\n\"A, B\",1\n").unwrap();
        std::fs::write(parent.path().join("secret.csv"), "secret\n").unwrap();
        let folder = Folder::open(&inside).unwrap();
        assert_eq!(read(&folder, "genes.csv").unwrap(), [["name", "score"], ["A, B", "1"]]);
        for outside in ["../secret.csv", "/etc/passwd", "https://example.org/genes.csv", "", ".", "none.csv"] {
            read(&folder, outside).unwrap_err();
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(parent.path().join("secret.csv"), inside.join("link.csv")).unwrap();
            assert!(read(&folder, "link.csv").unwrap_err().contains("leads out"));
        }
    }
}

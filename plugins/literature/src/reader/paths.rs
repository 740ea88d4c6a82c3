//! What an input path stands for: a file, all files of a folder, or all that fit a pattern with `*` and `?`.

use std::io;
use std::path::{Component, Path, PathBuf};

use crate::IngestError;

/// A file to be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    /// Whether it was named, and not only found in a folder.
    pub(crate) is_named: bool,
}

/// The files that these paths stand for, those of a folder or a pattern in the order of their names.
pub(crate) fn expand(paths: &[PathBuf]) -> Result<Vec<Found>, IngestError> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            walk(path, &mut found).map_err(|source| IngestError::Open { path: path.clone(), source })?;
        } else if is_pattern(path) && !path.exists() {
            let matching = matching(path).map_err(|source| IngestError::Open { path: path.clone(), source })?;
            if matching.is_empty() {
                let source = io::Error::new(io::ErrorKind::NotFound, "no file fits this pattern");
                return Err(IngestError::Open { path: path.clone(), source });
            }
            found.extend(matching.into_iter().map(|path| Found { path, is_named: true }));
        } else {
            found.push(Found { path: path.clone(), is_named: true });
        }
    }
    Ok(found)
}

/// The files in a folder and in the folders in it; hidden ones are passed over.
fn walk(folder: &Path, found: &mut Vec<Found>) -> io::Result<()> {
    for path in entries(folder)? {
        if path.is_dir() {
            walk(&path, found)?;
        } else {
            found.push(Found { path, is_named: false });
        }
    }
    Ok(())
}

/// What a folder holds, sorted, without what is hidden.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?'])
}

/// The files that fit a pattern, which may stand in any part of the path.
fn matching(pattern: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = vec![PathBuf::new()];
    for part in pattern.components() {
        let mut next = Vec::new();
        for base in found {
            match part {
                Component::Normal(name) if is_pattern(Path::new(name)) => {
                    let folder = if base.as_os_str().is_empty() { Path::new(".") } else { base.as_path() };
                    if !folder.is_dir() {
                        continue;
                    }
                    let wanted: Vec<char> = name.to_string_lossy().chars().collect();
                    let names = entries(folder)?.into_iter().filter_map(|path| path.file_name().map(Into::into));
                    let fitting = names
                        .filter(|name: &PathBuf| fits(&wanted, &name.to_string_lossy().chars().collect::<Vec<char>>()));
                    next.extend(fitting.map(|name| base.join(name)));
                }
                part => next.push(base.join(part)),
            }
        }
        found = next;
    }
    found.retain(|path| path.is_file());
    Ok(found)
}

/// Whether a name fits a pattern in which `*` stands for any characters and `?` for one.
fn fits(pattern: &[char], name: &[char]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some(('*', rest)) => (0..=name.len()).any(|skipped| fits(rest, &name[skipped..])),
        Some((wanted, rest)) => {
            name.split_first().is_some_and(|(first, others)| (*wanted == '?' || wanted == first) && fits(rest, others))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_names() {
        let cases = [
            ("*.xml", "a.xml", true),
            ("*.xml", "a.xml.gz", false),
            ("pubmed*n00?1*", "pubmed24n0001.xml.gz", true),
            ("?", "", false),
            ("*", "", true),
            ("a?c", "abc", true),
            ("a?c", "abd", false),
        ];
        for (pattern, name, expected) in cases {
            let [pattern_letters, letters] = [pattern, name].map(|text| text.chars().collect::<Vec<char>>());
            assert_eq!(fits(&pattern_letters, &letters), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn folders_and_patterns_become_their_files_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir(path("b")).unwrap();
        for name in ["z.txt", "a.txt", ".hidden", "b/c.txt", "b/d.xml"] {
            std::fs::write(path(name), "x").unwrap();
        }
        let names = |paths: &[PathBuf]| -> Vec<(PathBuf, bool)> {
            expand(paths).unwrap().into_iter().map(|found| (found.path, found.is_named)).collect()
        };
        let all = ["a.txt", "b/c.txt", "b/d.xml", "z.txt"].map(|name| (path(name), false));
        assert_eq!(names(&[folder.path().to_owned()]), all);
        assert_eq!(names(&[path("*.txt")]), ["a.txt", "z.txt"].map(|name| (path(name), true)));
        assert_eq!(names(&[path("?/*.xml")]), [(path("b/d.xml"), true)]);
        assert_eq!(names(&[path("gone")]), [(path("gone"), true)], "opening it will tell");
        assert!(expand(&[path("*.json")]).unwrap_err().to_string().contains("no file fits"));
    }
}

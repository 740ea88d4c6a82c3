//! Lexicon files: tables with a header row, and OBO.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::LexiconBuilder;
use super::build::Entry;

/// The first bytes of every file of Zstandard and of gzip.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Why a lexicon cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LexiconError {
    /// The file could not be read.
    #[error("cannot read the lexicon {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Its content is no lexicon.
    #[error("{}:{line}: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// The tables that ship with the program are damaged.
    #[error("the built-in lexicon is damaged: {0}")]
    Included(String),
}

impl LexiconBuilder {
    /// Adds the concepts of a file, plain, gzipped or of Zstandard.
    ///
    /// A table has a header row and tab-separated columns: `id` and `name`, and perhaps `label`, `synonyms` and `xrefs`
    /// (lists separated by `|`); other columns are passed over. OBO files are told by their `[Term]`. Without a column
    /// for it every concept has the given label. Prefixes of ids are written as in texts: `MSH:` becomes `MESH:`.
    ///
    /// # Errors
    /// If the file cannot be read or a line of it is no concept.
    pub fn add_file(&mut self, path: &Path, label: Option<&str>) -> Result<usize, LexiconError> {
        let failed = |source| LexiconError::Read { path: path.to_owned(), source };
        let text = unpack(&std::fs::read(path).map_err(failed)?).map_err(failed)?;
        let is_obo = text.lines().any(|line| line.trim() == "[Term]");
        let added = if is_obo { self.add_obo(&text, label) } else { self.add_table(&text, label) };
        added.map_err(|(line, reason)| LexiconError::Content { path: path.to_owned(), line, reason })
    }

    /// Adds the concepts of a table; fails with the line and the reason.
    pub(super) fn add_table(&mut self, text: &str, label: Option<&str>) -> Result<usize, (usize, String)> {
        let mut lines = text.lines().enumerate();
        let (_, header) = lines.next().ok_or((1, "the file is empty".to_owned()))?;
        let names: Vec<String> = header.split('\t').map(|name| unquoted(name).to_lowercase()).collect();
        let column = |known: &[&str]| names.iter().position(|name| known.contains(&name.as_str()));
        let (id, name) =
            (column(&["id", "identifier", "mesh_id"]), column(&["name", "mesh_name"]).or(column(&["label"])));
        let Some((id, name)) = id.zip(name) else {
            return Err((1, "the header row needs the columns `id` and `name`".to_owned()));
        };
        let label_column = column(&["label"]).filter(|at| *at != name);
        let (synonyms, xrefs, kind) = (column(&["synonyms"]), column(&["xrefs"]), column(&["kind"]));
        let mut count = 0;
        for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
            let fields: Vec<&str> = line.split('\t').map(unquoted).collect();
            let field = |at: Option<usize>| at.and_then(|at| fields.get(at)).copied().unwrap_or_default();
            let list = |at| field(at).split('|').map(str::trim).filter(|part| !part.is_empty());
            let label = Some(field(label_column)).filter(|label| !label.is_empty()).or(label);
            let label = label.ok_or_else(|| (number + 1, "has no label; name one with LABEL=FILE".to_owned()))?;
            if field(Some(id)).is_empty() || field(Some(name)).is_empty() {
                return Err((number + 1, "the id or the name is empty".to_owned()));
            }
            let references: Vec<String> = list(xrefs).filter_map(reference).collect();
            self.add_entry(&Entry {
                identifier: &identifier(field(Some(id))),
                label,
                name: field(Some(name)),
                synonyms: list(synonyms).collect(),
                cross_references: references.iter().map(String::as_str).collect(),
                kind: Some(field(kind)).filter(|kind| !kind.is_empty()).unwrap_or("user"),
            });
            count += 1;
        }
        Ok(count)
    }

    /// Adds the terms of an OBO file that are not obsolete.
    fn add_obo(&mut self, text: &str, label: Option<&str>) -> Result<usize, (usize, String)> {
        let label = label.ok_or((1, "an OBO file needs a label: LABEL=FILE".to_owned()))?;
        let mut count = 0;
        let mut start = None;
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (number, line) in lines.iter().copied().chain(["[End]"]).enumerate() {
            if !line.starts_with('[') {
                continue;
            }
            if let Some(start) = start.take() {
                count += usize::from(self.add_term(&lines[start..number.min(lines.len())], label));
            }
            start = (line == "[Term]").then_some(number + 1);
        }
        Ok(count)
    }

    fn add_term(&mut self, lines: &[&str], label: &str) -> bool {
        let values = |tag: &'static str| lines.iter().filter_map(move |line| line.strip_prefix(tag)).map(str::trim);
        let (Some(id), Some(name)) = (values("id:").next(), values("name:").next()) else { return false };
        if values("is_obsolete:").next() == Some("true") {
            return false;
        }
        let references: Vec<String> = values("xref:").filter_map(reference).collect();
        // Broader and narrower synonyms are names of something else.
        let synonyms = values("synonym:").filter(|line| line.contains("EXACT") || line.contains("RELATED"));
        self.add_entry(&Entry {
            identifier: &identifier(id),
            label,
            name,
            synonyms: synonyms.filter_map(|line| line.split('"').nth(1)).collect(),
            cross_references: references.iter().map(String::as_str).collect(),
            kind: "user",
        });
        true
    }
}

/// A field without the quotation marks around it.
fn unquoted(field: &str) -> &str {
    let field = field.trim();
    field.strip_prefix('"').and_then(|field| field.strip_suffix('"')).unwrap_or(field)
}

/// An id as texts write it.
fn identifier(raw: &str) -> String {
    match raw.split_once(':') {
        Some((scheme, local)) => format!("{}:{}", scheme_name(scheme), local.trim_start_matches(':').trim()),
        None => raw.to_owned(),
    }
}

/// A cross reference without what follows it, if its scheme is one that texts use.
fn reference(raw: &str) -> Option<String> {
    let word = raw.split_whitespace().next()?;
    let (scheme, _) = word.split_once(':')?;
    let known = ["MESH", "OMIM", "DOID", "UMLS", "NCBIGene", "HGNC", "Ensembl", "CHEBI", "CAS", "DrugBank"];
    known.contains(&scheme_name(scheme)).then(|| identifier(word))
}

fn scheme_name(scheme: &str) -> &str {
    match scheme {
        "MSH" | "MeSH" | "mesh" => "MESH",
        "MIM" => "OMIM",
        "UMLS_CUI" => "UMLS",
        "Gene" | "EntrezGene" | "Entrez" => "NCBIGene",
        other => other,
    }
}

/// The text of a file, unpacked if it is packed.
pub(crate) fn unpack(bytes: &[u8]) -> std::io::Result<String> {
    let mut text = String::new();
    if bytes.starts_with(&ZSTD_MAGIC) {
        zstd::stream::read::Decoder::new(bytes)?.read_to_string(&mut text)?;
    } else if bytes.starts_with(&GZIP_MAGIC) {
        flate2::read::MultiGzDecoder::new(bytes).read_to_string(&mut text)?;
    } else {
        text = std::str::from_utf8(bytes).map_err(std::io::Error::other)?.to_owned();
    }
    Ok(text)
}

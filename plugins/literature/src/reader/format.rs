//! The formats that can be read, and how one is told from another.

use std::path::Path;
use std::str::FromStr;

use super::{medline, pubtator, sentence_table};

/// A format of annotated text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// PubTator: `PMID|t|title`, `PMID|a|abstract`, then tab-separated annotations and relations, then a blank line.
    PubTator,
    /// JSON Lines, one document a line:
    ///
    /// ```json
    /// {"id": "PMID:1", "title": "T", "abstract": "A", "year": 2020,
    ///  "annotations": [{"start": 0, "end": 1, "label": "gene", "id": "NCBIGene:672", "name": "BRCA1"}]}
    /// ```
    ///
    /// `id` and either `text` or `title` and `abstract` are needed. With `text`, offsets run over the text and the
    /// title is kept for display only; without it they run over title and abstract joined by one character. Offsets
    /// count characters (Unicode scalar values). Of an annotation, `start`, `end` and `label` are needed; `id` or `ids`
    /// name the entity or entities, `name` the preferred name, and `text`, if it is there, must be what stands in the
    /// span; a mere other spelling of it, such as `TNF-a` for `TNF-α`, is no matter. Without an id the entity goes by its
    /// label and name. `status` may be `retracted`, `deleted` or `notice` (a text about another that is not to be read), and
    /// `version` a number that grows from version to version. Other keys are passed over. A list of such documents, on as
    /// many lines as one likes, is taken too.
    JsonLines,
    /// The table of the Genetic Association Database: a sentence with a gene and a disease in each row.
    Gad,
    /// The tables of the EU-ADR corpus: a sentence with two entities in each row.
    EuAdr,
    /// PubMed XML as NLM ships it: `PubmedArticleSet`, or `MedlineCitationSet` before 2017.
    PubMed,
    /// MEDLINE text, as PubMed saves it: `pubmed-…-set.txt`, `.nbib`.
    Medline,
    /// BioC as XML.
    BiocXml,
    /// BioC as JSON: a collection, a list of documents or of collections, or one on each line.
    BiocJson,
    /// A tab-separated table with the columns `document` (or `doc`, `pmid`, `id`) and `sentence` (or `text`), and perhaps
    /// `corpus`; without annotations.
    Sentences,
    /// Plain text; empty lines separate paragraphs.
    Text,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 10] = [
        Self::PubTator,
        Self::JsonLines,
        Self::Gad,
        Self::EuAdr,
        Self::PubMed,
        Self::Medline,
        Self::BiocXml,
        Self::BiocJson,
        Self::Sentences,
        Self::Text,
    ];

    /// Its name on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::PubTator => "pubtator",
            Self::JsonLines => "jsonl",
            Self::Gad => "gad",
            Self::EuAdr => "eu-adr",
            Self::PubMed => "pubmed",
            Self::Medline => "medline",
            Self::BiocXml => "bioc-xml",
            Self::BiocJson => "bioc-json",
            Self::Sentences => "sentences",
            Self::Text => "text",
        }
    }

    /// Whether a large file of it is cut into slices: records stand one after the other, and a line tells where one begins.
    pub(crate) fn is_cut(self) -> bool {
        matches!(self, Self::PubTator | Self::JsonLines)
    }

    /// Whether a record begins with this line, in a format that is cut.
    pub(crate) fn begins_record(self, line: &[u8]) -> bool {
        match self {
            Self::PubTator => std::str::from_utf8(line).is_ok_and(pubtator::is_title_line),
            Self::JsonLines => line.starts_with(b"{"),
            _ => false,
        }
    }

    /// Tells the format by the beginning of a file, or, where that says nothing, by its name.
    pub fn guess(path: &Path, beginning: &[u8]) -> Option<Self> {
        Self::of_content(beginning).or_else(|| Self::of_name(path))
    }

    fn of_content(beginning: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(beginning);
        let line = text.trim_start_matches('\u{feff}').lines().find(|line| !line.trim().is_empty())?;
        let columns: Vec<&str> = line.split('\t').map(|column| column.trim().trim_matches('"')).collect();
        let is_title =
            line.split_once("|t|").is_some_and(|(id, _)| !id.is_empty() && !id.contains(char::is_whitespace));
        if is_title {
            Some(Self::PubTator)
        } else if medline::is_first_line(line) {
            Some(Self::Medline)
        } else if line.trim_start().starts_with('<') {
            Self::of_xml(&text)
        } else if line.trim_start().starts_with(['{', '[']) {
            // No document of ours has this key, and every one of BioC's does.
            Some(if text.contains("\"passages\"") { Self::BiocJson } else { Self::JsonLines })
        } else if columns.contains(&"GAD_ID") {
            Some(Self::Gad)
        } else if columns.iter().any(|column| column.eq_ignore_ascii_case("num_sentence")) {
            Some(Self::EuAdr)
        } else if sentence_table::is_header(line) {
            Some(Self::Sentences)
        } else {
            None
        }
    }

    fn of_xml(beginning: &str) -> Option<Self> {
        let names = |names: &[&str]| names.iter().any(|name| beginning.contains(name));
        if names(&["<PubmedArticle", "<MedlineCitation", "<PubmedBookArticle", "<DeleteCitation"]) {
            Some(Self::PubMed)
        } else if names(&["<collection", "BioC.dtd"]) {
            Some(Self::BiocXml)
        } else {
            None
        }
    }

    fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_lowercase();
        let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
        let (name, is_text) = name.strip_suffix(".txt").map_or((name, false), |stem| (stem, true));
        match name.rsplit('.').next()? {
            "pubtator" => Some(Self::PubTator),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            "nbib" => Some(Self::Medline),
            _ => is_text.then_some(Self::Text),
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("`{name}` is not a format; the formats are {names}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_comes_before_the_name() {
        for (name, beginning, expected) in [
            ("a", "123|t|Title\n123|a|Text", Some(Format::PubTator)),
            ("a.jsonl", "\n\u{20}\n123|t|Title\n", Some(Format::PubTator)),
            ("a", "\u{feff}{\"id\": 1}\n", Some(Format::JsonLines)),
            ("a", "row\tGAD_ID\tgeneId\n", Some(Format::Gad)),
            ("a", "\"PMID\"\t\"NUM_SENTENCE\"\n", Some(Format::EuAdr)),
            ("a", "pmid\tnum_sentence\n", Some(Format::EuAdr)),
            ("a", "A sentence with |t| in it", None),
            ("a.PubTator.txt.gz", "", Some(Format::PubTator)),
            ("a.ndjson", "", Some(Format::JsonLines)),
            ("a.tsv", "x\ty\n", None),
            ("pubmed-x-set.txt", "\nPMID- 12345\nOWN - NLM\n", Some(Format::Medline)),
            ("a.nbib", "", Some(Format::Medline)),
            ("a", "<?xml version=\"1.0\"?>\n<!DOCTYPE x>\n<PubmedArticleSet>\n", Some(Format::PubMed)),
            ("a", "<MedlineCitationSet>\n", Some(Format::PubMed)),
            ("a", "<?xml version='1.0'?><!DOCTYPE collection SYSTEM 'BioC.dtd'>", Some(Format::BiocXml)),
            ("a", "<html>", None),
            ("a", "{\"source\": \"\", \"documents\": [{\"id\": \"1\", \"passages\": []}]}", Some(Format::BiocJson)),
            ("a", "corpus\tdoc\tsentence\n", Some(Format::Sentences)),
            ("notes.txt", "Plain words.", Some(Format::Text)),
            ("a", "", None),
        ] {
            assert_eq!(Format::guess(Path::new(name), beginning.as_bytes()), expected, "{name} {beginning:?}");
        }
    }

    #[test]
    fn names_are_read_back() {
        for format in Format::ALL {
            assert_eq!(format.name().parse(), Ok(format));
        }
        let error = "json".parse::<Format>().unwrap_err();
        assert_eq!(
            error,
            "`json` is not a format; the formats are pubtator, jsonl, gad, eu-adr, pubmed, medline, bioc-xml, bioc-json, sentences, text"
        );
    }
}

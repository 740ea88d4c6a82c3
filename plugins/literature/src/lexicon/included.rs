//! The lexicons that are part of the program, so that an installed one needs no other file.

use super::read::unpack;
use super::{LexiconBuilder, LexiconError};

/// How often words in small letters occur in ordinary text.
const WORDS: &[u8] = include_bytes!("../../../../data/lexicon/words.tsv.zst");

/// The tables and the labels of their concepts. Where two give one thing, the first has the say.
const TABLES: [(&str, &[u8]); 4] = [
    ("disease", include_bytes!("../../../../data/lexicon/diseases.tsv.zst")),
    ("chemical", include_bytes!("../../../../data/lexicon/chemicals.tsv.zst")),
    ("gene", include_bytes!("../../../../data/lexicon/genes.tsv.zst")),
    ("gene", include_bytes!("../../../../data/lexicon/genes_mouse.tsv.zst")),
];

/// About how many names the tables have.
const NAMES: usize = 500_000;

impl LexiconBuilder {
    /// Adds the genes of man and mouse, diseases and chemicals that are part of the program. They come before any others, since the
    /// frequencies of ordinary words, which come with them, decide how names are looked for.
    ///
    /// # Errors
    /// If the program's tables are damaged.
    pub fn add_included(&mut self) -> Result<(), LexiconError> {
        let damaged = |error: std::io::Error| LexiconError::Included(error.to_string());
        for line in unpack(WORDS).map_err(damaged)?.lines().skip(1) {
            let pair = line.split_once('\t').and_then(|(word, count)| Some((word, count.parse().ok()?)));
            let (word, count) = pair.ok_or_else(|| LexiconError::Included(format!("no word and count: {line}")))?;
            self.add_word(word, count);
        }
        self.reserve(NAMES);
        for (label, table) in TABLES {
            let added = self.add_table(&unpack(table).map_err(damaged)?, Some(label));
            added.map_err(|(line, reason)| LexiconError::Included(format!("{label} {line}: {reason}")))?;
        }
        Ok(())
    }
}

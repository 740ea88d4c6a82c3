//! Words by which a sentence denies or doubts what it speaks of.

/// What a sentence does with what it speaks of, by its words alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cues {
    /// It denies something: `no association`, `were not linked`.
    pub negation: bool,
    /// It doubts or supposes something: `may`, `suggests`, `remains unclear`.
    pub speculation: bool,
}

/// Words of denial, in the manner of NegEx (Chapman and others 2001, Journal of Biomedical Informatics 34(5):301-310).
const NEGATION: [&str; 13] = [
    "no",
    "not",
    "neither",
    "nor",
    "without",
    "cannot",
    "lack",
    "lacked",
    "absence",
    "failed",
    "negative",
    "unrelated",
    "unlikely",
];

/// Words of doubt, in the manner of Light and others 2004, "The language of bioscience: facts, speculations, and
/// statements in between".
const SPECULATION: [&str; 28] = [
    "may",
    "might",
    "could",
    "possible",
    "possibly",
    "potential",
    "potentially",
    "suggest",
    "suggests",
    "suggested",
    "suggesting",
    "likely",
    "probably",
    "probable",
    "putative",
    "hypothesis",
    "hypothesize",
    "hypothesized",
    "speculate",
    "whether",
    "unclear",
    "unknown",
    "appears",
    "appear",
    "seems",
    "seem",
    "perhaps",
    "presumably",
];

/// Which of these words a sentence has. They are cues and no more: what they bear on, the model has to say.
///
/// ```
/// let cues = hopgraph_literature::cues("No association was found, but TP53 may be involved.");
/// assert!(cues.negation && cues.speculation);
/// ```
pub fn cues(sentence: &str) -> Cues {
    let mut cues = Cues::default();
    for word in sentence.split(|character: char| !character.is_alphabetic()).filter(|word| !word.is_empty()) {
        let is_one_of = |known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
        cues.negation |= is_one_of(&NEGATION);
        cues.speculation |= is_one_of(&SPECULATION);
    }
    // "Likely" is a word of doubt, "not only" no word of denial.
    let is_not_only = sentence.to_lowercase().contains("not only");
    cues.negation &= !is_not_only || sentence.split_whitespace().any(|word| word.eq_ignore_ascii_case("no"));
    cues
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_denial_and_doubt_are_found_as_words() {
        for (sentence, negation, speculation) in [
            ("HFE mutations were not associated with gout.", true, false),
            ("HFE mutations cause gout.", false, false),
            ("HFE may be involved.", false, true),
            ("Notably, a notable Mayo cohort was used.", false, false),
            ("It is unclear whether no patient had it.", true, true),
            ("Not only HFE but also TFR2 causes it.", false, false),
        ] {
            assert_eq!(cues(sentence), Cues { negation, speculation }, "{sentence}");
        }
    }

    #[test]
    fn sentences_that_deny_an_association_have_words_of_denial_more_often() {
        let table = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/gad/gad.tsv");
        let text = std::fs::read_to_string(table).unwrap();
        let mut lines = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
        let header = lines.next().unwrap();
        let column = |name: &str| header.iter().position(|found| *found == name).unwrap();
        let (kind, sentence) = (column("associationType"), column("raw_sentence"));
        let share = |wanted: &str, rows: &[Vec<&str>]| {
            let of_kind: Vec<&Vec<&str>> = rows.iter().filter(|row| row[kind] == wanted).collect();
            of_kind.iter().filter(|row| cues(row[sentence]).negation).count() as f64 / of_kind.len() as f64
        };
        let rows: Vec<Vec<&str>> = lines.collect();
        let (denied, stated) = (share("N", &rows), share("Y", &rows));
        assert!(denied > 0.8 && stated < 0.25, "{denied} {stated}");
    }
}

//! Candidate pairs: which two entities of a sentence the model is asked about.

use std::collections::HashMap;
use std::ops::Range;

/// An entity named in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EntityMention {
    /// Number of the entity in its document.
    pub(crate) entity: usize,
    /// What it is.
    pub(crate) label: String,
    /// Its characters, counted from the start of the sentence.
    pub(crate) span: Range<usize>,
}

/// Two entities of a sentence, with the mentions that the model will see masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The entity with the first of the model's labels.
    pub(crate) source: usize,
    /// The entity with the second.
    pub(crate) target: usize,
    /// Span of the source, then that of the target.
    pub(crate) spans: [Range<usize>; 2],
}

/// The pairs of a sentence with these two labels: one for each two entities, at the two mentions that stand closest to
/// one another, the first such in the text. Mentions that overlap make no pair, nor does an entity with itself.
///
/// One question for each pair of entities keeps a sentence that repeats its gene from counting as so much more evidence;
/// the closest mentions are those that its grammar most likely joins.
pub(crate) fn candidates(mentions: &[EntityMention], labels: &[String; 2]) -> Vec<Candidate> {
    let [source_label, target_label] = labels.each_ref().map(|label| label.to_lowercase());
    let mut found: Vec<Candidate> = Vec::new();
    let mut by_entities: HashMap<(usize, usize), usize> = HashMap::new();
    for source in mentions.iter().filter(|mention| mention.label == source_label) {
        for target in mentions.iter().filter(|mention| mention.label == target_label) {
            // With one label for both ends each two entities would come in either order; the one that is named first
            // in the document is the source.
            let is_mirrored = source_label == target_label && source.entity > target.entity;
            let Some(distance) = distance(&source.span, &target.span).filter(|_| !is_mirrored) else { continue };
            if source.entity == target.entity {
                continue;
            }
            let candidate = Candidate {
                source: source.entity,
                target: target.entity,
                spans: [source.span.clone(), target.span.clone()],
            };
            let at = *by_entities.entry((source.entity, target.entity)).or_insert(found.len());
            match found.get_mut(at) {
                None => found.push(candidate),
                Some(known) => {
                    if (distance, first_start(&candidate)) < (gap(known), first_start(known)) {
                        *known = candidate;
                    }
                }
            }
        }
    }
    found
}

/// How many characters stand between two spans; `None` if they overlap.
fn distance(a: &Range<usize>, b: &Range<usize>) -> Option<usize> {
    b.start.checked_sub(a.end).or_else(|| a.start.checked_sub(b.end))
}

fn gap(candidate: &Candidate) -> usize {
    distance(&candidate.spans[0], &candidate.spans[1]).expect("a candidate's spans do not overlap")
}

fn first_start(candidate: &Candidate) -> usize {
    candidate.spans[0].start.min(candidate.spans[1].start)
}

/// The sentence with its two spans replaced by their labels. Two candidates with the same one are the same question.
pub(crate) fn masked(sentence: &str, candidate: &Candidate, labels: &[String; 2]) -> String {
    let mut spans = [(&candidate.spans[0], &labels[0]), (&candidate.spans[1], &labels[1])];
    spans.sort_by_key(|(span, _)| span.start);
    let mut masked = String::with_capacity(sentence.len());
    let mut characters = sentence.chars();
    let mut at = 0;
    for (span, label) in spans {
        masked.extend(characters.by_ref().take(span.start - at));
        // A character that no text has keeps a label apart from the same word in the sentence.
        masked.extend(['\0']);
        masked.push_str(label);
        masked.extend(['\0']);
        characters.by_ref().take(span.len()).for_each(drop);
        at = span.end;
    }
    masked.extend(characters);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mention(entity: usize, label: &str, span: Range<usize>) -> EntityMention {
        EntityMention { entity, label: label.to_owned(), span }
    }

    fn pairs(mentions: &[EntityMention], labels: [&str; 2]) -> Vec<(usize, usize, Range<usize>, Range<usize>)> {
        let found = candidates(mentions, &labels.map(str::to_owned));
        found.into_iter().map(|c| (c.source, c.target, c.spans[0].clone(), c.spans[1].clone())).collect()
    }

    #[test]
    fn each_gene_meets_each_disease_once() {
        let mentions = [
            mention(0, "gene", 0..4),
            mention(1, "disease", 10..14),
            mention(2, "gene", 20..24),
            mention(3, "disease", 30..34),
            mention(4, "chemical", 40..44),
        ];
        let expected = [(0, 1, 0..4, 10..14), (0, 3, 0..4, 30..34), (2, 1, 20..24, 10..14), (2, 3, 20..24, 30..34)];
        assert_eq!(pairs(&mentions, ["gene", "disease"]), expected);
        assert_eq!(pairs(&mentions, ["Chemical", "GENE"]), [(4, 0, 40..44, 0..4), (4, 2, 40..44, 20..24)]);
        assert!(pairs(&mentions, ["gene", "species"]).is_empty());
    }

    #[test]
    fn the_closest_mentions_stand_for_their_entities() {
        let mentions = [mention(0, "gene", 0..4), mention(1, "disease", 20..24), mention(0, "gene", 30..34)];
        assert_eq!(pairs(&mentions, ["gene", "disease"]), [(0, 1, 30..34, 20..24)]);
        let tie = [mention(0, "gene", 0..4), mention(1, "disease", 10..14), mention(0, "gene", 20..24)];
        assert_eq!(pairs(&tie, ["gene", "disease"]), [(0, 1, 0..4, 10..14)], "the first of two as close");
    }

    #[test]
    fn overlapping_mentions_make_no_pair() {
        let nested = [mention(0, "gene", 0..4), mention(1, "disease", 0..12), mention(2, "disease", 3..9)];
        assert!(pairs(&nested, ["gene", "disease"]).is_empty());
        let touching = [mention(0, "gene", 0..4), mention(1, "disease", 4..9)];
        assert_eq!(pairs(&touching, ["gene", "disease"]).len(), 1);
    }

    #[test]
    fn a_phrase_for_two_entities_makes_a_pair_for_each() {
        let mentions = [mention(0, "gene", 0..4), mention(1, "disease", 9..20), mention(2, "disease", 9..20)];
        assert_eq!(pairs(&mentions, ["gene", "disease"]), [(0, 1, 0..4, 9..20), (0, 2, 0..4, 9..20)]);
    }

    #[test]
    fn pairs_of_one_label_come_once_and_never_with_themselves() {
        let mentions = [mention(0, "gene", 0..4), mention(1, "gene", 10..14), mention(0, "gene", 16..20)];
        assert_eq!(pairs(&mentions, ["gene", "gene"]), [(0, 1, 16..20, 10..14)]);
    }

    #[test]
    fn masking_counts_characters() {
        let candidate = Candidate { source: 0, target: 1, spans: [6..8, 0..3] };
        let labels = ["gene".to_owned(), "disease".to_owned()];
        assert_eq!(masked("αβγ → δε.", &candidate, &labels), "\0disease\0 → \0gene\0.");
    }
}

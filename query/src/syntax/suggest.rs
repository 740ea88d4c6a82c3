//! The nearest known name to one that is not known.

use std::cmp::Reverse;

/// The candidate that the name was probably meant to be, ignoring case: at most a third of its letters differ (one in
/// a short name), or it goes on where the name ends. `None` if nothing is near.
///
/// Of several at the same distance it is the one that begins like the name for longest. Two letters in each other's
/// place count as one difference (Damerau-Levenshtein distance).
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let length = name.chars().count();
    let near = candidates.into_iter().filter_map(|candidate| {
        let other = candidate.to_lowercase();
        let distance = strsim::damerau_levenshtein(&name, &other);
        let allowed = (length.max(other.chars().count()) / 3).max(1);
        // A single letter is one change away from every other single letter, which says nothing.
        let alike = distance <= allowed && distance < length;
        let begun = length >= 3 && other.starts_with(&name);
        let shared = name.chars().zip(other.chars()).take_while(|(left, right)| left == right).count();
        (alike || begun).then_some((!alike, distance, Reverse(shared), candidate))
    });
    near.min().map(|(.., candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_found_and_a_far_one_is_not() {
        let names = ["gene", "disease", "chemical", "cell_line", "associated", "not_associated"];
        let cases = [
            ("gnee", Some("gene")),
            ("Genes", Some("gene")),
            ("DISEASES", Some("disease")),
            ("diseas", Some("disease")),
            ("asociated", Some("associated")),
            ("assoc", Some("associated")),
            ("cellline", Some("cell_line")),
            ("protein", None),
            ("g", None),
            ("", None),
        ];
        for (name, expected) in cases {
            assert_eq!(nearest(name, names), expected, "{name}");
        }
    }

    #[test]
    fn the_nearer_of_two_wins() {
        assert_eq!(nearest("treat", ["treated", "treats", "heats"]), Some("treats"));
        assert_eq!(nearest("DSC", ["ASC", "DESC"]), Some("DESC"));
    }
}

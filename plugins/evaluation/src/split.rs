//! A set cut in two, for training and for test.

use std::collections::HashMap;

use crate::LabelledSentence;

/// Training rows and test rows, all rows of a group on one side. About `test_share` of the groups, in 0..=1, become
/// test rows; which ones is decided by the seed and the group's name alone, so that it does not change when rows are
/// added.
pub fn by_group(
    rows: Vec<LabelledSentence>,
    test_share: f64,
    seed: u64,
) -> (Vec<LabelledSentence>, Vec<LabelledSentence>) {
    let mut sides: HashMap<String, bool> = HashMap::new();
    rows.into_iter().partition(|row| {
        let origin = row.origin();
        !*sides.entry(origin).or_insert_with_key(|origin| draw(origin, seed) < test_share)
    })
}

/// Training rows and test rows as the set's own cross-validation has them: rows of this fold are test rows. Such a
/// split may leak; see [`crate::leak`].
pub fn by_fold(rows: Vec<LabelledSentence>, fold: u32) -> (Vec<LabelledSentence>, Vec<LabelledSentence>) {
    rows.into_iter().partition(|row| row.fold != Some(fold))
}

/// A number in 0..1 from a text and a seed: FNV-1a over both, mixed by the finalizer of MurmurHash3 (Appleby), since the
/// upper bits of FNV alone hardly depend on the last letters.
fn draw(text: &str, seed: u64) -> f64 {
    let bytes = seed.to_le_bytes().into_iter().chain(text.bytes());
    let mut hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    for multiplier in [0xff51_afd7_ed55_8ccd_u64, 0xc4ce_b9fe_1a85_ec53] {
        hash = (hash ^ (hash >> 33)).wrapping_mul(multiplier);
    }
    crate::score::to_float((hash ^ (hash >> 33)) >> 11) / crate::score::to_float(1 << 53)
}

//! A set cut in parts, for training, development and test.

use std::collections::HashMap;
use std::str::FromStr;

use md5::{Digest, Md5};

use crate::error::LabelledError;
use crate::row::LabelledSentence;

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

/// A part of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// To learn from.
    Train,
    /// To choose by: the best step, the temperature.
    Dev,
    /// To be looked at once, at the end.
    Test,
}

impl Part {
    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Dev => "dev",
            Self::Test => "test",
        }
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = [Self::Train, Self::Dev, Self::Test];
        known.into_iter().find(|part| part.name() == text).ok_or_else(|| "a part is train, dev or test".to_owned())
    }
}

/// A split that has a name, so that everybody who says the name scores on the same rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NamedSplit {
    /// `clean`: of GAD and EU-ADR, all rows of a source sentence in one part. MD5 of `gad-group-` or `euadr-group-` and
    /// the group, as a big-endian integer modulo 10: 0 is test, 1 is dev, the rest train.
    Clean,
}

impl FromStr for NamedSplit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "clean" => Ok(Self::Clean),
            _ => Err("the only split with a name is `clean`".to_owned()),
        }
    }
}

impl NamedSplit {
    /// The part that a row belongs to.
    ///
    /// # Errors
    /// [`LabelledError::NoPart`] if the row does not say its set and its group.
    pub fn part(self, row: &LabelledSentence) -> Result<Part, LabelledError> {
        let Self::Clean = self;
        let (Some(set), Some(group)) = (&row.set, &row.group) else {
            return Err(LabelledError::NoPart { line: row.line });
        };
        let digest = Md5::digest(format!("{set}-group-{group}"));
        let remainder = digest.iter().fold(0_u32, |rest, &byte| (rest * 256 + u32::from(byte)) % 10);
        Ok(match remainder {
            0 => Part::Test,
            1 => Part::Dev,
            _ => Part::Train,
        })
    }

    /// The rows of one part, in order.
    ///
    /// # Errors
    /// As [`NamedSplit::part`].
    pub fn rows(self, rows: &[LabelledSentence], part: Part) -> Result<Vec<LabelledSentence>, LabelledError> {
        let mut chosen = Vec::new();
        for row in rows {
            if self.part(row)? == part {
                chosen.push(row.clone());
            }
        }
        Ok(chosen)
    }
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
    #[expect(clippy::cast_precision_loss, reason = "both have at most 53 bits")]
    let drawn = ((hash ^ (hash >> 33)) >> 11) as f64 / (1_u64 << 53) as f64;
    drawn
}

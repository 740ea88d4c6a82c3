//! `tokenizer.model`, the file of SentencePiece: the few fields of it that a tokenizer is made of.
//!
//! It is a protocol buffer (sentencepiece_model.proto): fields one after another, each a number and a kind, then a value.

use std::path::Path;

use super::frame::Frame;
use super::vocabulary::{Piece, PieceKind, Vocabulary};
use crate::ModelError;

/// What a `tokenizer.model` says.
#[derive(Debug)]
pub(super) struct SentencePieceModel {
    pub(super) vocabulary: Vocabulary,
    pub(super) frame: Frame,
}

/// A field of a protocol buffer.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Float(f32),
}

impl SentencePieceModel {
    pub(super) fn read(path: &Path) -> Result<Self, ModelError> {
        let advice = "put the tokenizer.model that came with the weights beside them";
        let bytes =
            std::fs::read(path).map_err(|source| ModelError::Unreadable { path: path.to_owned(), source, advice })?;
        Self::parse(&bytes)
            .map_err(|problem| ModelError::Tokenizer { path: path.to_owned(), problem: problem.to_owned() })
    }

    fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let (mut pieces, mut space_prefix, mut kind, mut beginning) = (Vec::new(), true, 1, Some(1));
        for field in fields(bytes) {
            match field? {
                (1, Field::Bytes(piece)) => pieces.push(read_piece(piece)?),
                (2, Field::Bytes(training)) => {
                    for field in fields(training) {
                        match field? {
                            (3, Field::Number(number)) => kind = number,
                            // A negative number, which says that there is none, has all upper bits set.
                            (41, Field::Number(number)) => beginning = u32::try_from(number).ok(),
                            _ => {}
                        }
                    }
                }
                (3, Field::Bytes(normalizer)) => {
                    for field in fields(normalizer) {
                        if let (3, Field::Number(number)) = field? {
                            space_prefix = number != 0;
                        }
                    }
                }
                _ => {}
            }
        }
        if pieces.is_empty() {
            return Err("it holds no pieces, so it is no SentencePiece model");
        }
        if kind != 2 {
            return Err("it is a SentencePiece model of another kind than BPE; put a tokenizer.json in its place");
        }
        let beginning = beginning.filter(|&beginning| (beginning as usize) < pieces.len());
        Ok(Self { vocabulary: Vocabulary { pieces, space_prefix }, frame: Frame::beginning(beginning) })
    }
}

fn read_piece(bytes: &[u8]) -> Result<Piece, &'static str> {
    let mut piece = Piece { text: String::new(), score: 0.0, kind: PieceKind::Normal };
    for field in fields(bytes) {
        match field? {
            (1, Field::Bytes(text)) => {
                piece.text = std::str::from_utf8(text).map_err(|_| "a piece is no UTF-8")?.to_owned();
            }
            (2, Field::Float(score)) => piece.score = score,
            (3, Field::Number(kind)) => {
                piece.kind = PieceKind::from_number(kind).ok_or("a piece is of an unknown kind")?;
            }
            _ => {}
        }
    }
    if piece.kind == PieceKind::UserDefined {
        // Such words are looked for in the text itself, where a space is a space.
        piece.text = piece.text.replace('\u{2581}', " ");
    }
    Ok(piece)
}

/// The fields of a message with their numbers, to its end or to the first that is broken.
fn fields(bytes: &[u8]) -> impl Iterator<Item = Result<(u64, Field<'_>), &'static str>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let field = next_field(&mut rest).ok_or("it is damaged, or no SentencePiece model");
        if field.is_err() {
            rest = &[];
        }
        Some(field)
    })
}

fn next_field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Field<'a>)> {
    let tag = variable_length(rest)?;
    let value = match tag & 7 {
        0 => Field::Number(variable_length(rest)?),
        1 => Field::Bytes(rest.split_off(..8)?),
        2 => {
            let length = usize::try_from(variable_length(rest)?).ok()?;
            Field::Bytes(rest.split_off(..length)?)
        }
        5 => Field::Float(f32::from_le_bytes(rest.split_off(..4)?.try_into().ok()?)),
        _ => return None,
    };
    Some((tag >> 3, value))
}

/// Seven bits a byte, the lowest first; the eighth says that more follow.
fn variable_length(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = *rest.split_off_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

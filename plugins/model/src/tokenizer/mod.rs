//! Text to tokens, from GGUF, `tokenizer.json`, SentencePiece's file or a word list. The only room that names the
//! tokenizers crate; it knows no weights.

mod byte_pair;
mod encode;
mod frame;
mod hugging_face;
mod sentence_piece;
mod vocabulary;
mod word_piece;

pub use byte_pair::BytePairs;
pub use encode::Tokenizer;
pub use frame::Frame;
pub use hugging_face::TokenizerFiles;
pub use vocabulary::{Piece, PieceKind, Vocabulary};
pub use word_piece::WordPieces;

#[cfg(test)]
mod tests;

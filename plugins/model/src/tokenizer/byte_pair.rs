//! Byte-pair encoding over bytes, the tokenizer of GPT-2 and of Llama 3, as GGUF keeps it.

use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{SplitDelimiterBehavior, Tokenizer};

/// How Llama 3 cuts texts into words before anything is merged.
const LLAMA_3_WORDS: &str = concat!(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|",
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
);

/// The tokens and merges of a byte-pair encoder.
#[derive(Clone, Debug)]
pub struct BytePairs {
    /// In the order of their numbers.
    pub tokens: Vec<String>,
    /// Two tokens and a space between them; the first merges come first.
    pub merges: Vec<String>,
    /// How texts are cut into words, by llama.cpp's name for it.
    pub words: String,
}

impl BytePairs {
    pub(super) fn build(&self) -> Result<Tokenizer, String> {
        let numbers: Vocab = (0u32..).zip(&self.tokens).map(|(number, token)| (token.clone(), number)).collect();
        let pair = |merge: &String| merge.split_once(' ').map(|(left, right)| (left.to_owned(), right.to_owned()));
        let merges: Option<Vec<_>> = self.merges.iter().map(pair).collect();
        let merges = merges.ok_or("a merge does not name two tokens")?;
        let words = self.words()?;
        // Llama 3 has words that its merges do not reach.
        let whole_words = self.words == "llama-bpe";
        let model = BPE::builder()
            .vocab_and_merges(numbers, merges)
            .ignore_merges(whole_words)
            .build()
            .map_err(|error| error.to_string())?;
        let mut tokenizer = Tokenizer::new(model);
        tokenizer.with_pre_tokenizer(Some(words));
        Ok(tokenizer)
    }

    fn words(&self) -> Result<PreTokenizerWrapper, String> {
        match self.words.as_str() {
            "gpt-2" => Ok(ByteLevel::new(false, false, true).into()),
            "llama-bpe" => {
                let pattern = SplitPattern::Regex(LLAMA_3_WORDS.to_owned());
                let split =
                    Split::new(pattern, SplitDelimiterBehavior::Isolated, false).map_err(|error| error.to_string())?;
                Ok(Sequence::new(vec![split.into(), ByteLevel::new(false, false, false).into()]).into())
            }
            other => Err(format!(
                "it cuts words as `{other}`, which is read from no GGUF here; put the model's tokenizer.json beside it and \
                 name it in model.toml"
            )),
        }
    }
}

//! Tokens: a text or a name as a sequence of numbers, such that ways to write the same word give the same number.
//!
//! Runs of letters and runs of digits are tokens; everything else stands between them. So `IL-2`, `IL 2` and `IL2` are
//! the same two tokens. Letters lose their case and accents, Greek ones are spelt out and begin a token, so that `TNFα` is
//! `TNF-alpha`, and words lose the ending of the plural and the British spelling.

/// A token of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// First byte.
    pub(crate) start: u32,
    /// One past the last byte.
    pub(crate) end: u32,
    /// What stands for the word.
    pub(crate) hash: u64,
    /// Whether a name may begin here: no letter or digit stands directly before.
    pub(crate) starts_word: bool,
    /// Whether a name may end here.
    pub(crate) ends_word: bool,
    /// Whether a name may go on from the token before to this one.
    pub(crate) is_joined: bool,
}

/// The longest word that is told from others, in bytes.
const WORD_BYTES_MAX: usize = 48;

/// What a character is to the tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Digit,
    Other,
}

/// Cuts texts into tokens.
#[derive(Debug, Default)]
pub(crate) struct Tokenizer {
    tokens: Vec<Token>,
    word: Vec<u8>,
}

impl Tokenizer {
    /// The tokens of a text, until the next call.
    pub(crate) fn tokenize(&mut self, text: &str) -> &[Token] {
        self.tokens.clear();
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let (kind, length) = kind_at(text, at);
            if kind == Kind::Other {
                at += length;
                continue;
            }
            let start = at;
            self.word.clear();
            while at < bytes.len() {
                let (next, length) = kind_at(text, at);
                if next != kind || (at > start && begins_greek(text, at)) {
                    break;
                }
                self.push_letters(text, at, length);
                at += length;
            }
            self.push(text, start, at, kind);
        }
        &self.tokens
    }

    fn push_letters(&mut self, text: &str, at: usize, length: usize) {
        if length == 1 {
            self.word.push(text.as_bytes()[at].to_ascii_lowercase());
            return;
        }
        let character = text[at..].chars().next().unwrap_or_default();
        match greek(character).or_else(|| without_accent(character)) {
            Some(letters) => self.word.extend_from_slice(letters.as_bytes()),
            None => {
                let mut buffer = [0; 4];
                character.to_lowercase().for_each(|lower| {
                    self.word.extend_from_slice(lower.encode_utf8(&mut buffer).as_bytes());
                });
            }
        }
    }

    fn push(&mut self, text: &str, start: usize, end: usize, kind: Kind) {
        let previous = self.tokens.last().map_or(0, |token| token.end as usize);
        let between = &text[previous..start];
        // The s of `Alzheimer's disease` says nothing.
        if self.word == b"s" && between.ends_with(['\'', '’']) && !self.tokens.is_empty() {
            return self.extend_previous(end);
        }
        let starts_word = self.tokens.is_empty() || !between.is_empty();
        if kind == Kind::Letter {
            normalize(&mut self.word);
        }
        self.word.truncate(WORD_BYTES_MAX);
        if let Some(token) = self.tokens.last_mut() {
            token.ends_word = starts_word;
        }
        self.tokens.push(Token {
            start: start as u32,
            end: end as u32,
            hash: hash(&self.word),
            starts_word,
            ends_word: true,
            is_joined: joins(between),
        });
    }

    /// Takes `'s` to the word before it, as far as a following word is concerned.
    fn extend_previous(&mut self, end: usize) {
        if let Some(token) = self.tokens.last_mut() {
            token.end = end as u32;
            token.ends_word = true;
        }
    }
}

/// Whether a Greek letter stands here behind one that is not.
fn begins_greek(text: &str, at: usize) -> bool {
    let is_greek = |character: Option<char>| character.and_then(greek).is_some();
    !text.as_bytes()[at].is_ascii() && is_greek(text[at..].chars().next()) && !is_greek(text[..at].chars().next_back())
}

fn kind_at(text: &str, at: usize) -> (Kind, usize) {
    let byte = text.as_bytes()[at];
    if byte.is_ascii() {
        let kind = match byte {
            b'a'..=b'z' | b'A'..=b'Z' => Kind::Letter,
            b'0'..=b'9' => Kind::Digit,
            _ => Kind::Other,
        };
        return (kind, 1);
    }
    let character = text[at..].chars().next().unwrap_or_default();
    (if character.is_alphabetic() { Kind::Letter } else { Kind::Other }, character.len_utf8())
}

/// Whether two tokens with this between them may belong to one name: one space or a little punctuation, but neither a
/// comma, a bracket nor a full stop with a space.
fn joins(between: &str) -> bool {
    match between {
        "" | " " | "-" | "\n" => true,
        _ => {
            let signs = between.chars().filter(|character| !character.is_whitespace()).count();
            let spaces = between.chars().count() - signs;
            (spaces == 0 && signs <= 3) || (signs == 0 && spaces <= 2) || matches!(between, "- " | " -" | "' " | "’ ")
        }
    }
}

/// One spelling for a word in lower case.
fn normalize(word: &mut Vec<u8>) {
    match word.as_slice() {
        b"ii" => return replace_end(word, 2, b"2"),
        b"iii" => return replace_end(word, 3, b"3"),
        _ => {}
    }
    if word.len() >= 4 && word.last() == Some(&b's') {
        strip_plural(word);
    }
    if word.len() >= 5 && word.iter().any(|byte| matches!(byte, b'a' | b'o')) {
        strip_british(word);
    }
}

fn strip_plural(word: &mut Vec<u8>) {
    if word.ends_with(b"stases") || (word.len() >= 6 && word.ends_with(b"oses")) {
        replace_end(word, 2, b"is");
    } else if word.len() >= 5 && word.ends_with(b"ies") {
        replace_end(word, 3, b"y");
    } else if !word.ends_with(b"ss") && !word.ends_with(b"us") && !word.ends_with(b"is") {
        word.pop();
    }
}

/// `tumour` as `tumor`, `anaemia` as `anemia`, `oedema` as `edema`.
fn strip_british(word: &mut Vec<u8>) {
    let mut at = 0;
    while at + 1 < word.len() {
        let is_digraph = matches!(&word[at..at + 2], b"ae" | b"oe");
        let is_our = at >= 2 && word[at..].starts_with(b"our");
        if is_digraph {
            word.remove(at);
        } else if is_our {
            word.remove(at + 1);
        }
        at += 1;
    }
}

fn replace_end(word: &mut Vec<u8>, length: usize, by: &[u8]) {
    word.truncate(word.len() - length);
    word.extend_from_slice(by);
}

/// A hash that is the same in every release, since files keep it. 64 bits tell a few hundred thousand words apart.
pub(crate) fn hash(word: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ (word.len() as u64);
    for chunk in word.chunks(8) {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        hash = (hash ^ u64::from_le_bytes(bytes)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^= hash >> 32;
    }
    hash
}

/// The name of a Greek letter.
pub(crate) fn greek(letter: char) -> Option<&'static str> {
    const NAMES: [&str; 25] = [
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu",
        "xi", "omicron", "pi", "rho", "sigma", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
    ];
    let at = match letter {
        'Α'..='Ω' => letter as usize - 'Α' as usize,
        'α'..='ω' => letter as usize - 'α' as usize,
        'µ' => 11,
        'ϵ' => 4,
        'ϑ' => 7,
        'ϕ' => 21,
        _ => return None,
    };
    NAMES.get(at).copied()
}

fn without_accent(letter: char) -> Option<&'static str> {
    Some(match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'À' | 'Á' | 'Â' | 'Ã' | 'Ä' | 'Å' => "a",
        'è' | 'é' | 'ê' | 'ë' | 'È' | 'É' | 'Ê' | 'Ë' => "e",
        'ì' | 'í' | 'î' | 'ï' | 'Ì' | 'Í' | 'Î' | 'Ï' => "i",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ö' | 'Ø' => "o",
        'ù' | 'ú' | 'û' | 'ü' | 'Ù' | 'Ú' | 'Û' | 'Ü' => "u",
        'ç' | 'Ç' => "c",
        'ñ' | 'Ñ' => "n",
        'ß' => "ss",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(text: &str) -> Vec<u64> {
        Tokenizer::default().tokenize(text).iter().map(|token| token.hash).collect()
    }

    #[test]
    fn ways_to_write_a_name_are_one() {
        for (one, other) in [
            ("IL-2", "il2"),
            ("TNF-α", "TNF alpha"),
            ("TNFα", "TNF-alpha"),
            ("NF-κB", "NF-kappaB"),
            ("tumours", "tumor"),
            ("Alzheimer's disease", "Alzheimer disease"),
            ("leukaemia", "leukemia"),
            ("oedema", "edema"),
            ("Sjögren syndromes", "Sjogren Syndrome"),
            ("type II diabetes", "type 2 diabetes"),
            ("metastases", "metastasis"),
            ("neuropathies", "neuropathy"),
        ] {
            assert_eq!(hashes(one), hashes(other), "{one} {other}");
        }
        for (one, other) in [("BRCA1", "BRCA2"), ("virus", "viru"), ("class", "clas"), ("four", "for")] {
            assert_ne!(hashes(one), hashes(other), "{one} {other}");
        }
    }

    #[test]
    fn words_begin_and_end_where_no_letter_or_digit_goes_on() {
        let mut tokenizer = Tokenizer::default();
        let tokens = tokenizer.tokenize("HIF-1alpha (x), y");
        let found: Vec<(u32, u32, bool, bool, bool)> =
            tokens.iter().map(|t| (t.start, t.end, t.starts_word, t.ends_word, t.is_joined)).collect();
        let expected = [
            (0, 3, true, true, true),
            (4, 5, true, false, true),
            (5, 10, false, true, true),
            (12, 13, true, true, false),
            (16, 17, true, true, false),
        ];
        assert_eq!(found, expected);
    }
}

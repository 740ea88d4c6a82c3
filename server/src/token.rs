//! The secret that a request must know: another user of the same machine can reach the port, and does not know it.

/// A secret of 128 random bits, or one that was given.
#[derive(Clone)]
pub struct Token(String);

/// Fewest characters of a token that is given.
const LETTERS_MIN: usize = 16;

impl Token {
    /// A new one.
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// One that was agreed on, for scripts.
    ///
    /// # Errors
    /// What is wrong with it, in words: it needs 16 letters, digits, `-` or `_`.
    pub fn given(text: &str) -> Result<Self, String> {
        let plain = text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter));
        if plain && text.len() >= LETTERS_MIN {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("a token has at least {LETTERS_MIN} letters, digits, `-` or `_`, and nothing else"))
        }
    }

    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether this is the secret, in a time that does not tell how much of it is right.
    pub(crate) fn is(&self, text: &str) -> bool {
        let (own, other) = (self.0.as_bytes(), text.as_bytes());
        let differing = own.iter().zip(other).fold(0, |differing, (one, two)| differing | (one ^ two));
        own.len() == other.len() && differing == 0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_secret_is_it() {
        let token = Token::given("0123456789abcdef").unwrap();
        assert!(token.is("0123456789abcdef"));
        for wrong in ["", "0123456789abcde", "0123456789abcdeg", "0123456789abcdef0"] {
            assert!(!token.is(wrong), "{wrong}");
        }
        assert!(Token::given("short").is_err());
        assert!(Token::given("0123456789abcde f").is_err());
        assert_ne!(Token::random().unwrap().reveal(), Token::random().unwrap().reveal());
        assert_eq!(format!("{token:?}"), "Token");
    }
}

//! Hashes of files, by which models are told apart.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::ModelError;

/// SHA-256 of a file, in hexadecimal; read in pieces, since weights may be larger than memory.
///
/// # Errors
/// If the file cannot be read.
pub fn sha256(path: &Path) -> Result<String, ModelError> {
    let mut file = File::open(path).map_err(|source| ModelError::unreadable(path, source))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let length = file.read(&mut buffer).map_err(|source| ModelError::unreadable(path, source))?;
        if length == 0 {
            break;
        }
        hasher.update(&buffer[..length]);
    }
    Ok(hexadecimal(hasher.finalize()))
}

/// The hash of a file, or, of several, the hash of their hashes, a line each.
pub(crate) fn hash_of_hashes(files: &[&Path]) -> Result<String, ModelError> {
    if let [file] = files {
        return sha256(file);
    }
    let hashes = files.iter().map(|file| sha256(file)).collect::<Result<Vec<_>, _>>()?;
    Ok(hexadecimal(Sha256::digest(hashes.join("\n"))))
}

fn hexadecimal(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

//! Signed notes (C2SP signed-note) that say how long a log is and what its Merkle root is (C2SP tlog-checkpoint), signed
//! with Ed25519 (RFC 8032). Keeps no key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use super::sha256;
use crate::model::Sha256;

/// The byte of the algorithm in key ids: Ed25519.
const ED25519: u8 = 1;

/// What a checkpoint says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log, by a name that needs no schema: host and path.
    pub origin: String,
    /// Lines of the log.
    pub size: u64,
    pub root: Sha256,
}

/// Why a note is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("it is no signed checkpoint")]
    Malformed,
    #[error("it is not signed with the key of the log")]
    NotSigned,
}

impl Checkpoint {
    /// The note with its signature.
    pub fn sign(&self, key: &[u8; 32]) -> String {
        let key = SigningKey::from_bytes(key);
        let body = self.body();
        let id = key_id(&self.origin, key.verifying_key().as_bytes());
        let signature = [id.as_slice(), &key.sign(body.as_bytes()).to_bytes()].concat();
        format!("{body}\n\u{2014} {} {}\n", self.origin, STANDARD.encode(signature))
    }

    fn body(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.as_bytes()))
    }

    /// Reads a note that was signed with this public key.
    ///
    /// # Errors
    /// `NoteError`.
    pub fn verify(note: &str, key: &[u8; 32]) -> Result<Self, NoteError> {
        let (body, signatures) = note.split_once("\n\n").ok_or(NoteError::Malformed)?;
        let mut lines = body.lines();
        let (origin, size, root) = (lines.next(), lines.next(), lines.next());
        let root = root.and_then(|root| STANDARD.decode(root).ok()).and_then(|root| <[u8; 32]>::try_from(root).ok());
        let size = size.and_then(|size| size.parse().ok());
        let (Some(origin), Some(size), Some(root)) = (origin, size, root) else { return Err(NoteError::Malformed) };
        let checkpoint = Self { origin: origin.to_owned(), size, root: Sha256::from_bytes(root) };
        let verifying = VerifyingKey::from_bytes(key).map_err(|_| NoteError::NotSigned)?;
        let id = key_id(origin, key);
        let is_signed = signatures.lines().any(|line| {
            let named = line.strip_prefix("\u{2014} ").and_then(|rest| rest.strip_prefix(origin)?.strip_prefix(' '));
            let Some(bytes) = named.and_then(|value| STANDARD.decode(value).ok()) else { return false };
            let signature = bytes.strip_prefix(&id).and_then(|bytes| Signature::from_slice(bytes).ok());
            signature
                .is_some_and(|signature| verifying.verify_strict(format!("{body}\n").as_bytes(), &signature).is_ok())
        });
        if is_signed { Ok(checkpoint) } else { Err(NoteError::NotSigned) }
    }
}

/// The public half of a key.
pub fn public_key(key: &[u8; 32]) -> [u8; 32] {
    SigningKey::from_bytes(key).verifying_key().to_bytes()
}

/// How verifiers are told a key: name, id and key (C2SP signed-note, "Verifier keys").
pub fn verifier_key(origin: &str, key: &[u8; 32]) -> String {
    let id: String = key_id(origin, key).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{origin}+{id}+{}", STANDARD.encode([&[ED25519], key.as_slice()].concat()))
}

fn key_id(origin: &str, key: &[u8; 32]) -> [u8; 4] {
    let digest = sha256(&[origin.as_bytes(), b"\n", &[ED25519], key].concat());
    let mut id = [0; 4];
    id.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_believed_only_with_its_key_and_as_it_was() {
        let checkpoint =
            Checkpoint { origin: "archive.example/log".to_owned(), size: 7, root: Sha256::from_bytes([3; 32]) };
        let note = checkpoint.sign(&[9; 32]);
        let key = public_key(&[9; 32]);
        assert_eq!(Checkpoint::verify(&note, &key), Ok(checkpoint));
        assert_eq!(Checkpoint::verify(&note, &public_key(&[8; 32])), Err(NoteError::NotSigned));
        assert_eq!(Checkpoint::verify(&note.replacen("\n7\n", "\n8\n", 1), &key), Err(NoteError::NotSigned));
        for wrong in ["", "a\n1\n", "a\nx\ny\n\n", "\n\n", &note.replace('\u{2014}', "-")] {
            assert!(Checkpoint::verify(wrong, &key).is_err(), "{wrong:?}");
        }
    }

    /// The key of the example in C2SP signed-note.
    #[test]
    fn keys_have_the_ids_of_the_specification() {
        let key = STANDARD.decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").expect("base64");
        let key: [u8; 32] = key.get(1..).expect("33 bytes").try_into().expect("32 bytes");
        assert_eq!(
            verifier_key("PeterNeumann", &key),
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        );
    }
}

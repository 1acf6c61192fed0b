//! SHA-256 and SHA-512, in one piece or push by push; MD5 only to check what others promised.

use sha2::Digest as _;

use crate::model::{Sha256, Sha512};

/// SHA-256 of bytes in memory.
pub fn sha256(bytes: &[u8]) -> Sha256 {
    Sha256::from_bytes(sha2::Sha256::digest(bytes).into())
}

/// SHA-512 of bytes in memory.
pub fn sha512(bytes: &[u8]) -> Sha512 {
    Sha512::from_bytes(sha2::Sha512::digest(bytes).into())
}

/// SHA-256 of a stream.
#[derive(Debug, Clone, Default)]
pub struct Sha256Hasher(sha2::Sha256);

impl Sha256Hasher {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes taken.
    pub fn finish(self) -> Sha256 {
        Sha256::from_bytes(self.0.finalize().into())
    }
}

/// SHA-512 of a stream.
#[derive(Debug, Clone, Default)]
pub struct Sha512Hasher(sha2::Sha512);

impl Sha512Hasher {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes taken.
    pub fn finish(self) -> Sha512 {
        Sha512::from_bytes(self.0.finalize().into())
    }
}

/// Both digests and the length of one stream, in one pass.
#[derive(Debug, Clone, Default)]
pub struct Digester {
    sha256: Sha256Hasher,
    sha512: Sha512Hasher,
    bytes: u64,
}

impl Digester {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.sha512.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// The digests and the number of all bytes taken.
    pub fn finish(self) -> (Sha256, Sha512, u64) {
        (self.sha256.finish(), self.sha512.finish(), self.bytes)
    }
}

/// HMAC-SHA256 (RFC 2104) of a message.
pub fn hmac_sha256(key: &[u8; 32], message: &[u8]) -> Sha256 {
    use hmac::{KeyInit, Mac};
    // RFC 2104 § 2: a shorter key is filled up with zeros to one block.
    let mut block = [0u8; 64];
    block.iter_mut().zip(key).for_each(|(filled, byte)| *filled = *byte);
    let mut mac = hmac::Hmac::<sha2::Sha256>::new(&block.into());
    mac.update(message);
    Sha256::from_bytes(mac.finalize().into_bytes().into())
}

/// An algorithm by its OCFL name, for digests that others wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    Md5,
    Sha256,
    Sha512,
}

impl Algorithm {
    /// Every algorithm known here.
    pub const ALL: [Self; 3] = [Self::Md5, Self::Sha256, Self::Sha512];

    /// The name in OCFL inventories and in `checksums[].algorithm`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// The algorithm of this name, if it is known here.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// A new digest of a stream.
    pub fn hasher(self) -> AnyHasher {
        AnyHasher(match self {
            Self::Md5 => Box::new(md5::Md5::default()),
            Self::Sha256 => Box::new(sha2::Sha256::default()),
            Self::Sha512 => Box::new(sha2::Sha512::default()),
        })
    }
}

/// A digest of a stream by an algorithm that was chosen while running.
pub struct AnyHasher(Box<dyn sha2::digest::DynDigest + Send>);

impl AnyHasher {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes taken, in lower-case hexadecimal digits.
    pub fn finish(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_standard() {
        // FIPS 180-4 examples for "abc".
        let expected_256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let expected_512 = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                            2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
        let mut digester = Digester::default();
        digester.update(b"a");
        digester.update(b"bc");
        let (streamed_256, streamed_512, bytes) = digester.finish();
        assert_eq!(streamed_256.to_string(), expected_256);
        assert_eq!(streamed_512.to_string(), expected_512);
        let expected = [(Algorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"), (Algorithm::Sha256, expected_256)];
        for (algorithm, expected) in expected {
            let mut hasher = algorithm.hasher();
            hasher.update(b"abc");
            assert_eq!(hasher.finish(), expected);
        }
        assert_eq!((sha256(b"abc"), sha512(b"abc"), 3), (streamed_256, streamed_512, bytes));
    }
}

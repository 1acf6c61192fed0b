//! Digest values as types. Computing them is `codec`'s work.

use std::fmt;

/// Why a text is no digest of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a {algorithm} digest is {expected} lower-case hexadecimal digits, got {given:?}")]
pub struct InvalidDigest {
    pub algorithm: &'static str,
    pub expected: usize,
    pub given: String,
}

macro_rules! digest_type {
    ($(#[$doc:meta])* $name:ident, $bytes:expr, $label:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// The name that OCFL, RFC 9530 and `checksums[].algorithm` use, without a dash.
            pub const ALGORITHM: &'static str = $label;

            /// Wraps raw digest bytes.
            pub const fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// The raw digest bytes.
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }

            /// Reads hexadecimal digits of either case.
            ///
            /// # Errors
            /// `InvalidDigest` when the length or a digit is wrong.
            pub fn parse(text: &str) -> Result<Self, InvalidDigest> {
                let refuse = || InvalidDigest {
                    algorithm: $label,
                    expected: $bytes * 2,
                    given: text.chars().take(200).collect(),
                };
                if text.len() != $bytes * 2 {
                    return Err(refuse());
                }
                let mut bytes = [0u8; $bytes];
                for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
                    let [high, low] = pair else { return Err(refuse()) };
                    let (Some(high), Some(low)) = ((*high as char).to_digit(16), (*low as char).to_digit(16)) else {
                        return Err(refuse());
                    };
                    *byte = (high * 16 + low) as u8;
                }
                Ok(Self(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!($label, ":{}"), self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

digest_type!(
    /// SHA-256 of original bytes: the identity of payloads, records and source documents.
    Sha256, 32, "sha256"
);
digest_type!(
    /// SHA-512 of stored bytes: what OCFL manifests hold.
    Sha512, 64, "sha512"
);

//! Keys of certificates: ed25519, in the files that other programs read as well (RFC 8410, in PEM by RFC 7468).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

const PRIVATE: &str = "PRIVATE KEY";
const PUBLIC: &str = "PUBLIC KEY";

/// What stands before the 32 bytes of a private key: PKCS#8, version 0, the algorithm 1.3.101.112, two octet strings.
const PKCS8_HEAD: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// What stands before the 32 bytes of a public key: a sequence, the algorithm 1.3.101.112, a bit string.
const SPKI_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Text that is not the key that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyInvalid {
    /// No such block.
    #[error("there is no block BEGIN {wanted} in it")]
    NoBlock {
        /// Its label.
        wanted: &'static str,
    },
    /// The other half of the pair.
    #[error("this is a {found}, and a {wanted} is needed here")]
    OtherHalf {
        /// The label that is there.
        found: &'static str,
        /// The label that is needed.
        wanted: &'static str,
    },
    /// A key of another algorithm, or a broken one.
    #[error("this is no ed25519 key")]
    NotEd25519,
}

/// A new pair of keys, as the text of its two files.
pub struct KeyPair {
    /// PKCS#8 in PEM. Whoever has it can sign.
    pub private: String,
    /// SubjectPublicKeyInfo in PEM.
    pub public: String,
}

impl KeyPair {
    /// The pair that follows from 32 random bytes.
    ///
    /// # Errors
    ///
    /// [`KeyInvalid::NotEd25519`], which 32 bytes cannot cause.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyInvalid> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyInvalid::NotEd25519)?;
        let private = to_pem(PRIVATE, &[PKCS8_HEAD.as_slice(), seed].concat());
        let public = to_pem(PUBLIC, &[SPKI_HEAD.as_slice(), pair.public_key().as_ref()].concat());
        Ok(Self { private, public })
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair").field("public", &self.public).finish_non_exhaustive()
    }
}

/// A key that signs.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// Reads a private key.
    ///
    /// # Errors
    ///
    /// [`KeyInvalid`]
    pub fn from_pem(text: &str) -> Result<Self, KeyInvalid> {
        let der = from_pem(text, PRIVATE, PUBLIC)?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(|_| KeyInvalid::NotEd25519)?;
        Ok(Self(pair))
    }

    /// The half that verifies.
    ///
    /// # Errors
    ///
    /// [`KeyInvalid::NotEd25519`], which a key that was read cannot cause.
    pub fn public(&self) -> Result<PublicKey, KeyInvalid> {
        let key = self.0.public_key().as_ref().try_into().map_err(|_| KeyInvalid::NotEd25519)?;
        Ok(PublicKey(key))
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }

    pub(super) fn id(&self) -> String {
        id(self.0.public_key().as_ref())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.id()).finish()
    }
}

/// A key that verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Reads a public key.
    ///
    /// # Errors
    ///
    /// [`KeyInvalid`]
    pub fn from_pem(text: &str) -> Result<Self, KeyInvalid> {
        let der = from_pem(text, PUBLIC, PRIVATE)?;
        let key = der.strip_prefix(&SPKI_HEAD).and_then(|key| key.try_into().ok());
        key.map(Self).ok_or(KeyInvalid::NotEd25519)
    }

    /// Its name: SHA-256 of its SubjectPublicKeyInfo. It helps people to find a key and proves nothing.
    #[must_use]
    pub fn id(&self) -> String {
        id(&self.0)
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok()
    }
}

fn id(public: &[u8]) -> String {
    sha256(&[SPKI_HEAD.as_slice(), public].concat())
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Both kinds of key are so short that their base64 is one line of at most 64 letters.
fn to_pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

fn from_pem(text: &str, wanted: &'static str, other: &'static str) -> Result<Vec<u8>, KeyInvalid> {
    let block = |label: &str| {
        let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
        rest.split_once(&format!("-----END {label}-----")).map(|(inside, _)| inside)
    };
    let Some(inside) = block(wanted) else {
        let there = block(other).is_some();
        return Err(if there {
            KeyInvalid::OtherHalf { found: other, wanted }
        } else {
            KeyInvalid::NoBlock { wanted }
        });
    };
    let letters: String = inside.split_ascii_whitespace().collect();
    STANDARD.decode(letters).map_err(|_| KeyInvalid::NotEd25519)
}

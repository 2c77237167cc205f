//! Signed certificates: the envelope of DSSE 1.0.

use aos_core::canonical::{self, NotCanonical};
use aos_core::json;
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use serde::{Deserialize, Serialize};

use super::{PublicKey, SigningKey, Statement, StatementInvalid};

/// What the payload of a certificate is.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// Padding may be missing; letters that no encoder writes are refused.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// A statement and the signatures over it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Signature {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keyid: Option<String>,
    sig: String,
}

/// Why a document attests nothing.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeInvalid {
    /// Not JSON, or not an envelope.
    #[error("it is no DSSE envelope: {0}")]
    Malformed(String),
    /// A statement that nobody signed.
    #[error("it is a statement without a signature: anyone can have written it")]
    Unsigned,
    /// No signature of this key fits these bytes.
    #[error("no signature in it was made by the key {key} over these bytes")]
    NotSigned {
        /// The key's name.
        key: String,
    },
    /// Signed, and something else.
    #[error("what it signs has the type {0:?}, and a certificate has {PAYLOAD_TYPE:?}")]
    OtherType(String),
    /// Signed, and no certificate.
    #[error(transparent)]
    Statement(#[from] StatementInvalid),
}

impl Envelope {
    /// Signs a statement.
    ///
    /// # Errors
    ///
    /// As [`Statement::canonical_bytes`].
    pub fn sign(statement: &Statement, key: &SigningKey) -> Result<Self, NotCanonical> {
        let body = statement.canonical_bytes()?;
        let sig = key.sign(&pre_authentication_encoding(PAYLOAD_TYPE, &body));
        let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
        Ok(Self {
            payload: base64(&body),
            payload_type: PAYLOAD_TYPE.to_owned(),
            signatures: vec![Signature { keyid: Some(key.id()), sig: base64(&sig) }],
        })
    }

    /// Its RFC 8785 bytes.
    ///
    /// # Errors
    ///
    /// [`NotCanonical`], which its types keep out.
    pub fn canonical_bytes(&self) -> Result<Vec<u8>, NotCanonical> {
        canonical::to_vec(self)
    }

    /// Reads an envelope, and trusts nothing of it.
    ///
    /// # Errors
    ///
    /// [`EnvelopeInvalid::Unsigned`] for a plain statement, [`EnvelopeInvalid::Malformed`] for anything else.
    pub fn read(text: &str) -> Result<Self, EnvelopeInvalid> {
        let malformed = |error: String| EnvelopeInvalid::Malformed(error);
        let value = json::read(text).map_err(|error| malformed(error.to_string()))?;
        if value.get("predicateType").is_some() || value.get("signatures").is_some_and(is_empty) {
            return Err(EnvelopeInvalid::Unsigned);
        }
        serde_json::from_value(value).map_err(|error| malformed(error.to_string()))
    }

    /// The statement, whoever signed it: what somebody says, and no proof of anything.
    ///
    /// # Errors
    ///
    /// [`EnvelopeInvalid::Malformed`], [`EnvelopeInvalid::Statement`]
    pub fn claimed(&self) -> Result<Statement, EnvelopeInvalid> {
        Ok(Statement::read(&self.body()?)?)
    }

    fn body(&self) -> Result<Vec<u8>, EnvelopeInvalid> {
        decode(&self.payload).ok_or_else(|| EnvelopeInvalid::Malformed("its payload is no base64".to_owned()))
    }

    /// The statement, if this key signed it. The key comes from the reader: one inside of the file would prove nothing.
    ///
    /// # Errors
    ///
    /// [`EnvelopeInvalid`]
    pub fn verify(&self, key: &PublicKey) -> Result<Statement, EnvelopeInvalid> {
        let body = self.body()?;
        let message = pre_authentication_encoding(&self.payload_type, &body);
        let fits = |signature: &Signature| {
            decode(&signature.sig).is_some_and(|signature| key.verifies(&message, &signature))
        };
        if !self.signatures.iter().any(fits) {
            return Err(EnvelopeInvalid::NotSigned { key: key.id() });
        }
        if self.payload_type != PAYLOAD_TYPE {
            return Err(EnvelopeInvalid::OtherType(self.payload_type.clone()));
        }
        Ok(Statement::read(&body)?)
    }
}

fn is_empty(signatures: &serde_json::Value) -> bool {
    signatures.as_array().is_some_and(Vec::is_empty)
}

/// Signers may use either alphabet.
fn decode(text: &str) -> Option<Vec<u8>> {
    let standard = GeneralPurpose::new(&STANDARD, LENIENT);
    let url_safe = GeneralPurpose::new(&URL_SAFE, LENIENT);
    standard.decode(text).or_else(|_| url_safe.decode(text)).ok()
}

/// The bytes that are signed: type and body, each with its length before it, so that neither can pass for the other.
fn pre_authentication_encoding(payload_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), body.len());
    [head.as_bytes(), body].concat()
}

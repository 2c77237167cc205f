//! Stub worlds and certificates.

use aos_host::certification::{Envelope, KeyPair, SigningKey, Statement};
use aos_host::providers::{StubWorld, World};

pub(super) fn stubs(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match StubWorld::parse(text) {
        Ok(world) => {
            let again = StubWorld::parse(text).expect("it was read before");
            assert_eq!(World::stub(world).stubs(), World::stub(again).stubs());
        }
        Err(invalid) => assert!(!invalid.to_string().is_empty()),
    }
}

/// A statement, or an envelope around one: what is signed holds, and what someone else says does not.
pub(super) fn certificates(data: &[u8]) {
    let pair = KeyPair::from_seed(&[7; 32]).expect("a key");
    let key = SigningKey::from_pem(&pair.private).expect("a key");
    let public = key.public().expect("a key");
    match Statement::read(data) {
        Ok(statement) => {
            let bytes = statement.canonical_bytes().expect("canonical bytes");
            assert_eq!(Statement::read(&bytes).ok().as_ref(), Some(&statement));
            let signed = Envelope::sign(&statement, &key).expect("canonical bytes");
            let text = String::from_utf8(signed.canonical_bytes().expect("canonical bytes")).expect("UTF-8");
            let read = Envelope::read(&text).expect("what was written is read");
            assert_eq!(read.verify(&public).ok(), Some(statement));
        }
        Err(invalid) => assert!(!invalid.to_string().is_empty()),
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(envelope) = Envelope::read(text) else { return };
    assert!(envelope.verify(&public).is_err(), "nobody has this key");
}

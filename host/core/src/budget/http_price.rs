//! What requests to one host cost.

use serde::{Deserialize, Serialize};

use super::Quote;
use super::exact::number;

/// What requests to a host cost, in nano-dollars.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpPrice {
    /// A million requests.
    #[serde(default, deserialize_with = "number")]
    pub request: u64,
    /// A million times 1,024 bytes of bodies, there and back; a part counts as a whole.
    #[serde(default, deserialize_with = "number")]
    pub kib: u64,
}

impl HttpPrice {
    /// The price of one request with bodies of this many bytes, there and back.
    #[must_use]
    pub fn quote(&self, bytes: u64) -> Quote {
        Quote::of_request([(1, self.request), (bytes.div_ceil(1024), self.kib)])
    }
}

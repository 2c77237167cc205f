//! What a run may reach: grants, host patterns, addresses, request heads. Everything is denied unless it is granted.

mod address;
mod content_coding;
mod environment;
mod grants;
mod host_pattern;
mod request_head;

pub use address::{AddressRange, special_range};
pub use content_coding::{says_codings, unasked_coding};
pub use environment::{EnvironmentInvalid, check_environment};
pub use grants::{Environment, Grants, NarrowedBy, Narrowing, Policy};
pub use host_pattern::{HostPattern, HostPatternInvalid};
pub use request_head::{MAX_HEADER_BYTES, METHODS, check_field, check_head, parse_url};

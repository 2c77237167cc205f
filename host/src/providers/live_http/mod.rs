//! HTTP to the real world: no redirect followed, no proxy, no request sent twice, one deadline over everything, and every
//! address checked before a connection to it is opened.

mod departure;
mod fault;
mod names;
mod provider;
mod tls;

pub use names::{NameResolver, SystemResolver};
pub use provider::LiveHttp;

//! Every way in which the other side of a connection can fail, through the real way: the runtime, the skill `http_call`,
//! live HTTP, and a server on the loopback. Each ends in its code, with its money settled, and a good request follows.

mod addresses;
mod codings;
mod deadline;
mod framing;
mod heads;
mod models;
mod requests;
mod scene;
mod statuses;
mod tls;
mod transport;

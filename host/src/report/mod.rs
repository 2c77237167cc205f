//! The picture of a run: a page in one file that needs no network, and the same page for a service. What it shows comes from
//! [`crate::view`] alone; the page draws it, and adds up no more than the attempts of one
//! step.

mod assets;
mod certificate;
mod documents;
mod html;

pub use assets::{LIVE_POLICY, LIVE_SCRIPT, STYLE, live_page};
pub use certificate::{CertificateState, CertificateView, EngineView};
pub use html::{Bodies, Report};

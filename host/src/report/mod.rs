//! The picture of a run: a page in one file that needs no network, and the same page for a service. What it shows comes from
//! [`crate::view`] alone; the page draws, and works nothing out.

mod assets;
mod certificate;
mod documents;
mod html;

pub use assets::{LIVE_POLICY, LIVE_SCRIPT, STYLE, live_page};
pub use certificate::{CertificateState, CertificateView, EngineView};
pub use html::{Bodies, Report};

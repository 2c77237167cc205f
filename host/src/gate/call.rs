//! What a call to the world has to say of itself, so that the gate can do the rest.

use std::future::Future;
use std::time::Duration;

use aos_core::budget::{PriceList, Quote};
use aos_core::failure::{Failure, Settlement};
use aos_core::outcome::Spending;
use aos_core::policy::Policy;
use aos_core::trace::TraceParent;
use aos_core::units::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::providers::WorldSession;

/// What a call is sent with.
pub(crate) struct Sending<'a> {
    /// The world that it reaches.
    pub world: &'a WorldSession,
    /// What it costs.
    pub prices: &'a PriceList,
    /// How long it may take.
    pub limit: Duration,
    /// The trace that is handed on to whom it reaches.
    pub trace: Option<TraceParent>,
}

/// A call that may change the world or cost money: request, answer, price and permission, and nothing else.
pub(crate) trait HostCall: Send + Sync {
    /// Which door, as it stands in the journal.
    const NAME: &'static str;

    /// What the guest gets. The journal holds it, so it must read back as it was.
    type Answer: Serialize + DeserializeOwned + Send;

    /// What it is aimed at, for people.
    fn target(&self) -> String;

    /// The whole request, as the journal holds it and a replay compares it.
    fn request(&self) -> Value;

    /// Whether the run may make it.
    ///
    /// # Errors
    ///
    /// A failure that the guest gets as a value.
    fn permit(&self, policy: &Policy) -> Result<(), Failure>;

    /// What it costs at worst; that much is held before it leaves.
    ///
    /// # Errors
    ///
    /// `COST_UNKNOWN` where no price is known.
    fn quote(&self, prices: &PriceList) -> Result<Quote, Failure>;

    /// Bounds the tokens of its answer, where the budget affords fewer than were asked for.
    fn clamp(&mut self, _tokens: u32) {}

    /// What it has cost, once the answer is there. A provider may have billed more than it could.
    fn spent(&self, answer: &Self::Answer, prices: &PriceList) -> Spending;

    /// Whether making it twice does no more than making it once.
    fn repeatable(&self) -> bool;

    /// What a failed call has cost of what is held for it: nothing where nothing left or the upstream says that it did
    /// nothing, else all.
    fn lost(&self, failure: &Failure, held_for: &Spending) -> Spending {
        let refunds = failure.code.row().settlement == Settlement::Refund;
        if failure.request_sent && !refunds { *held_for } else { Spending::default() }
    }

    /// What the answer's status stands for, if not for success.
    fn verdict(&self, answer: &Self::Answer, at: Timestamp) -> Option<Failure>;

    /// The upstream's status, where there is one.
    fn status(answer: &Self::Answer) -> Option<u16>;

    /// The answer that an upstream with this status gives.
    ///
    /// # Errors
    ///
    /// Where a status is no answer of this door.
    fn answer_of(
        &self,
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
    ) -> Result<Self::Answer, Failure>;

    /// Makes the call.
    ///
    /// # Errors
    ///
    /// A failure that the guest gets as a value.
    fn perform(&self, sending: Sending<'_>) -> impl Future<Output = Result<Self::Answer, Failure>> + Send;
}

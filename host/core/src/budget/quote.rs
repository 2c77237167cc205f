//! What a call costs at worst, before it leaves.

use crate::outcome::Spending;
use crate::units::Money;

/// The worst price of a call, and how much less of it can be had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quote {
    /// In millionths of a nano-dollar, so that it is rounded once.
    request: u128,
    input: u128,
    output: u128,
    answer: Option<AnswerQuote>,
}

/// The part of a quote that is for an answer whose length the host bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct AnswerQuote {
    price: u64,
    tokens: u32,
}

/// A quote that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fitted {
    /// What is held, by kind.
    pub parts: Spending,
    /// The tokens that the answer may have, where they are fewer than were asked for.
    pub clamped_to: Option<u32>,
}

/// The fewest tokens to which the host cuts an answer: a few words. Where not even those are affordable, nothing is
/// asked, as the question itself would cost money and give nothing.
pub const LEAST_TOKENS: u32 = 16;

const MILLION: u128 = 1_000_000;

impl Quote {
    /// A call that costs nothing.
    pub const FREE: Self = Self { request: 0, input: 0, output: 0, answer: None };

    /// Exactly this.
    #[must_use]
    pub fn fixed(parts: Spending) -> Self {
        let millionths = |part: Money| u128::from(part.nanos()) * MILLION;
        let request = millionths(parts.fuel).saturating_add(millionths(parts.request));
        Self { request, input: millionths(parts.input), output: millionths(parts.output), answer: None }
    }

    /// More than any budget has.
    #[must_use]
    pub const fn unaffordable() -> Self {
        Self { request: u128::MAX, ..Self::FREE }
    }

    /// For a request, at prices of a million units.
    #[must_use]
    pub fn of_request(units: impl IntoIterator<Item = (u64, u64)>) -> Self {
        Self { request: millionths(units), ..Self::FREE }
    }

    /// For the input of a model call, at prices of a million tokens.
    #[must_use]
    pub fn and_input(self, units: impl IntoIterator<Item = (u64, u64)>) -> Self {
        Self { input: millionths(units), ..self }
    }

    /// For an answer of at most this many tokens, at a price of a million. The host may let it have fewer.
    #[must_use]
    pub const fn and_answer(self, tokens: u32, price: u64) -> Self {
        Self { answer: Some(AnswerQuote { price, tokens }), ..self }
    }

    /// What it costs at worst.
    #[must_use]
    pub fn worst(&self) -> Spending {
        self.with_tokens(self.answer.map_or(0, |answer| answer.tokens))
    }

    /// As much of it as this money affords; nothing where it does not afford enough to be of use.
    #[must_use]
    pub fn fit(&self, available: Money) -> Option<Fitted> {
        let worst = self.worst();
        if self.worst_nanos() <= u128::from(available.nanos()) {
            return Some(Fitted { parts: worst, clamped_to: None });
        }
        let AnswerQuote { price, tokens } = self.answer?;
        let rest = (u128::from(available.nanos()) * MILLION).checked_sub(self.but_for_the_answer())?;
        let affordable = rest.checked_div(u128::from(price))?;
        let clamped = u32::try_from(affordable).unwrap_or(u32::MAX).min(tokens);
        let fits = clamped >= LEAST_TOKENS.min(tokens);
        fits.then(|| Fitted { parts: self.with_tokens(clamped), clamped_to: Some(clamped) })
    }

    /// The worst price, also beyond what money can say: it is refused then, whatever the ceiling.
    fn worst_nanos(&self) -> u128 {
        let answer = self.answer.map_or(0, |answer| u128::from(answer.price) * u128::from(answer.tokens));
        self.but_for_the_answer().saturating_add(answer).div_ceil(MILLION)
    }

    const fn but_for_the_answer(&self) -> u128 {
        self.request.saturating_add(self.input).saturating_add(self.output)
    }

    fn with_tokens(&self, tokens: u32) -> Spending {
        let answer = self.answer.map_or(0, |answer| u128::from(answer.price) * u128::from(tokens));
        Spending::rounded_up(self.request, self.input, self.output.saturating_add(answer))
    }
}

fn millionths(units: impl IntoIterator<Item = (u64, u64)>) -> u128 {
    let part = |(count, price): (u64, u64)| u128::from(count) * u128::from(price);
    units.into_iter().map(part).fold(0, u128::saturating_add)
}

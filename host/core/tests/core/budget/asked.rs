//! A call's worst price in plain numbers: what it comes to, and how much of it fits.

use aos_core::budget::Quote;
use proptest::prelude::*;

/// A count of units, and the price of a million of them.
pub(crate) type Units = (u64, u64);

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) request: Units,
    pub(crate) input: Units,
    /// Tokens of the answer, and the price of a million.
    pub(crate) answer: Option<(u32, u64)>,
}

impl Asked {
    pub(crate) fn quote(&self) -> Quote {
        let question = Quote::of_request([self.request]).and_input([self.input]);
        self.answer.map_or(question, |(tokens, price)| question.and_answer(tokens, price))
    }

    /// The price with an answer of this many tokens.
    pub(crate) fn price(&self, tokens: u64) -> u128 {
        let of = |(count, price): Units| u128::from(count) * u128::from(price);
        let answer = self.answer.map_or(0, |(_, price)| of((tokens, price)));
        (of(self.request) + of(self.input) + answer).div_ceil(1_000_000)
    }

    pub(crate) fn tokens(&self) -> u64 {
        self.answer.map_or(0, |(tokens, _)| tokens.into())
    }

    pub(crate) fn worst(&self) -> u128 {
        self.price(self.tokens())
    }

    /// The tokens that can be had for this much: all, or as many as there are enough of to be of use.
    pub(crate) fn fit(&self, available: u128) -> Option<u64> {
        let fits = most_that(self.tokens(), |tokens| self.price(tokens) <= available)?;
        (fits == self.tokens() || fits >= 16).then_some(fits)
    }
}

/// The most, from `most` down to nothing, that `fits`, where less fits whenever more does.
pub(crate) fn most_that(most: u64, fits: impl Fn(u64) -> bool) -> Option<u64> {
    if fits(most) {
        return Some(most);
    }
    let (mut least, mut beyond) = (0, most);
    while least < beyond {
        let middle = least + (beyond - least) / 2;
        if fits(middle) { least = middle + 1 } else { beyond = middle }
    }
    beyond.checked_sub(1)
}

/// Calls of about a hundred nano-dollars, and some at the ends of what can be asked.
pub(crate) fn asked() -> impl Strategy<Value = Asked> {
    let price = || prop_oneof![8 => 0..3_000_000_u64, 1 => Just(0), 1 => Just(u64::MAX)];
    let units = move || (prop_oneof![8 => 0..40_u64, 1 => Just(1_u64 << 20)], price());
    let tokens = prop_oneof![6 => 0..100_u32, 2 => 14..18_u32, 1 => Just(u32::MAX)];
    (units(), units(), prop::option::weighted(0.8, (tokens, price())))
        .prop_map(|(request, input, answer)| Asked { request, input, answer })
}

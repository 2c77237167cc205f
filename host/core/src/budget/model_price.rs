//! What the tokens of one model cost.

use serde::{Deserialize, Serialize};

use super::Quote;
use super::exact::{number, number_or_none};
use crate::outcome::Spending;

/// What a million tokens of one model cost, in nano-dollars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelPrice {
    /// Tokens of the question.
    #[serde(deserialize_with = "number")]
    pub input: u64,
    /// Tokens of the question that the provider had cached; absent: as `input`.
    #[serde(default, deserialize_with = "number_or_none", skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<u64>,
    /// Tokens of the question that the provider wrote to its cache; absent: as `input`.
    #[serde(default, deserialize_with = "number_or_none", skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<u64>,
    /// Tokens of the answer, reasoning included.
    #[serde(deserialize_with = "number")]
    pub output: u64,
    /// A million questions, whatever their length.
    #[serde(default, deserialize_with = "number", skip_serializing_if = "is_zero")]
    pub request: u64,
    /// Other prices for long questions, for all of their tokens. The last one that is reached counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<PriceTier>,
}

/// Prices of questions that are longer than a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceTier {
    /// It is for questions of more tokens than this.
    #[serde(deserialize_with = "number")]
    pub above: u64,
    /// As in [`ModelPrice`].
    #[serde(deserialize_with = "number")]
    pub input: u64,
    /// As in [`ModelPrice`].
    #[serde(default, deserialize_with = "number_or_none", skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<u64>,
    /// As in [`ModelPrice`].
    #[serde(default, deserialize_with = "number_or_none", skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<u64>,
    /// As in [`ModelPrice`].
    #[serde(deserialize_with = "number")]
    pub output: u64,
}

/// Tokens, as a provider counted them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenCount {
    /// Of the question, those of the cache included.
    pub input: u64,
    /// Of the question's, those that were cached.
    pub cached: u64,
    /// Of the question's, those that were written to the cache.
    pub cache_write: u64,
    /// Of the answer, reasoning included.
    pub output: u64,
}

impl ModelPrice {
    /// The price of an answered question. Parts of the question that together are more than the whole are all counted:
    /// a provider that contradicts itself is taken at its dearest.
    #[must_use]
    pub fn of(&self, count: TokenCount) -> Spending {
        let TokenCount { input, cached, cache_write, output } = count;
        let whole = input.max(cached.saturating_add(cache_write));
        let tier = self.tiers_up_to(whole).next_back().unwrap_or_else(|| self.base());
        let plain = whole.saturating_sub(cached).saturating_sub(cache_write);
        let part = |tokens: u64, price: u64| u128::from(tokens) * u128::from(price);
        let parts = [
            part(plain, tier.input),
            part(cached, tier.cached_input.unwrap_or(tier.input)),
            part(cache_write, tier.cache_write.unwrap_or(tier.input)),
        ];
        let question = parts.into_iter().fold(0, u128::saturating_add);
        Spending::rounded_up(u128::from(self.request), question, part(output, tier.output))
    }

    /// The worst price of a question of at most `input` tokens and an answer of at most `output`: of each kind of token
    /// the dearest price that any tier has which the question may come to.
    #[must_use]
    pub fn quote(&self, input: u64, output: u32) -> Quote {
        let tiers = || std::iter::once(self.base()).chain(self.tiers_up_to(input));
        let dearest = |tier: PriceTier| {
            [Some(tier.input), tier.cached_input, tier.cache_write].into_iter().flatten().max().unwrap_or(0)
        };
        let question = tiers().map(dearest).max().unwrap_or(0);
        let answer = tiers().map(|tier| tier.output).max().unwrap_or(0);
        Quote::of_request([(1, self.request)]).and_input([(input, question)]).and_answer(output, answer)
    }

    fn base(&self) -> PriceTier {
        let Self { input, cached_input, cache_write, output, .. } = *self;
        PriceTier { above: 0, input, cached_input, cache_write, output }
    }

    fn tiers_up_to(&self, input: u64) -> impl DoubleEndedIterator<Item = PriceTier> {
        self.tiers.iter().copied().filter(move |tier| input > tier.above)
    }
}

fn is_zero(price: &u64) -> bool {
    *price == 0
}

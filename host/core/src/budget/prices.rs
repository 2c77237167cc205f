//! The price list: a dated data file, in integers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::Digest;
use crate::units::{MAX_EXACT_INTEGER, Money, OutOfRange};

/// The list that comes with this build.
const BUNDLED: &str = include_str!("prices.toml");

/// What fuel and models cost. All prices are nano-dollars for a million units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceList {
    /// The day on which the prices were read, as YYYY-MM-DD.
    pub as_of: String,
    /// A million units of fuel.
    pub fuel: u64,
    /// Models by name.
    pub models: BTreeMap<String, ModelPrice>,
}

/// What a million tokens of one model cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelPrice {
    /// Tokens of the request.
    pub input: u64,
    /// Tokens of the request that the provider had cached; absent: as `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<u64>,
    /// Tokens of the answer, reasoning included.
    pub output: u64,
}

/// A price list that does not follow its format.
#[derive(Debug, thiserror::Error)]
#[error("the price list is not of its format")]
pub struct PricesInvalid(#[from] toml::de::Error);

impl PriceList {
    /// The list that comes with this build.
    ///
    /// # Errors
    ///
    /// [`PricesInvalid`] never, as a test reads it.
    pub fn bundled() -> Result<Self, PricesInvalid> {
        Self::from_toml(BUNDLED)
    }

    /// Reads a list.
    ///
    /// # Errors
    ///
    /// [`PricesInvalid`] for text that is no TOML, an unknown or missing field, or a price that is no integer of 64 bits
    /// from zero up.
    pub fn from_toml(text: &str) -> Result<Self, PricesInvalid> {
        Ok(toml::from_str(text)?)
    }

    /// The digest of the list's canonical form: the same prices, the same digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        crate::canonical::digest(self).unwrap_or_else(|_| Digest::of(&[]))
    }

    /// The price of a model, if the list has it.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<ModelPrice> {
        self.models.get(name).copied()
    }
}

impl ModelPrice {
    /// The price of some tokens. Cached ones are part of the input.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] past [`Money::MAX`].
    pub fn of(&self, input: u64, cached: u64, output: u64) -> Result<Money, OutOfRange> {
        let cached = cached.min(input);
        let parts = [
            (input - cached, self.input),
            (cached, self.cached_input.unwrap_or(self.input)),
            (output, self.output),
        ];
        let millionths: u128 =
            parts.iter().map(|(count, price)| u128::from(*count) * u128::from(*price)).sum();
        let nanos = millionths.div_ceil(1_000_000);
        let out_of_range = OutOfRange { value: nanos, unit: "nano-dollars", most: MAX_EXACT_INTEGER };
        Money::from_nanos(u64::try_from(nanos).map_err(|_| out_of_range)?)
    }
}

//! The price list: a dated data file, in integers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

use super::exact::number;
use super::{HttpPrice, ModelPrice};
use crate::ids::Digest;
use crate::policy::{HostPattern, HostPatternInvalid};

/// The list that comes with this build.
const BUNDLED: &str = include_str!("prices.toml");

/// What stands for every host.
const ANY_HOST: &str = "*";

/// What fuel, models and requests cost. All prices are nano-dollars for a million units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceList {
    /// The day on which the prices were read, as YYYY-MM-DD.
    pub as_of: String,
    /// A million units of fuel.
    #[serde(deserialize_with = "number")]
    pub fuel: u64,
    /// Models by name, or by the beginning of their names and `*`.
    #[serde(default)]
    pub models: BTreeMap<String, ModelPrice>,
    /// Requests by host, as grants name hosts, or `*`. A host without a price costs nothing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub http: BTreeMap<String, HttpPrice>,
}

/// A price list that does not follow its format.
#[derive(Debug, thiserror::Error)]
pub enum PricesInvalid {
    /// It is no TOML, lacks a field, has one too many, or a price is no integer from zero to 2^53 - 1.
    #[error(transparent)]
    Format(#[from] toml::de::Error),
    /// `as_of` is no day.
    #[error("as_of = {0:?} is no day, such as \"2026-01-31\"")]
    Day(String),
    /// A name of a model is empty, or has a `*` that is not its end.
    #[error("models.{0:?}: a name is that of a model, or the beginning of one and a *")]
    Model(String),
    /// The tiers of a model are not in order.
    #[error("models.{0:?}: tiers stand in the order of `above`, each above the one before it")]
    Tiers(String),
    /// A host is none.
    #[error("http.{host:?}: {reason}; or \"*\" for every host")]
    Host {
        /// As it stands there.
        host: String,
        /// Why it is none.
        reason: HostPatternInvalid,
    },
}

impl PriceList {
    /// The list that comes with this build.
    ///
    /// # Errors
    ///
    /// [`PricesInvalid`] never, as a test reads it.
    pub fn bundled() -> Result<Self, PricesInvalid> {
        Self::from_toml(BUNDLED)
    }

    /// The text of the list that comes with this build: a beginning for one's own.
    #[must_use]
    pub const fn bundled_text() -> &'static str {
        BUNDLED
    }

    /// Reads a list.
    ///
    /// # Errors
    ///
    /// [`PricesInvalid`], with line and column where the text is not of the format.
    pub fn from_toml(text: &str) -> Result<Self, PricesInvalid> {
        let list: Self = toml::from_str(text)?;
        if list.as_of.parse::<jiff::civil::Date>().is_err() || list.as_of.len() != 10 {
            return Err(PricesInvalid::Day(list.as_of));
        }
        for (name, price) in &list.models {
            if name.is_empty() || name.find('*').is_some_and(|star| star + 1 != name.len()) {
                return Err(PricesInvalid::Model(name.clone()));
            }
            if !price.tiers.iter().map(|tier| tier.above).is_sorted_by(|one, next| one < next) {
                return Err(PricesInvalid::Tiers(name.clone()));
            }
        }
        for host in list.http.keys() {
            if let Some(reason) = host.parse::<HostPattern>().err().filter(|_| host != ANY_HOST) {
                return Err(PricesInvalid::Host { host: host.clone(), reason });
            }
        }
        Ok(list)
    }

    /// The digest of the list's canonical form: the same prices, the same digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        crate::canonical::digest(self).unwrap_or_else(|_| Digest::of(&[]))
    }

    /// The price of a model, if the list has it: by its name, or by the longest beginning of it.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&ModelPrice> {
        self.entry(name).map(|(_, price)| price)
    }

    /// As [`PriceList::model`], with the entry's name without its `*`.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<(&str, &ModelPrice)> {
        let exact = self.models.get_key_value(name).map(|(name, price)| (name.as_str(), price));
        exact.or_else(|| {
            let begins =
                self.models.iter().filter_map(|(known, price)| Some((known.strip_suffix('*')?, price)));
            begins.filter(|(front, _)| name.starts_with(front)).max_by_key(|(front, _)| front.len())
        })
    }

    /// The price of a request: the dearest of those whose host is meant, the one for every host where none is.
    #[must_use]
    pub fn http(&self, url: &Url) -> HttpPrice {
        let meant = |host: &str| host.parse::<HostPattern>().is_ok_and(|pattern| pattern.matches(url));
        let named = self.http.iter().filter(|(host, _)| meant(host)).map(|(_, price)| *price);
        let dearest = named.reduce(|one, other| HttpPrice {
            request: one.request.max(other.request),
            kib: one.kib.max(other.kib),
        });
        dearest.or_else(|| self.http.get(ANY_HOST).copied()).unwrap_or_default()
    }
}

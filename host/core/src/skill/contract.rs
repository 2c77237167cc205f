//! The limits that the invocations of a skill get.

use serde::Serialize;

use crate::units::Fuel;

/// The most that one invocation may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResourceContract {
    /// Units of fuel.
    pub fuel: Fuel,
    /// Bytes of linear memory, over all memories.
    pub memory_bytes: u64,
    /// Milliseconds of wall time, host calls included.
    pub deadline_ms: u32,
    /// Calls that pass a door.
    pub host_calls: u32,
    /// Hosts that it wants; empty: as the workflow grants.
    pub hosts: Vec<String>,
    /// Model names; empty: as the workflow grants.
    pub models: Vec<String>,
    /// Names of secrets.
    pub secrets: Vec<String>,
}

impl ResourceContract {
    /// The most that this host gives any skill: 10^11 fuel (about a minute of computing), 256 MiB, ten minutes, 10,000
    /// calls.
    #[must_use]
    pub fn host_maximum() -> Self {
        Self {
            fuel: Fuel::saturating(100_000_000_000),
            memory_bytes: 256 << 20,
            deadline_ms: 600_000,
            host_calls: 10_000,
            hosts: Vec::new(),
            models: Vec::new(),
            secrets: Vec::new(),
        }
    }

    /// What a component gets that says nothing of what it needs: 10^10 fuel (some seconds of computing), 256 MiB, a minute,
    /// 1,000 calls.
    #[must_use]
    pub fn usual() -> Self {
        Self {
            fuel: Fuel::saturating(10_000_000_000),
            deadline_ms: 60_000,
            host_calls: 1_000,
            ..Self::host_maximum()
        }
    }

    /// The smaller of each of two contracts' limits, with the wishes of this one.
    #[must_use]
    pub fn within(mut self, other: &Self) -> Self {
        self.fuel = self.fuel.min(other.fuel);
        self.memory_bytes = self.memory_bytes.min(other.memory_bytes);
        self.deadline_ms = self.deadline_ms.min(other.deadline_ms);
        self.host_calls = self.host_calls.min(other.host_calls);
        self
    }
}

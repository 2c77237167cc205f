//! Price lists.

use aos_core::budget::{PriceList, TokenCount};

/// Counts of tokens on both sides of what tiers begin at.
const COUNTS: [u64; 6] = [0, 1, 1_000, 200_001, 1 << 40, u64::MAX];

pub(super) fn read(data: &[u8]) {
    let Some(text) = super::text(data) else { return };
    let list = match PriceList::from_toml(text) {
        Ok(list) => list,
        Err(invalid) => {
            assert!(!invalid.to_string().is_empty());
            return;
        }
    };
    assert_eq!(list.digest(), PriceList::from_toml(text).expect("it was read before").digest());
    for (name, price) in &list.models {
        assert!(list.model(name.strip_suffix('*').unwrap_or(name)).is_some(), "{name}");
        for input in COUNTS {
            for (cached, cache_write, output) in
                [(0, 0, 0), (input / 2, 0, 100), (input, input / 3, u32::MAX)]
            {
                // Parts that no 64 bits can hold together are counted by no provider.
                let Some(parts) = cached.checked_add(cache_write) else { continue };
                let count = TokenCount { input, cached, cache_write, output: output.into() };
                let whole = input.max(parts);
                let (cost, worst) = (price.of(count).total(), price.quote(whole, output).worst().total());
                assert!(cost <= worst, "{name}: {count:?} costs {cost}, and {worst} is held");
            }
        }
    }
}

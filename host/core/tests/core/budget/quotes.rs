//! What a call costs at worst is enough for what it turns out to cost, and is cut to no less than fits.

use aos_core::budget::{Fitted, HttpPrice, ModelPrice, PriceTier, Quote, TokenCount};
use aos_core::outcome::Spending;
use aos_core::units::{MAX_EXACT_INTEGER, Money};
use proptest::prelude::*;

use super::asked::{Asked, asked};
use super::machine::money;
use super::nanos;

const MOST: u128 = MAX_EXACT_INTEGER as u128;

/// Money that is about enough, or as far from it as it gets.
#[derive(Debug, Clone, Copy)]
enum There {
    About(i64),
    Part(u8),
    Just(u64),
}

impl There {
    fn is(self, worst: u128) -> u128 {
        match self {
            Self::About(more) => worst.saturating_add_signed(more.into()).min(MOST),
            Self::Part(part) => (worst.min(MOST) * u128::from(part) / 255).min(MOST),
            Self::Just(nanos) => nanos.into(),
        }
    }
}

fn there() -> impl Strategy<Value = There> {
    let ends = prop::sample::select(vec![0, 1, MAX_EXACT_INTEGER - 1, MAX_EXACT_INTEGER]);
    prop_oneof![
        2 => (-3..=3_i64).prop_map(There::About),
        4 => any::<u8>().prop_map(There::Part),
        1 => ends.prop_map(There::Just),
    ]
}

fn price() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 0..5_000_000_u64, 2 => 0..80_000_000_000_u64, 1 => Just(0), 1 => Just(u64::MAX)]
}

fn tier() -> impl Strategy<Value = PriceTier> {
    let cache = || prop::option::of(price());
    (0..400_u64, price(), cache(), cache(), price()).prop_map(
        |(above, input, cached_input, cache_write, output)| PriceTier {
            above,
            input,
            cached_input,
            cache_write,
            output,
        },
    )
}

fn model_price() -> impl Strategy<Value = ModelPrice> {
    (tier(), price(), prop::collection::vec(tier(), 0..4)).prop_map(|(base, request, mut tiers)| {
        tiers.sort_by_key(|tier| tier.above);
        tiers.dedup_by_key(|tier| tier.above);
        let PriceTier { input, cached_input, cache_write, output, .. } = base;
        ModelPrice { input, cached_input, cache_write, output, request, tiers }
    })
}

/// A question of this many tokens, of which these parts of 255 are cached and written, and an answer.
fn count(input: u64, (cached, cache_write): (u8, u8), output: u64) -> TokenCount {
    let part = |part: u8, of: u64| of * u64::from(part) / 255;
    let cached = part(cached, input);
    TokenCount { input, cached, cache_write: part(cache_write, input - cached), output }
}

/// The prices that count for a question of this length.
fn prices_of(price: &ModelPrice, length: u64) -> PriceTier {
    let ModelPrice { input, cached_input, cache_write, output, .. } = *price;
    let base = PriceTier { above: 0, input, cached_input, cache_write, output };
    price
        .tiers
        .iter()
        .filter(|tier| tier.above < length)
        .max_by_key(|tier| tier.above)
        .copied()
        .unwrap_or(base)
}

/// What a count costs, rounded up once.
fn plain(price: &ModelPrice, count: TokenCount) -> u128 {
    let length = count.input.max(count.cached + count.cache_write);
    let tier = prices_of(price, length);
    let of = |tokens: u64, price: u64| u128::from(tokens) * u128::from(price);
    let rest = length - count.cached - count.cache_write;
    let millionths = of(1, price.request)
        + of(rest, tier.input)
        + of(count.cached, tier.cached_input.unwrap_or(tier.input))
        + of(count.cache_write, tier.cache_write.unwrap_or(tier.input))
        + of(count.output, tier.output);
    millionths.div_ceil(1_000_000).min(MOST)
}

proptest! {
    #[test]
    fn what_fits_costs_no_more_than_there_is_and_one_token_more_does_not_fit(asked in asked(), there in there()) {
        let there = there.is(asked.worst());
        let fitted = asked.quote().fit(money(there));
        prop_assert_eq!(fitted.is_some(), asked.fit(there).is_some());
        let Some(Fitted { parts, clamped_to }) = fitted else { return Ok(()) };
        let tokens = clamped_to.map_or(asked.tokens(), u64::from);
        prop_assert!(u128::from(parts.total().nanos()) <= there);
        prop_assert_eq!(u128::from(parts.total().nanos()), asked.price(tokens));
        if clamped_to.is_some() {
            prop_assert!((16..asked.tokens()).contains(&tokens));
            prop_assert!(asked.price(tokens + 1) > there, "one token more would fit");
        }
        let answer = asked.answer.map(|(_, price)| (u32::try_from(tokens).unwrap(), price));
        prop_assert_eq!(Asked { answer, ..asked }.quote().worst(), parts, "what is held is the worst of what is asked");
    }

    #[test]
    fn the_parts_of_a_quote_add_up_to_its_price(asked in asked()) {
        let Spending { fuel, request, input, output } = asked.quote().worst();
        let parts = [fuel, request, input, output].map(|part| u128::from(part.nanos()));
        prop_assert_eq!(parts.iter().sum::<u128>(), asked.worst().min(MOST));
        let (none, answer) = ((0, 0), None);
        let alone = [
            Asked { request: none, input: none, answer },
            Asked { input: none, answer, ..asked.clone() },
            Asked { request: none, answer, ..asked.clone() },
            Asked { request: none, input: none, ..asked },
        ];
        for (part, alone) in parts.into_iter().zip(alone) {
            prop_assert!(part <= alone.worst(), "the part of {alone:?}");
        }
    }

    #[test]
    fn an_answered_question_costs_what_its_tier_says(
        price in model_price(), input in 0..500_u64, parts in any::<(u8, u8)>(), output in 0..2_000_u64,
    ) {
        let count = count(input, parts, output);
        prop_assert_eq!(u128::from(price.of(count).total().nanos()), plain(&price, count));
        let contradiction = TokenCount { input: input / 2, ..count };
        prop_assert_eq!(u128::from(price.of(contradiction).total().nanos()), plain(&price, contradiction));
    }

    #[test]
    fn what_a_question_turns_out_to_cost_never_passes_its_quote(
        price in model_price(), bound in 0..500_u64, less in any::<(u8, u8)>(), parts in any::<(u8, u8)>(),
        tokens in 0..2_000_u32,
    ) {
        let part = |part: u8, of: u64| of * u64::from(part) / 255;
        let worst = price.quote(bound, tokens).worst().total();
        let used = count(part(less.0, bound), parts, part(less.1, tokens.into()));
        prop_assert!(price.of(used).total() <= worst, "{used:?}");
        let contradiction = TokenCount { input: 0, ..used };
        prop_assert!(price.of(contradiction).total() <= worst, "{contradiction:?}");
        let (all, cached, written) = (part(255, bound), (255, 0), (0, 255));
        for parts in [(0, 0), cached, written] {
            prop_assert!(price.of(count(all, parts, tokens.into())).total() <= worst);
        }
    }

    /// The dearest of what a question of up to this length may cost, of each kind of token, and not more.
    #[test]
    fn a_quote_is_the_dearest_of_what_may_be(price in model_price(), bound in 0..500_u64, tokens in 0..2_000_u32) {
        let reached = (0..=bound).map(|length| prices_of(&price, length));
        let (mut question, mut answer) = (0, 0);
        for tier in reached {
            let cache = [tier.cached_input, tier.cache_write].into_iter().flatten().max().unwrap_or(0);
            question = question.max(tier.input).max(cache);
            answer = answer.max(tier.output);
        }
        let dearest = Asked { request: (1, price.request), input: (bound, question), answer: Some((tokens, answer)) };
        prop_assert_eq!(price.quote(bound, tokens), dearest.quote());
    }

    #[test]
    fn a_request_costs_its_price_and_that_of_each_part_that_is_begun(
        request in 0..9_000_000_u64, kib in 0..9_000_000_u64, bytes in prop_oneof![0..5_000_u64, Just(1_024), Just(u64::MAX)],
    ) {
        let quote = HttpPrice { request, kib }.quote(bytes);
        let parts = bytes / 1_024 + u64::from(!bytes.is_multiple_of(1_024));
        let price = (u128::from(request) + u128::from(parts) * u128::from(kib)).div_ceil(1_000_000);
        let expected = Spending { request: money(price.min(MOST)), ..Spending::default() };
        prop_assert_eq!(quote.worst(), expected);
        prop_assert_eq!(quote.fit(money((price + 1).min(MOST))).is_some(), price <= MOST);
        prop_assert!(price == 0 || price > MOST || quote.fit(money(price - 1)).is_none(), "it cannot be cut");
    }
}

#[test]
fn what_is_fixed_is_had_as_a_whole_or_not() {
    let parts = Spending { fuel: nanos(3), request: nanos(4), input: nanos(5), output: nanos(6) };
    let quote = Quote::fixed(parts);
    let held = Spending { fuel: Money::ZERO, request: nanos(7), ..parts };
    assert_eq!(quote.worst(), held, "fuel of its own is held apart");
    assert_eq!(quote.fit(nanos(18)), Some(Fitted { parts: held, clamped_to: None }));
    assert_eq!(quote.fit(nanos(17)), None);
}

#[test]
fn nothing_affords_what_is_unaffordable_and_what_is_free_is_had_for_nothing() {
    assert_eq!(Quote::unaffordable().fit(Money::MAX), None);
    assert_eq!(Quote::unaffordable().and_answer(1_000, 1).fit(Money::MAX), None);
    assert_eq!(Quote::unaffordable().worst().total(), Money::MAX);
    let nothing = Fitted { parts: Spending::default(), clamped_to: None };
    assert_eq!(Quote::FREE.fit(Money::ZERO), Some(nothing));
}

#[test]
fn a_price_that_rounds_down_to_the_most_that_can_be_said_is_not_had_for_it() {
    let beyond = Quote::of_request([(MAX_EXACT_INTEGER, 1_000_000), (1, 1)]);
    assert_eq!(beyond.worst().total(), Money::MAX);
    assert_eq!(beyond.fit(Money::MAX), None, "one nano-dollar more than money can say");
    assert!(Quote::of_request([(MAX_EXACT_INTEGER, 1_000_000)]).fit(Money::MAX).is_some());
}

#[test]
fn an_answer_is_cut_to_sixteen_tokens_and_not_to_fewer() {
    let quote = |tokens| Quote::of_request([(1, 10_000_000)]).and_answer(tokens, 1_000_000);
    let tokens = |tokens, there| quote(tokens).fit(nanos(there)).map(|fitted| fitted.clamped_to);
    assert_eq!(tokens(20, 30), Some(None));
    assert_eq!(tokens(20, 29), Some(Some(19)));
    assert_eq!(tokens(20, 26), Some(Some(16)));
    assert_eq!(tokens(20, 25), None);
    assert_eq!(tokens(15, 25), Some(None), "whoever asks for fewer gets them");
    assert_eq!(tokens(15, 24), None, "all of them");
    assert_eq!(tokens(20, 9), None, "not even the question");
}

//! `aos prices`

use std::process::ExitCode;

use aos_host::budget::{ModelPrice, PriceList};
use aos_host::canonical;
use aos_host::failure::{ErrorCode, Failure};
use aos_host::units::Money;

use crate::money_options::PricesArgs;
use crate::options::Format;
use crate::render::{plain, print, refuse};
use crate::setup;

/// Prints what things cost.
pub(crate) fn prices(args: &PricesArgs) -> anyhow::Result<ExitCode> {
    if args.toml {
        print(PriceList::bundled_text())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut list = match setup::price_list(&args.prices)? {
        Some(list) => list,
        None => PriceList::bundled()?,
    };
    if let Some(model) = &args.model {
        let Some(price) = list.model(model).cloned() else {
            let message = format!(
                "the price list of {} has no price for {model:?}; aos prices --toml prints a list to add it to",
                list.as_of
            );
            return refuse(&Failure::new(ErrorCode::CostUnknown, message), args.format.format);
        };
        list.models = std::iter::once((model.clone(), price)).collect();
    }
    if args.format.format == Format::Json {
        print(&String::from_utf8(canonical::to_vec(&list)?)?)?;
        print("\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    print(&table(&list, args.model.is_none()))?;
    Ok(ExitCode::SUCCESS)
}

fn table(list: &PriceList, whole: bool) -> String {
    let rows: Vec<Row> = list.models.iter().flat_map(|(name, price)| rows(name, price)).collect();
    let headings = ["input", "cached", "written", "output"].map(str::to_owned);
    let note = format!("dollars for a million tokens, as of {}", list.as_of);
    let all: Vec<Row> = std::iter::once(("model".to_owned(), headings, note)).chain(rows).collect();
    let widest = all.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or_default();
    let column = all.iter().flat_map(|(_, prices, _)| prices).map(String::len).max().unwrap_or_default();
    let mut text = String::new();
    for (name, prices, note) in all {
        let prices = prices.map(|price| format!("  {price:>column$}")).concat();
        text.push_str(format!("{name:widest$}{prices}  {note}").trim_end());
        text.push('\n');
    }
    if whole {
        text.push_str(&format!("\nfuel  {} for a million units\n", dollars(list.fuel)));
    }
    for (host, price) in list.http.iter().filter(|_| whole) {
        let (request, kib) = (dollars(price.request), dollars(price.kib));
        text.push_str(&format!(
            "{}  {request} for a million requests, {kib} for a million KiB\n",
            plain(host)
        ));
    }
    text
}

/// A name, four prices and a remark.
type Row = (String, [String; 4], String);

/// The price of a model, and one row for each of its tiers.
fn rows(name: &str, price: &ModelPrice) -> Vec<Row> {
    let request = match price.request {
        0 => String::new(),
        request => format!("and {} for a million questions", dollars(request)),
    };
    let own = columns(price.input, price.cached_input, price.cache_write, price.output);
    let tiers = price.tiers.iter().map(|tier| {
        let columns = columns(tier.input, tier.cached_input, tier.cache_write, tier.output);
        (String::new(), columns, format!("above {} tokens", tier.above))
    });
    std::iter::once((plain(name), own, request)).chain(tiers).collect()
}

fn columns(input: u64, cached: Option<u64>, write: Option<u64>, output: u64) -> [String; 4] {
    [input, cached.unwrap_or(input), write.unwrap_or(input), output].map(dollars)
}

fn dollars(nanos: u64) -> String {
    Money::from_nanos(nanos).map_or_else(|_| "very much".to_owned(), |money| money.to_string())
}

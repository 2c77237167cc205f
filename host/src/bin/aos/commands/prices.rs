//! `aos prices`

use std::process::ExitCode;

use aos_host::budget::{ModelPrice, PriceList};
use aos_host::canonical;
use aos_host::units::Money;

use crate::money_options::PricesArgs;
use crate::options::Format;
use crate::render::{plain, print, say, say_help};
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
            say(&format!("COST_UNKNOWN: the price list of {} has no price for {model:?}", list.as_of));
            say_help("aos prices --toml prints a list to add it to; give that with --prices");
            return Ok(ExitCode::FAILURE);
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
    let widest = list.models.keys().map(|name| name.chars().count()).max().unwrap_or(0).max(5);
    let columns = ["input", "cached", "written", "output"].map(|column| format!("{column:>12}")).concat();
    let mut text =
        format!("{:widest$}{columns}  dollars for a million tokens, as of {}\n", "model", list.as_of);
    for (name, price) in &list.models {
        text.push_str(&format!("{:widest$}{}\n", plain(name), row(price)));
        for tier in &price.tiers {
            let (input, cached, write) = (tier.input, tier.cached_input, tier.cache_write);
            let columns = columns_of(input, cached, write, tier.output);
            text.push_str(&format!("{:widest$}{columns}  above {} tokens\n", "", tier.above));
        }
    }
    if whole {
        text.push_str(&format!("\nfuel{:>8} dollars for a million units\n", dollars(list.fuel)));
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

fn row(price: &ModelPrice) -> String {
    let request = match price.request {
        0 => String::new(),
        request => format!("  and {} for a million questions", dollars(request)),
    };
    columns_of(price.input, price.cached_input, price.cache_write, price.output) + &request
}

fn columns_of(input: u64, cached: Option<u64>, write: Option<u64>, output: u64) -> String {
    let columns = [input, cached.unwrap_or(input), write.unwrap_or(input), output];
    columns.map(|price| format!("{:>12}", dollars(price))).concat()
}

fn dollars(nanos: u64) -> String {
    Money::from_nanos(nanos).map_or_else(|_| "very much".to_owned(), |money| money.to_string())
}

//! Who could provide an import that this host does not.

/// Packages of other hosts.
const HOSTS: [(&str, &str); 6] = [
    ("fermyon:", "Spin"),
    ("spin:", "Spin"),
    ("wasmcloud:", "wasmCloud"),
    ("golem:", "Golem"),
    ("obelisk:", "Obelisk"),
    ("fastly:", "Fastly Compute"),
];

/// Parts of WASI 0.2 that this host provides, some of them as doors that refuse.
const WASI: [&str; 7] = ["cli", "clocks", "filesystem", "http", "io", "random", "sockets"];

/// Where an import could come from, for whoever built the component.
pub(super) fn provider_of(import: &str) -> String {
    let (interface, version) = import.split_once('@').unwrap_or((import, ""));
    let package = interface.split_once('/').map_or(interface, |(package, _)| package);
    if let Some((_, host)) = HOSTS.iter().find(|(prefix, _)| interface.starts_with(prefix)) {
        return format!("{host} does; build it without that, or reach the same service over wasi:http");
    }
    match package.split_once(':') {
        Some(("aos", _)) => {
            "another version of this program does: build it against the contract of this one (aos skills wit)"
                .to_owned()
        }
        Some(("wasi", name)) if WASI.contains(&name) && !version.starts_with("0.2.") => {
            format!(
                "a host of WASI {version} does, and this one has WASI 0.2: cargo build --target wasm32-wasip2"
            )
        }
        Some(("wasi", name)) if WASI.contains(&name) => {
            "this host has other interfaces of that package, and not this one: build without the feature that brings it"
                .to_owned()
        }
        Some(("wasi", name)) => {
            format!("a host with wasi:{name} does; leave it out, or reach the same service over wasi:http")
        }
        Some(_) => {
            "another component may: compose both into one before you register it (such as with wac plug)"
                .to_owned()
        }
        None => {
            "it has no package, so another component has to: compose both into one (such as with wac plug)"
                .to_owned()
        }
    }
}

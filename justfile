# `just` lists the recipes; `just verify` is the whole of CI.

set shell := ["bash", "-euo", "pipefail", "-c"]

export RUSTDOCFLAGS := env("RUSTDOCFLAGS", "-D warnings")

# Where `.ci/prometheus`, `.ci/schemathesis` and `.ci/browser` leave what they find
tools := env("AOS_TOOLS", justfile_directory() / "target/tools")

export PATH := env("PATH") + ":" + tools / "bin"

target := `cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/'`
aos := target / "debug/aos"

# List the recipes
default:
    @just --list

# Install what the other recipes need: the wasm target, clippy, rustfmt, and, where they can be had, Prometheus, schemathesis and a browser
setup:
    @rustup target list --installed | grep -qx wasm32-wasip2 || rustup target add wasm32-wasip2
    @cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
    @cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
    @.ci/prometheus
    @.ci/schemathesis
    @.ci/browser

# Build the skills into target/skills, and the component that the tests try things with into target/probes, with cargo alone
build-skills: setup
    cd skills-wasm && cargo build --locked --release --target wasm32-wasip2
    cd skills-wasm && cargo build --locked --release --target wasm32-wasip2 -p probe
    @mkdir -p target/skills target/probes
    @built=$(cd skills-wasm && cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/') && \
        for component in skills/http_call skills/llm_invoke skills/json_transform probes/probe; do \
            cmp -s "$built/wasm32-wasip2/release/${component#*/}.wasm" target/$component.wasm || \
                cp "$built/wasm32-wasip2/release/${component#*/}.wasm" target/$component.wasm; \
        done

# Build the components of fixtures/third-party, each with its own toolchain, which is brought where it can be had
build-third-party: setup
    @.ci/third-party

# Build the program
build: setup
    cargo build --locked --workspace

# Run every workflow of fixtures/workflows in its stub world, and replay each
demo: build-skills build
    #!/usr/bin/env bash
    set -euo pipefail
    mkdir -p target/demo
    for workflow in fixtures/workflows/*.yaml; do
        name=$(basename "$workflow" .yaml)
        stubs=fixtures/stubs/$name.yaml
        journal=target/demo/$name.jsonl
        run() { rm -f "$journal"; "{{ aos }}" run "$workflow" --stubs "$stubs" --journal "$journal"; }
        echo "== $name"
        run >/dev/null 2>&1 || true # compiles the skills, once for this machine
        begin=${EPOCHREALTIME/[.,]/}
        run
        end=${EPOCHREALTIME/[.,]/}
        echo "wall time of the run: $(((end - begin) / 1000)) ms"
        echo "journal: $journal"
        "{{ aos }}" replay "$journal" >/dev/null # says whether the bytes are equal, and fails when not
    done

# Run all tests
test: build-skills build-third-party build
    cargo test --locked --workspace
    cd skills-wasm && cargo test --locked

# Run the hostile components alone, and print what became of each: code, time, memory
hostile: build-skills
    cargo test --locked -p aos-tests -- --ignored --exact --nocapture hostile::table::every_attempt_with_what_it_took

# Tamper with a long journal in every way: each bit, each length, each line (takes minutes)
tamper: build-skills
    cargo test --locked --config 'profile.dev.package.aos-core.opt-level=3' -p aos-tests -- --ignored tampered

# Hold every address of IPv4, and ten million of IPv6, against the registries of IANA (takes minutes)
addresses:
    cargo test --locked --config 'profile.dev.package.aos-core.opt-level=3' -p aos-core --test core addresses -- --ignored

# Prove the ledger: many operations beside a model, and every interleaving of three threads (takes minutes)
prove-budget operations="10000000":
    AOS_BUDGET_OPERATIONS={{ operations }} cargo test --locked --config 'profile.dev.package.aos-core.opt-level=3' -p aos-core --test core budget -- --ignored --nocapture
    RUSTFLAGS="--cfg loom" cargo test --locked --config host/core/tests/interleavings/profile.toml --target-dir "{{ target }}/loom" -p aos-core --test interleavings -- --nocapture --test-threads 1

# Break the ledger in every way that cargo-mutants knows, and see its tests fail (takes an hour)
mutants:
    @cargo mutants --version >/dev/null 2>&1 || cargo install --quiet --locked cargo-mutants
    cargo mutants --jobs 1 --file 'host/core/src/budget/**' --output target/mutants/budget -- --locked --test core budget
    cargo mutants --jobs 1 --file 'host/core/src/agent_budget/**' --output target/mutants/agent_budget -- --locked --test core budget::agent -- --include-ignored

# Fuzz every target for so many seconds, the ones that run components with the engine (the first build takes long)
fuzz seconds="30" *targets="":
    tests/fuzz/run "{{ target }}/fuzz" {{ seconds }} {{ targets }}

# Check formatting, lints, licences, and that the library builds without the program
lint: setup deny
    cargo fmt --all --check
    cd skills-wasm && cargo fmt --all --check
    cargo clippy --locked --workspace --all-targets -- -D warnings
    cargo clippy --locked -p aos-tests --features baseline --bench baseline -- -D warnings
    cd skills-wasm && cargo clippy --locked --workspace --target wasm32-wasip2 -- -D warnings
    cargo clippy --locked -p aos-host --lib --no-default-features -- -D warnings

# Check licences and sources of every dependency
deny:
    @cargo deny --version >/dev/null 2>&1 || cargo install --quiet --locked cargo-deny
    cargo deny --locked --config .cargo/deny.toml check licenses bans sources
    cd skills-wasm && cargo deny --locked --config ../.cargo/deny.toml check -A license-not-encountered -A license-exception-not-encountered licenses bans sources

# Check known vulnerabilities; it needs the advisory database, which cannot be reached from everywhere
advisories:
    cargo deny --locked --config .cargo/deny.toml check advisories

# Build the documentation
doc: setup
    cargo doc --locked --workspace --no-deps

# All of CI
verify: lint doc demo test

# Measure the host against the bare engine, growth, many runs at one time, and starts (profile: dev or release)
bench filter="" profile="dev": build-skills
    cargo build --locked --profile {{ profile }} --config tests/benches/profile.toml -p aos-tests -p aos-host --features aos-tests/baseline --bin aos
    cargo bench --locked --profile {{ profile }} --config tests/benches/profile.toml -p aos-tests -p aos-host --features aos-tests/baseline --bench baseline -- {{ filter }}

# Measure recording and replaying: calls a second, bytes a call, and where the time goes (profile: dev or release)
bench-replay profile="dev":
    cargo bench --locked --profile {{ profile }} --config tests/benches/profile.toml -p aos-tests --bench replay

# Measure the ledger: reservations a second, and what the money of a model call costs (profile: dev or release)
bench-budget profile="dev":
    cargo bench --locked --profile {{ profile }} --config tests/benches/profile.toml -p aos-core --bench budget

# Take the picture of the README anew: a report of a run that fails
screenshot: build-skills build
    #!/usr/bin/env bash
    set -euo pipefail
    mkdir -p target/screenshot docs/images
    journal=target/screenshot/order.jsonl
    rm -f "$journal"
    "{{ aos }}" run fixtures/reports/order.yaml --stubs fixtures/reports/order.stubs.yaml --input '{"item": "pen"}' \
        --journal "$journal" >/dev/null 2>&1 || true # it fails, which is what is shown
    "{{ aos }}" report "$journal" -o target/screenshot/report.html
    order="{\"url\": \"file://$PWD/target/screenshot/report.html\", \"width\": 1200, \"height\": 1120, \"steps\": [{\"screenshot\": \"docs/images/report.png\"}]}"
    node tests/browser/look.mjs <<<"$order" >target/screenshot/look.json
    ! grep -q '"missing"\|"error"' target/screenshot/look.json

# Write the golden files anew; look at the difference before you commit it
bless: build-skills
    AOS_BLESS=1 cargo test --locked --workspace golden

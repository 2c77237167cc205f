//! `wasi:io/poll`: which of several things is ready is something that only the world knows.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::io::poll::{Host, HostPollable};

use super::Guest;

impl Host for Guest {
    async fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> wasmtime::Result<Vec<u32>> {
        if pollables.is_empty() {
            // What cannot be waited for never crosses the gate, so that a replay meets it at the same place.
            return Err(wasmtime::format_err!("a list of pollables to wait for is empty"));
        }
        let everything = json!((0..pollables.len()).collect::<Vec<_>>());
        let (table, looks_back) = (&mut self.table, &self.looks_back);
        let look = async move |known: Option<&Value>| {
            let Some(known) = known else {
                return Ok(json!(Host::poll(table, pollables).await?));
            };
            for place in places(known) {
                if let Some(pollable) = pollables.get(place as usize) {
                    make_ready(table, looks_back, Resource::new_borrow(pollable.rep())).await?;
                }
            }
            Ok(Value::Null)
        };
        let seen = self.gate.observe_after("poll.poll", everything, look).await?;
        Ok(places(&seen))
    }
}

fn places(seen: &Value) -> Vec<u32> {
    let place = |value: &Value| value.as_u64().and_then(|place| u32::try_from(place).ok());
    seen.as_array().map(|places| places.iter().filter_map(place).collect()).unwrap_or_default()
}

/// Waits for something that was recorded as ready.
async fn make_ready(
    table: &mut ResourceTable,
    looks_back: &AtomicBool,
    pollable: Resource<DynPollable>,
) -> wasmtime::Result<()> {
    looks_back.store(true, Ordering::Relaxed);
    let made = HostPollable::block(table, pollable).await;
    looks_back.store(false, Ordering::Relaxed);
    made
}

impl HostPollable for Guest {
    async fn ready(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<bool> {
        let (table, looks_back) = (&mut self.table, &self.looks_back);
        let look = async move |known: Option<&Value>| match known {
            None => Ok(json!(HostPollable::ready(table, pollable).await?)),
            Some(Value::Bool(true)) => make_ready(table, looks_back, pollable).await.map(|()| Value::Null),
            Some(_) => Ok(Value::Null),
        };
        let seen = self.gate.observe_after("poll.ready", json!(true), look).await?;
        Ok(seen.as_bool().unwrap_or_default())
    }

    async fn block(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        let (table, looks_back) = (&mut self.table, &self.looks_back);
        let look = async move |known: Option<&Value>| {
            match known {
                None => HostPollable::block(table, pollable).await?,
                Some(_) => make_ready(table, looks_back, pollable).await?,
            }
            Ok(Value::Null)
        };
        self.gate.observe_after("poll.block", Value::Null, look).await?;
        Ok(())
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        <ResourceTable as HostPollable>::drop(&mut self.table, pollable)
    }
}

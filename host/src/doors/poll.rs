//! `wasi:io/poll`: which of several things is ready is something that only the world knows.

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
        let table = &mut self.table;
        let look = async move |known: Option<&Value>| match known {
            None => Ok(json!(Host::poll(table, pollables).await?)),
            Some(known) => {
                for place in places(known) {
                    if let Some(pollable) = pollables.get(place as usize) {
                        HostPollable::block(table, Resource::new_borrow(pollable.rep())).await?;
                    }
                }
                Ok(Value::Null)
            }
        };
        let seen = self.gate.observe_after("poll.poll", everything, look).await?;
        Ok(places(&seen))
    }
}

fn places(seen: &Value) -> Vec<u32> {
    let place = |value: &Value| value.as_u64().and_then(|place| u32::try_from(place).ok());
    seen.as_array().map(|places| places.iter().filter_map(place).collect()).unwrap_or_default()
}

impl HostPollable for Guest {
    async fn ready(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<bool> {
        let table = &mut self.table;
        let look = async move |known: Option<&Value>| match known {
            Some(Value::Bool(true)) => HostPollable::block(table, pollable).await.map(|()| Value::Null),
            Some(_) => Ok(Value::Null),
            None => Ok(json!(HostPollable::ready(table, pollable).await?)),
        };
        let seen = self.gate.observe_after("poll.ready", json!(true), look).await?;
        Ok(seen.as_bool().unwrap_or_default())
    }

    async fn block(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        let table = &mut self.table;
        let look =
            async move |_: Option<&Value>| HostPollable::block(table, pollable).await.map(|()| Value::Null);
        self.gate.observe_after("poll.block", Value::Null, look).await?;
        Ok(())
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        <ResourceTable as HostPollable>::drop(&mut self.table, pollable)
    }
}

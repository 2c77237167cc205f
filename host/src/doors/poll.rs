//! `wasi:io/poll`: which of several things is ready is something that only the world knows.

use serde_json::{Value, json};
use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::io::poll::{Host, HostPollable};

use super::Guest;

impl Host for Guest {
    async fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> wasmtime::Result<Vec<u32>> {
        let everything = json!((0..pollables.len()).collect::<Vec<_>>());
        let table = &mut self.table;
        let wait = async move { Ok(json!(Host::poll(table, pollables).await?)) };
        let seen = self.gate.observe_after("poll.poll", everything, wait).await?;
        let ready = |value: &Value| value.as_u64().and_then(|index| u32::try_from(index).ok());
        Ok(seen.as_array().map(|indices| indices.iter().filter_map(ready).collect()).unwrap_or_default())
    }
}

impl HostPollable for Guest {
    async fn ready(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<bool> {
        let table = &mut self.table;
        let wait = async move { Ok(json!(HostPollable::ready(table, pollable).await?)) };
        let seen = self.gate.observe_after("poll.ready", json!(true), wait).await?;
        Ok(seen.as_bool().unwrap_or_default())
    }

    async fn block(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        let table = &mut self.table;
        let wait = async move { HostPollable::block(table, pollable).await.map(|()| Value::Null) };
        self.gate.observe_after("poll.block", Value::Null, wait).await?;
        Ok(())
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        <ResourceTable as HostPollable>::drop(&mut self.table, pollable)
    }
}

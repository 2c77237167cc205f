//! The generated side of `wasi:http`. Its resources are types of this folder.
//!
//! The WASI crates have an implementation of these interfaces, which is not used: its bodies are channels whose room
//! depends on what a task has read, its requests leave before their bodies are whole, and its fields come in the order
//! of a hash table. None of that could be repeated from a journal.

wasmtime::component::bindgen!({
    path: "../fixtures/wit",
    inline: "
        package aos:doors;

        world http {
            import wasi:http/types@0.2.12;
            import wasi:http/outgoing-handler@0.2.12;
        }
    ",
    world: "aos:doors/http",
    imports: {
        "wasi:http/types.[method]future-incoming-response.get": async | trappable,
        default: trappable,
    },
    require_store_data_send: true,
    with: {
        "wasi:io": wasmtime_wasi::p2::bindings::io,
        "wasi:clocks": wasmtime_wasi::p2::bindings::clocks,
        "wasi:http/types.fields": super::fields::Fields,
        "wasi:http/types.incoming-body": super::response::IncomingBody,
        "wasi:http/types.incoming-request": super::served::IncomingRequest,
        "wasi:http/types.incoming-response": super::response::IncomingResponse,
        "wasi:http/types.future-incoming-response": super::future::FutureResponse,
        "wasi:http/types.future-trailers": super::response::FutureTrailers,
        "wasi:http/types.outgoing-body": super::body::OutgoingBody,
        "wasi:http/types.outgoing-request": super::request::OutgoingRequest,
        "wasi:http/types.outgoing-response": super::served::OutgoingResponse,
        "wasi:http/types.request-options": super::request::RequestOptions,
        "wasi:http/types.response-outparam": super::served::ResponseOutparam,
    },
});

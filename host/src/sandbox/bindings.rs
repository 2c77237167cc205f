//! The only `bindgen!` of the house. Doors convert its types; nothing else sees them.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "aos:skill/skill",
    imports: { default: async | trappable },
    exports: { default: async },
});

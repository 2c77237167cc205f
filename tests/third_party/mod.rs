//! Components that know nothing of this host, each from another toolchain: admitted, described, run, limited, denied what
//! is not granted, recorded, and replayed byte for byte in three engines.

mod echo_handler;
mod every_type;
mod greeter;
mod lines;
mod logbook;
mod names;
mod pages;
mod scene;
mod settings;
mod sums;

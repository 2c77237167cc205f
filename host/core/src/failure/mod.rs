//! Why something ended: codes, their categories, and the catalogue that says what each means and what follows.

mod catalog;
mod category;
mod code;
#[expect(clippy::module_inception, reason = "the file is named after the noun it owns")]
mod failure;
mod io_error;
mod status;
mod table;
mod wasi_http;
mod word;

pub use catalog::{Catalog, Fault, RetryClass, Row, SCHEMA as CATALOG_SCHEMA, Settlement, Severity, catalog};
pub use category::ErrorCategory;
pub use code::ErrorCode;
pub use failure::{
    BUDGET_FILE, COMPONENT_FILE, FUEL_OF_ANOTHER_BUILD, FUEL_OF_ANOTHER_ENGINE, Failure, NEW_JOURNAL, advice,
};
pub use status::{UpstreamAnswer, classify_status, code_of_status, retry_after};
pub use wasi_http::{WASI_HTTP_CASES, classify_wasi_http, wasi_http_case};

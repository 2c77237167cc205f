//! An import that this host does not provide: which, and who could.

use aos_host::failure::ErrorCode;

use crate::support::runtime::{in_time, stubbed};

#[test]
fn an_unknown_import_is_named_with_who_could_provide_it() {
    in_time(async {
        let runtime = stubbed("{}").await;
        for (import, provider) in [
            ("wasi:clocks/wall-clock@0.3.0", "wasm32-wasip2"),
            ("wasi:keyvalue/store@0.2.0-draft", "over wasi:http"),
            ("wasi:clocks/timezone@0.2.0", "not this one"),
            ("fermyon:spin/llm@2.0.0", "Spin"),
            ("wasmcloud:bus/lattice@1.0.0", "wasmCloud"),
            ("aos:skill/http@9.0.0", "aos skills wit"),
            ("evil:door/open@1.0.0", "compose"),
            ("open", "compose"),
        ] {
            let text = format!("(component (import \"{import}\" (instance)))");
            let refused = runtime.register_skill(wat::parse_str(text).unwrap()).await.unwrap_err();
            assert_eq!(refused.code, ErrorCode::LinkUnknownImport, "{import}");
            assert_eq!(refused.subcode.as_deref(), Some(import));
            assert!(
                refused.message.contains(import) && refused.message.contains(provider),
                "{}",
                refused.message
            );
        }
    });
}

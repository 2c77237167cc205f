//! What is linked and never allowed: files, sockets, names, the environment. Each is refused and recorded, and the skill
//! goes on.

use aos_host::EffectClass;
use aos_host::failure::ErrorCode;
use aos_host::outcome::OutcomeCode;
use serde_json::json;

use super::callers::{calling, imports};
use super::classes::{functions, packages};
use crate::support::flow;
use crate::support::recorded::record;
use crate::support::runtime::{elsewhere, in_time, stubbed};

#[test]
fn every_denied_function_that_can_be_called_at_all_is_refused_and_recorded() {
    in_time(async {
        let resolve = packages();
        let denied = functions().await.into_iter().filter(|(_, _, class)| *class == EffectClass::Denied);
        let wanted: Vec<_> = denied.map(|(interface, function, _)| (interface, function)).collect();
        let all = imports(&resolve, &wanted);
        let within_reach: Vec<_> =
            all.iter().filter(|import| import.out_of_reach(&resolve).is_none()).collect();
        let names: Vec<_> = within_reach.iter().map(|import| import.id.as_str()).collect();
        assert_eq!(
            names,
            [
                "wasi:filesystem/preopens get-directories",
                "wasi:sockets/ip-name-lookup resolve-addresses",
                "wasi:sockets/tcp-create-socket create-tcp-socket",
                "wasi:sockets/udp-create-socket create-udp-socket",
                "wasi:cli/environment get-environment",
            ]
        );
        let everything: Vec<_> =
            functions().await.into_iter().map(|(interface, function, _)| (interface, function)).collect();
        let everything = imports(&resolve, &everything);
        for import in within_reach {
            let runtime = stubbed("{}").await;
            let component = calling(&everything, import, &resolve);
            runtime.register_skill(component.clone()).await.unwrap();
            elsewhere().await.know_component(component).await.unwrap();
            let run = record(&runtime, &flow::one_step(json!({}), "caller", json!({})), json!({})).await;
            let effects = &run.assert_success().outcome.side_effects;
            let [effect] = effects.as_slice() else { panic!("{}: {effects:?}", import.id) };
            assert_eq!(effect.code, OutcomeCode::Error(ErrorCode::CapabilityDenied), "{}", import.id);
        }
    });
}

//! A page whose service goes away and comes back.

use super::super::client::Service;
use super::super::crashed::{quick_and_held, two_requests};
use super::super::runs::begin;
use super::one_run::begins;
use super::{assert_clean_but_for, look};
use crate::program::process::at_home;

#[test]
fn a_page_says_that_the_service_is_gone_and_goes_on_when_it_is_back() {
    at_home(async |home| {
        let server = quick_and_held().await;
        let service = Service::start(&home, &[]).await;
        let (address, workflow) = (service.address(), two_requests(&server));
        let id = begin(&service, &workflow).await;
        server.received(2).await;
        let gone = ".notice:has-text('The service does not answer')";
        let look = look(&service, &format!("runs/{id}"))
            .wait("h1 .chip:has-text('under way')")
            .eval(&begins(&workflow))
            .wait(gone)
            .wait("text=What stands here is as it was last heard of")
            .wait(".row.step")
            .gone(gone)
            .wait("h1 .chip:has-text('succeeded')")
            .wait("button:text-is('Replay')")
            .timeout_ms(60_000);
        let service = async {
            // The page has drawn the run, and has begun another one to say so.
            server.received(4).await;
            service.killed().await;
            tokio::time::sleep(std::time::Duration::from_secs(3)).await;
            let service = Service::start_at(&home, &address, &[]).await;
            server.release();
            service
        };
        tokio::pin!(service);
        let mut seen = Box::pin(look.seen());
        let kept = tokio::select! {
            // There is no browser, or the page never came so far.
            seen = &mut seen => { assert!(seen.is_none(), "{seen:?}"); return }
            service = &mut service => service,
        };
        assert_clean_but_for(
            &seen.await.unwrap(),
            &[
                "ERR_CONNECTION_REFUSED",
                "ERR_INCOMPLETE_CHUNKED_ENCODING",
                "ERR_CONNECTION_RESET",
                "ERR_EMPTY_RESPONSE",
            ],
        );
        assert_eq!(kept.over(&id).await["code"], "OK");
    });
}

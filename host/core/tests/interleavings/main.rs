//! The real ledger in every interleaving of three threads: what comes of it is what comes of the same operations one
//! after the other, by the model, in some order that keeps that of each thread.
//!
//! `just prove-budget` builds this, with `--cfg loom`; without it there is nothing here.

#![cfg(loom)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test says what it found"
)]

#[expect(dead_code, reason = "other tests use more of it")]
#[path = "../core/budget/model.rs"]
mod model;
mod scene;
mod sequence;
mod thread;

use aos_core::units::Money;

use self::model::Verdict::{Failed, None as Dropped, Succeeded};
use self::scene::Act::{Close, Look, Lose, Open, Refund, Reserve, Settle};
use self::scene::{Scene, script};

fn money(nanos: u64) -> Money {
    Money::from_nanos(nanos).unwrap()
}

#[test]
fn of_three_that_fit_alone_but_not_together_one_gets_it() {
    let threads = [0, 1, 2].map(|own| script(Some(own), &[], &[Reserve(60)]));
    Scene::of(threads).play();
}

#[test]
fn what_is_given_back_is_there_for_others() {
    Scene::of([
        script(Some(0), &[], &[Reserve(60), Refund(0)]),
        script(Some(1), &[], &[Reserve(50), Settle(0, 20)]),
        script(Some(2), &[], &[Reserve(40)]),
    ])
    .play();
}

#[test]
fn a_hold_that_outlives_its_attempt_follows_its_verdict() {
    for verdict in [Succeeded, Failed, Dropped] {
        let threads = [
            script(Some(0), &[], &[Close(verdict)]),
            script(None, &[0], &[Settle(0, 20)]),
            script(None, &[1], &[Lose(0), Look]),
        ];
        Scene { holds: vec![(0, 30), (0, 40)], ..Scene::of(threads) }.play();
    }
}

#[test]
fn the_place_of_an_attempt_is_given_away_once_and_not_too_early() {
    let threads = [
        script(Some(0), &[], &[Close(Succeeded)]),
        script(None, &[0], &[Settle(0, 20)]),
        script(None, &[], &[Open, Reserve(70), Close(Failed)]),
    ];
    Scene { holds: vec![(0, 30)], ..Scene::of(threads) }.play();
}

#[test]
fn what_failed_attempts_lose_stays_under_its_own_ceiling() {
    for absorbed in [Some(60), None] {
        let threads = [
            script(Some(0), &[0], &[Settle(0, 25), Close(Failed)]),
            script(Some(1), &[], &[Reserve(40), Close(Dropped)]),
            script(Some(2), &[], &[Reserve(20)]),
        ];
        Scene { absorbed, holds: vec![(0, 30)], ..Scene::of(threads) }.play();
    }
}

#[test]
fn a_bill_beyond_its_hold_takes_room_from_what_follows() {
    let threads = [
        script(Some(0), &[0], &[Settle(0, 90)]),
        script(Some(1), &[], &[Reserve(30)]),
        script(Some(2), &[], &[Reserve(20), Look]),
    ];
    Scene { holds: vec![(0, 40)], ..Scene::of(threads) }.play();
}

#[test]
fn a_step_stays_under_its_ceiling_in_all_of_its_attempts() {
    let threads = [
        script(Some(0), &[], &[Reserve(30), Settle(0, 10), Close(Failed)]),
        script(Some(1), &[], &[Reserve(30)]),
        script(Some(1), &[], &[Reserve(20)]),
    ];
    Scene { of_step: Some(50), ..Scene::of(threads) }.play();
}

#[test]
fn attempts_live_their_whole_lives_beside_each_other() {
    Scene::of([
        script(Some(0), &[], &[Reserve(60), Settle(0, 70), Close(Succeeded)]),
        script(Some(1), &[], &[Reserve(50), Lose(0), Close(Failed)]),
        script(Some(2), &[], &[Reserve(40)]),
    ])
    .play();
}

#[test]
fn whoever_looks_sees_a_whole_movement_or_none() {
    Scene::of([
        script(Some(0), &[], &[Reserve(60), Settle(0, 40), Close(Succeeded)]),
        script(None, &[], &[Look, Look]),
        script(Some(1), &[], &[Reserve(50)]),
    ])
    .play();
}

//! Files of injections, for a frozen journal.

use aos_core::failure::{ErrorCode, Failure};
use aos_core::journal::{Event, Injections, Recording};

const JOURNAL: &[u8] = include_bytes!("../../../fixtures/journals/v1/asks.jsonl");

pub(super) fn read(data: &[u8]) {
    let Some(text) = super::text(data) else { return };
    let recording = Recording::read(JOURNAL).expect("a whole journal");
    match Injections::read(text, &recording) {
        Ok(injections) => {
            let named = |event: &Event| match event {
                Event::Intent(intent) => Some(intent.index),
                _ => None,
            };
            let calls = recording
                .entries()
                .iter()
                .filter_map(|entry| Some((entry.cursor.as_ref()?, named(&entry.event)?)));
            assert!(calls.clone().any(|(cursor, index)| injections.at(cursor, index).is_some()));
        }
        Err(invalid) => {
            let failure = Failure::from(invalid);
            assert_eq!(failure.code, ErrorCode::InjectionInvalid);
            super::assert_sound(&failure);
        }
    }
}

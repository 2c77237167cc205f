//! The catalogue, and the total map of HTTP statuses.

use std::collections::BTreeSet;
use std::time::Duration;

use aos_core::failure::{
    ErrorCategory, ErrorCode, Failure, UpstreamAnswer, catalog, classify_status, retry_after,
};
use aos_core::journal::JournalError;
use aos_core::units::Timestamp;

#[test]
fn every_row_is_whole_and_every_word_is_its_own() {
    let words: BTreeSet<_> = catalog().rows().map(|row| row.word).collect();
    assert_eq!(words.len(), catalog().rows().count());
    for row in catalog().rows() {
        assert!(row.word.starts_with(|c: char| c.is_ascii_uppercase()), "{}", row.word);
        assert!(
            row.word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'),
            "{}",
            row.word
        );
        assert_eq!(row.word.parse(), Ok(row.code));
        assert_eq!(serde_json::to_string(&row.code).unwrap(), format!("{:?}", row.word));
        assert_eq!(catalog().get(row.code), *row);
        assert!(!row.meaning.is_empty() && !row.advice.is_empty(), "{}", row.word);
    }
    assert!("NO_SUCH_CODE".parse::<ErrorCode>().is_err());
}

#[test]
fn what_is_never_retried_does_not_look_as_if_it_were() {
    for row in catalog().rows().filter(|row| row.retry.schedule().0 == 1) {
        assert!(![429, 503, 504].contains(&row.http_status), "{}", row.word);
    }
}

#[test]
fn the_catalogue_is_asked_by_category_and_by_retryability() {
    let all: usize = ErrorCategory::ALL.iter().map(|category| catalog().by_category(*category).count()).sum();
    assert_eq!(all, catalog().rows().count());
    assert!(catalog().retryable().any(|row| row.code == ErrorCode::ConnectFailed));
    assert!(!catalog().retryable().any(|row| row.code == ErrorCode::BudgetExceeded));
}

#[test]
fn every_status_from_100_to_599_has_its_category() {
    for status in 100..=599_u16 {
        let failure = classify_status(UpstreamAnswer { status, headers: &[], at: Timestamp::EPOCH });
        let expected = match status {
            100..=199 => Some(ErrorCategory::Transient),
            200..=299 => None,
            408 => Some(ErrorCategory::Transient),
            429 => Some(ErrorCategory::Resource),
            300..=303 | 305..=399 => Some(ErrorCategory::Permission),
            304 | 400..=499 => Some(ErrorCategory::Permanent),
            _ => Some(ErrorCategory::Transient),
        };
        assert_eq!(failure.as_ref().map(|failure| failure.category), expected, "{status}");
        if let Some(failure) = failure {
            assert_eq!(failure.status, Some(status));
            assert!(failure.request_sent);
        }
    }
    let code =
        |status| classify_status(UpstreamAnswer { status, headers: &[], at: Timestamp::EPOCH }).unwrap().code;
    assert_eq!(code(429), ErrorCode::RateLimited);
    assert_eq!(code(408), ErrorCode::Timeout);
    assert_eq!(code(503), ErrorCode::UpstreamUnavailable);
    assert_eq!(code(529), ErrorCode::UpstreamOverloaded);
}

#[test]
fn the_pause_is_read_in_all_its_forms() {
    let now: Timestamp = "2025-12-01T00:00:00Z".parse().unwrap();
    let pause = |name: &str, value: &str| retry_after(&[(name.to_owned(), value.to_owned())], now);
    assert_eq!(pause("retry-after", "7"), Some(Duration::from_secs(7)));
    assert_eq!(pause("retry-after", " 0 "), Some(Duration::ZERO));
    assert_eq!(pause("retry-after-ms", "1500"), Some(Duration::from_millis(1500)));
    assert_eq!(pause("retry-after", "Mon, 01 Dec 2025 00:01:00 GMT"), Some(Duration::from_secs(60)));
    assert_eq!(pause("retry-after", "Monday, 01-Dec-25 00:01:00 GMT"), Some(Duration::from_secs(60)));
    assert_eq!(pause("retry-after", "Mon Dec  1 00:01:00 2025"), Some(Duration::from_secs(60)));
    assert_eq!(pause("retry-after", "Sun, 30 Nov 2025 00:00:00 GMT"), Some(Duration::ZERO));
    assert_eq!(pause("retry-after", "99999999999999999999999"), Some(Duration::from_secs(86_400)));
    for nonsense in ["-1", "soon", "", "1.5", "+3"] {
        assert_eq!(pause("retry-after", nonsense), None, "{nonsense:?}");
    }
    assert_eq!(retry_after(&[], now), None);
}

#[test]
fn a_message_is_cut_between_characters() {
    let failure = Failure::new(ErrorCode::SkillError, "ü".repeat(1000));
    assert!(failure.message.len() <= 512 && failure.message.ends_with("ü…"));
    let short = Failure::new(ErrorCode::SkillError, "short");
    assert_eq!(short.message, "short");
}

/// A disk without room, and a quota without room, by their numbers on Linux, where 133 is the last.
const NO_SPACE: i32 = 28;
const NO_QUOTA: i32 = 122;

#[test]
#[cfg(target_os = "linux")]
fn every_error_of_the_operating_system_has_a_word() {
    for number in 1..=133 {
        let error = std::io::Error::from_raw_os_error(number);
        let full = matches!(number, NO_SPACE | NO_QUOTA);
        for otherwise in [ErrorCode::JournalIo, ErrorCode::CompileFailed, ErrorCode::ConfigInvalid] {
            let expected = if full { ErrorCode::DiskFull } else { otherwise };
            assert_eq!(ErrorCode::of_file(&error, otherwise), expected, "{number}: {error}");
        }
        let told = Failure::from(JournalError::of_file("could not be written", &error));
        let expected = if full { ErrorCode::DiskFull } else { ErrorCode::JournalIo };
        assert_eq!((told.code, told.retryable), (expected, false), "{number}");
        assert_eq!(told.message, format!("the journal could not be written: {error}"));
        // What names the file beside the operating system's words is the same error.
        let with_place = std::io::Error::new(error.kind(), format!("run.jsonl: {error}"));
        assert_eq!(ErrorCode::of_file(&with_place, ErrorCode::JournalIo), expected, "{number}");
    }
}

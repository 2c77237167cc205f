//! Which content codings of an answer its request asked for (RFC 9110, sections 8.4 and 12.5.3).

use aos_core::policy::{says_codings, unasked_coding};

fn field(name: &str, values: &[&str]) -> Vec<(String, String)> {
    values.iter().map(|value| (name.to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_coding_that_was_not_asked_for_is_named() {
    let rows: [(&[&str], &[&str], Option<&str>); 27] = [
        (&[], &[], None),
        (&[], &["identity"], None),
        (&[], &["Identity"], None),
        (&[], &["", " , "], None),
        (&[], &["gzip"], Some("gzip")),
        (&[], &["GZIP"], Some("GZIP")),
        (&[], &["identity, br"], Some("br")),
        (&[], &["identity", "br"], Some("br")),
        (&[], &["of-tomorrow"], Some("of-tomorrow")),
        (&[""], &["gzip"], Some("gzip")),
        (&["identity"], &["gzip"], Some("gzip")),
        (&["gzip"], &["gzip"], None),
        (&["GZip"], &["gZIP"], None),
        (&["br, gzip;q=0.5"], &["gzip"], None),
        (&["br", "gzip"], &["gzip"], None),
        (&["gzip"], &["gzip, br"], Some("br")),
        (&["gzip"], &["br", "gzip"], Some("br")),
        (&["gzip"], &["x-gzip"], None),
        (&["x-gzip"], &["gzip"], None),
        (&["compress"], &["X-Compress"], None),
        (&["gzip"], &["x-br"], Some("x-br")),
        (&["*"], &["zstd"], None),
        (&["*;q=0"], &["zstd"], Some("zstd")),
        (&["gzip;q=0, *"], &["gzip"], Some("gzip")),
        (&["gzip; Q=0.000"], &["gzip"], Some("gzip")),
        (&["gzip ;q=0.001"], &["gzip"], None),
        (&["*;q=0, gzip;q=1"], &["gzip"], None),
    ];
    for (asked, answered, expected) in rows {
        let (asking, answer) = (field("Accept-Encoding", asked), field("content-encoding", answered));
        assert_eq!(unasked_coding(&asking, &answer), expected, "{asked:?} {answered:?}");
        assert_eq!(says_codings(&asking), !asked.is_empty());
    }
}

#[test]
fn other_fields_say_nothing_of_codings() {
    let answer =
        [("transfer-encoding".to_owned(), "gzip".to_owned()), ("vary".to_owned(), "gzip".to_owned())];
    assert_eq!(unasked_coding(&[], &answer), None);
    assert!(!says_codings(&answer));
    let asking = [("accept".to_owned(), "gzip".to_owned())];
    assert_eq!(unasked_coding(&asking, &field("Content-Encoding", &["gzip"])), Some("gzip"));
}

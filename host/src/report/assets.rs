//! What the page is made of: plain HTML, CSS and scripts, in the program. Scripts of one page share one scope, in the order
//! of the list; nothing is built, and nothing is fetched.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Scripts of the report and of the live page, in the order in which they need each other.
macro_rules! drawing {
    () => {
        concat!(
            include_str!("page/dom.js"),
            include_str!("page/words.js"),
            include_str!("page/model.js"),
            include_str!("page/span.js"),
            include_str!("page/rows.js"),
            include_str!("page/bars.js"),
            include_str!("page/overview.js"),
            include_str!("page/timeline.js"),
            include_str!("page/curve.js"),
            include_str!("page/usage.js"),
            include_str!("page/graph.js"),
            include_str!("page/table.js"),
            include_str!("page/tables.js"),
            include_str!("page/requests.js"),
            include_str!("page/json_view.js"),
            include_str!("page/markdown.js"),
            include_str!("page/failures.js"),
            include_str!("page/details.js"),
            include_str!("page/provenance.js"),
            include_str!("page/run_page.js"),
            include_str!("page/compare.js"),
            include_str!("page/theme.js"),
        )
    };
}

/// The script of a report.
pub(super) const REPORT_SCRIPT: &str = concat!(
    "(() => {\n\"use strict\";\n",
    drawing!(),
    include_str!("page/report.js"),
    include_str!("page/start.js"),
    "})();\n"
);

/// The script of the live page.
pub const LIVE_SCRIPT: &str = concat!(
    "(() => {\n\"use strict\";\n",
    drawing!(),
    include_str!("page/service.js"),
    include_str!("page/form_fields.js"),
    include_str!("page/form.js"),
    include_str!("page/live_runs.js"),
    include_str!("page/live_run.js"),
    include_str!("page/live_start.js"),
    include_str!("page/live_skills.js"),
    include_str!("page/live_failures.js"),
    include_str!("page/live_budgets.js"),
    include_str!("page/live.js"),
    include_str!("page/start.js"),
    "})();\n"
);

/// The style of both.
pub const STYLE: &str = include_str!("page/style.css");

/// What a browser may do with the live page (Content Security Policy 3): run and show what the service itself gives out.
pub const LIVE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The live page. It holds nothing of any run, and asks the service for `aos.js` and `aos.css` in `assets/`.
#[must_use]
pub fn live_page() -> String {
    page(&Parts {
        title: "AOS",
        policy: "",
        style: "<link rel=\"stylesheet\" href=\"assets/aos.css\">",
        data: "",
        script: "<script src=\"assets/aos.js\"></script>",
    })
}

/// A report with its data, which are elements of script that no browser runs.
pub(super) fn report_page(title: &str, data: &str) -> String {
    let policy = format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src '{}'; style-src '{}'; \
         img-src data:; base-uri 'none'; form-action 'none'\">",
        source_of(REPORT_SCRIPT),
        source_of(STYLE)
    );
    page(&Parts {
        title,
        policy: &policy,
        style: &format!("<style>{STYLE}</style>"),
        data,
        script: &format!("<script>{REPORT_SCRIPT}</script>"),
    })
}

struct Parts<'a> {
    title: &'a str,
    policy: &'a str,
    style: &'a str,
    data: &'a str,
    script: &'a str,
}

/// Puts the parts into the page. The title is text; the others are markup of this file alone.
fn page(parts: &Parts<'_>) -> String {
    let mut page = String::new();
    let mut rest = include_str!("page/page.html");
    let title = escaped(parts.title);
    for (mark, part) in [
        ("<!-- policy -->", parts.policy),
        ("<!-- title -->", &title),
        ("<!-- style -->", parts.style),
        ("<!-- data -->", parts.data),
        ("<!-- script -->", parts.script),
    ] {
        if let Some((before, after)) = rest.split_once(mark) {
            page.push_str(before);
            page.push_str(part);
            rest = after;
        }
    }
    page.push_str(rest);
    page
}

/// Text as HTML has it.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut html, c| {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            c if c.is_control() => html.push(' '),
            c => html.push(c),
        }
        html
    })
}

/// The source expression of a text in a policy: its hash.
fn source_of(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    format!("sha256-{}", STANDARD.encode(digest))
}

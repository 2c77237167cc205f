//! Who may ask.

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HOST};

use super::client::{Service, answer};
use crate::program::process::at_home;

const TOKENS: &str = "# for the pipeline\nfirst-token-of-this-test\n\n  second-token-of-this-test  \n";

#[test]
fn a_service_with_tokens_tells_nothing_without_one() {
    at_home(async |home| {
        home.write("tokens.txt", TOKENS);
        let service = Service::start(&home, &["--tokens", "tokens.txt"]).await;
        let with = async |value: &str| {
            answer(service.ask(Method::GET, "/v1/runs").header(AUTHORIZATION, value)).await
        };
        for good in ["Bearer first-token-of-this-test", "bearer second-token-of-this-test"] {
            with(good).await.assert_status(200);
        }
        for bad in [
            "Bearer first-token-of-this-tes",
            "Bearer first-token-of-this-testt",
            "Bearer ",
            "Basic first-token-of-this-test",
            "first-token-of-this-test",
            "Bearer # for the pipeline",
        ] {
            let refused = with(bad).await;
            refused.assert_problem(401);
            assert_eq!(refused.headers["www-authenticate"], "Bearer");
            assert!(!refused.text.contains("-of-this-tes"), "{}", refused.text);
        }
        for path in ["/v1/runs", "/v1/skills", "/metrics", "/openapi.json", "/v1/failures", "/none"] {
            service.get(path).await.assert_problem(401);
        }
        for path in ["/healthz", "/readyz"] {
            service.get(path).await.assert_status(200);
        }
    });
}

#[test]
fn without_tokens_it_listens_on_the_loopback_alone_and_answers_to_its_names_alone() {
    at_home(async |home| {
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
            let refused = home.aos(["serve", "--listen", address]).await;
            refused.assert_code(2);
            assert!(refused.stderr.contains("--tokens"), "{}", refused.stderr);
        }
        let service = Service::start(&home, &[]).await;
        let named = async |host: &str| answer(service.ask(Method::GET, "/v1/runs").header(HOST, host)).await;
        for host in
            ["localhost", "localhost:7878", "127.0.0.1", "127.9.9.9:1", "[::1]", "[::1]:80", "LOCALHOST"]
        {
            named(host).await.assert_status(200);
        }
        // A page of a browser that made its own name point here.
        for host in [
            "evil.example",
            "evil.example:7878",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
        ] {
            named(host).await.assert_problem(421);
        }
    });
}

#[test]
fn a_file_without_a_good_token_is_refused() {
    at_home(async |home| {
        for (text, word) in
            [("# none\n", "no token"), ("short\n", "16 or more"), ("with a blank in it\n", "without blanks")]
        {
            home.write("tokens.txt", text);
            let refused = home.aos(["serve", "--listen", "127.0.0.1:0", "--tokens", "tokens.txt"]).await;
            refused.assert_code(2);
            assert!(refused.stderr.contains(word), "{}", refused.stderr);
        }
        home.aos(["serve", "--tokens", "none.txt"]).await.assert_code(2);
    });
}

#[test]
fn no_page_of_another_site_acts_in_the_name_of_a_browser_on_this_machine() {
    at_home(async |home| {
        home.write("tokens.txt", TOKENS);
        for (arguments, token) in
            [(vec![], None), (vec!["--tokens", "tokens.txt"], Some("Bearer first-token-of-this-test"))]
        {
            let service = Service::start(&home, &arguments).await;
            let own = service.address();
            let ask = async |method: Method, path: &str, headers: &[(&str, &str)]| {
                let mut request = service.ask(method, path);
                for (name, value) in
                    headers.iter().copied().chain(token.map(|token| ("authorization", token)))
                {
                    request = request.header(name, value);
                }
                answer(request).await
            };
            let get = async |headers: &[(&str, &str)]| ask(Method::GET, "/v1/runs", headers).await;
            for origin in [format!("http://{own}"), format!("https://{own}")] {
                get(&[("origin", &origin)]).await.assert_status(200);
                get(&[("origin", &origin), ("sec-fetch-site", "same-origin")]).await.assert_status(200);
            }
            get(&[("origin", "http://localhost"), ("host", "localhost:80")]).await.assert_status(200);
            get(&[("origin", "http://LOCALHOST:7"), ("host", "localhost:7")]).await.assert_status(200);
            get(&[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")]).await.assert_status(200);
            let port = own.rsplit_once(':').unwrap().1;
            let foreign = [
                "https://evil.example",
                "null",
                "",
                "http://",
                &format!("http://localhost:{port}"),
                &format!("http://{own}.evil.example"),
                &format!("ftp://{own}"),
                "http://127.0.0.1",
            ];
            for origin in foreign {
                for (method, path) in [
                    (Method::GET, "/v1/runs"),
                    (Method::POST, "/v1/runs"),
                    (Method::POST, "/v1/budgets/stop"),
                    (Method::OPTIONS, "/v1/runs"),
                    (Method::GET, "/openapi.json"),
                    (Method::GET, "/healthz"),
                    (Method::GET, "/none"),
                ] {
                    ask(method, path, &[("origin", origin)]).await.assert_problem(403);
                }
            }
            let both = [("origin", "https://evil.example"), ("origin", &format!("http://{own}"))];
            get(&both).await.assert_problem(403);
            for site in ["cross-site", "same-site"] {
                get(&[("sec-fetch-site", site)]).await.assert_problem(403);
                get(&[("sec-fetch-site", site), ("sec-fetch-mode", "no-cors")]).await.assert_problem(403);
                let link = [("sec-fetch-site", site), ("sec-fetch-mode", "navigate")];
                get(&link).await.assert_status(200);
                get(&[link[0], link[1], ("sec-fetch-dest", "document")]).await.assert_status(200);
                get(&[link[0], link[1], ("sec-fetch-dest", "iframe")]).await.assert_problem(403);
                ask(Method::POST, "/v1/runs", &link).await.assert_problem(403);
            }
            // The next one needs the folder that this one has locked.
            service.killed().await;
        }
    });
}

#[test]
fn no_answer_is_kept_or_taken_for_something_else() {
    at_home(async |home| {
        let service = Service::start(&home, &[]).await;
        for path in ["/v1/runs", "/v1/skills", "/v1/runs/x", "/none", "/metrics", "/healthz", "/openapi.json"]
        {
            let headers = service.get(path).await.headers;
            assert_eq!(
                (&headers["cache-control"], &headers["x-content-type-options"]),
                (&"no-store".parse().unwrap(), &"nosniff".parse().unwrap()),
                "{path}"
            );
        }
        let refused = answer(service.ask(Method::GET, "/v1/runs").header("origin", "null")).await;
        assert_eq!(refused.headers["cache-control"], "no-store");
    });
}

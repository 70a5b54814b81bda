//! What every answer carries, who is refused, and what is never said.

use axum::body::Body;
use axum::http::{Request, header};
use simfront::sandbox::CatalogChange;

use crate::support::browser::{Answer, owned};
use crate::support::{FRANCE, Stand};

fn policy(answer: &Answer) -> Vec<&str> {
    answer.header("content-security-policy").split(';').map(str::trim).collect()
}

#[tokio::test]
async fn every_answer_has_the_floors_headers_and_no_policy_allows_inline_code() {
    let stand = Stand::new().await;
    let token = stand.buy(FRANCE, 1).await;
    let order = format!("/orders/{token}");
    let paths =
        ["/", "/plans/1120", "/checkout?package_id=1120", "/admin/login", "/nowhere", "/healthz", &order];
    for path in paths {
        let answer = stand.get(path).await;
        let csp = answer.header("content-security-policy");
        assert!(csp.contains("default-src 'none'") && !csp.contains("unsafe"), "{path}: {csp}");
        assert!(csp.contains("frame-ancestors 'none'") && csp.contains("base-uri 'none'"), "{path}: {csp}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert!(!answer.header("permissions-policy").is_empty(), "{path}");
        assert!(!answer.body.contains("<style") && !answer.body.contains(" style="), "{path}: inline style");
        assert!(!answer.body.contains(" onclick="), "{path}: inline script");
    }
    stand.end().await;
}

#[tokio::test]
async fn order_pages_are_kept_by_nobody() {
    let stand = Stand::new().await;
    let pay = stand.order(FRANCE, 1).await;
    let token = stand.answer(&pay, "pay").await;
    stand.drain().await;
    let qr = format!("/orders/{token}/items/1/1/qr");
    let paths = [
        pay,
        format!("/orders/{token}"),
        format!("/it/orders/{token}"),
        format!("{qr}.svg"),
        format!("{qr}.png"),
        "/checkout?package_id=1120".to_owned(),
    ];
    for path in &paths {
        let kept = stand.get(path).await.header("cache-control").to_owned();
        assert!(kept.contains("no-store") && !kept.contains("public"), "{path}: {kept}");
    }
    let json = stand.get_json(&paths[1]).await;
    assert!(json.header("cache-control").contains("no-store"));
    stand.end().await;
}

#[tokio::test]
async fn forms_of_checkout_and_orders_may_end_at_the_public_address() {
    let stand = Stand::new().await;
    let token = stand.buy(FRANCE, 1).await;
    let ends = format!("form-action 'self' {}", stand.origin);
    for path in ["/checkout?package_id=1120", "/it/checkout?package_id=1120", &format!("/orders/{token}")] {
        let answer = stand.get(path).await;
        assert!(policy(&answer).contains(&ends.as_str()), "{path}: {:?}", policy(&answer));
    }
    assert!(policy(&stand.get("/").await).contains(&"form-action 'self'"));
    stand.end().await;
}

#[tokio::test]
async fn a_foreign_page_cannot_post_here_and_our_own_can() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    let port = stand.origin.rsplit(':').next().unwrap();
    let form = stand.form(FRANCE, 1).await;
    let rule = owned(&[("percent", "0"), ("fixed", "0"), ("rounding", "none")]);
    let post = async |origin: &[(&str, &str)], path: &str| {
        let mut headers = vec![("cookie", cookie.as_str())];
        headers.extend_from_slice(origin);
        let fields = if path == "/checkout" { &form } else { &rule };
        stand.post_with(path, &headers, fields).await.status.as_u16()
    };
    let foreign: [&[(&str, &str)]; 5] = [
        &[("origin", "https://evil.example")],
        &[("origin", "http://127.0.0.1:1")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("origin", &stand.origin), ("sec-fetch-site", "cross-site")],
    ];
    for headers in foreign {
        for path in ["/checkout", "/it/checkout", "/admin/markup", "/admin/login", "/admin/logout"] {
            assert_eq!(post(headers, path).await, 403, "{path} {headers:?}");
        }
    }
    assert_eq!(stand.count("select count(*) from orders").await, 0);
    assert_eq!(stand.count("select count(*) from markup_rules").await, 1);
    let (local, v6) = (format!("http://localhost:{port}"), format!("http://[::1]:{port}"));
    let ours: [&[(&str, &str)]; 5] = [
        &[("origin", &stand.origin), ("sec-fetch-site", "same-origin")],
        &[("origin", &local)],
        &[("origin", &v6)],
        &[("origin", "null"), ("sec-fetch-site", "same-origin")],
        &[],
    ];
    for headers in ours {
        assert_eq!(post(headers, "/checkout").await, 303, "{headers:?}");
    }
    assert_eq!(stand.count("select count(*) from orders").await, 1);
    assert_eq!(post(&[("origin", &stand.origin)], "/admin/markup").await, 303);
    stand.end().await;
}

#[tokio::test]
async fn the_back_office_is_closed_to_strangers() {
    let stand = Stand::new().await;
    for path in ["/admin", "/admin/orders", "/admin/markup", "/admin/sync", "/admin/webhooks"] {
        let answer = stand.get(path).await;
        assert!(answer.to().starts_with("/admin/login"), "{path}");
    }
    let rule = owned(&[("percent", "0"), ("fixed", "0"), ("rounding", "none")]);
    assert_eq!(stand.post("/admin/markup", &rule).await.status.as_u16(), 401);
    assert_eq!(stand.count("select count(*) from markup_rules").await, 1);
    stand.end().await;
}

#[tokio::test]
async fn what_the_reseller_pays_is_in_no_customers_page_mail_or_json() {
    let stand = Stand::new().await;
    let id = FRANCE.unsigned_abs();
    let change =
        CatalogChange::Reprice { id, reseller_price: "4.37".parse().unwrap(), price_for_reseller: None };
    stand.sandbox.change_catalog(change).unwrap();
    stand.refresh().await;
    let pay = stand.order(FRANCE, 1).await;
    let payment_page = stand.get(&pay).await.body;
    let token = stand.answer(&pay, "pay").await;
    let paid_page = stand.get(&format!("/orders/{token}")).await.body;
    stand.drain().await;
    let mut texts = vec![payment_page, paid_page, stand.order_json(&token).await.to_string()];
    for path in ["/plans/1120", "/checkout?package_id=1120", &format!("/orders/{token}")] {
        texts.push(stand.get(path).await.body);
        texts.push(stand.get(&format!("/it{path}")).await.body);
    }
    texts.push(stand.get(&format!("/orders/{token}/events")).await.body);
    let mails = stand.mails();
    assert_eq!(mails.len(), 2);
    texts.extend(mails.iter().map(|mail| mail.replace("=\r\n", "")));
    for text in &texts {
        for digits in ["4.37", "4,37", "437"] {
            let shown = text.match_indices(digits).any(|(at, _)| {
                let near = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
                let bytes = text.as_bytes();
                !near(at.checked_sub(1).and_then(|at| bytes.get(at))) && !near(bytes.get(at + digits.len()))
            });
            assert!(!shown, "{digits} in {text}");
        }
    }
    for path in ["/", "/destinations/france", "/search?q=france"] {
        texts.push(stand.get(path).await.body);
    }
    for text in &texts {
        let text = text.to_lowercase();
        for word in ["markup", "margin", "reseller", "provider", "esimdual", "upstream"] {
            // The form's hint says that the IMEI goes to "the eSIM's provider", and mails have style sheets.
            let said = text.replace("esim’s provider", "").replace("margin:", "").replace("margin-", "");
            assert!(!said.contains(word), "{word} in {text}");
        }
    }
    stand.end().await;
}

#[tokio::test]
async fn unknown_addresses_are_pages_or_problems_as_asked() {
    let stand = Stand::new().await;
    let stranger = format!("/orders/{}", stand.shop.entropy.token().as_str());
    let qr = format!("{stranger}/items/1/1/qr.svg");
    for path in ["/nowhere", "/it/nowhere", "/destinations/atlantis", "/plans/x", "/orders/1", &stranger, &qr]
    {
        let page = stand.get(path).await;
        assert_eq!(page.status.as_u16(), 404, "{path}");
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
        assert!(page.body.contains("<main"), "{path}: {}", page.body);
        let problem = stand.get_json(path).await;
        assert_eq!(problem.status.as_u16(), 404, "{path}");
        assert_eq!(problem.header("content-type"), "application/problem+json", "{path}");
        assert_eq!(problem.json()["status"], 404, "{path}");
    }
    stand.end().await;
}

#[tokio::test]
async fn a_form_that_is_too_large_is_refused() {
    let stand = Stand::new().await;
    let mut form = stand.form(FRANCE, 1).await;
    form.push(("coupon".to_owned(), "x".repeat(128 * 1024)));
    assert_eq!(stand.post("/checkout", &form).await.status.as_u16(), 413);
    let unannounced = futures_util::stream::iter([Ok::<_, std::io::Error>("x".repeat(128 * 1024 + 1))]);
    let request = Request::post("/checkout")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from_stream(unannounced))
        .unwrap();
    assert_eq!(stand.ask(request).await.status.as_u16(), 413);
    assert_eq!(stand.count("select count(*) from orders").await, 0);
    stand.end().await;
}

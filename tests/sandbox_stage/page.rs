//! The control page, as a person without scripts uses it.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde_json::json;
use simfront::sandbox::{DeliveryState, Fault, OrderMode, OrderStatus, Settings};

use crate::stand::{Stand, read};

/// The id of the fragment that a person is sent back to.
fn fragment(to: &str) -> &str {
    to.split_once('#').unwrap_or_else(|| panic!("no fragment: {to}")).1
}

/// What the page says after an act: inside the element that the address leads to, or right after its heading.
fn said(page: &str) -> &str {
    let after = page.split("role=\"status\">").nth(1).unwrap_or_else(|| panic!("nothing is said: {page}"));
    after.split('<').next().unwrap()
}

#[tokio::test]
async fn the_wallet_is_topped_up_and_set() {
    let stand = Stand::new().await;
    let (status, to, page) = stand.form("wallet", &[("top_up", "12.5")]).await;
    assert_eq!((status, fragment(&to)), (303, "wallet"));
    assert!(said(&page).contains("12.5 USD came in"), "{}", said(&page));
    assert_eq!(stand.sandbox.ledger().balance, Decimal::new(10125, 1));
    stand.form("wallet", &[("balance", "7")]).await;
    assert_eq!(stand.sandbox.ledger().balance, Decimal::from(7));
}

/// An address, what is sent there, the field that is wrong, and what was typed into it.
type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, &'a str, &'a str);

/// Every form with a mistake in it: it comes back with what was typed, and nothing has changed.
#[tokio::test]
async fn a_mistake_is_told_at_its_field_with_what_was_typed() {
    let stand = Stand::new().await;
    let esim = stand.buy("M-1").await["esim"]["id"].to_string();
    let (esim_path, esim_field) = (format!("esims/{esim}"), format!("esim-use-{esim}"));
    let cases: Vec<Case<'_>> = vec![
        ("wallet", vec![("top_up", "a lot")], "top_up", "a lot"),
        ("wallet", vec![("top_up", "-3")], "top_up", "-3"),
        ("wallet", vec![("balance", "-1")], "balance", "-1"),
        ("webhook", vec![("url", "shop.example")], "url", "shop.example"),
        (&esim_path, vec![("use_mb", "some")], &esim_field, "some"),
        ("catalog", vec![("action", "reprice_all"), ("percent", "-100")], "reprice-percent", "-100"),
        ("catalog", vec![("action", "reprice_all"), ("percent", "1"), ("seed", "x")], "reprice-seed", "x"),
        ("catalog", vec![("action", "withdraw_percent"), ("percent", "101")], "withdraw-percent", "101"),
        ("catalog", vec![("action", "add_many"), ("number", "0")], "number", "0"),
        (
            "catalog",
            vec![
                ("action", "add"),
                ("country_code", "fr"),
                ("gigabytes", "5"),
                ("days", "soon"),
                ("reseller_price", "1"),
            ],
            "days",
            "soon",
        ),
        (
            "catalog",
            vec![("action", "reprice"), ("id", "1120"), ("reseller_price", "0"), ("back", "package=1120")],
            "package-price-1120",
            "0",
        ),
        ("faults", vec![("fault", "bad_gateway"), ("probability", "2")], "arm-bad_gateway", "2"),
        (
            "faults",
            vec![("fault", "too_many_requests"), ("times", "often")],
            "arm-too_many_requests",
            "often",
        ),
    ];
    let before = stand.sandbox.ledger();
    for (path, fields, field, typed) in cases {
        let (status, _, page) = stand.form(path, &fields).await;
        assert_eq!(status, 422, "{fields:?}");
        assert!(page.contains(&format!("aria-describedby=\"{field}-wrong\" autofocus")), "{fields:?}");
        assert!(page.contains(&format!("id=\"{field}-wrong\"")), "{fields:?}");
        assert!(page.contains(&format!("value=\"{typed}\" aria-invalid=\"true\"")), "{fields:?}");
        assert!(page.contains("<title>Please look again"), "{fields:?}");
    }
    let (_, faults) = read(stand.http.get(stand.control("faults")).send().await.unwrap()).await;
    assert_eq!((stand.sandbox.ledger().balance, faults), (before.balance, json!([])));
    for nothing in ["orders/1", "esims/1", "tokens/1", "webhooks/1", "nowhere/1"] {
        assert_eq!(stand.form(nothing, &[("status", "failed")]).await.0, 404, "{nothing}");
    }
}

#[tokio::test]
async fn every_mistake_of_a_new_package_is_told_at_once_and_the_first_has_the_focus() {
    let stand = Stand::new().await;
    let fields = [
        ("action", "add"),
        ("country_code", "fr"),
        ("gigabytes", "many"),
        ("days", "soon"),
        ("reseller_price", "0"),
    ];
    let (status, _, page) = stand.form("catalog", &fields).await;
    assert_eq!(status, 422);
    for field in ["gigabytes", "days", "reseller_price"] {
        assert!(page.contains(&format!("id=\"{field}-wrong\"")), "{field}");
    }
    assert_eq!(page.matches(" autofocus").count(), 1);
    assert!(page.contains("aria-describedby=\"gigabytes-wrong\" autofocus"));
}

#[tokio::test]
async fn what_a_script_sends_wrongly_is_told_in_json() {
    let stand = Stand::new().await;
    let (status, answer) = stand.tell("faults", &json!({ "fault": "bad_gatway" })).await;
    assert_eq!(status, 422);
    assert!(answer["error"].as_str().unwrap().ends_with("see /_sandbox/faults/cards"), "{answer}");
    let (status, _) = stand.tell("webhook", &json!({ "url": "nonsense" })).await;
    assert_eq!(status, 422);
    let (status, answer) = stand.tell("webhook", &json!({ "url": " " })).await;
    assert_eq!((status, answer), (200, json!({ "url": null })));
    for address in ["orders/abc", "esims/abc", "esims/-1"] {
        let (status, answer) = read(stand.http.get(stand.control(address)).send().await.unwrap()).await;
        assert_eq!((status, answer["error"].is_string()), (404, true), "{address}");
    }
    let answer = stand.http.put(stand.control("wallet")).send().await.unwrap();
    assert!(answer.headers().contains_key("allow"));
    let (status, answer) = read(answer).await;
    assert_eq!((status, answer["error"].is_string()), (405, true));
}

#[tokio::test]
async fn orders_are_finished_failed_and_led_back() {
    let stand = Stand::new().await;
    let (_, to, page) = stand.form("mode", &[("mode", "processing")]).await;
    assert_eq!((fragment(&to), said(&page)), ("mode", "New orders wait until you finish or fail them."));
    let order = stand.buy("O-1").await;
    assert_eq!(order["status"], "processing");
    let (path, place) = (format!("orders/{}", order["id"]), format!("order-{}", order["id"]));
    for (word, status) in [
        ("completed", OrderStatus::Completed),
        ("failed", OrderStatus::Failed),
        ("processing", OrderStatus::Processing),
        ("pending", OrderStatus::Pending),
    ] {
        let (answered, to, page) = stand.form(&path, &[("status", word)]).await;
        assert_eq!((answered, fragment(&to)), (303, place.as_str()));
        assert!(page.contains(&format!("id=\"{place}\"")) && said(&page).starts_with("Order "));
        assert_eq!(stand.sandbox.ledger().orders[0].status, status);
    }
    let (_, _, page) = stand.form(&path, &[("forget_key", "yes")]).await;
    assert!(said(&page).contains("O-1 is forgotten"), "{}", said(&page));
    stand.sandbox.set_mode(OrderMode::Completed);
    let again = stand.buy("O-1").await;
    assert_ne!(again["id"], order["id"], "the key bought again");
    let found = stand.page(&format!("?orders={}", again["id"])).await;
    assert!(found.contains(&format!("order-{}", again["id"])) && !found.contains(&format!("id=\"{place}\"")));
}

#[tokio::test]
async fn esims_tokens_and_webhooks_have_their_buttons() {
    let stand = Stand::new().await;
    let order = stand.buy("E-1").await;
    let esim = format!("esims/{}", order["esim"]["id"]);
    for (fields, sentence) in [
        ([("use_mb", "512")], "512 MB more are used."),
        ([("installed", "false")], "It is not installed, and nothing is used."),
        ([("installed", "true")], "It is installed and active."),
        ([("expired", "true")], "Its validity has ended."),
        ([("expired", "false")], "Its validity is its own again."),
        ([("silent", "true")], "Its provider tells nothing of its usage."),
        ([("silent", "false")], "Its provider tells its usage again."),
    ] {
        let (status, to, page) = stand.form(&esim, &fields).await;
        assert_eq!((status, said(&page)), (303, sentence));
        assert_eq!(fragment(&to), format!("esim-{}", order["esim"]["id"]));
    }
    let (_, _, page) = stand.form("ping", &[]).await;
    assert!(page.contains("There is nobody to ping"), "a ping without an address is a mistake");
    stand.form("webhook", &[("url", "http://127.0.0.1:9/hook")]).await;
    let (_, to, _) = stand.form("ping", &[]).await;
    assert_eq!(fragment(&to), "webhooks");
    let ping = stand.sandbox.ledger().webhooks[0].clone();
    assert_eq!((ping.event.as_str(), ping.state == DeliveryState::Lost), ("ping", false));
    let (status, to, _) = stand.form(&format!("webhooks/{}", ping.id), &[]).await;
    assert_eq!((status, fragment(&to).to_owned()), (303, format!("webhook-{}", ping.id)));

    let id = stand.token.split_once('|').unwrap().0.to_owned();
    let (_, to, page) = stand.form(&format!("tokens/{id}"), &[]).await;
    assert_eq!(
        (fragment(&to).to_owned(), said(&page).to_owned()),
        (format!("token-{id}"), format!("Token {id} is revoked."))
    );
    assert_eq!(
        stand.http.get(stand.api("/me")).bearer_auth(&stand.token).send().await.unwrap().status(),
        401
    );
    assert_eq!(fragment(&stand.form("tokens", &[]).await.1), "tokens");
}

#[tokio::test]
async fn packages_are_found_repriced_withdrawn_restored_and_added() {
    let stand = Stand::with(Settings { packages: 400, ..Settings::for_tests() }).await;
    assert!(stand.page("?package=France+5+GB").await.contains("id=\"package-1120\""));
    let back = ("back", "package=1120");
    let one = |action: &'static str, price: &'static str| {
        vec![("action", action), ("id", "1120"), ("reseller_price", price), back]
    };
    let (_, to, page) = stand.form("catalog", &one("reprice", "5.55")).await;
    assert!(to.starts_with("/_sandbox/?package=1120&said=") && fragment(&to) == "package-1120", "{to}");
    assert_eq!(said(&page), "Package 1120 costs 5.55 from now on.");
    assert_eq!(stand.get("/packages/1120").await.1["data"]["price_for_reseller"], 5.55);
    stand.form("catalog", &one("withdraw", "")).await;
    assert_eq!(stand.get("/packages/1120").await.0, 404);
    stand.form("catalog", &one("restore", "")).await;
    assert_eq!(stand.get("/packages/1120").await.0, 200);
    let add = [
        ("action", "add"),
        ("country_code", "jp"),
        ("gigabytes", "-1"),
        ("days", "9"),
        ("reseller_price", "9.99"),
        ("name", "Japan, the new one"),
    ];
    assert_eq!(fragment(&stand.form("catalog", &add).await.1), "catalog");
    let found = stand.get("/packages?search=the new one").await.1;
    assert_eq!(
        (&found["data"][0]["data_volume"], &found["data"][0]["package_validity"]),
        (&json!(-1), &json!(9))
    );
    for many in [
        vec![("action", "reprice_all"), ("percent", "10"), ("seed", "")],
        vec![("action", "withdraw_percent"), ("percent", "50"), ("seed", "4")],
        vec![("action", "restore_all")],
        vec![("action", "add_many"), ("number", "9")],
    ] {
        let (status, _, page) = stand.form("catalog", &many).await;
        assert_eq!(status, 303, "{many:?}: {}", said(&page));
    }
    assert_eq!(stand.get("/packages").await.1["data"].as_array().unwrap().len(), 410);
}

#[tokio::test]
async fn every_fault_stands_on_the_page_and_is_armed_and_stopped_there() {
    let stand = Stand::new().await;
    let page = stand.page("").await;
    for card in Fault::cards() {
        assert!(page.contains(&format!("id=\"fault-{}\"", card.name)), "{}", card.name);
        let form = stand.page(&format!("?fault={}", card.name)).await;
        for parameter in card.takes {
            assert!(form.contains(&format!("for=\"arm-{}-{}\"", card.name, parameter.name)), "{}", card.name);
        }
    }
    let list = async || read(stand.http.get(stand.control("faults")).send().await.unwrap()).await.1;
    let (_, to, page) = stand.form("faults", &[("fault", "bad_gateway")]).await;
    assert_eq!((fragment(&to), said(&page)), ("fault-bad_gateway", "bad_gateway is armed: once."));
    let throttled = [
        ("fault", "too_many_requests"),
        ("times", "4"),
        ("probability", ""),
        ("operation", "packages"),
        ("retry_after", "7"),
        ("seed", ""),
    ];
    stand.form("faults", &throttled).await;
    let drawn =
        [("fault", "server_error_before_commit"), ("times", ""), ("probability", "0.5"), ("seed", "9")];
    stand.form("faults", &drawn).await;
    let armed = list().await;
    assert_eq!((&armed[0]["times"], &armed[0]["fault"]), (&json!(1), &json!("bad_gateway")));
    assert_eq!(
        (&armed[1]["times"], &armed[1]["operation"], &armed[1]["retry_after"]),
        (&json!(4), &json!("packages"), &json!("7"))
    );
    assert!(armed[1]["probability"].is_null() && armed[2]["times"].is_null());
    assert_eq!((&armed[2]["probability"], &armed[2]["seed"]), (&json!("0.5"), &json!(9)));

    let answer = stand.http.get(stand.api("/packages")).bearer_auth(&stand.token).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (429, "7"));
    let page = stand.page("").await;
    assert!(page.contains("struck 1×") && page.contains("on packages"), "the strike is told");

    let (_, to, page) = stand.form("faults/0", &[("fault", "bad_gateway")]).await;
    assert_eq!((fragment(&to), said(&page)), ("armed", "bad_gateway is stopped."));
    stand.form("faults/0", &[("fault", "bad_gateway")]).await;
    assert_eq!(list().await.as_array().unwrap().len(), 2, "an older page stops nothing else");
    stand.form("faults/stop", &[]).await;
    assert_eq!(list().await, json!([]));
    assert_eq!(stand.form("faults", &[("fault", "no_such_fault")]).await.0, 404);
}

#[tokio::test]
async fn json_that_calls_itself_a_form_is_json() {
    let stand = Stand::new().await;
    let request = stand.http.post(stand.control("wallet")).body("{\"balance\": \"5\"}");
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    let (status, answer) = read(request.send().await.unwrap()).await;
    assert_eq!((status, &answer["balance"]), (200, &json!("5")));
}

/// Whatever is inside a tag of this name, with its attributes.
fn tags<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let open = format!("<{name}");
    let inside = page.split(open.as_str()).skip(1).filter(|rest| rest.starts_with([' ', '>']));
    inside.map(|rest| rest.split('>').next().unwrap()).collect()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(&format!(" {name}=\""))?.1.split('"').next()
}

#[tokio::test]
async fn the_page_can_be_used_without_eyes_hands_or_scripts() {
    let stand = Stand::new().await;
    stand.buy("A-1").await;
    stand.form("webhook", &[("url", "http://127.0.0.1:9/hook")]).await;
    stand.form("ping", &[]).await;
    stand.form("faults", &[("fault", "slow_answer")]).await;
    let page = stand.page("?fault=status_before_commit&package=france").await;

    let ids: Vec<&str> = ["li", "h2", "h3", "form", "input", "select", "p", "main"]
        .iter()
        .flat_map(|name| tags(&page, name))
        .filter_map(|tag| attribute(tag, "id"))
        .collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an id is there twice");
    let labelled: BTreeSet<&str> =
        tags(&page, "label").into_iter().filter_map(|tag| attribute(tag, "for")).collect();
    for tag in tags(&page, "input").into_iter().chain(tags(&page, "select")) {
        // Radio buttons stand inside their labels; hidden fields need none.
        if ["hidden", "radio"].contains(&attribute(tag, "type").unwrap_or("text")) {
            continue;
        }
        let id = attribute(tag, "id").unwrap_or_else(|| panic!("a field without an id: {tag}"));
        assert!(labelled.contains(id), "nothing labels {id}");
    }
    assert_eq!(tags(&page, "h1").len(), 1);
    let levels: Vec<u32> =
        page.split("<h").skip(1).filter_map(|rest| rest.chars().next()?.to_digit(10)).collect();
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "a heading's level is skipped: {levels:?}");
    assert!(page.contains("<html lang=\"en\">") && page.contains("class=\"skip\" href=\"#main\""));
    let fragments = tags(&page, "a").into_iter().filter_map(|tag| attribute(tag, "href")?.strip_prefix('#'));
    for target in fragments {
        assert!(ids.contains(&target), "a link leads to #{target}, which is nowhere");
    }
    assert!(!page.contains("<script") && !page.contains(" style=") && !page.contains("LPA:"));
    for tag in ["link", "a", "form", "img"].iter().flat_map(|name| tags(&page, name)) {
        let address = ["href", "action", "src"].iter().find_map(|name| attribute(tag, name)).unwrap_or("#");
        assert!(address.starts_with("/_sandbox/") || address.starts_with('#'), "leads elsewhere: {tag}");
    }
}

#[tokio::test]
async fn the_page_lets_the_browser_load_its_style_sheet_and_nothing_else() {
    let stand = Stand::new().await;
    let answer = stand.http.get(stand.control("")).send().await.unwrap();
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'self'; form-action 'self'"), "{policy}");
    assert!(!policy.contains("unsafe"));
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let style = stand.http.get(stand.control("control.css")).send().await.unwrap();
    let css = style.text().await.unwrap();
    assert!(!css.contains("url(") && !css.contains("@import"));
    assert!(css.contains("light-dark(") && css.contains(":focus-visible"));
    for (ink, paper) in pairs(&css) {
        let ratio = contrast(&ink, &paper);
        assert!(ratio >= 450, "{ink} on {paper}: {ratio} hundredths");
    }
}

/// The pairs of text and ground that the page uses, in both schemes.
fn pairs(css: &str) -> Vec<(String, String)> {
    let value = |name: &str, dark: usize| {
        let both = css.split(&format!("--{name}: light-dark(")).nth(1).unwrap().split(')').next().unwrap();
        both.split(", ").nth(dark).unwrap().to_owned()
    };
    let used = [
        ("ink", "page"),
        ("ink", "sheet"),
        ("ink", "sunk"),
        ("ink", "plum-soft"),
        ("muted", "page"),
        ("muted", "sheet"),
        ("muted", "sunk"),
        ("plum", "page"),
        ("plum", "sheet"),
        ("plum", "sunk"),
        ("on-plum", "plum"),
        ("good", "good-soft"),
        ("bad", "bad-soft"),
        ("wait", "wait-soft"),
    ];
    let both = [0, 1].into_iter().flat_map(|dark| used.iter().map(move |pair| (dark, pair)));
    both.map(|(dark, (ink, paper))| (value(ink, dark), value(paper, dark))).collect()
}

/// The contrast of two colours (WCAG 2.2) in hundredths.
fn contrast(one: &str, other: &str) -> u32 {
    let luminance = |colour: &str| {
        let part = |at: usize| {
            let whole = u8::from_str_radix(&colour[at..at + 2], 16).unwrap();
            let c = f64::from(whole) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    };
    let (one, other) = (luminance(one), luminance(other));
    let ratio = (one.max(other) + 0.05) / (one.min(other) + 0.05);
    (ratio * 100.0) as u32
}

/// Keeps the reader of tags honest.
#[test]
fn tags_are_read_with_their_attributes() {
    let page = "<p class=\"a\" id=\"one\">x</p><pre>y</pre><p>z</p>";
    assert_eq!(tags(page, "p").len(), 2);
    assert_eq!(attribute(tags(page, "p")[0], "id"), Some("one"));
}

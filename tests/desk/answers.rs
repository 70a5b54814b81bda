//! What the desk makes of what it hears.

use std::time::{Duration, Instant};

use simfront::esimdual::{Answer, NewOrder, OrderStatus};

use crate::support::{Act, Fake, ORDER, client, clock, no_database, reply, token, word};

const GOOD: &str = r#"{"status":true,"message":"ok","data":{"id":45,"external_order_id":"SF-7K3M9QWX-1-1",
    "status":"completed","currency":"USD","price":4.2000000000000002,"package":{"id":1120},
    "esim":{"id":108,"iccid":"8988207000000000001","qr_code":"LPA:1$example.com$CODE"}}}"#;

#[tokio::test]
async fn every_misbehaviour_after_a_purchase_has_its_answer() {
    let chunked_cut = "HTTP/1.1 201 X\r\ntransfer-encoding: chunked\r\n\r\n400\r\n{\"status\":true,";
    let short = "HTTP/1.1 201 X\r\ncontent-length: 4000\r\n\r\n{\"status\":true,\"data\":{\"id\":45";
    let head = "HTTP/1.1 201 X\r\ncontent-length: 900000\r\n\r\n{";
    let flood = "HTTP/1.1 201 X\r\ntransfer-encoding: chunked\r\n\r\nfffffff\r\n{";
    let other = GOOD.replace("1-1", "9-9");
    type Misbehave = Box<dyn Fn() -> Act + Send + Sync>;
    let table: Vec<(&str, Misbehave, &str)> = vec![
        ("good", Box::new(|| reply(201, GOOD)), "done"),
        ("200 is as good", Box::new(|| reply(200, GOOD)), "done"),
        ("another's", Box::new(move || reply(201, &other)), "doubt"),
        ("dropped", Box::new(|| Act::Close), "doubt"),
        ("cut chunks", Box::new(|| Act::Send(chunked_cut.into())), "doubt"),
        ("cut body", Box::new(|| Act::Send(short.into())), "doubt"),
        ("dripping", Box::new(|| Act::Drip(head.into())), "doubt"),
        ("dripping head", Box::new(|| Act::Drip(b"HTTP/1.1 201".to_vec())), "doubt"),
        ("endless", Box::new(|| Act::Flood(flood.into())), "doubt"),
        ("html 500", Box::new(|| reply(500, "<html>Whoops</html>")), "doubt"),
        ("503", Box::new(|| reply(503, r#"{"status":false,"message":"down"}"#)), "doubt"),
        ("empty 204", Box::new(|| Act::Send(b"HTTP/1.1 204 X\r\n\r\n".to_vec())), "doubt"),
        ("success that says no", Box::new(|| reply(200, r#"{"status":false,"message":"no"}"#)), "doubt"),
        ("no HTTP", Box::new(|| Act::Send(b"SSH-2.0-OpenSSH\r\n".to_vec())), "doubt"),
        (
            "no balance",
            Box::new(|| reply(422, r#"{"status":false,"message":"Insufficient balance"}"#)),
            "refused",
        ),
        ("moved", Box::new(|| reply(404, "<html>Not found</html>")), "later"),
        ("forbidden", Box::new(|| reply(403, r#"{"status":false,"message":"disabled"}"#)), "later"),
        ("in use", Box::new(|| reply(409, r#"{"status":false,"message":"in use"}"#)), "later"),
    ];
    for (name, misbehave, wanted) in table {
        let fake = Fake::start(move |_, _| misbehave()).await;
        let client = client(&fake.url, token(), no_database(), &clock());
        let started = Instant::now();
        let answer = client.place_order(&ORDER).await;
        assert_eq!(word(&answer), wanted, "{name}: {answer:?}");
        assert!(started.elapsed() < Duration::from_secs(2), "{name} took {:?}", started.elapsed());
        assert_eq!(fake.seen("POST /orders").len(), 1, "{name} was sent once");
    }
}

#[tokio::test]
async fn a_purchase_is_read_exactly_and_sent_with_its_key_and_headers() {
    let fake = Fake::start(|_, _| reply(201, GOOD)).await;
    let client = client(&format!("{}/", fake.url), token(), no_database(), &clock());
    let imei = NewOrder { device_imei: Some("356938035643809"), ..ORDER };
    let Answer::Done(order) = client.place_order(&imei).await else { panic!("done") };
    assert_eq!((order.id, order.status), (45, OrderStatus::Completed));
    assert_eq!(order.price.unwrap().to_string(), "4.2000000000000002");
    assert_eq!(order.esim.unwrap().qr_code.as_deref(), Some("LPA:1$example.com$CODE"));
    client.place_order(&imei).await;
    let seen = fake.seen("POST /orders");
    assert_eq!(seen[0].body, seen[1].body, "the bytes under a key never change");
    let wanted =
        r#"{"package_id":1120,"external_order_id":"SF-7K3M9QWX-1-1","device_imei":"356938035643809"}"#;
    assert_eq!(seen[0].body, wanted);
    assert_eq!(seen[0].header("idempotency-key"), Some("key-1"));
    assert_eq!(seen[0].header("accept"), Some("application/json"));
    assert_eq!(seen[0].header("authorization"), Some("Bearer 1|fixed"));
}

#[tokio::test]
async fn a_redirect_is_neither_followed_nor_repeated() {
    let fake = Fake::start(|_, _| {
        Act::Send(b"HTTP/1.1 302 Found\r\nlocation: /login\r\ncontent-length: 0\r\n\r\n".to_vec())
    })
    .await;
    let client = client(&fake.url, token(), no_database(), &clock());
    assert_eq!(word(&client.place_order(&ORDER).await), "doubt");
    assert_eq!(word(&client.wallet().await), "later");
    assert_eq!(fake.seen("POST /orders").len(), 1);
    assert!(fake.seen("GET /login").is_empty());
}

#[tokio::test]
async fn what_never_left_is_later() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for url in [closed.as_str(), "http://name.invalid", "https://127.0.0.1:1"] {
        let client = client(url, token(), no_database(), &clock());
        assert_eq!(word(&client.place_order(&ORDER).await), "later", "{url}");
    }
    // A server that never answers the TLS handshake: nothing of the order left.
    let fake = Fake::start(|_, _| reply(201, GOOD)).await;
    let client = client(&fake.url.replace("http:", "https:"), token(), no_database(), &clock());
    assert_eq!(word(&client.place_order(&ORDER).await), "later");
}

#[tokio::test]
async fn a_429_keeps_everyone_quiet_for_as_long_as_it_says() {
    let fake = Fake::start(|_, before| match before {
        0 => Act::Send(b"HTTP/1.1 429 X\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n".to_vec()),
        _ => reply(201, GOOD),
    })
    .await;
    let clock = clock();
    let client = client(&fake.url, token(), no_database(), &clock);
    let Answer::Later(later) = client.place_order(&ORDER).await else { panic!("later") };
    assert_eq!((later.http_status, later.after), (Some(429), Some(Duration::from_secs(7))));
    let Answer::Later(later) = client.place_order(&ORDER).await else { panic!("later") };
    assert_eq!(later.after, Some(Duration::from_secs(7)));
    assert_eq!(fake.seen("POST /orders").len(), 1, "nothing was sent before the time");
    clock.advance(time::Duration::seconds(7));
    assert_eq!(word(&client.place_order(&ORDER).await), "done");
}

#[tokio::test]
async fn lists_are_read_over_all_pages_and_unreadable_rows_are_counted() {
    let fake = Fake::start(|request, _| match request.line.as_str() {
        "GET /orders" => reply(200, r#"{"status":true,"data":[{"id":1},{"id":"2"}],"meta":{"last_page":2}}"#),
        "GET /orders?page=2" => reply(200, r#"{"status":true,"data":[7,{"id":3}],"meta":{"last_page":2}}"#),
        _ => reply(404, ""),
    })
    .await;
    let client = client(&fake.url, token(), no_database(), &clock());
    let Answer::Done(listing) = client.orders().await else { panic!("done") };
    assert_eq!(listing.orders.iter().map(|order| order.id).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(listing.unreadable, 1);
}

/// Page `number` of three with one row each, in one of the forms in which Laravel writes it.
fn laravel_page(form: &str, number: u32) -> String {
    let row = format!(r#"[{{"id":{number}}}]"#);
    let next =
        if number < 3 { format!(r#""http://elsewhere/?page={}""#, number + 1) } else { "null".to_owned() };
    let signs = format!(r#""current_page":{number},"last_page":3,"per_page":1,"total":3"#);
    match form {
        "paginate" => {
            format!(
                r#"{{"current_page":{number},"data":{row},"last_page":3,"next_page_url":{next},"total":3}}"#
            )
        }
        "with a status" => {
            format!(r#"{{"status":true,"message":"Success","data":{row},"next_page_url":{next}}}"#)
        }
        "a collection in the envelope" => format!(
            r#"{{"status":true,"data":{{"data":{row},"links":{{"next":{next}}},"meta":{{{signs}}}}}}}"#
        ),
        "pagination" => format!(r#"{{"status":true,"data":{row},"pagination":{{{signs}}}}}"#),
        _ => format!(r#"{{"status":true,"data":{row},"meta":{{"total":3}}}}"#),
    }
}

#[tokio::test]
async fn a_list_in_pages_is_read_to_its_end_in_every_form_or_not_believed() {
    for form in ["paginate", "with a status", "a collection in the envelope", "pagination", "only a total"] {
        let fake = Fake::start(move |request, _| {
            let number = request.line.split_once("?page=").map_or(1, |(_, number)| number.parse().unwrap());
            reply(200, &laravel_page(form, number))
        })
        .await;
        let client = client(&fake.url, token(), no_database(), &clock());
        let (orders, esims, packages) =
            (client.orders().await, client.esims().await, client.packages().await);
        if form == "only a total" {
            assert_eq!((word(&orders), word(&esims), word(&packages)), ("later", "later", "later"));
            continue;
        }
        let (Answer::Done(orders), Answer::Done(esims), Answer::Done(packages)) = (orders, esims, packages)
        else {
            panic!("{form}")
        };
        assert_eq!(orders.orders.iter().map(|order| order.id).collect::<Vec<_>>(), [1, 2, 3], "{form}");
        assert_eq!(esims.rows.iter().map(|esim| esim.id).collect::<Vec<_>>(), [1, 2, 3], "{form}");
        assert_eq!(packages.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [1, 2, 3].map(Some), "{form}");
    }
}

#[tokio::test]
async fn a_list_that_repeats_itself_is_not_believed() {
    let fake =
        Fake::start(|_, _| reply(200, r#"{"status":true,"data":[{"id":1}],"meta":{"last_page":99}}"#)).await;
    let client = client(&fake.url, token(), no_database(), &clock());
    assert_eq!(word(&client.orders().await), "later");
    assert_eq!(fake.seen("GET /orders").len(), 2);
}

#[tokio::test]
async fn reads_are_never_in_doubt_and_a_package_can_be_gone() {
    let fake = Fake::start(|request, _| match request.line.as_str() {
        "GET /packages/1" => reply(404, r#"{"status":false,"message":"Package not found"}"#),
        "GET /packages/2" => reply(200, r#"{"data":{"id":2,"pricing":{"reseller_price":"4.20"}}}"#),
        "GET /wallet" => reply(200, r#"{"data":{"balance":0.10000000000000001,"currency":"USD"}}"#),
        "GET /me" => reply(200, r#"{"status":1,"data":{"balance":250,"currency":"USD"}}"#),
        "GET /ping" => reply(200, r#"{"status":true,"message":"pong"}"#),
        _ => Act::Close,
    })
    .await;
    let client = client(&fake.url, token(), no_database(), &clock());
    assert_eq!(word(&client.package(1).await), "refused");
    let Answer::Done(row) = client.package(2).await else { panic!("done") };
    assert_eq!(row.id, Some(2));
    let Answer::Done(wallet) = client.wallet().await else { panic!("done") };
    assert_eq!(wallet.balance.to_string(), "0.10000000000000001");
    let Answer::Done(account) = client.me().await else { panic!("done") };
    assert_eq!(account.currency.as_deref(), Some("USD"));
    assert_eq!(word(&client.ping().await), "done");
    assert_eq!(fake.seen("GET /ping")[0].header("authorization"), None);
    assert_eq!(word(&client.order(9).await), "later");
}

#[tokio::test]
async fn without_credentials_nothing_is_asked() {
    let fake = Fake::start(|_, _| reply(200, "{}")).await;
    let settings =
        simfront::esimdual::Settings { credentials: None, ..crate::support::settings(&fake.url, token()) };
    let client = simfront::esimdual::Client::new(
        settings,
        no_database(),
        crate::support::key(),
        clock(),
        simfront::ground::Entropy::system(),
    )
    .unwrap();
    assert!(!client.configured());
    assert_eq!(word(&client.place_order(&ORDER).await), "later");
    assert!(fake.seen("POST /orders").is_empty());
}

#[tokio::test]
async fn a_page_that_comes_again_is_seen_whatever_came_between_and_whatever_stands_beside_it() {
    let fake = Fake::start(|request, _| {
        let number: u32 = request.line.rsplit_once("page=").map_or(1, |(_, page)| page.parse().unwrap());
        let (id, next) = (number % 2, number + 1);
        let beside = format!(r#""message":"page {number}","links":{{"next":"?page={next}"}}"#);
        reply(200, &format!(r#"{{"status":true,"data":[{{"id":{id}}}],{beside}}}"#))
    })
    .await;
    let client = client(&fake.url, token(), no_database(), &clock());
    assert_eq!(word(&client.esims().await), "later");
    assert_eq!(fake.seen("GET /esims").len(), 3);
}

#[tokio::test]
async fn the_rows_of_all_pages_together_are_bounded_and_the_unreadable_ones_counted() {
    let fake = Fake::start(|request, before| {
        // The second time there is one row too many.
        let second = request.line.ends_with("page=2");
        let others = if second { 49_999 + before } else { 49_999 };
        let (others, last) = ("7,".repeat(others), if second { 8 } else { 9 });
        reply(200, &format!(r#"{{"data":[{others}{last}],"meta":{{"last_page":2}}}}"#))
    })
    .await;
    let client = client(&fake.url, token(), no_database(), &clock());
    let Answer::Done(listing) = client.orders().await else { panic!("done") };
    assert_eq!((listing.orders.len(), listing.unreadable), (0, 100_000));
    let Answer::Later(later) = client.orders().await else { panic!("later") };
    assert_eq!(later.reason, "a list longer than any honest one");
}

//! What a rate, a list or other terms would do to every price is shown first; one click then publishes exactly that. A
//! list may come as a chosen file.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};

use crate::rates::{IMPORT, PAGE, RATES, TERMS, enter, seen, stand};
use crate::stand::{Answer, Stand};

/// The form that publishes what was rehearsed: its fields.
fn proposed(page: &str, action: &str) -> Vec<(String, String)> {
    let form = page.split(r#"<h2 id="publish">"#).nth(1).expect(page);
    assert!(form.contains(&format!(r#"action="{action}""#)), "{form}");
    let form = form.split("</form>").next().unwrap();
    let hidden = form.split(r#"<input type="hidden" name=""#).skip(1);
    let read = |field: &str| {
        let (name, rest) = field.split_once(r#"" value=""#).unwrap();
        (name.to_owned(), rest.split('"').next().unwrap().to_owned())
    };
    hidden.map(read).chain([("step".to_owned(), "publish".to_owned())]).collect()
}

fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// As a browser sends a form with a file: `fields`, and what was chosen.
async fn upload(stand: &Stand, cookie: &str, fields: &[(&str, &str)], file: (&str, &[u8])) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!("--q7\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.as_bytes());
    }
    let (name, content) = file;
    let head = format!("--q7\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
    body.extend(head.as_bytes());
    body.extend(content);
    body.extend(b"\r\n--q7--\r\n");
    let request = Request::post(IMPORT)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=q7")
        .body(Body::from(body));
    stand.ask(request.unwrap()).await
}

#[tokio::test]
async fn a_rate_is_shown_on_every_price_before_one_click_enters_it() {
    let (stand, cookie) = stand().await;
    enter(&stand, &cookie, "0.92").await;
    let before = seen(&stand.get(PAGE, &cookie).await);
    let typed = [("seen", before.as_str()), ("date", "2026-11-22"), ("rate", "0.95"), ("step", "rehearse")];
    let shown = stand.post(PAGE, &cookie, &typed).await;
    assert_eq!(shown.status, StatusCode::OK);
    // 4.20 by 0.95 and 2 percent is 4.0698, and a quarter on it 5.09; the margin is by the rate alone.
    for text in [
        "Not published yet",
        "4 dearer, 0 cheaper",
        "4.93 EUR",
        "5.09 EUR",
        "1.10 EUR (22 %)",
        "1 USD = 0.95 EUR</strong> of 22 Nov 2026",
        "until the end of 2026-11-29",
    ] {
        assert!(shown.body.contains(text), "{text}: {}", shown.body);
    }
    assert_eq!(stand.count(RATES).await, 1, "nothing is entered yet");
    assert!(stand.get("/admin/catalog", &cookie).await.body.contains("4.93 EUR"));
    let fields = proposed(&shown.body, PAGE);
    let sent = stand.post(PAGE, &cookie, &borrowed(&fields)).await;
    assert_eq!((sent.status, sent.header("location")), (StatusCode::SEE_OTHER, "/admin/rates?saved=1"));
    assert_eq!(stand.count(RATES).await, 2);
    assert!(stand.get("/admin/catalog", &cookie).await.body.contains("5.09 EUR"));
    // The same again has nothing to publish.
    let again =
        stand.post(PAGE, &cookie, &[("date", "2026-11-22"), ("rate", "0.95"), ("step", "rehearse")]).await;
    assert!(
        again.body.contains("nothing to publish") && !again.body.contains(r#"value="publish""#),
        "{}",
        again.body
    );
    // A word that nobody knows shows, and enters nothing.
    let shown =
        stand.post(PAGE, &cookie, &[("date", "2026-11-22"), ("rate", "0.96"), ("step", "pubish")]).await;
    assert_eq!((shown.status, stand.count(RATES).await), (StatusCode::OK, 2));
    stand.end().await;
}

#[tokio::test]
async fn f105_a_rehearsal_that_was_overtaken_is_not_published() {
    let (stand, cookie) = stand().await;
    enter(&stand, &cookie, "0.92").await;
    let shown =
        stand.post(PAGE, &cookie, &[("date", "2026-11-22"), ("rate", "0.95"), ("step", "rehearse")]).await;
    enter(&stand, &cookie, "0.93").await;
    let late = stand.post(PAGE, &cookie, &borrowed(&proposed(&shown.body, PAGE))).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(
        late.body.contains("somebody else changed the rates") && late.body.contains(r#"value="0.95""#),
        "{}",
        late.body
    );
    assert_eq!(stand.count(RATES).await, 2);
    stand.end().await;
}

#[tokio::test]
async fn a_rate_to_come_is_shown_at_its_day_and_a_past_one_changes_nothing() {
    let (stand, cookie) = stand().await;
    enter(&stand, &cookie, "0.92").await;
    let rehearse = |date| vec![("date", date), ("rate", "0.9"), ("step", "rehearse")];
    let shown = stand.post(PAGE, &cookie, &rehearse("2026-11-25")).await.body;
    // 4.20 × 0.9 × 1.02 × 1.25 is 4.8195.
    for text in ["0 dearer, 4 cheaper", "25 Nov 2026, 00:00", "4.82 EUR", "until the end of 2026-12-02"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    let shown = stand.post(PAGE, &cookie, &rehearse("2026-11-20")).await.body;
    for text in ["<strong>0</strong> <span class=\"muted\">0 dearer, 0 cheaper", "1 USD = 0.92 EUR</strong>"]
    {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    stand.end().await;
}

#[tokio::test]
async fn what_looks_like_a_slip_is_shown_on_the_prices_and_asks_to_be_confirmed() {
    let (stand, cookie) = stand().await;
    enter(&stand, &cookie, "0.92").await;
    let slip = |step| vec![("date", "2026-11-22"), ("rate", "1.087"), ("step", step)];
    let shown = stand.post(PAGE, &cookie, &slip("rehearse")).await;
    assert_eq!(shown.status, StatusCode::OK);
    for text in ["more than 10 % away from 0.92", "4 dearer", r#"name="confirm""#] {
        assert!(shown.body.contains(text), "{text}: {}", shown.body);
    }
    let mut fields = proposed(&shown.body, PAGE);
    let asked = stand.post(PAGE, &cookie, &borrowed(&fields)).await;
    assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        asked.body.contains("4 dearer") && asked.body.contains("Look at this once more"),
        "{}",
        asked.body
    );
    assert_eq!(stand.count(RATES).await, 1);
    fields.push(("confirm".to_owned(), "yes".to_owned()));
    assert_eq!(stand.post(PAGE, &cookie, &borrowed(&fields)).await.status, StatusCode::SEE_OTHER);
    assert_eq!(stand.count(RATES).await, 2);
    stand.end().await;
}

#[tokio::test]
async fn terms_are_shown_with_what_falls_under_the_floor_or_loses_its_price() {
    let (stand, cookie) = stand().await;
    enter(&stand, &cookie, "0.92").await;
    // 4.20 by 0.9384 is 3.94; by 0.92 and half on it 5.80.
    let rule =
        [("scope", "package"), ("key", "1120"), ("price", "4.50"), ("rounding", "none"), ("step", "publish")];
    assert_eq!(stand.post("/admin/markup/rules/new", &cookie, &rule).await.status, StatusCode::SEE_OTHER);
    let terms = |margin, days| vec![("margin", margin), ("max_age_days", days), ("step", "rehearse")];
    let shown = stand.post(TERMS, &cookie, &terms("50", "7")).await;
    assert_eq!(shown.status, StatusCode::OK);
    for text in ["Under the floor", "they are sold at that floor", "4.50 EUR", "5.80 EUR", "4 dearer"] {
        assert!(shown.body.contains(text), "{text}: {}", shown.body);
    }
    assert_eq!(stand.count("select count(*) from exchange_terms").await, 1);
    let sent = stand.post(TERMS, &cookie, &borrowed(&proposed(&shown.body, TERMS))).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    assert_eq!(stand.count("select count(*) from exchange_terms where margin_percent = 50").await, 1);
    // Three days on, an age of a day leaves no plan its price.
    stand.shop.clock.advance(time::Duration::days(3));
    let cookie = stand.sign_in("mia@example.com", crate::stand::PASSWORD).await.cookie();
    let shown = stand.post(TERMS, &cookie, &terms("50", "1")).await.body;
    for text in ["4 without a price", "is too old since 2026-11-24"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    stand.end().await;
}

#[tokio::test]
async fn a_list_may_come_as_a_file_and_is_shown_before_it_is_entered() {
    let (stand, cookie) = stand().await;
    enter(&stand, &cookie, "0.92").await;
    let list = "date,from,to,rate\r\n2026-11-21,USD,EUR,0.91\r\n2026-11-22,USD,EUR,0.94\r\n";
    let typed = [("seen", ""), ("list", "pasted before"), ("step", "rehearse")];
    let shown = upload(&stand, &cookie, &typed, ("rates.csv", list.as_bytes())).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    assert!(shown.body.contains("4 dearer") && shown.body.contains("1 USD = 0.94 EUR"), "{}", shown.body);
    assert_eq!(stand.count(RATES).await, 1);
    let fields = proposed(&shown.body, IMPORT);
    assert!(fields.iter().any(|(name, value)| name == "list" && value == list), "{fields:?}");
    let sent = upload(&stand, &cookie, &borrowed(&fields), ("", b"")).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    assert_eq!(stand.count("select count(*) from exchange_rates where source = 'imported'").await, 2);
    // A script sends a file without any step, and it is entered.
    let script = upload(&stand, &cookie, &[], ("rates.csv", b"2026-11-20,USD,EUR,0.9")).await;
    assert_eq!(script.status, StatusCode::SEE_OTHER, "{}", script.body);
    assert_eq!(stand.count(RATES).await, 4);
    stand.end().await;
}

#[tokio::test]
async fn a_wrong_file_is_told_line_by_line_and_what_was_sent_is_kept() {
    let (stand, cookie) = stand().await;
    enter(&stand, &cookie, "0.92").await;
    let list = "2026-11-21,USD,EUR,zero\n<script>,USD,EUR,1\n";
    let refused = upload(&stand, &cookie, &[("step", "rehearse")], ("rates.csv", list.as_bytes())).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for text in ["Line 1: This is not a number", "Line 2: Write a date", "2026-11-21,USD,EUR,zero"] {
        assert!(refused.body.contains(text), "{text}: {}", refused.body);
    }
    assert!(!refused.body.contains("<script>,"), "inert");
    let sheet =
        upload(&stand, &cookie, &[("list", "kept,as,it,was")], ("rates.xlsx", b"PK\x03\x04\xff\x00")).await;
    assert_eq!(sheet.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(sheet.body.contains("no plain text") && sheet.body.contains("kept,as,it,was"), "{}", sheet.body);
    let long = "x".repeat(121 * 1024);
    let refused = upload(&stand, &cookie, &[], ("long.csv", long.as_bytes())).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("At most 4000 lines and 120 kB"), "the list is named too long");
    let empty = upload(&stand, &cookie, &[], ("empty.csv", b"")).await.body;
    assert!(empty.contains("There is no rate in this list"), "{empty}");
    let cut = Request::post(IMPORT)
        .header(header::COOKIE, &cookie)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=q7")
        .body(Body::from("--q7\r\nContent-Disp"));
    assert_eq!(stand.ask(cut.unwrap()).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(stand.count(RATES).await, 1);
    stand.end().await;
}

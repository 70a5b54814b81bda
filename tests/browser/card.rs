//! By card: to the page of whoever takes the money, on another origin, and back, or not.

use std::path::Path;

use simfront::ground::Clock;
use thirtyfour::By;
use time::OffsetDateTime;

use crate::chromium::{Browser, DESK, Look, NO_SCRIPTS, PHONE, browse};
use crate::purchase::{fill, until_order_is};
use crate::stand::{Program, Stand, until};
use crate::stripe::{self, Stripe};

const FRANCE: u32 = 1120;

/// A shop that takes cards alone, and the stand-in of Stripe that it asks, on a port and so an origin of its own.
async fn card_shop() -> (Stand, Stripe, Program) {
    let mut stand = Stand::new().await;
    let stripe = Stripe::start(Clock::running(OffsetDateTime::now_utc())).await;
    stand.set("PAYMENT_METHODS", "stripe");
    stand.set("STRIPE_SECRET_KEY", stripe::KEY);
    stand.set("STRIPE_WEBHOOK_SECRET", stripe::SECRET);
    stand.set("STRIPE_API_BASE", &stripe.base);
    let program = stand.serve(&[]).await;
    (stand, stripe, program)
}

/// Goes from the checkout's form to the page where it is paid.
async fn check_out(browser: &Browser, shop: &str, stripe: &Stripe) {
    browser.open(&format!("{shop}/checkout?package_id={FRANCE}&quantity=1")).await;
    fill(browser).await;
    browser.click("button.pay").await;
    at_the_page(browser, stripe).await;
}

/// Waits until the browser is at a page of Stripe's that can be paid.
async fn at_the_page(browser: &Browser, stripe: &Stripe) {
    until("the page where it is paid", async || {
        let at = browser.driver.current_url().await.unwrap();
        (at.origin().ascii_serialization() == stripe.base && browser.has("#pay").await).then_some(())
    })
    .await;
}

async fn pays_returns_and_scans(look: Look) {
    let (stand, stripe, program) = card_shop().await;
    let (shown, scanned) = browse(look, async |browser| {
        check_out(browser, &program.url, &stripe).await;
        browser.assert_quiet().await;
        browser.click("#pay").await;
        // No event is posted here: who comes back is what tells the shop.
        browser.until_path("/orders/").await;
        until_order_is(browser, "completed").await;
        browser.look_at("order-by-card").await;
        let shown = browser.attribute("[data-activation-code]", "data-activation-code").await;
        let scanned = browser.scan(".qr img").await;
        browser.assert_quiet().await;
        (shown, scanned)
    })
    .await;
    let ledger = stand.sandbox.ledger();
    let bought = &ledger.orders[0].esim.as_ref().unwrap().qr_code;
    assert_eq!((&shown, &scanned), (bought, bought));
    assert_eq!((stand.purchases().len(), stripe.sessions().len()), (1, 1));
    program.stop().await;
    stand.end().await;
}

#[tokio::test]
async fn who_pays_by_card_on_another_origin_returns_to_a_qr_code_that_decodes() {
    pays_returns_and_scans(PHONE).await;
}

#[tokio::test]
async fn who_pays_by_card_without_scripts_too() {
    pays_returns_and_scans(NO_SCRIPTS).await;
}

#[tokio::test]
async fn who_pays_by_card_and_never_returns_gets_the_esim_by_mail() {
    let (stand, stripe, program) = card_shop().await;
    stripe.post_events_to(format!("{}/webhooks/stripe", program.url));
    browse(DESK, async |browser| {
        check_out(browser, &program.url, &stripe).await;
        // The window is closed at the very click: what the page answers leads nobody back.
        let click = "const done = arguments[0];
                     fetch(location.href, { method: 'POST', redirect: 'manual' }).then(() => done());";
        browser.driver.execute_async(click, vec![]).await.unwrap();
    })
    .await;
    let folder = stand.folder.path().join("data/mail");
    let link = until("the mail with the eSIM", async || mailed(&folder, "is ready", &program.url)).await;
    let scanned = browse(PHONE, async |browser| {
        browser.open(&link).await;
        until_order_is(browser, "completed").await;
        browser.scan(".qr img").await
    })
    .await;
    assert_eq!(scanned, stand.sandbox.ledger().orders[0].esim.as_ref().unwrap().qr_code);
    assert_eq!((stand.purchases().len(), stripe.sessions().len()), (1, 1));
    program.stop().await;
    stand.end().await;
}

/// The order's link of the mail whose subject says so, once it was written.
fn mailed(folder: &Path, subject: &str, shop: &str) -> Option<String> {
    let files = std::fs::read_dir(folder).ok()?;
    let mails = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let mail = mails.map(|mail| mail.replace("=\r\n", "").replace("=3D", "="));
    let mut mail =
        mail.filter(|mail| mail.lines().any(|line| line.starts_with("Subject:") && line.contains(subject)));
    let mail = mail.next()?;
    let begin = format!("{shop}/orders/");
    let (_, rest) = mail.split_once(&begin).expect("the mail has the order's link");
    let token = rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).next()?;
    Some(format!("{begin}{token}"))
}

#[tokio::test]
async fn the_way_back_from_the_payment_page_offers_to_pay_again() {
    let (stand, stripe, program) = card_shop().await;
    browse(DESK, async |browser| {
        check_out(browser, &program.url, &stripe).await;
        // The browser's own way back leads to the filled form.
        browser.driver.back().await.unwrap();
        browser.until_path("/checkout").await;
        browser.click("button.pay").await;
        at_the_page(browser, &stripe).await;
        // The page's own leads to the order, which has the button.
        browser.click("#back").await;
        browser.until_path("/orders/").await;
        until_order_is(browser, "awaiting_payment").await;
        browser.look_at("order-to-be-paid").await;
        browser.click("a.button[href*='/pay/stripe/']").await;
        at_the_page(browser, &stripe).await;
        browser.click("#pay").await;
        browser.until_path("/orders/").await;
        until_order_is(browser, "completed").await;
        // Back again there is nothing left to pay.
        browser.driver.back().await.unwrap();
        let again = browser.driver.find_all(By::Css("#pay")).await.unwrap();
        if let Some(button) = again.first() {
            button.click().await.unwrap();
            browser.until_path("/orders/").await;
        }
        browser.assert_quiet().await;
    })
    .await;
    assert_eq!(stand.database.count("select count(*) from orders").await, 1);
    assert_eq!((stand.purchases().len(), stripe.sessions().len(), stripe.refunds().len()), (1, 1, 0));
    program.stop().await;
    stand.end().await;
}

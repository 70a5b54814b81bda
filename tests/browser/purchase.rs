//! From the home page to a QR code, as customers go it.

use simfront::sandbox::OrderMode;

use crate::chromium::{Browser, DARK_DESK, DARK_PHONE, DESK, Look, NO_SCRIPTS, PHONE, browse};
use crate::stand::{Stand, until};

/// Goes from the home page to the test payment's page.
pub async fn order(browser: &Browser, shop: &str) {
    browser.open(&format!("{shop}/")).await;
    browser.look_at("home").await;
    browser.open(&format!("{shop}/destinations")).await;
    browser.look_at("destinations").await;
    browser.open(&format!("{shop}/")).await;
    browser.fill("input[name=q]", "france").await;
    browser.click(".search button").await;
    // The page that is left has such a link too.
    browser.until_path("/search").await;
    browser.click("main a[href$='/destinations/france']").await;
    browser.until_path("/destinations/france").await;
    browser.look_at("country").await;
    browser.click(".tickets a.ticket").await;
    browser.until_path("/plans/").await;
    browser.look_at("plan").await;
    browser.click("main a[href*='/checkout']").await;
    browser.until_path("/checkout").await;
    fill(browser).await;
    browser.look_at("checkout").await;
    browser.click("button.pay").await;
    browser.until_path("/pay/test/").await;
    browser.look_at("payment").await;
}

/// Fills the checkout's form.
pub async fn fill(browser: &Browser) {
    browser.fill("#email", "traveller@example.com").await;
    browser.click("#accept_terms").await;
}

pub async fn until_order_is(browser: &Browser, status: &str) {
    until(&format!("the page shows {status}"), async || {
        let main = browser.driver.find(thirtyfour::By::Css("main")).await.ok()?;
        // Without scripts the page refreshes itself: an element may be gone when it is asked.
        let seen = main.attr("data-order-status").await.ok()??;
        (seen == status).then_some(())
    })
    .await;
}

async fn buys_and_scans(look: Look) {
    let stand = Stand::new().await;
    stand.sandbox.set_mode(OrderMode::Processing);
    let program = stand.serve(&[]).await;
    let (shown, scanned, stayed) = browse(look, async |browser| {
        order(browser, &program.url).await;
        browser.click("button[value=pay]").await;
        browser.until_path("/orders/").await;
        until_order_is(browser, "processing").await;
        browser.look_at("order-waiting").await;
        // What the page's script puts there first.
        assert_eq!(browser.has("body > [role=status]").await, look.scripts);
        if look.scripts {
            browser.driver.execute("window.stayed = true", vec![]).await.unwrap();
        }
        let upstream =
            until("the purchase", async || stand.sandbox.ledger().orders.first().map(|order| order.id));
        stand.sandbox.complete_order(upstream.await).unwrap();
        until_order_is(browser, "completed").await;
        browser.look_at("order").await;
        let stayed = browser.driver.execute("return window.stayed === true", vec![]).await.unwrap();
        let shown = browser.attribute("[data-activation-code]", "data-activation-code").await;
        let scanned = browser.scan(".qr img").await;
        browser.assert_quiet().await;
        (shown, scanned, stayed.json().as_bool().unwrap())
    })
    .await;
    let ledger = stand.sandbox.ledger();
    let bought = &ledger.orders[0].esim.as_ref().unwrap().qr_code;
    assert!(bought.starts_with("LPA:1$"), "{bought}");
    assert_eq!((&shown, &scanned), (bought, bought));
    assert_eq!(
        stayed, look.scripts,
        "with scripts the page changes in place, without them it is loaded again"
    );
    assert_eq!(stand.purchases().len(), 1);
    program.stop().await;
    stand.end().await;
}

#[tokio::test]
async fn a_purchase_on_a_telephone_ends_at_a_qr_code_that_decodes() {
    buys_and_scans(PHONE).await;
}

#[tokio::test]
async fn a_purchase_on_a_dark_telephone_too() {
    buys_and_scans(DARK_PHONE).await;
}

#[tokio::test]
async fn a_purchase_on_a_wide_screen_too() {
    buys_and_scans(DESK).await;
}

#[tokio::test]
async fn a_purchase_on_a_dark_wide_screen_too() {
    buys_and_scans(DARK_DESK).await;
}

#[tokio::test]
async fn a_purchase_without_scripts_too() {
    buys_and_scans(NO_SCRIPTS).await;
}

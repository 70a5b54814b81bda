//! Staff and customers in one shop.

use crate::chromium::{DESK, browse};
use crate::stand::{OWNER, PASSWORD, Stand, until};

const FRANCE: u32 = 1120;

#[tokio::test]
async fn a_markup_that_staff_publish_is_what_customers_see() {
    let stand = Stand::new().await;
    let program = stand.serve(&[]).await;
    browse(DESK, async |browser| {
        let plan = format!("{}/plans/{FRANCE}", program.url);
        browser.open(&plan).await;
        let before = browser.text(".stub .price").await;
        browser.open(&format!("{}/admin/markup", program.url)).await;
        browser.until_path("/admin/login").await;
        browser.look_at("admin-login").await;
        browser.fill("#email", OWNER).await;
        browser.fill("#password", PASSWORD).await;
        browser.click("button[type=submit]").await;
        // Where one was going before signing in.
        browser.until_path("/admin/markup").await;
        browser.fill("#percent", "100").await;
        browser.fill("#fixed", "1").await;
        browser.click("button[value=rehearse]").await;
        browser.the("table strong").await;
        browser.look_at("admin-markup").await;
        browser.click("form.rule-form button:not([name])").await;
        browser.the("[data-tone=good]").await;
        let after = until("the customer sees another price", async || {
            browser.open(&plan).await;
            Some(browser.text(".stub .price").await).filter(|after| *after != before)
        })
        .await;
        let cost = stand.database.count("select (cost * 100)::bigint from packages where id = 1120").await;
        assert_eq!(after, format!("${}.{:02}", (2 * cost + 100) / 100, (2 * cost + 100) % 100));
        browser.assert_quiet().await;
    })
    .await;
    program.stop().await;
    stand.end().await;
}

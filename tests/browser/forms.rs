//! What people do wrong: fields that are empty, buttons pressed twice, the way back.

use crate::chromium::{DESK, PHONE, browse};
use crate::purchase::{fill, order, until_order_is};
use crate::stand::Stand;

const FRANCE: u32 = 1120;

#[tokio::test]
async fn a_form_with_mistakes_comes_back_filled_and_says_where_they_are() {
    let stand = Stand::new().await;
    let program = stand.serve(&[]).await;
    browse(PHONE, async |browser| {
        browser.open(&format!("{}/checkout?package_id={FRANCE}&quantity=2", program.url)).await;
        browser.fill("#email", "not an address").await;
        browser.click("button.pay").await;
        browser.the("#email-error").await;
        browser.the("#accept_terms-error").await;
        assert_eq!(browser.attribute("#email", "value").await, "not an address");
        assert_eq!(browser.attribute("#email", "aria-invalid").await, "true");
        assert!(browser.attribute("#email", "aria-describedby").await.contains("email-error"));
        assert!(browser.has("#quantity option[value='2'][selected]").await);
        assert!(browser.has("[role=alert] a[href='#email']").await);
        assert!(browser.has("[role=alert] a[href='#accept_terms']").await);
        browser.look_at("checkout-wrong").await;
        // Chromium itself notes each answer that is no success; nothing else may be there.
        let complaints = browser.complaints().await;
        assert!(complaints.iter().all(|entry| entry.message.contains("422")), "{complaints:#?}");
        assert_eq!(stand.database.count("select count(*) from orders").await, 0);

        fill(browser).await;
        browser.click("button.pay").await;
        browser.until_path("/pay/test/").await;
        assert_eq!(stand.database.count("select count(*) from orders").await, 1);
    })
    .await;
    program.stop().await;
    stand.end().await;
}

#[tokio::test]
async fn a_double_click_makes_one_order() {
    let stand = Stand::new().await;
    let program = stand.serve(&[]).await;
    browse(DESK, async |browser| {
        browser.open(&format!("{}/checkout?package_id={FRANCE}&quantity=1", program.url)).await;
        fill(browser).await;
        let pay = browser.the("button.pay").await;
        pay.scroll_into_view().await.unwrap();
        browser.driver.action_chain().double_click_element(&pay).perform().await.unwrap();
        browser.until_path("/pay/test/").await;
        // Also the second click of the payment's own button.
        let pay = browser.the("button[value=pay]").await;
        browser.driver.action_chain().double_click_element(&pay).perform().await.unwrap();
        browser.until_path("/orders/").await;
        until_order_is(browser, "completed").await;
        browser.assert_quiet().await;
    })
    .await;
    assert_eq!(stand.database.count("select count(*) from orders").await, 1);
    assert_eq!(stand.database.count("select count(*) from payments").await, 1);
    assert_eq!(stand.purchases().len(), 1);
    program.stop().await;
    stand.end().await;
}

#[tokio::test]
async fn the_way_back_after_paying_leads_to_the_same_order() {
    let stand = Stand::new().await;
    let program = stand.serve(&[]).await;
    browse(DESK, async |browser| {
        order(browser, &program.url).await;
        let payment = browser.path().await;
        browser.click("button[value=pay]").await;
        let paid = browser.until_path("/orders/").await;
        browser.driver.back().await.unwrap();
        // The payment's page of before, or already the order again.
        if browser.path().await.starts_with("/pay/") {
            browser.click("button[value=pay]").await;
        }
        assert_eq!(browser.until_path("/orders/").await, paid);
        browser.open(&format!("{}{payment}", program.url)).await;
        assert_eq!(browser.until_path("/orders/").await, paid);
        until_order_is(browser, "completed").await;
        browser.assert_quiet().await;
    })
    .await;
    assert_eq!(stand.database.count("select count(*) from payments").await, 1);
    assert_eq!(stand.purchases().len(), 1);
    program.stop().await;
    stand.end().await;
}

//! The public catalog pages in a real browser: accessible by axe-core's judgement, quiet, and the suggestions under the
//! search box by keyboard alone.

use serde_json::{Value, json};
use thirtyfour::{By, Key};

use crate::chromium::{Browser, DARK_DESK, DESK, Look, PHONE, browse};
use crate::stand::{Stand, until};

const AXE: &str = include_str!("../vendor/axe-core/axe.min.js");
/// Every rule of WCAG 2.2 up to AA that a program can judge, and what axe-core's authors call good practice.
const RUN: &str = "
    const done = arguments[arguments.length - 1];
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    axe.run(document, { runOnly: tags, resultTypes: ['violations'] }).then(
        (found) => done(found.violations.map((one) => [one.id, one.nodes.map((node) => node.html)])),
        (error) => done([['axe failed', [String(error)]]]),
    );";
/// France 5 GB, 30 days.
const PLAN: &str = "/plans/1120";
const PAGES: [&str; 12] = [
    "/",
    "/destinations",
    "/destinations/france",
    "/destinations/france?data=5&sort=gb",
    "/destinations/france?price=0.01",
    "/regions/global",
    PLAN,
    "/search",
    "/search?q=france",
    "/search?q=zzzz",
    "/nowhere",
    "/checkout?package_id=1120&quantity=1",
];

/// What axe-core has against the page that is shown.
async fn violations(browser: &Browser) -> Vec<Value> {
    browser.driver.execute(AXE, vec![]).await.unwrap();
    let found = browser.driver.execute_async(RUN, vec![]).await.unwrap();
    found.json().as_array().unwrap().clone()
}

async fn every_page_is_accessible(look: Look) {
    let stand = Stand::new().await;
    let program = stand.serve(&[]).await;
    browse(look, async |browser| {
        for path in PAGES.iter().flat_map(|path| [(*path).to_owned(), format!("/it{path}")]) {
            browser.open(&format!("{}{path}", program.url)).await;
            // What is folded away is judged too.
            let unfold = "document.querySelectorAll('details').forEach((one) => { one.open = true })";
            browser.driver.execute(unfold, vec![]).await.unwrap();
            let found = violations(browser).await;
            assert!(found.is_empty(), "{path}: {found:#?}");
        }
    })
    .await;
    drop(program);
    stand.end().await;
}

#[tokio::test]
async fn axe_finds_nothing_on_any_public_page_on_a_phone() {
    every_page_is_accessible(PHONE).await;
}

#[tokio::test]
async fn axe_finds_nothing_on_any_public_page_on_a_dark_desk() {
    every_page_is_accessible(DARK_DESK).await;
}

#[tokio::test]
async fn catalog_pages_are_quiet_and_stay_inside_also_from_right_to_left() {
    let stand = Stand::new().await;
    let program = stand.serve(&[]).await;
    browse(PHONE, async |browser| {
        for (number, path) in PAGES.iter().enumerate().filter(|(_, path)| **path != "/nowhere") {
            browser.open(&format!("{}{path}", program.url)).await;
            browser.look_at(&format!("page-{number}")).await;
            let turn = "document.documentElement.dir = 'rtl'";
            browser.driver.execute(turn, vec![]).await.unwrap();
            browser.look_at(&format!("page-{number}-rtl")).await;
            // What the upstream names may be one word of 200 letters.
            let endless = "document.querySelectorAll('h1, .facts dd, .covered a, .ticket-name, main p > a')
                .forEach((one) => { one.textContent = 'W'.repeat(200) })";
            browser.driver.execute(endless, vec![]).await.unwrap();
            browser.look_at(&format!("page-{number}-endless")).await;
        }
        // Names are long here: each chip of the row is on the screen all the same.
        browser.open(&format!("{}/it/destinations/bosnia-and-herzegovina", program.url)).await;
        let chips = "const boxes = [...document.querySelectorAll('.jumps .chip')].map((one) => one.getBoundingClientRect());
            return [boxes.length, boxes.filter((box) => box.left < 0 || box.right > innerWidth).length]";
        let found = browser.driver.execute(chips, vec![]).await.unwrap();
        assert_eq!(*found.json(), json!([3, 0]), "chips, and those beyond the edge");
        // The data for search engines is no script: the policy has nothing against it.
        browser.assert_quiet().await;
    })
    .await;
    drop(program);
    stand.end().await;
}

/// The drawings come from one file of ours, which the policy of our pages must let in.
#[tokio::test]
async fn flags_are_drawn() {
    let stand = Stand::new().await;
    let program = stand.serve(&[]).await;
    browse(DESK, async |browser| {
        for path in ["/", "/destinations/france", PLAN] {
            browser.open(&format!("{}{path}", program.url)).await;
            until("the flag is drawn", async || {
                let wide = "return document.querySelector('svg.flag use')?.getBBox().width ?? 0";
                let width = browser.driver.execute(wide, vec![]).await.unwrap();
                (width.json().as_f64() == Some(24.0)).then_some(())
            })
            .await;
        }
        browser.assert_quiet().await;
    })
    .await;
    drop(program);
    stand.end().await;
}

async fn expanded(browser: &Browser) -> bool {
    browser.attribute("#q", "aria-expanded").await == "true"
}

/// Waits until the list is as wanted.
async fn until_expanded(browser: &Browser, wanted: bool) {
    until("the suggestions come or go", async || (expanded(browser).await == wanted).then_some(())).await;
}

#[tokio::test]
async fn suggestions_are_chosen_by_keyboard_and_closed_by_escape() {
    let stand = Stand::new().await;
    let program = stand.serve(&[]).await;
    browse(DESK, async |browser| {
        browser.open(&format!("{}/", program.url)).await;
        let field = browser.the("#q").await;
        until("the script has run", async || {
            (browser.attribute("#q", "role").await == "combobox").then_some(())
        })
        .await;
        field.send_keys("frnac").await.unwrap();
        field.send_keys("e").await.unwrap();
        until_expanded(browser, true).await;
        assert_eq!(browser.attribute("#q", "aria-activedescendant").await, "");
        field.send_keys(Key::Down + "").await.unwrap();
        let chosen = browser.attribute("#q", "aria-activedescendant").await;
        let option = browser.the(&format!("#{chosen}[role=option][aria-selected=true]")).await;
        assert!(option.text().await.unwrap().starts_with("France"));
        assert_eq!(violations(browser).await, Vec::<Value>::new());
        field.send_keys(Key::Escape + "").await.unwrap();
        until_expanded(browser, false).await;
        assert_eq!(browser.path().await, "/");
        field.send_keys(Key::Down + "").await.unwrap();
        until_expanded(browser, true).await;
        field.send_keys(Key::Down + "").await.unwrap();
        field.send_keys(Key::Enter + "").await.unwrap();
        browser.until_path("/destinations/france").await;
        // Enter on no suggestion asks for the page of results.
        browser.open(&format!("{}/it", program.url)).await;
        browser.the("#q").await.send_keys("uk" + Key::Enter).await.unwrap();
        browser.until_path("/it/search").await;
        let found =
            browser.driver.find_all(By::Css("a[href='/it/destinations/united-kingdom']")).await.unwrap();
        assert_eq!(found.len(), 1, "{}", json!(browser.path().await));
        browser.assert_quiet().await;
    })
    .await;
    drop(program);
    stand.end().await;
}

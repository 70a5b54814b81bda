//! `simfront demo`, as a newcomer runs it: a purchase, Ctrl-C, and everything there again.

use std::path::Path;

use rustix::process::Signal;
use serde_json::Value;

use crate::stand::{Customer, Ended, Program, command, folder, free_port};

const FRANCE: u32 = 1120;

/// The lines that it prints when all of it is up.
struct Lines {
    shop: String,
    admin: Vec<String>,
    sandbox: String,
}

async fn start(folder: &Path, port: u16) -> (Program, Lines) {
    let mut demo = command(folder, &["demo"]);
    // What could lead it to a real shop is not heard.
    demo.env("PORT", port.to_string()).env("DATABASE_URL", "postgres://nobody@127.0.0.1:9/none");
    demo.env("ESIMDUAL_BASE_URL", "http://127.0.0.1:9").env("SMTP_URL", "smtp://127.0.0.1:9");
    demo.env("STRIPE_SECRET_KEY", "sk_live_never");
    let mut program = Program::start(demo, port, folder);
    let out = program.out();
    let out = program
        .answers("the fixed lines", async || {
            let text = std::fs::read_to_string(&out).unwrap();
            text.contains("Ctrl-C").then_some(text)
        })
        .await;
    let line = |begin: &str| {
        let line = out.lines().find_map(|line| line.strip_prefix(begin));
        line.unwrap_or_else(|| panic!("no {begin} in {out}")).to_owned()
    };
    let admin = line("admin: ").split(' ').map(str::to_owned).collect();
    let lines = Lines { shop: line("shop: "), admin, sandbox: line("sandbox: ") };
    (program, lines)
}

async fn purchases(customer: &Customer, sandbox: &str) -> Value {
    let answer = customer.http.get(format!("{sandbox}ledger")).send().await.unwrap();
    let ledger: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    ledger["purchases"].clone()
}

async fn interrupt(mut program: Program) {
    program.signal(Signal::INT);
    let status = program.ended().await;
    assert_eq!(status.code(), Some(0), "{}", program.log());
}

#[tokio::test]
async fn the_demo_sells_stops_at_ctrl_c_and_finds_its_data_again() {
    let (folder, port) = (folder(), free_port());
    let (program, first) = start(folder.path(), port).await;
    assert_eq!(first.shop, format!("http://127.0.0.1:{port}"));
    assert_eq!(first.admin[0], format!("http://127.0.0.1:{port}/admin"));
    assert_eq!(first.sandbox, format!("http://127.0.0.1:{}/_sandbox/", port + 1));
    let customer = Customer::of(&program);
    let order = customer.buy(FRANCE).await;
    let seen = customer.until_status(&order, "completed").await;
    let qr = seen["lines"][0]["units"][0]["esim"]["qr_svg"].as_str().unwrap();
    assert!(customer.page(qr).await.contains("<svg"));
    customer.sign_in(&first.admin[1], &first.admin[2]).await;
    let bought = purchases(&customer, &first.sandbox).await;
    assert_eq!(bought.as_object().unwrap().len(), 1, "{bought}");
    interrupt(program).await;
    let nobody = customer.http.get(&first.shop).send().await;
    assert!(nobody.is_err(), "nothing listens any more");

    let (program, second) = start(folder.path(), port).await;
    assert_eq!(second.admin, first.admin, "the same password");
    assert_eq!(customer.look(&order).await, seen, "the order is still there");
    assert_eq!(purchases(&customer, &second.sandbox).await, bought, "and the sandbox's ledger");
    customer.sign_in(&second.admin[1], &second.admin[2]).await;
    interrupt(program).await;

    let forgotten = Ended::of(command(folder.path(), &["demo", "--reset"]).output().await.unwrap());
    assert_eq!(forgotten.code, Some(0), "{forgotten:?}");
    assert!(!folder.path().join("data/demo").exists());
    let (program, third) = start(folder.path(), port).await;
    assert_ne!(third.admin, first.admin, "a new password");
    let gone = customer.http.get(format!("{}{order}", third.shop)).send().await.unwrap();
    assert_eq!(gone.status(), 404);
    let none = purchases(&customer, &third.sandbox).await;
    assert!(none.as_object().unwrap().is_empty(), "{none}");
    interrupt(program).await;
}

//! Nodes whose wall clock is an hour wrong, jumps, and steps back. A small library that is loaded into the process
//! (`skew.c`) shifts what it reads of the clock.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use simfront::sandbox::{Fault, Injection, Operation};
use tokio::process::Command;

use crate::stand::{Customer, OWNER, PASSWORD, Program, Stand, free_port, until};

const FRANCE: u32 = 1120;
const HOUR: i64 = 3600;

/// A wall clock that this test moves.
struct Skew {
    library: PathBuf,
    file: PathBuf,
}

impl Skew {
    /// Compiles the library, with the compiler that the program itself was built with.
    async fn new(folder: &Path, name: &str) -> Self {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/program/skew.c");
        let (library, file) = (folder.join(format!("{name}.so")), folder.join(format!("{name}.skew")));
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&library)
            .arg(source)
            .arg("-ldl")
            .output()
            .await
            .expect("a C compiler is there, as the program needs one to be built");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        fs::write(&file, 0_i64.to_ne_bytes()).unwrap();
        Self { library, file }
    }

    /// Sets the clock so many seconds off, at once, also in a process that runs.
    fn set(&self, seconds: i64) {
        let file = fs::OpenOptions::new().write(true).open(&self.file).unwrap();
        file.write_all_at(&seconds.to_ne_bytes(), 0).unwrap();
    }

    /// A node that reads this clock.
    async fn serve(&self, stand: &Stand, port: u16) -> Program {
        let mut command = stand.command(&["serve"]);
        command.env("BIND_ADDR", format!("127.0.0.1:{port}"));
        command.env("LD_PRELOAD", &self.library).env("SKEW_FILE", &self.file);
        let mut program = Program::start(command, port, stand.folder.path());
        program.ready().await;
        program
    }
}

/// The hour and day that a program's log begins its newest line with, in seconds: proof that its clock is shifted.
fn newest_line(program: &Program) -> time::OffsetDateTime {
    let log = program.log();
    let line = log.lines().rev().find(|line| line.starts_with("20")).expect("a line with its time");
    let stamp = line.split_whitespace().next().unwrap();
    time::OffsetDateTime::parse(stamp, &time::format_description::well_known::Rfc3339).unwrap()
}

#[tokio::test]
async fn f100_nodes_an_hour_apart_share_leases_and_expiries_by_the_databases_clock() {
    let mut stand = Stand::without_webhooks().await;
    stand.set("JOB_LEASE_SECONDS", "600");
    stand.set("PAYMENT_EXPIRY_SECONDS", "900");
    stand.set("ESIMDUAL_TIMEOUT_SECONDS", "20");
    let ahead = Skew::new(stand.folder.path(), "ahead").await;
    let behind = Skew::new(stand.folder.path(), "behind").await;
    ahead.set(HOUR);
    behind.set(-HOUR);
    let one = ahead.serve(&stand, stand.port).await;
    let two = behind.serve(&stand, free_port()).await;
    let apart = newest_line(&one) - newest_line(&two);
    assert!(apart > time::Duration::minutes(110), "the clocks are shifted in truth: {apart}");

    // Each holds a job whose lease the other must not take for over; each makes an order that must not expire.
    stand.sandbox.inject(Injection::times(Fault::SilentAfterCommit, 2));
    let customers = [Customer::of(&one), Customer::of(&two)];
    let mut orders = Vec::new();
    for number in 0..6 {
        orders.push(customers[number % 2].buy(FRANCE).await);
    }
    let waiting = [customers[0].order(FRANCE).await, customers[1].order(FRANCE).await];
    let wrong = "select count(*) from orders
         where abs(extract(epoch from expires_at - clock_timestamp()) - 900) > 60
            or abs(extract(epoch from created_at - clock_timestamp())) > 60";
    assert_eq!(stand.database.count(wrong).await, 0, "orders begin and end by the database's clock");
    let leases = "select count(*) from jobs
         where abs(extract(epoch from lease_until - clock_timestamp()) - 600) > 300";
    assert_eq!(stand.database.count(leases).await, 0, "and so do leases");
    for order in &orders {
        customers[0].until_status(order, "completed").await;
    }
    let asked = stand.sandbox.ledger().calls_of(Operation::CreateOrder);
    assert_eq!(asked, 6, "nobody took a job that another one held");
    for (customer, pay) in customers.iter().zip(&waiting) {
        let to = customer.post(pay, &[("outcome", "pay".to_owned())]).await;
        let order = to.strip_prefix(&customer.shop).unwrap_or(&to).to_owned();
        customer.until_status(&order, "completed").await;
    }
    assert_eq!(stand.purchases().len(), 8);
    one.stop().await;
    two.stop().await;
    stand.end().await;
}

#[tokio::test]
async fn f100_a_clock_that_jumps_and_steps_back_expires_signs_out_and_buys_nothing() {
    let mut stand = Stand::new().await;
    stand.set("PAYMENT_EXPIRY_SECONDS", "900");
    stand.set("JOB_LEASE_SECONDS", "600");
    let clock = Skew::new(stand.folder.path(), "jumping").await;
    let program = clock.serve(&stand, stand.port).await;
    let customer = Customer::of(&program);
    let cookie = customer.sign_in(OWNER, PASSWORD).await;
    let mut bought = 0;
    for seconds in [HOUR, 0, -HOUR, 25 * HOUR, 400 * 24 * HOUR, -30 * 24 * HOUR, 0] {
        let waiting = customer.order(FRANCE).await;
        clock.set(seconds);
        // The next look at the database's clock comes every ten seconds; what happens before counts as well.
        let order = customer.buy(FRANCE).await;
        customer.until_status(&order, "completed").await;
        let to = customer.post(&waiting, &[("outcome", "pay".to_owned())]).await;
        let order = to.strip_prefix(&customer.shop).unwrap_or(&to).to_owned();
        customer.until_status(&order, "completed").await;
        bought += 2;
        assert_eq!(stand.purchases().len(), bought, "{seconds} s off");
        let inside = customer.http.get(format!("{}/admin", program.url)).header("cookie", &cookie);
        assert_eq!(inside.send().await.unwrap().status(), 200, "{seconds} s off: still signed in");
    }
    let cancelled = "select count(*) from orders where status = 'cancelled'";
    assert_eq!(stand.database.count(cancelled).await, 0, "nothing expired");
    let refunds = "select count(*) from refunds";
    assert_eq!(stand.database.count(refunds).await, 0);
    let stamps =
        "select count(*) from order_history where abs(extract(epoch from at - clock_timestamp())) > 600";
    assert_eq!(stand.database.count(stamps).await, 0, "the story is told in the database's time");
    until("and it is ready", async || {
        let ready = customer.http.get(format!("{}/readyz", program.url)).send().await.ok()?;
        (ready.status() == 200).then_some(())
    })
    .await;
    program.stop().await;
    stand.end().await;
}

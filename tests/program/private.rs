//! The private PostgreSQL: one owner at a time, and data that a kill does not take.

use simfront::sandbox::{self, Settings};
use tempfile::TempDir;
use tokio::process::Command;

use crate::stand::{Customer, Ended, OWNER, PASSWORD, Program, command, folder, free_port};

const FRANCE: u32 = 1120;

struct Place {
    folder: TempDir,
    sandbox: sandbox::Running,
    port: u16,
}

impl Place {
    fn command(&self, arguments: &[&str], port: u16) -> Command {
        let mut command = command(self.folder.path(), arguments);
        command
            .env("BIND_ADDR", format!("127.0.0.1:{port}"))
            .env("ESIMDUAL_BASE_URL", self.sandbox.base_url())
            .env("ESIMDUAL_EMAIL", &self.sandbox.settings().email)
            .env("ESIMDUAL_PASSWORD", &self.sandbox.settings().password)
            .env("PAYMENT_METHODS", "test")
            .env("ADMIN_EMAIL", OWNER)
            .env("ADMIN_PASSWORD", PASSWORD);
        command
    }

    async fn serve(&self) -> Program {
        let mut program = Program::start(self.command(&["serve"], self.port), self.port, self.folder.path());
        program.ready().await;
        program
    }
}

#[tokio::test]
async fn its_data_survives_a_kill_and_commands_attach_to_it() {
    let sandbox = sandbox::start(Settings::for_tests()).await.unwrap();
    let place = Place { folder: folder(), sandbox, port: free_port() };
    let program = place.serve().await;
    let customer = Customer::of(&program);
    let order = customer.buy(FRANCE).await;
    let before = customer.until_status(&order, "completed").await;

    let synced = Ended::of(place.command(&["sync"], place.port).output().await.unwrap());
    assert_eq!(synced.code, Some(0), "{synced:?}");
    let second = Ended::of(place.command(&["serve"], free_port()).output().await.unwrap());
    assert_eq!(second.code, Some(1), "{second:?}");
    assert_eq!(second.err.lines().count(), 1, "{second:?}");
    assert!(second.err.contains("another simfront program is running"), "{second:?}");
    assert_eq!(customer.look(&order).await, before, "neither disturbed the first");

    program.kill().await;
    let program = place.serve().await;
    assert_eq!(customer.look(&order).await, before);
    let cookie = customer.sign_in(OWNER, PASSWORD).await;
    assert!(!cookie.is_empty());
    assert_eq!(place.sandbox.ledger().orders.len(), 1);
    program.stop().await;

    let alone = Ended::of(place.command(&["admin", "list"], place.port).output().await.unwrap());
    assert_eq!(alone.code, Some(0), "it starts and stops one where none runs: {alone:?}");
    assert!(alone.out.contains(OWNER), "{alone:?}");
    place.sandbox.stop().await;
}

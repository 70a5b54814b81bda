//! The private PostgreSQL, with real clusters: made, stopped, killed, taken over, attached to, refused.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use simfront::plumbing::private_postgres::{self, Error, Owned, Session, Settings};
use sqlx::{Connection as _, PgConnection};

/// Names the `DATA_DIR` for the process that one test starts in order to kill it.
const HELD_DIR: &str = "SIMFRONT_TEST_HELD_DIR";

fn settings(dir: &Path) -> Settings {
    Settings { data_dir: dir.join("data"), bin_dir: None, durable: false }
}

fn temp() -> tempfile::TempDir {
    let temp = tempfile::tempdir().unwrap();
    // As a folder that an administrator made: others may pass it.
    fs::set_permissions(temp.path(), fs::Permissions::from_mode(0o755)).unwrap();
    temp
}

async fn ask(url: &str, question: &'static str) -> i64 {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let answer = sqlx::query_scalar(question).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    answer
}

async fn tell(url: &str, command: &'static str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(command).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// How many processes name this folder in their command line.
fn processes_on(dir: &Path) -> usize {
    let needle = dir.to_str().unwrap().as_bytes().to_vec();
    let lines = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines
        .filter(|line| line.starts_with(b"/") && line.windows(needle.len()).any(|window| window == needle))
        .count()
}

#[tokio::test]
async fn data_survives_a_restart_and_nothing_is_left_running() {
    let temp = temp();
    let first = Owned::start(&settings(temp.path())).await.unwrap();
    assert_eq!(first.moved_to(), None);
    tell(first.url(), "create table kept (n bigint); insert into kept values (7)").await;
    assert!(first.stop().await, "a clean stop");
    assert_eq!(processes_on(temp.path()), 0);
    let second = Owned::start(&settings(temp.path())).await.unwrap();
    assert_eq!(ask(second.url(), "select n from kept").await, 7);
    second.stop().await;
}

#[tokio::test]
async fn it_is_durable_unless_asked_otherwise_and_listens_on_no_port() {
    let temp = temp();
    let durable = Settings { durable: true, ..settings(temp.path()) };
    let owned = Owned::start(&durable).await.unwrap();
    let on = "select count(*) from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes') and setting = 'on'";
    assert_eq!(ask(owned.url(), on).await, 3);
    let silent = "select count(*) from pg_settings where name = 'listen_addresses' and setting = ''";
    assert_eq!(ask(owned.url(), silent).await, 1);
    owned.stop().await;
    let home = fs::metadata(temp.path().join("data/postgres")).unwrap();
    assert_eq!(home.permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn a_second_owner_is_refused_and_a_command_attaches() {
    let temp = temp();
    let settings = settings(temp.path());
    // Two at once on a fresh folder: the lock lets one of them make the cluster.
    let (one, two) = tokio::join!(Owned::start(&settings), Owned::start(&settings));
    let (owner, refused) = match (one, two) {
        (Ok(owner), Err(refused)) | (Err(refused), Ok(owner)) => (owner, refused),
        other => panic!("one of two owns it: {other:?}"),
    };
    assert!(matches!(refused, Error::AlreadyOwned(_)), "{refused}");
    assert!(matches!(private_postgres::forget(&settings.data_dir).await, Err(Error::AlreadyOwned(_))));
    let session = private_postgres::attach_or_start(&settings).await.unwrap();
    assert!(matches!(&session, Session::Attached { url } if url == owner.url()), "{session:?}");
    session.stop().await;
    assert_eq!(ask(owner.url(), "select 1::bigint").await, 1, "the owner's server goes on");
    owner.stop().await;
}

#[tokio::test]
async fn a_command_starts_and_stops_it_when_nobody_runs_it() {
    let temp = temp();
    let session = private_postgres::attach_or_start(&settings(temp.path())).await.unwrap();
    assert!(matches!(session, Session::Owned(_)));
    assert_eq!(ask(session.url(), "select 1::bigint").await, 1);
    session.stop().await;
    assert_eq!(processes_on(temp.path()), 0);
}

/// Not a test: the process that the next test kills. Does nothing unless that test runs it.
#[tokio::test]
#[ignore = "run by the tests that kill it"]
#[expect(
    clippy::disallowed_methods,
    reason = "the parent process says where, there is no configuration here"
)]
async fn hold_a_cluster_until_killed() {
    let Some(dir) = std::env::var_os(HELD_DIR) else { return };
    let owned = Owned::start(&settings(Path::new(&dir))).await.unwrap();
    tell(owned.url(), "create table if not exists kept (n bigint); insert into kept values (7)").await;
    println!("\nholding");
    std::future::pending::<()>().await;
}

/// Starts this test program again, to hold the cluster of a folder; comes back when it does.
fn holder(dir: &Path, wait: bool) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "hold_a_cluster_until_killed"])
        .env(HELD_DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    if wait {
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let holding = lines.map_while(Result::ok).any(|line| line == "holding");
        assert!(holding, "the child holds the cluster");
    }
    child
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn a_server_whose_program_was_killed_is_taken_over() {
    let temp = temp();
    kill(holder(temp.path(), true));
    assert_eq!(processes_on(temp.path()), 1, "the orphan lives");
    let owned = Owned::start(&settings(temp.path())).await.unwrap();
    assert_eq!(ask(owned.url(), "select n from kept").await, 7);
    assert_eq!(processes_on(temp.path()), 1, "one server, not two");
    owned.stop().await;
    assert_eq!(processes_on(temp.path()), 0);
}

#[tokio::test]
async fn a_program_killed_while_it_makes_the_cluster_leaves_nothing_in_the_way() {
    let temp = temp();
    let home = temp.path().join("data/postgres");
    let child = holder(temp.path(), false);
    let begun = Instant::now();
    while !unfinished(&home).is_some_and(|dir| dir.join("base").exists()) {
        assert!(begun.elapsed() < Duration::from_secs(30), "initdb begins");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    kill(child);
    assert!(!home.join("data").exists(), "killed in the middle");
    let owned = Owned::start(&settings(temp.path())).await.unwrap();
    assert_eq!(ask(owned.url(), "select 1::bigint").await, 1);
    owned.stop().await;
}

fn unfinished(home: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(home).ok()?.flatten().map(|entry| entry.path());
    entries
        .into_iter()
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("data.new")))
}

#[tokio::test]
async fn a_server_that_dies_is_noticed_and_the_next_start_recovers() {
    let temp = temp();
    let durable = Settings { durable: true, ..settings(temp.path()) };
    let mut owned = Owned::start(&durable).await.unwrap();
    tell(owned.url(), "create table kept (n bigint); insert into kept values (7)").await;
    let pid_file = temp.path().join("data/postgres/data/postmaster.pid");
    let pid: i32 = fs::read_to_string(pid_file).unwrap().lines().next().unwrap().parse().unwrap();
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(pid).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
    let died = tokio::time::timeout(Duration::from_secs(5), owned.died()).await;
    assert!(died.expect("noticed at once").is_some());
    drop(owned);
    let owned = Owned::start(&durable).await.unwrap();
    assert_eq!(ask(owned.url(), "select n from kept").await, 7);
    owned.stop().await;
}

#[tokio::test]
async fn a_pid_file_that_names_a_stranger_is_no_obstacle() {
    let temp = temp();
    Owned::start(&settings(temp.path())).await.unwrap().stop().await;
    let pid_file = temp.path().join("data/postgres/data/postmaster.pid");
    // This very process: alive, and, when the tests do not run as root, of the server's own user.
    fs::write(&pid_file, format!("{}\n/elsewhere\n1\n5432\n\n\n", std::process::id())).unwrap();
    fs::set_permissions(&pid_file, fs::Permissions::from_mode(0o666)).unwrap();
    let owned = Owned::start(&settings(temp.path())).await.unwrap();
    assert_eq!(ask(owned.url(), "select 1::bigint").await, 1);
    owned.stop().await;
}

#[tokio::test]
async fn data_of_another_major_version_is_refused_and_left_alone() {
    let temp = temp();
    Owned::start(&settings(temp.path())).await.unwrap().stop().await;
    let version = temp.path().join("data/postgres/data/PG_VERSION");
    fs::write(&version, "9\n").unwrap();
    let refused = Owned::start(&settings(temp.path())).await.unwrap_err();
    assert!(matches!(refused, Error::WrongMajor { made_by: 9, .. }), "{refused}");
    assert_eq!(fs::read_to_string(&version).unwrap(), "9\n");
}

#[tokio::test]
async fn a_folder_without_the_programs_is_named() {
    let temp = temp();
    let wrong = Settings { bin_dir: Some(temp.path().to_owned()), ..settings(temp.path()) };
    let refused = Owned::start(&wrong).await.unwrap_err();
    assert!(refused.to_string().starts_with("PG_BIN_DIR is "), "{refused}");
    assert!(Error::ProgramsMissing.to_string().contains("apt-get install postgresql"));
}

#[tokio::test]
async fn a_deep_folder_gets_a_short_socket() {
    let temp = temp();
    let deep = temp.path().join("d".repeat(60)).join("e".repeat(60));
    let owned = Owned::start(&settings(&deep)).await.unwrap();
    assert_eq!(ask(owned.url(), "select 1::bigint").await, 1);
    owned.stop().await;
    let removed = private_postgres::forget(&deep.join("data")).await.unwrap();
    assert_eq!(removed, Some(fs::canonicalize(&deep).unwrap().join("data/postgres")));
}

#[tokio::test]
async fn below_a_folder_that_others_may_not_pass_root_s_cluster_moves_and_is_found_again() {
    if !rustix::process::geteuid().is_root() {
        // An ordinary user's server is that user: every folder it owns is passable, and nothing moves.
        return;
    }
    let temp = temp();
    fs::set_permissions(temp.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let settings = settings(temp.path());
    let first = Owned::start(&settings).await.unwrap();
    let moved = first.moved_to().expect("moved").to_owned();
    assert!(moved.starts_with("/var/lib/simfront"), "{}", moved.display());
    tell(first.url(), "create table kept (n bigint); insert into kept values (7)").await;
    first.stop().await;
    // Passable now: the data is still where it was, not made anew.
    fs::set_permissions(temp.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let second = Owned::start(&settings).await.unwrap();
    assert_eq!(ask(second.url(), "select n from kept").await, 7);
    second.stop().await;
    assert_eq!(private_postgres::forget(&settings.data_dir).await.unwrap(), Some(moved.clone()));
    assert!(!moved.exists());
    assert_eq!(private_postgres::forget(&settings.data_dir).await.unwrap(), None);
}

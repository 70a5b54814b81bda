//! Commands that end: their words and exit codes.

use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;

use crate::stand::{Customer, Ended, OWNER, PASSWORD, Stand, command, folder, free_port};

#[tokio::test]
async fn a_wrong_configuration_is_2_and_names_every_variable() {
    let folder = folder();
    let mut serve = command(folder.path(), &["serve"]);
    serve.env("JOB_LEASE_SECONDS", "soon").env("BIND_ADDR", "here").env("ESIMDUAL_EMAIL", "a@example.com");
    let ended = Ended::of(serve.env("SECRET_KEY", "too-short-a-key").output().await.unwrap());
    assert_eq!(ended.code, Some(2), "{ended:?}");
    for name in ["JOB_LEASE_SECONDS", "BIND_ADDR", "ESIMDUAL_PASSWORD", "SECRET_KEY"] {
        assert!(ended.err.contains(&format!("{name} holds ")), "{ended:?}");
    }
    assert_eq!(ended.err.lines().count(), 4, "{ended:?}");
    assert!(!ended.err.contains("too-short-a-key"), "{ended:?}");
    assert!(!folder.path().join("data").exists(), "nothing was begun");
}

#[tokio::test]
async fn an_unknown_command_is_2() {
    let folder = folder();
    for arguments in [&["sell"][..], &["serve", "--nonsense"], &[]] {
        let ended = Ended::of(command(folder.path(), arguments).output().await.unwrap());
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        assert!(!ended.err.is_empty(), "{arguments:?}");
    }
}

#[tokio::test]
async fn missing_programs_of_postgresql_are_named_with_their_package() {
    let folder = folder();
    let mut serve = command(folder.path(), &["serve"]);
    let ended = Ended::of(serve.env("PG_BIN_DIR", "/nonexistent").output().await.unwrap());
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.err.lines().count(), 1, "{ended:?}");
    assert!(
        ended.err.contains("/nonexistent") && ended.err.contains("apt-get install postgresql"),
        "{ended:?}"
    );
}

#[tokio::test]
async fn another_secret_key_on_the_same_database_is_2() {
    let mut stand = Stand::new().await;
    let synced = stand.run(&["sync"]).await;
    assert_eq!(synced.code, Some(0), "{synced:?}");
    stand.set("SECRET_KEY", "another key that is long enough for tests");
    let ended = stand.run(&["serve"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.err.contains("SECRET_KEY") && !ended.err.contains("another key"), "{ended:?}");
    stand.end().await;
}

#[tokio::test]
async fn migrate_sync_and_admin_do_what_they_say() {
    let mut stand = Stand::new().await;
    stand.settings.retain(|(name, _)| !name.starts_with("ADMIN_"));
    let migrated = stand.run(&["migrate"]).await;
    assert_eq!((migrated.code, migrated.out.trim()), (Some(0), "the schema is current"), "{migrated:?}");

    let synced = stand.run(&["sync"]).await;
    assert_eq!(synced.code, Some(0), "{synced:?}");
    assert!(synced.err.contains("rows received"), "progress: {synced:?}");
    let packages = stand.sandbox.settings().packages;
    assert!(synced.out.contains(&format!("{packages} packages; {packages} added")), "{synced:?}");
    let again = stand.run(&["sync"]).await;
    assert!(again.out.contains("0 added, 0 changed"), "{again:?}");

    let made = with_input(&stand, &["admin", "create", OWNER, "--password-stdin"], PASSWORD).await;
    assert_eq!(made.code, Some(0), "{made:?}");
    let twice = with_input(&stand, &["admin", "create", OWNER, "--password-stdin"], PASSWORD).await;
    assert_eq!(twice.code, Some(1), "{twice:?}");
    let weak = with_input(&stand, &["admin", "create", "b@example.com", "--password-stdin"], "secret").await;
    assert_ne!(weak.code, Some(0), "{weak:?}");
    let listed = stand.run(&["admin", "list"]).await;
    assert!(listed.out.contains(OWNER) && !listed.out.contains("b@example.com"), "{listed:?}");

    let program = stand.serve(&["--no-worker"]).await;
    let staff = Customer::of(&program);
    let cookie = staff.sign_in(OWNER, PASSWORD).await;
    let inside =
        staff.http.get(format!("{}/admin", program.url)).header("cookie", cookie).send().await.unwrap();
    assert_eq!(inside.status(), 200);
    program.stop().await;
    stand.end().await;
}

async fn with_input(stand: &Stand, arguments: &[&str], input: &str) -> Ended {
    let mut command = stand.command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(format!("{input}\n").as_bytes()).await.unwrap();
    drop(stdin);
    Ended::of(child.wait_with_output().await.unwrap())
}

#[tokio::test]
async fn healthcheck_tells_a_living_program_from_none() {
    let mut stand = Stand::new().await;
    let synced = stand.run(&["sync"]).await;
    assert_eq!(synced.code, Some(0), "{synced:?}");
    let program = stand.serve(&["--no-worker"]).await;
    assert_eq!(stand.run(&["healthcheck"]).await.code, Some(0));
    program.stop().await;
    assert_eq!(stand.run(&["healthcheck"]).await.code, Some(1));
    stand.port = free_port();
    assert_eq!(stand.run(&["healthcheck"]).await.code, Some(1));
    stand.end().await;
}

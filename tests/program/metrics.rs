//! `METRICS_ADDR`: counts for Prometheus, on that address alone.

use crate::stand::{Program, Stand, free_port, http};

async fn text(url: &str) -> Option<String> {
    let answer = http().get(url).send().await.ok()?;
    if answer.status() == 200 { answer.text().await.ok() } else { None }
}

#[tokio::test]
async fn metrics_are_served_on_their_own_address_alone_by_servers_and_workers() {
    let mut stand = Stand::without_webhooks().await;
    let port = free_port();
    stand.set("METRICS_ADDR", &format!("127.0.0.1:{port}"));
    // So that each of the two programs syncs.
    stand.set("SYNC_INTERVAL_SECONDS", "1");
    let metrics = format!("http://127.0.0.1:{port}/metrics");
    let counted = r#"simfront_esimdual_calls_total{operation="list_packages",outcome="done"} "#;
    for part in ["serve", "worker"] {
        let mut program = Program::start(stand.command(&[part]), stand.port, stand.folder.path());
        let found = async || text(&metrics).await.filter(|text| text.contains(counted));
        let found = program.answers("a sync that is counted", found).await;
        assert!(found.contains("# TYPE simfront_esimdual_call_seconds histogram"), "{found}");
        let public = http().get(format!("{}/metrics", program.url)).send().await.unwrap();
        assert_eq!(public.status(), 404, "never on the public port");
        program.stop().await;
    }
    stand.end().await;
}

//! SIGTERM: what runs comes to its end, what would run for ever is ended.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::stand::{Customer, Stand, until};

const FRANCE: u32 = 1120;
const GRACE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_stop_lets_a_request_finish_and_ends_open_streams() {
    let mut stand = Stand::new().await;
    stand.set("SHUTDOWN_GRACE_SECONDS", &GRACE.as_secs().to_string());
    let mut program = stand.serve(&[]).await;
    let customer = Customer::of(&program);
    let waiting = customer.order(FRANCE).await;
    let order = customer.post(&waiting, &[("outcome", "decline".to_owned())]).await;
    let order = order.strip_prefix(&program.url).unwrap_or(&order);
    let mut events = customer.http.get(format!("{}{order}/events", program.url)).send().await.unwrap();
    let first = events.chunk().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&first).contains("awaiting_payment"), "{first:?}");

    // Half a request: `100 Continue` says that its handler waits for the rest.
    let fields = customer.form(FRANCE).await;
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let address = program.url.trim_start_matches("http://").to_owned();
    let mut half = TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST /checkout HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    half.write_all(head.as_bytes()).await.unwrap();
    let mut said = [0; 25];
    half.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"HTTP/1.1 100 Continue\r\n\r\n");

    let told = Instant::now();
    program.signal(Signal::TERM);
    until("nobody new is let in", async || TcpStream::connect(&address).await.err()).await;
    half.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    half.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 303 ") && answer.contains("/pay/test/"), "{answer}");
    while let Some(_rest) = events.chunk().await.unwrap() {}
    let status = program.ended().await;
    assert_eq!(status.code(), Some(0), "{}", program.log());
    assert!(told.elapsed() < GRACE, "it took {:?}", told.elapsed());
    assert!(!program.log().contains("cut off"), "{}", program.log());
    stand.end().await;
}

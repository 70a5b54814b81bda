//! The accept loop. It stands in for `axum::serve`, which sets no timer (hyper's header deadline never fires there)
//! and whose graceful stop waits for ever on a client that sends half a header (RELIABILITY T4, F71).

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// Streams that one HTTP/2 connection may have open: many pages' worth, and no flood.
const HTTP2_STREAMS: u32 = 100;
/// A silent HTTP/2 peer is asked whether it lives after the one, and closed after the other.
const HTTP2_PING_EVERY: Duration = Duration::from_secs(20);
const HTTP2_PING_TIMEOUT: Duration = Duration::from_secs(10);
/// All headers of one request together; hyper's own limit for HTTP/1 is of the same order.
const HTTP2_HEADER_BYTES: u32 = 64 * 1024;
/// After a failed accept (no file handles left, as a rule): time for some to close.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `app` until `stop`: then nothing new is accepted, running requests finish, and what still runs after
/// `grace` is cut off. Each request carries `ConnectInfo<SocketAddr>`.
///
/// A connection that does not bring a whole header within `header_read_timeout`, be it the first or a later one,
/// is closed.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    header_read_timeout: Duration,
    stop: CancellationToken,
    grace: Duration,
) {
    let builder = Arc::new(builder(header_read_timeout));
    let graceful = GracefulShutdown::new();
    let cut = CancellationToken::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let connection = Connection {
            peer,
            builder: Arc::clone(&builder),
            app: app.clone(),
            watcher: graceful.watcher(),
            first_request_within: header_read_timeout,
        };
        let cut = cut.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = connection.run(stream) => {}
                () = cut.cancelled() => {}
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("connections that were still open after the grace period were cut off");
    }
    cut.cancel();
}

fn builder(header_read_timeout: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(header_read_timeout);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HTTP2_PING_EVERY)
        .keep_alive_timeout(HTTP2_PING_TIMEOUT)
        .max_concurrent_streams(HTTP2_STREAMS)
        .max_header_list_size(HTTP2_HEADER_BYTES);
    builder
}

struct Connection {
    peer: SocketAddr,
    builder: Arc<Builder<TokioExecutor>>,
    app: Router,
    watcher: Watcher,
    first_request_within: Duration,
}

impl Connection {
    async fn run(self, stream: TcpStream) {
        // Small answers (events) leave at once. A socket that refuses this works all the same.
        let _slower = stream.set_nodelay(true);
        let asked = Arc::new(AtomicBool::new(false));
        let service = {
            let (app, peer, asked) = (self.app, self.peer, Arc::clone(&asked));
            service_fn(move |request: Request<Incoming>| {
                asked.store(true, Ordering::Relaxed);
                answer(app.clone(), request, peer)
            })
        };
        let connection = self.builder.serve_connection(TokioIo::new(stream), service).into_owned();
        let mut served = pin!(self.watcher.watch(connection));
        // hyper's own header deadline starts only once it has told HTTP/1 from HTTP/2: a peer that sends nothing,
        // or a part of the preface, would stay. So the first request has this deadline besides.
        tokio::select! {
            served = &mut served => return note(served, self.peer),
            () = tokio::time::sleep(self.first_request_within) => {}
        }
        if asked.load(Ordering::Relaxed) {
            note(served.await, self.peer);
        }
    }
}

fn answer(
    app: Router,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> impl Future<Output = Result<Response<Body>, Infallible>> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    app.oneshot(request)
}

/// A connection that ends badly is the visitor's network, a scanner, or our own deadline: nobody has to act on it.
fn note(served: Result<(), Box<dyn std::error::Error + Send + Sync>>, peer: SocketAddr) {
    if let Err(error) = served {
        tracing::debug!(%error, %peer, "a connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use std::time::Instant;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    const DEADLINE: Duration = Duration::from_millis(300);

    struct Running {
        address: SocketAddr,
        stop: CancellationToken,
        ended: tokio::task::JoinHandle<()>,
    }

    async fn running(grace: Duration) -> Running {
        let app = Router::new()
            .route(
                "/peer",
                get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() }),
            )
            .route("/slow", get(|| async { tokio::time::sleep(Duration::from_millis(700)).await }))
            .route("/never", get(std::future::pending::<()>));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let ended = tokio::spawn(serve(listener, app, DEADLINE, stop.clone(), grace));
        Running { address, stop, ended }
    }

    /// Sends these bytes and reads until the server closes.
    async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let reading = stream.read_to_end(&mut answer);
        let _reset = tokio::time::timeout(Duration::from_secs(10), reading).await.expect("the server closes");
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[tokio::test]
    async fn a_request_knows_its_peer() {
        let server = running(Duration::ZERO).await;
        let answer =
            exchange(server.address, b"GET /peer HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("127.0.0.1"), "{answer}");
    }

    #[tokio::test]
    async fn whoever_brings_no_whole_header_is_closed_in_time() {
        let server = running(Duration::ZERO).await;
        for slow in [&b""[..], b"P", b"PRI * HTTP/2.0\r\n", b"GET / HT", b"GET / HTTP/1.1\r\nhost: x\r\n"] {
            let begun = Instant::now();
            exchange(server.address, slow).await;
            assert!(begun.elapsed() >= DEADLINE / 2, "{slow:?} was given its time");
            assert!(begun.elapsed() < DEADLINE * 10, "{slow:?} was closed");
        }
    }

    #[tokio::test]
    async fn a_request_that_takes_longer_than_the_header_deadline_is_served() {
        let server = running(Duration::ZERO).await;
        let answer =
            exchange(server.address, b"GET /slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    #[tokio::test]
    async fn on_stop_a_running_request_finishes_and_nothing_new_begins() {
        let server = running(Duration::from_secs(10)).await;
        let asked = tokio::spawn(exchange(server.address, b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n"));
        tokio::time::sleep(Duration::from_millis(200)).await;
        server.stop.cancel();
        server.ended.await.unwrap();
        assert!(asked.await.unwrap().starts_with("HTTP/1.1 200"));
        assert!(TcpStream::connect(server.address).await.is_err());
    }

    #[tokio::test]
    async fn what_does_not_end_is_cut_off_after_the_grace_period() {
        let server = running(Duration::from_millis(300)).await;
        let asked = tokio::spawn(exchange(server.address, b"GET /never HTTP/1.1\r\nhost: x\r\n\r\n"));
        tokio::time::sleep(Duration::from_millis(100)).await;
        let begun = Instant::now();
        server.stop.cancel();
        server.ended.await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(3));
        assert_eq!(asked.await.unwrap(), "");
    }
}

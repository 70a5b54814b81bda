//! Starting and stopping. The accept loop is our own, because a fault must be able to close a connection without a
//! byte, and one that is held open for ever must not keep the sandbox from stopping.

use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rust_decimal::Decimal;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::api::{self, HangUp};
use super::catalog::CatalogChange;
use super::control;
use super::courses;
use super::desk::Desk;
use super::faults::{Fault, Injection};
use super::ledger::{Ledger, Order, OrderStatus};
use super::line::{Fate, Line};
use super::operation::API;
use super::purchase;
use super::settings::{OrderMode, Settings};
use super::tokens;
use super::webhooks;

/// How long answers under way get to end when the sandbox stops.
const GRACE: Duration = Duration::from_secs(2);

/// A running sandbox. It stops when this is dropped, at once; [`Running::stop`] is the gentler way.
pub struct Running {
    desk: Arc<Desk>,
    port: u16,
    serving: Option<JoinHandle<()>>,
}

/// Starts a sandbox on 127.0.0.1.
///
/// # Errors
/// When the port is taken, or the state directory cannot be used.
pub async fn start(settings: Settings) -> anyhow::Result<Running> {
    let wanted = settings.port;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted))
        .await
        .with_context(|| format!("the sandbox cannot listen on 127.0.0.1:{wanted}"))?;
    let port = listener.local_addr()?.port();
    let desk = Desk::open(settings)?;
    courses::resume(&desk);
    let serving = tokio::spawn(serve(listener, port, Arc::clone(&desk)));
    Ok(Running { desk, port, serving: Some(serving) })
}

async fn serve(mut listener: TcpListener, port: u16, desk: Arc<Desk>) {
    let routes = api::routes(&desk).merge(control::routes(&desk));
    let mut connections = JoinSet::new();
    let mut closing = desk.stopping.child_token();
    loop {
        tokio::select! {
            () = desk.stopping.cancelled() => break,
            length = desk.absence.begins() => {
                drop(listener);
                closing.cancel();
                match back_after(length, port, &desk.stopping).await {
                    Some(again) => listener = again,
                    None => break,
                }
                closing = desk.stopping.child_token();
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(connection(stream, routes.clone(), closing.clone()))),
                // Out of file handles, most likely: some will be free in a moment.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    let ended = async { while connections.join_next().await.is_some() {} };
    // Whatever is still open after the grace is closed when the set is dropped.
    let _ = tokio::time::timeout(GRACE, ended).await;
}

/// The listener again, on the same port, after an absence; `None` if the sandbox stops meanwhile. Somebody may have
/// taken the port: then the absence goes on until it is free.
async fn back_after(length: Duration, port: u16, stopping: &CancellationToken) -> Option<TcpListener> {
    let back = async {
        tokio::time::sleep(length).await;
        loop {
            match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
                Ok(listener) => return listener,
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    };
    tokio::select! {
        listener = back => Some(listener),
        () = stopping.cancelled() => None,
    }
}

async fn connection(stream: TcpStream, routes: Router, closing: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let fate: Arc<Fate> = Arc::default();
    let line = Line::new(stream, Arc::clone(&fate));
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let (routes, mut request) = (routes.clone(), request.map(Body::new));
        request.extensions_mut().insert(Arc::clone(&fate));
        async move { answer(routes, request).await }
    });
    let serving = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(line), service);
    let mut serving = std::pin::pin!(serving);
    let result = tokio::select! {
        result = serving.as_mut() => result,
        () = closing.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection to the sandbox ended early");
    }
}

/// The answer, or an error that makes hyper close the connection without one.
async fn answer(routes: Router, request: Request) -> Result<Response, io::Error> {
    let answer: Result<Response, Infallible> = routes.oneshot(request).await;
    let answer = answer.unwrap_or_else(|never| match never {});
    match answer.extensions().get::<HangUp>() {
        Some(HangUp) => Err(io::Error::other("hung up by a fault")),
        None => Ok(answer),
    }
}

impl Running {
    /// The API's base URL: `http://127.0.0.1:PORT/api/reseller/v1`.
    pub fn base_url(&self) -> String {
        format!("{}{API}", self.origin())
    }

    /// Where the control page is found under `/_sandbox/`: `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The settings it runs with.
    pub fn settings(&self) -> &Settings {
        &self.desk.settings
    }

    /// Everything committed, as of now.
    pub fn ledger(&self) -> Ledger {
        self.desk.ledger()
    }

    /// Sends webhooks there from now on; `None` makes none.
    pub fn set_webhook_url(&self, url: Option<String>) {
        self.desk.sender.set_url(url);
    }

    /// How accepted orders go on from now on.
    pub fn set_mode(&self, mode: OrderMode) {
        self.desk.faults.set_mode(mode);
    }

    /// Misbehaves as asked; faults add up.
    pub fn inject(&self, injection: Injection) {
        self.desk.inject(injection);
    }

    /// Misbehaves as asked at the start: what the state directory holds unspent of it is not armed a second time.
    pub fn inject_at_start(&self, injections: Vec<Injection>) {
        self.desk.faults.missing(injections).into_iter().for_each(|injection| self.inject(injection));
    }

    /// Misbehaves once.
    pub fn inject_once(&self, fault: Fault) {
        self.inject(Injection::times(fault, 1));
    }

    /// Behaves again.
    pub fn clear_faults(&self) {
        self.desk.faults.clear();
    }

    /// Sets the wallet's balance, with a transaction that explains the difference.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn set_balance(&self, balance: Decimal) -> anyhow::Result<()> {
        self.desk.book().set_balance(balance)
    }

    /// Completes an order, with an eSIM if it has none yet; `None` if there is no such order.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn complete_order(&self, id: u64) -> anyhow::Result<Option<Order>> {
        courses::move_order(&self.desk, id, OrderStatus::Completed)
    }

    /// Fails an order; `None` if there is no such order.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn fail_order(&self, id: u64) -> anyhow::Result<Option<Order>> {
        courses::move_order(&self.desk, id, OrderStatus::Failed)
    }

    /// Forgets an idempotency key: the next request under it buys again.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn forget_key(&self, key: &str) -> anyhow::Result<()> {
        purchase::forget_key(&self.desk, key)
    }

    /// Revokes every token.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn revoke_tokens(&self) -> anyhow::Result<()> {
        tokens::revoke_all(&self.desk)
    }

    /// Changes the catalog.
    ///
    /// # Errors
    /// When the change does not fit the catalog, or the journal cannot be written.
    pub fn change_catalog(&self, change: CatalogChange) -> anyhow::Result<()> {
        self.desk.book().change_catalog(change)??;
        Ok(())
    }

    /// Sends a `ping` webhook and waits until it was taken or given up.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub async fn ping(&self) -> anyhow::Result<()> {
        if let Some(delivery) = webhooks::ping(&self.desk)? {
            delivery.await?;
        }
        Ok(())
    }

    /// Stops: no new connections; running answers get a moment, then they are cut off. Webhooks that were not taken
    /// yet stay owed, and are sent after a restart from the same state directory.
    pub async fn stop(mut self) {
        self.desk.stopping.cancel();
        self.desk.tasks.close();
        if let Some(serving) = self.serving.take() {
            let _ = serving.await;
        }
        let _ = tokio::time::timeout(GRACE, self.desk.tasks.wait()).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.desk.stopping.cancel();
        if let Some(serving) = self.serving.take() {
            serving.abort();
        }
    }
}

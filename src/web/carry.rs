//! Carries what changes something to its end. A visitor who hangs up drops the future that answers them; an order
//! must not be written half-way because of that (RELIABILITY T1, T2, F101).

use std::panic::resume_unwind;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use super::{Problem, origin};

/// A layer: runs every unsafe request in a task of its own, which the visitor's leaving does not end. Give it the
/// tracker that the program waits for when it stops.
pub async fn carry(State(tracker): State<TaskTracker>, request: Request, next: Next) -> Response {
    if origin::is_safe(request.method()) {
        return next.run(request).await;
    }
    let task = tracker.spawn(next.run(request).instrument(tracing::Span::current()));
    match task.await {
        Ok(response) => response,
        // A panic goes on to the layer that catches panics.
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(cancelled) => Problem::Fault(cancelled.into()).into_response(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::routing::post;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::sync::Notify;
    use tower::ServiceExt as _;

    async fn finishes_after_the_visitor_left(method: &str) -> bool {
        let (begun, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let handler = {
            let (begun, done) = (begun.clone(), done.clone());
            move || async move {
                begun.notify_one();
                tokio::time::sleep(Duration::from_millis(20)).await;
                done.notify_one();
            }
        };
        let router = Router::new()
            .route("/", post(handler.clone()).get(handler))
            .layer(axum::middleware::from_fn_with_state(TaskTracker::new(), carry));
        let request = Request::builder().method(method).uri("/").body(Body::empty()).unwrap();
        tokio::select! {
            _ = router.oneshot(request) => panic!("the visitor was to leave first"),
            () = begun.notified() => {}
        }
        tokio::time::timeout(Duration::from_millis(200), done.notified()).await.is_ok()
    }

    #[tokio::test]
    async fn a_visitor_who_hangs_up_ends_reading_but_not_writing() {
        assert!(finishes_after_the_visitor_left("POST").await);
        assert!(!finishes_after_the_visitor_left("GET").await);
    }
}

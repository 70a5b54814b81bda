//! What staff are told about eSIMDual, and what they can do about it.

use axum::body::Body;
use axum::http::{Request, header};
use simfront::sandbox::{Fault, Injection, Operation};

use crate::support::Stand;

/// A page of the back office, as its owner sees it.
async fn page(stand: &Stand, path: &str, cookie: &str) -> String {
    let request = Request::get(path).header(header::COOKIE, cookie).body(Body::empty());
    stand.ask(request.unwrap()).await.body
}

#[tokio::test]
async fn f17_a_disabled_account_is_an_alarm_for_staff_who_can_try_again_at_once() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    let calm = page(&stand, "/admin", &cookie).await;
    assert!(!calm.contains("does not let us in"));
    stand.sandbox.inject(Injection::times(Fault::AccountDisabled, 1000));
    stand.sandbox.revoke_tokens().unwrap();
    let _refused = stand.shop.upstream.wallet().await;
    for path in ["/admin", "/admin/upstream"] {
        let body = page(&stand, path, &cookie).await;
        assert!(body.contains("eSIMDual does not let us in"), "{path}");
    }
    assert!(page(&stand, "/admin/upstream", &cookie).await.contains("Try now"));
    stand.sandbox.clear_faults();
    let logins = stand.ledger().calls_of(Operation::Login);
    let _paused = stand.shop.upstream.wallet().await;
    assert_eq!(stand.ledger().calls_of(Operation::Login), logins, "by itself it waits");
    let answer = stand.post_with("/admin/upstream", &[("cookie", &cookie)], &[]).await;
    assert_eq!(answer.to(), "/admin/upstream");
    for path in ["/admin", "/admin/upstream"] {
        assert!(!page(&stand, path, &cookie).await.contains("does not let us in"), "{path}");
    }
    assert_eq!(stand.count("select count(*) from audit_log where action = 'upstream_tried_again'").await, 1);
    stand.end().await;
}

#[tokio::test]
async fn f21_what_the_documents_do_not_say_is_read_counted_and_shown_to_staff() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    let none = page(&stand, "/admin/upstream", &cookie).await;
    assert!(none.contains("every answer so far was as eSIMDual documents it"), "{none}");
    let mistyped = "mistyped:operation=wallet,field=balance,kind=string".parse::<Injection>();
    stand.sandbox.inject(mistyped.unwrap());
    let _read = stand.shop.upstream.wallet().await;
    stand.shop.upstream.write_down_notes().await.unwrap();
    let body = page(&stand, "/admin/upstream", &cookie).await;
    for text in ["Other type", "balance", "wallet"] {
        assert!(body.contains(text), "{text} is missing in {body}");
    }
    stand.end().await;
}

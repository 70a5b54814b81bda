//! A rule that is not in force any more: prices of orders and of the past name it by its number.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::super::frame::{Frame, Part};
use super::super::words::Moment;
use super::words::{rule_text, scope_text};
use crate::pricing;
use crate::shop::Shop;
use crate::staff::Staff;
use crate::web::{Cache, Problem, page};

#[derive(Template)]
#[template(path = "backoffice/former_rule.html")]
struct FormerRulePage {
    frame: Frame,
    id: i64,
    whom: String,
    text: String,
    priority: i32,
    from: Option<Moment>,
    until: Option<Moment>,
    by: String,
    at: Moment,
}

pub(super) async fn show(shop: &Shop, staff: &Staff, id: i64) -> Result<Response, Problem> {
    let rule = pricing::rule(&mut *shop.db.acquire().await?, id).await?.ok_or(Problem::NotFound)?;
    let view = FormerRulePage {
        frame: Frame::new(shop, staff, Part::Markup),
        id,
        whom: scope_text(&rule),
        text: rule_text(&rule),
        priority: rule.priority,
        from: rule.starts_at.map(Moment::of),
        until: rule.ends_at.map(Moment::of),
        by: rule.published_by,
        at: Moment::of(rule.published_at),
    };
    page(StatusCode::OK, Cache::Private, &view)
}

//! The pictures of an eSIM, drawn on request from the stored code.

use axum::extract::{Path, State};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse as _, Response};

use super::find;
use crate::esims::{self, Esim};
use crate::orders::{self, UnitState};
use crate::plumbing::qr;
use crate::shop::Shop;
use crate::web::Problem;

/// Pixels a module of the PNG: sharp on a printer, and small as a file.
const SCALE: u32 = 8;

/// As the address has them: whatever names no unit is an unknown address.
type Place = (String, String, String);

pub(super) async fn svg(State(shop): State<Shop>, place: Path<Place>) -> Result<Response, Problem> {
    let esim = delivered(&shop, place).await?;
    Ok(picture("image/svg+xml", qr::svg(esim.code.as_str())?.into_bytes()))
}

pub(super) async fn png(State(shop): State<Shop>, place: Path<Place>) -> Result<Response, Problem> {
    let esim = delivered(&shop, place).await?;
    Ok(picture("image/png", qr::png(esim.code.as_str(), SCALE)?))
}

async fn delivered(shop: &Shop, Path((token, position, unit)): Path<Place>) -> Result<Esim, Problem> {
    let mut conn = shop.db.acquire().await?;
    let order = find(&mut conn, &token).await?;
    let units = orders::units(&mut conn, order.id).await?;
    let unit =
        units.into_iter().find(|of| of.position.to_string() == position && of.unit.to_string() == unit);
    let Some(UnitState::Completed { esim_id, .. }) = unit.map(|unit| unit.state) else {
        return Err(Problem::NotFound);
    };
    esims::by_id(&mut conn, esim_id).await?.ok_or(Problem::NotFound)
}

fn picture(kind: &'static str, body: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ];
    (headers, body).into_response()
}

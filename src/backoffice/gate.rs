//! The gate before every address of the back office: who it is, whether the role may do that, and, where money or the
//! team is moved, password or code once more.
//!
//! An address is added with [`Gated::get`] or [`Gated::post`] and in no other way, and neither can be called without
//! naming the act; only behind the gate does a handler get a [`Staff`]. [`Gated::doors`] lists what was added, which a
//! test walks through with every role.

use std::pin::Pin;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::Method;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};

use super::again::{self, Fields};
use super::frame::{Part, forbidden};
use crate::shop::Shop;
use crate::staff::{self, Act, AsksAgain, Staff};

/// One address and what it is for.
#[derive(Clone, Debug)]
pub struct Door {
    /// How it is asked.
    pub method: Method,
    /// The address, with its parameters in braces.
    pub path: &'static str,
    /// What asking it does.
    pub act: Act,
    /// Whether a post like this one needs no password or code although the act asks for them.
    pub(super) harmless: fn(&Fields) -> bool,
}

/// Addresses behind the gate.
#[derive(Default)]
pub(super) struct Gated {
    router: Router<Shop>,
    doors: Vec<Door>,
}

impl Gated {
    pub fn new() -> Self {
        Self::default()
    }

    /// A page.
    pub fn get<H, T>(self, path: &'static str, act: Act, handler: H) -> Self
    where
        H: Handler<T, Shop>,
        T: 'static,
    {
        let door = Door { method: Method::GET, path, act, harmless: |_| false };
        self.add(door, handler, get)
    }

    /// A form.
    pub fn post<H, T>(self, path: &'static str, act: Act, handler: H) -> Self
    where
        H: Handler<T, Shop>,
        T: 'static,
    {
        self.post_but(path, act, |_| false, handler)
    }

    /// A form that asks for password or code, but not where it holds such fields.
    pub fn post_but<H, T>(
        self,
        path: &'static str,
        act: Act,
        harmless: fn(&Fields) -> bool,
        handler: H,
    ) -> Self
    where
        H: Handler<T, Shop>,
        T: 'static,
    {
        self.add(Door { method: Method::POST, path, act, harmless }, handler, post)
    }

    fn add<H, T>(mut self, door: Door, handler: H, method: fn(Gate<H>) -> MethodRouter<Shop>) -> Self
    where
        H: Handler<T, Shop>,
        T: 'static,
    {
        self.doors.push(door.clone());
        self.router = self.router.route(door.path, method(Gate { door, handler }));
        self
    }

    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.doors.extend(other.doors);
        self
    }

    pub fn into_router(self) -> Router<Shop> {
        self.router
    }

    pub fn doors(&self) -> &[Door] {
        &self.doors
    }
}

/// A handler behind its door.
#[derive(Clone)]
struct Gate<H> {
    door: Door,
    handler: H,
}

impl<H, T> Handler<(Door, T), Shop> for Gate<H>
where
    H: Handler<T, Shop>,
    T: 'static,
{
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, request: Request, shop: Shop) -> Self::Future {
        Box::pin(async move {
            match let_in(&self.door, request, &shop).await {
                Ok(request) => self.handler.call(request, shop).await,
                Err(refused) => refused,
            }
        })
    }
}

/// The request with its [`Staff`], or the answer to give instead.
async fn let_in(door: &Door, request: Request, shop: &Shop) -> Result<Request, Response> {
    let (mut parts, mut body) = request.into_parts();
    let staff = staff::authenticate(&mut parts, shop).await?;
    if !staff.may(door.act) {
        return Err(forbidden(shop, &staff, Part::of(door.path)).into_response());
    }
    if door.method == Method::POST && door.act.asks_again() != AsksAgain::No {
        body = again::ask(shop, &staff, door, &parts, body).await?;
    }
    parts.extensions.insert::<Staff>(staff);
    Ok(Request::from_parts(parts, body))
}

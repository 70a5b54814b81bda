//! `STRIPE_*`.

use secrecy::ExposeSecret as _;
use url::Url;

use super::reader::Reader;
use crate::payments::Method;
use crate::stripe::Settings;

const ADDRESS: &str = "an http or https address";
const API: &str = "https://api.stripe.com";
const PAGE: &str = "https://checkout.stripe.com";

/// The account, where `stripe` is among the ways to pay; and the origins of the pages to which checkout may lead then.
pub(super) fn stripe(reader: &mut Reader<'_>, methods: &[String]) -> (Option<Settings>, Vec<String>) {
    let api_base = reader.parsed("STRIPE_API_BASE", ADDRESS, address).unwrap_or_else(|| API.to_owned());
    let page = reader.parsed("STRIPE_CHECKOUT_ORIGIN", ADDRESS, address).unwrap_or_else(|| PAGE.to_owned());
    let page = origin(&page).unwrap_or(page);
    let timeout = reader.seconds("STRIPE_TIMEOUT_SECONDS", 10, 1);
    let secret_key = reader.secret("STRIPE_SECRET_KEY");
    let webhook_secrets = super::read::listed(reader.secret("STRIPE_WEBHOOK_SECRET"));
    let wanted = methods.iter().any(|method| method == Method::Stripe.word());
    let like = |key: &str| key.starts_with("sk_") || key.starts_with("rk_");
    let Some(secret_key) = secret_key else {
        if wanted {
            reader.wrong("STRIPE_SECRET_KEY", "nothing", "set, because PAYMENT_METHODS has stripe");
        }
        return (None, Vec::new());
    };
    if !like(secret_key.expose_secret()) {
        reader.wrong("STRIPE_SECRET_KEY", "another kind of key", "a key for servers, sk_… or rk_…");
    }
    if !wanted {
        return (None, Vec::new());
    }
    let here = super::read::is_loopback(&api_base).then(|| origin(&api_base)).flatten();
    let origins = std::iter::once(page).chain(here).collect();
    (Some(Settings { secret_key, api_base, webhook_secrets, timeout }), origins)
}

fn address(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let fine = matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none();
    fine.then(|| text.trim_end_matches('/').to_owned())
}

fn origin(address: &str) -> Option<String> {
    Url::parse(address).ok().map(|url| url.origin().ascii_serialization())
}

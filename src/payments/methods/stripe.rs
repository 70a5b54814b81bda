//! Stripe Checkout behind the seam: its sessions, refunds, disputes and warnings in the shop's own words.

use futures_util::future::{BoxFuture, FutureExt as _};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::ground::{Language, Price};
use crate::payments::provider::{
    DisputeStanding, Headers, Notice, Payout, Proof, Provider, Purchase, RefundStanding, Said, SeenDispute,
    SeenRefund, Standing, Started, Truth,
};
use crate::stripe::amount::{from_stripe, is_chargeable, to_stripe};
use crate::stripe::{Charge, Client, Dispute, Intent, Pairs, Refund, Reply, Session, event, signature};

/// A session lives at least so long, and a little for the way there.
const SHORTEST: time::Duration = time::Duration::seconds(30 * 60 + 120);
/// And at most so long.
const LONGEST: time::Duration = time::Duration::hours(23);
/// The longest name of a product that is sent.
const NAME: usize = 200;
/// Where a refund keeps our key, and everything the order's number.
const KEY: &str = "refund_key";
const NUMBER: &str = "order_number";

impl Provider for Client {
    fn takes(&self, amount: Price) -> bool {
        is_chargeable(amount)
    }

    fn prepare(&self, purchase: &Purchase<'_>) -> Option<Value> {
        // A sum that cannot be charged is refused at checkout; sent all the same, Stripe refuses it.
        let amount = to_stripe(purchase.amount).unwrap_or_default();
        let earliest = purchase.now + SHORTEST;
        let ends = purchase.expires_at.clamp(earliest, earliest.max(purchase.now + LONGEST));
        let currency = purchase.amount.currency.code().to_ascii_lowercase();
        let name: String = purchase.name.chars().take(NAME).collect();
        let number = purchase.number.to_owned();
        Some(json!([
            ["mode", "payment"],
            ["line_items[0][quantity]", "1"],
            ["line_items[0][price_data][currency]", currency],
            ["line_items[0][price_data][unit_amount]", amount.to_string()],
            ["line_items[0][price_data][product_data][name]", name],
            ["client_reference_id", number],
            ["metadata[order_number]", number],
            ["payment_intent_data[metadata][order_number]", number],
            ["payment_intent_data[description]", number],
            ["customer_email", purchase.email],
            ["locale", locale(purchase.language)],
            ["expires_at", ends.unix_timestamp().to_string()],
            ["success_url", format!("{}?session_id={{CHECKOUT_SESSION_ID}}", purchase.order_url)],
            ["cancel_url", purchase.order_url],
        ]))
    }

    fn start<'a>(&'a self, key: &'a str, request: &'a Value) -> BoxFuture<'a, Said<Started>> {
        async move {
            let Ok(parameters) = serde_json::from_value::<Pairs>(request.clone()) else {
                return Said::Refused("the stored parameters cannot be read".to_owned());
            };
            match said(self.create_session(key, &parameters).await) {
                Said::Done(Session { id, url: Some(url), .. }) => Said::Done(Started { reference: id, url }),
                // Repeated under its key, the answer is the first one's; without an address nobody can pay.
                Said::Done(_) => Said::Doubt("a session without an address".to_owned()),
                Said::Refused(why) => Said::Refused(why),
                Said::Later(after) => Said::Later(after),
                Said::Doubt(why) => Said::Doubt(why),
            }
        }
        .boxed()
    }

    fn truth<'a>(&'a self, reference: &'a str) -> BoxFuture<'a, Said<Truth>> {
        async move {
            match self.session(reference).await {
                Reply::Done(session) => whole(self, session).await,
                Reply::Refused(why) => Said::Refused(why),
                Reply::Later(after) => Said::Later(after),
                Reply::Doubt(why) => Said::Doubt(why),
            }
        }
        .boxed()
    }

    /// Stripe refuses to expire what is not open any more: what it became is fetched then.
    fn close<'a>(&'a self, reference: &'a str) -> BoxFuture<'a, Said<Truth>> {
        async move {
            match self.expire_session(reference).await {
                Reply::Done(session) => whole(self, session).await,
                Reply::Refused(_) => self.truth(reference).await,
                Reply::Later(after) => Said::Later(after),
                Reply::Doubt(why) => Said::Doubt(why),
            }
        }
        .boxed()
    }

    fn refund<'a>(&'a self, payout: &'a Payout<'a>) -> BoxFuture<'a, Said<SeenRefund>> {
        async move {
            let (Some(intent), Some(amount)) = (payout.charge, to_stripe(payout.amount)) else {
                return Said::Refused("Stripe cannot pay back this sum, or knows no such payment".to_owned());
            };
            let pairs = [
                ("payment_intent", intent),
                ("amount", &amount.to_string()),
                ("reason", "requested_by_customer"),
                ("metadata[order_number]", payout.number),
                ("metadata[refund_key]", payout.key),
            ];
            let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
            said(self.create_refund(payout.key, &pairs).await.map(|refund| seen_refund(&refund)))
        }
        .boxed()
    }

    fn hears_webhooks(&self) -> bool {
        !self.settings().webhook_secrets.is_empty()
    }

    fn bears_proof(&self, headers: &Headers<'_>) -> bool {
        headers.iter().any(|(name, _)| *name == signature::HEADER)
    }

    /// Two signatures, or a body that was encoded after it was signed, are a wrong one.
    fn prove(&self, headers: &Headers<'_>, body: &[u8], now: OffsetDateTime) -> Proof {
        let mut all = headers.iter().filter(|(name, _)| *name == signature::HEADER);
        let first = all.next().and_then(|(_, value)| std::str::from_utf8(value).ok());
        let encoded = headers.iter().any(|(name, _)| *name == "content-encoding");
        let alone = all.next().is_none() && !encoded;
        let secrets = &self.settings().webhook_secrets;
        let signed = first.filter(|_| alone).and_then(|header| signature::verify(secrets, header, body, now));
        signed.map_or(Proof::Wrong, Proof::Signed)
    }

    fn notice(&self, body: &[u8]) -> Option<Notice> {
        let event = event::read(body)?;
        let idle = match event.live {
            Some(live) if live != self.settings().live() => Some("an event of the other mode than the key's"),
            _ if !event.known => Some("an event that this version does not know"),
            _ => None,
        };
        let event::Event { id, name, references, order, .. } = event;
        Some(Notice { id: Some(id), event: name, references, order, idle })
    }
}

/// Stripe has both languages of the shop by the same tags.
fn locale(language: Language) -> &'static str {
    language.tag()
}

fn said<T>(reply: Reply<T>) -> Said<T> {
    match reply {
        Reply::Done(value) => Said::Done(value),
        Reply::Refused(why) => Said::Refused(why),
        Reply::Later(after) => Said::Later(after),
        Reply::Doubt(why) => Said::Doubt(why),
    }
}

/// The session, and of one that was paid everything that became of its money.
async fn whole(client: &Client, session: Session) -> Said<Truth> {
    let mut truth = of_session(&session);
    let Some(intent) =
        session.payment_intent.as_ref().map(Intent::id).filter(|_| truth.standing == Standing::Paid)
    else {
        return Said::Done(truth);
    };
    let (refunds, disputes, warnings) =
        tokio::join!(client.refunds(intent), client.disputes(intent), client.warnings(intent));
    match (said(refunds), said(disputes), said(warnings)) {
        (Said::Done(refunds), Said::Done(disputes), Said::Done(warnings)) => {
            truth.refunds = refunds.iter().map(seen_refund).collect();
            truth.disputes = disputes.into_iter().map(seen_dispute).collect();
            truth.warnings = warnings
                .into_iter()
                .map(|warning| {
                    let kind = warning.fraud_type.unwrap_or_else(|| "no kind given".to_owned());
                    format!("an early warning of fraud ({kind}): a refund now may spare a dispute")
                })
                .collect();
            Said::Done(truth)
        }
        (Said::Later(after), ..) | (_, Said::Later(after), _) | (_, _, Said::Later(after)) => {
            Said::Later(after)
        }
        _ => Said::Doubt("what became of a payment's money could not be read".to_owned()),
    }
}

fn of_session(session: &Session) -> Truth {
    let in_metadata = session.metadata.as_ref().and_then(|all| all.get(NUMBER));
    let agrees = in_metadata.is_none() || in_metadata == session.client_reference_id.as_ref();
    let amount = session.amount_total.zip(session.currency.as_deref());
    Truth {
        standing: standing(session),
        order: session.client_reference_id.clone().filter(|_| agrees),
        amount: amount.and_then(|(amount, currency)| from_stripe(amount, currency)),
        charge: session.payment_intent.as_ref().map(|intent| intent.id().to_owned()),
        refunds: Vec::new(),
        disputes: Vec::new(),
        warnings: Vec::new(),
        card_country: card_country(session),
        buyer_country: buyer_country(session),
        declined: declined(session),
    }
}

fn last_charge(session: &Session) -> Option<&Charge> {
    session.payment_intent.as_ref().and_then(Intent::latest_charge)
}

fn card_country(session: &Session) -> Option<String> {
    let Charge::Whole { payment_method_details: Some(details), .. } = last_charge(session)? else {
        return None;
    };
    details.card.as_ref()?.country.as_deref().and_then(two_letters)
}

fn buyer_country(session: &Session) -> Option<String> {
    let address = session.customer_details.as_ref()?.address.as_ref()?;
    address.country.as_deref().and_then(two_letters)
}

fn two_letters(country: &str) -> Option<String> {
    let fine = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_alphabetic());
    fine.then(|| country.to_ascii_uppercase())
}

/// A card that was declined leaves the session open; a session that is over tells by how it stands.
fn declined(session: &Session) -> Option<String> {
    match last_charge(session)? {
        Charge::Whole { id, status: Some(status), .. }
            if status == "failed" && session.status.as_deref() == Some("open") =>
        {
            Some(id.chars().take(100).collect())
        }
        _ => None,
    }
}

/// A session that is complete and unpaid waits for a slow method, unless its intent wants another way to pay: then that
/// one failed.
fn standing(session: &Session) -> Standing {
    let intent = session.payment_intent.as_ref().and_then(Intent::status);
    match (session.payment_status.as_str(), session.status.as_deref()) {
        ("paid" | "no_payment_required", _) => Standing::Paid,
        (_, Some("open")) => Standing::Open(session.url.clone()),
        (_, Some("expired")) => Standing::Closed,
        _ if matches!(intent, Some("requires_payment_method" | "canceled")) => Standing::Failed,
        _ => Standing::Underway,
    }
}

fn seen_refund(refund: &Refund) -> SeenRefund {
    SeenRefund {
        reference: Some(refund.id.clone()),
        key: refund.metadata.as_ref().and_then(|all| all.get(KEY)).cloned(),
        amount: from_stripe(refund.amount, &refund.currency),
        standing: match refund.status.as_deref() {
            Some("succeeded") => RefundStanding::Done,
            Some("failed" | "canceled") => RefundStanding::Failed,
            _ => RefundStanding::Pending,
        },
        why: refund.failure_reason.clone(),
    }
}

fn seen_dispute(dispute: Dispute) -> SeenDispute {
    let due = dispute.evidence_details.and_then(|details| details.due_by);
    SeenDispute {
        standing: match dispute.status.as_str() {
            "warning_needs_response" | "warning_under_review" => DisputeStanding::Inquiry,
            "won" | "warning_closed" | "prevented" => DisputeStanding::Won,
            "lost" => DisputeStanding::Lost,
            _ => DisputeStanding::Open,
        },
        amount: from_stripe(dispute.amount, &dispute.currency).filter(|amount| amount.minor > 0),
        reference: dispute.id,
        reason: dispute.reason.unwrap_or_else(|| "no reason given".to_owned()),
        due_by: due.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok()),
    }
}

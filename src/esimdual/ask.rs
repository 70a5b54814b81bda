//! One call, carried through: a token, one replay after a refused token, repetitions after passing faults, and the
//! account of it. What the answer means is decided in `classify.rs`.

use std::sync::{Mutex, PoisonError};

use secrecy::ExposeSecret as _;
use serde::Serialize;
use sqlx::PgPool;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::answer::{Answer, Later};
use super::classify::{Call, classify};
use super::exchange::{Errand, Wire};
use super::health::Meter;
use super::heard::Heard;
use super::operation::Operation;
use super::pace::Urgency;
use super::reading::{self, Undocumented, Unreadable};
use super::retry::{self, RetryBudget};
use super::settings::{Credentials, Settings};
use super::token::{Access, LoggedIn, Tokens};
use super::turn::Turn;
use crate::ground::{Clock, Entropy};

/// Everything that a call needs.
pub struct Desk {
    /// The way to the upstream.
    pub wire: Wire,
    /// Where it is.
    pub settings: Settings,
    /// `None` without credentials.
    pub tokens: Option<Tokens>,
    /// Out of which calls are repeated.
    pub retries: RetryBudget,
    /// The account.
    pub meter: Meter,
    /// What was met that the documents do not say, until it is written down.
    pub notes: Mutex<Undocumented>,
    /// Where the notes are written down.
    pub db: PgPool,
    /// For the jitter.
    pub entropy: Entropy,
    /// For the account.
    pub clock: Clock,
    /// Whose turn it is to read the whole list of orders.
    pub lister: tokio::sync::Mutex<()>,
}

#[derive(Serialize)]
struct LoginBody<'a> {
    email: &'a str,
    password: &'a str,
    device_name: &'a str,
}

impl Desk {
    /// Asks one thing and judges the reply.
    pub async fn ask<T>(
        &self,
        call: Call,
        errand: &Errand<'_>,
        read: impl FnOnce(&[u8], &mut Undocumented) -> Result<T, Unreadable>,
    ) -> Answer<T> {
        let mut turn = Turn::new(errand.operation, &self.settings);
        let span = turn.span.clone();
        let heard = self.exchange(errand, &mut turn).instrument(span).await;
        self.judged(call, heard, &turn, read)
    }

    /// The same without a token: for what needs none, and for the login itself.
    pub async fn ask_as_nobody<T>(
        &self,
        errand: &Errand<'_>,
        read: impl FnOnce(&[u8], &mut Undocumented) -> Result<T, Unreadable>,
    ) -> Answer<T> {
        self.ask_within(Turn::new(errand.operation, &self.settings), errand, read).await
    }

    async fn ask_within<T>(
        &self,
        mut turn: Turn,
        errand: &Errand<'_>,
        read: impl FnOnce(&[u8], &mut Undocumented) -> Result<T, Unreadable>,
    ) -> Answer<T> {
        let span = turn.span.clone();
        let heard = self.repeating(errand, None, &mut turn).instrument(span).await;
        self.judged(Call::Read, heard, &turn, read)
    }

    /// Whether the API answers at all.
    pub async fn ping(&self) -> Answer<()> {
        self.ask_as_nobody(&Errand::to(Operation::Ping, "/ping"), reading::pong).await
    }

    fn judged<T>(
        &self,
        call: Call,
        heard: Result<Heard, Later>,
        turn: &Turn,
        read: impl FnOnce(&[u8], &mut Undocumented) -> Result<T, Unreadable>,
    ) -> Answer<T> {
        let mut seen = Undocumented::default();
        let answer = match heard {
            Ok(heard) => classify(call, &heard, |body| read(body, &mut seen)),
            Err(later) => Answer::Later(later),
        };
        self.note(seen);
        self.meter.call(turn, &answer, self.clock.now());
        answer
    }

    /// Remembers what was not as documented.
    pub fn note(&self, seen: Undocumented) {
        if !seen.is_empty() {
            self.notes.lock().unwrap_or_else(PoisonError::into_inner).absorb(seen);
        }
    }

    /// Sends one errand with a token. A refused token is renewed once, and the errand replayed once, be it a purchase:
    /// the upstream refuses a token before it looks at an order.
    pub async fn exchange(&self, errand: &Errand<'_>, turn: &mut Turn) -> Result<Heard, Later> {
        let Some(tokens) = &self.tokens else { return Err(no_credentials()) };
        tokens.check(errand.operation)?;
        self.past_the_breaker(turn).await?;
        let access = tokens.access(self.wait(turn), async || self.log_in(turn.ends()).await).await?;
        let heard = self.repeating(errand, Some(&access), turn).await?;
        let heard = match heard.status() {
            Some(401) if errand.operation.speaks_for_the_account() => {
                self.replay(errand, tokens, access, heard, turn).await?
            }
            Some(300..=399) if errand.operation.speaks_for_the_account() && tokens.is_old(&access) => {
                // Whatever comes of it serves the next call; this one is not repeated.
                let _renewed =
                    tokens.renew(&access, self.wait(turn), async || self.log_in(turn.ends()).await).await;
                return Ok(heard);
            }
            _ => heard,
        };
        match heard.status() {
            Some(200..=299) => tokens.trust(errand.operation).await,
            Some(403) if errand.operation.speaks_for_the_account() => tokens.forbidden().await,
            Some(400 | 404 | 422) => tokens.allowed(),
            _ => {}
        }
        Ok(heard)
    }

    /// While the breaker is open nobody looks for a token either. And a purchase is never its probe: a harmless ping goes
    /// first, and where that is not answered the purchase does not leave.
    async fn past_the_breaker(&self, turn: &Turn) -> Result<(), Later> {
        self.wire.breaker.check()?;
        if turn.operation == Operation::CreateOrder && self.wire.breaker.is_open() {
            let ping = Errand { urgency: Urgency::Purchase, ..Errand::to(Operation::Ping, "/ping") };
            let time = Turn::new(ping.operation, &self.settings).within(turn.ends());
            let answer = self.ask_within(time, &ping, reading::pong).await;
            // Any real answer has closed the breaker by now.
            if let (Answer::Later(later), true) = (answer, self.wire.breaker.is_open()) {
                return Err(later);
            }
        }
        Ok(())
    }

    /// Of a token that is refused, and of its successor, another operation is asked whether it is any good: one that
    /// refuses alone neither shuts the account's door nor costs a login each time.
    async fn replay(
        &self,
        errand: &Errand<'_>,
        tokens: &Tokens,
        refused: Access,
        first: Heard,
        turn: &mut Turn,
    ) -> Result<Heard, Later> {
        let operation = errand.operation;
        if tokens.may_refuse_alone(operation) && self.is_good(&refused, errand, turn).await {
            tokens.refuses_alone(operation);
            return Ok(first);
        }
        let access = tokens.renew(&refused, self.wait(turn), async || self.log_in(turn.ends()).await).await?;
        let heard = self.repeating(errand, Some(&access), turn).await?;
        if heard.status() == Some(401) {
            match self.is_good(&access, errand, turn).await {
                true => tokens.refuses_alone(operation),
                false => tokens.distrust().await,
            }
        }
        Ok(heard)
    }

    /// Whether another operation accepts a token; asked on behalf of an errand that was refused.
    async fn is_good(&self, access: &Access, errand: &Errand<'_>, turn: &mut Turn) -> bool {
        let other = match errand.operation {
            Operation::Me => Errand::to(Operation::Wallet, "/wallet"),
            _ => Errand::to(Operation::Me, "/me"),
        };
        let other = Errand { urgency: errand.urgency, ..other };
        let heard = self.wire.send(&other, Some(&access.token), turn).await;
        heard.is_ok_and(|heard| matches!(heard.status(), Some(200..=299)))
    }

    /// The one retry layer. Only reads are repeated, only after faults that pass, within the call's own time, and out of
    /// the budget of repetitions.
    async fn repeating(
        &self,
        errand: &Errand<'_>,
        access: Option<&Access>,
        turn: &mut Turn,
    ) -> Result<Heard, Later> {
        let token = access.map(|access| &access.token);
        self.retries.earn();
        let mut heard = self.wire.send(errand, token, turn).await?;
        for number in 0..retry::TRIES_MORE {
            let pause = retry::pause(number, &self.entropy);
            let time_left = turn.left().is_ok_and(|left| left > pause);
            let worth_it = errand.operation.may_be_repeated() && heard.is_passing() && time_left;
            if !worth_it || !self.retries.spend() {
                break;
            }
            turn.spend(pause);
            tokio::time::sleep(pause).await;
            self.meter.repeated(errand.operation);
            match self.wire.send(errand, token, turn).await {
                Ok(again) => heard = again,
                // Not sent: what was heard before is still the reason.
                Err(_) => break,
            }
        }
        Ok(heard)
    }

    /// Gets a token where there is none.
    pub async fn have_token(&self) -> Answer<()> {
        let Some(tokens) = &self.tokens else { return Answer::Later(no_credentials()) };
        let turn = Turn::new(Operation::LogIn, &self.settings);
        match tokens.access(self.wait(&turn), async || self.log_in(turn.ends()).await).await {
            Ok(_) => Answer::Done(()),
            Err(later) => Answer::Later(later),
        }
    }

    /// Until when a call may wait for a login: after that its own would have no time.
    fn wait(&self, turn: &Turn) -> Instant {
        let login = self.settings.timeout.min(turn.operation.deadline(&self.settings));
        turn.ends().checked_sub(login).unwrap_or_else(|| turn.ends())
    }

    async fn log_in(&self, ends: Instant) -> LoggedIn {
        let Some(Credentials::Login { email, password, device_name }) = &self.settings.credentials else {
            let reason = "there is nothing to log in with".to_owned();
            return LoggedIn::NotNow(Later { reason, http_status: None, after: None });
        };
        let body = LoginBody { email, password: password.expose_secret(), device_name };
        let errand = Errand { body: json(&body), ..Errand::to(Operation::LogIn, "/login") };
        let turn = Turn::new(errand.operation, &self.settings).within(ends);
        let mut came = false;
        let answer = self.ask_within(turn, &errand, |body, seen| {
            came = true;
            reading::access_token(body, seen)
        });
        match answer.await {
            Answer::Done(token) => LoggedIn::Token(token),
            // Whatever else came whole and holds no token is a no, in words that nobody documents.
            Answer::Later(Later { reason, http_status: Some(status), after })
                if came || matches!(status, 300..=499) && !matches!(status, 408 | 425 | 429) =>
            {
                let reason = match status {
                    401 | 403 | 422 => "the login was refused".to_owned(),
                    _ => format!("the login was refused: {reason}"),
                };
                LoggedIn::Refused(Later { reason, http_status: Some(status), after })
            }
            Answer::Refused(refusal) => LoggedIn::Refused(Later {
                reason: "the login was refused".to_owned(),
                http_status: Some(refusal.http_status),
                after: None,
            }),
            Answer::Later(later) => {
                LoggedIn::NotNow(Later { reason: format!("the login failed: {}", later.reason), ..later })
            }
            Answer::Doubt(doubt) => {
                LoggedIn::NotNow(Later { reason: doubt.reason, http_status: doubt.http_status, after: None })
            }
        }
    }

    /// Tells the upstream to forget our token, and forgets it. Without one there is nothing to do.
    pub async fn log_out(&self) -> Answer<()> {
        let Some(tokens) = &self.tokens else { return Answer::Done(()) };
        let Some(access) = tokens.at_hand().await else { return Answer::Done(()) };
        let errand = Errand::to(Operation::LogOut, "/logout");
        let mut turn = Turn::new(errand.operation, &self.settings);
        let span = turn.span.clone();
        let heard = self.repeating(&errand, Some(&access), &mut turn).instrument(span).await;
        // A token that is not known any more is as good as logged out.
        let unknown = heard.as_ref().is_ok_and(|heard| heard.status() == Some(401));
        let answer = self.judged(Call::Read, heard, &turn, reading::pong);
        tokens.forget().await;
        if unknown { Answer::Done(()) } else { answer }
    }
}

fn no_credentials() -> Later {
    let reason = "no eSIMDual credentials are configured".to_owned();
    Later { reason, http_status: None, after: None }
}

/// These bodies are plain structs of texts and numbers, which always have JSON.
pub fn json(body: &impl Serialize) -> Option<Vec<u8>> {
    serde_json::to_vec(body).ok()
}

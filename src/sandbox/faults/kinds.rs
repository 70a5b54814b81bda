//! Every fault, in one table: what it does, where it acts, which rows of the fault matrix it provokes, and what it
//! takes. The enum and its cards (`cards.rs`) are made of this table together, so that neither can lie about the
//! other; the sentence on a card is the fault's own documentation.

use super::cards::{Card, Group, Reach, choice, param};
use serde::{Deserialize, Serialize};

/// Where a fault acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Point {
    /// On the listener itself (`server.rs`), at once or with the next call of its operation.
    Listener,
    /// Before the operation is carried out (`api/gate.rs`).
    Before,
    /// When an order is committed, and how it goes on (`purchase.rs`).
    Course,
    /// Between the commit of an order and its answer (`api/orders.rs`).
    Announce,
    /// On the finished answer, which says that something was done (`api/struck.rs`).
    Answer,
    /// When a webhook is made (`webhooks.rs`).
    Webhook,
}

/// Makes the enum and the cards of one table.
macro_rules! faults {
    ($($group:ident {
        $($(#[doc = $doc:literal])+ $variant:ident = $name:literal at $point:ident on $reach:ident
            for $rows:expr, takes $takes:expr;)+
    })+) => {
        /// One way to misbehave. Each has its name in JSON, its snake-case form.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Fault {
            $($($(#[doc = $doc])+ #[serde(rename = $name)] $variant,)+)+
        }

        /// A card for each fault, in the order of the enum.
        pub(super) static CARDS: &[Card] = &[
            $($(Card {
                fault: Fault::$variant,
                name: $name,
                group: Group::$group,
                sentence: concat!($($doc),+).trim_ascii_start(),
                rows: &$rows,
                takes: &$takes,
                point: Point::$point,
                reach: Reach::$reach,
            },)+)+
        ];
    };
}

/// Mistyped values, as JSON may hold them (RELIABILITY F21).
pub(in crate::sandbox) const MISTYPES: &[&str] = &[
    "string",
    "number",
    "long_fraction",
    "exponent",
    "null",
    "missing",
    "array",
    "object",
    "zero_or_one",
    "unknown_word",
    "garbage_date",
    "negative",
];
const PRICES: &[&str] =
    &["times_100", "divided_by_100", "zero", "negative", "nan", "huge", "string", "null", "missing"];
const POISONS: &[&str] = &["markup", "bidi", "control", "nul", "path", "sql", "long"];
const FORGERIES: &[&str] =
    &["wrong_secret", "no_header", "empty", "wrong_length", "two_headers", "other_body", "sha1"];
pub(in crate::sandbox) const ENCODINGS: &[&str] = &[
    "pretty",
    "crlf",
    "spaced",
    "bare_slashes",
    "bare_unicode",
    "escaped",
    "two_decimals",
    "exponent",
    "reordered",
    "trailing_newline",
];
const SIGNATURES: &[&str] = &["upper", "prefixed", "base64"];
const FORMS: &[&str] = &["envelope", "bare", "html", "empty"];
const FRAMINGS: &[&str] = &["length", "chunked"];
const ENDINGS: &[&str] = &["reset", "close"];
const PAGES: &[&str] = &["paginator", "resource", "cursor"];

faults! {
    BeforeCommit {
        /// The listener is closed for a time, so that connections are refused; then it is back on the same port. It
        /// begins at once, or with the next call of the operation that is named.
        Away = "away" at Listener on Anything for ["F1", "F38"], takes [param("delay_ms", "5000")];
        /// The connection is reset (RST) without a byte, nothing committed.
        ResetBeforeCommit = "reset_before_commit" at Before on Purchase for ["F2", "F39"], takes [];
        /// Nothing is committed and nothing is ever answered; the connection stays open until the client goes.
        SilentBeforeCommit = "silent_before_commit" at Before on Purchase for ["F2"], takes [];
        /// The answer comes late, but comes; whoever hangs up meanwhile has bought nothing.
        SlowAnswer = "slow_answer" at Before on Purchase for ["F23", "F50", "F51"],
            takes [param("delay_ms", "2000")];
        /// The request is held up on its way and carried out late, even if its client has hung up by then.
        DelayedRequest = "delayed_request" at Before on Purchase for ["F36"], takes [param("delay_ms", "2000")];
        /// 500 in the API's envelope, nothing committed.
        ServerErrorBeforeCommit = "server_error_before_commit" at Before on Purchase for ["F6"], takes [];
        /// 502 with a page of HTML, nothing committed.
        BadGateway = "bad_gateway" at Before on Purchase for ["F8"], takes [];
        /// Any status in any form, nothing committed.
        StatusBeforeCommit = "status_before_commit" at Before on Purchase for ["F6", "F8", "F38"],
            takes [param("status", "503"), choice("form", "envelope", FORMS), param("body", "")];
        /// Any call at all fails, nothing committed; meant for a probability.
        Flapping = "flapping" at Before on Anything for ["F39"],
            takes [param("status", "503"), choice("form", "envelope", FORMS)];
        /// 429 with `Retry-After` as it is given, nothing committed; `none` leaves the header out, `date+7` is an
        /// HTTP-date seven seconds ahead.
        TooManyRequests = "too_many_requests" at Before on Purchase for ["F9", "F10"],
            takes [param("retry_after", "1")];
        /// 422 "Insufficient balance", whatever the wallet holds.
        InsufficientBalance = "insufficient_balance" at Before on Purchase for ["F14"], takes [];
        /// The package is gone: 422 for an order, 404 for a look.
        PackageGone = "package_gone" at Before on PackageInQuestion for ["F16", "F31"], takes [];
        /// A twin under the same key is said to be running: for a time each request under it is refused.
        KeyInUse = "key_in_use" at Before on Purchase for ["F35"],
            takes [param("status", "409"), param("delay_ms", "20000")];
        /// An order that exists is answered with 404.
        OrderForgotten = "order_forgotten" at Before on OneOrder for ["F42"], takes [];
    }
    Account {
        /// The token that was sent is revoked, then 401.
        TokenRevoked = "token_revoked" at Before on Protected for ["F11"], takes [];
        /// The login is refused with 401, 403 or 422.
        LoginRefused = "login_refused" at Before on Login for ["F12"], takes [param("status", "401")];
        /// 302 to `/login`, as Laravel answers a browser that is not signed in.
        LoginRedirect = "login_redirect" at Before on Protected for ["F13"], takes [];
        /// 403: the account is disabled.
        AccountDisabled = "account_disabled" at Before on Account for ["F17"], takes [];
        /// 403: the account's e-mail address is not verified.
        EmailUnverified = "email_unverified" at Before on Account for ["F17"], takes [];
        /// 404 at every address, as if the API had moved; none of the forms has the API's envelope.
        BaseUrlMoved = "base_url_moved" at Before on Anything for ["F18"],
            takes [choice("form", "html", FORMS)];
    }
    AfterCommit {
        /// Committed and debited, then never answered; the connection stays open until the client goes.
        SilentAfterCommit = "silent_after_commit" at Answer on Purchase for ["F3"], takes [];
        /// Committed and debited, then the connection closes without a byte.
        DroppedAfterCommit = "dropped_after_commit" at Answer on Purchase for ["F3"], takes [];
        /// Committed and debited, then the connection is reset (RST) without a byte.
        ResetAfterCommit = "reset_after_commit" at Answer on Purchase for ["F3", "F4"], takes [];
        /// Committed and debited; the answer's head is sent, then the connection is reset, or closed.
        ResetAfterHead = "reset_after_head" at Answer on Purchase for ["F4"],
            takes [choice("framing", "length", FRAMINGS), choice("ending", "reset", ENDINGS)];
        /// Committed and debited; the answer's body is cut at a byte, then the connection is reset, or closed.
        ResetInBody = "reset_in_body" at Answer on Purchase for ["F5"],
            takes [param("at_byte", "drawn"), choice("framing", "length", FRAMINGS),
                choice("ending", "reset", ENDINGS)];
        /// Committed and debited, then 500; the same key then finds the true answer.
        ServerErrorAfterCommit = "server_error_after_commit" at Answer on Purchase for ["F3", "F7"], takes [];
        /// Committed and debited, then 500; the same key gets that 500 for ever.
        ServerErrorKept = "server_error_kept" at Answer on Purchase for ["F7"], takes [];
        /// Committed and debited, then 502 with a page of HTML.
        BadGatewayAfterCommit = "bad_gateway_after_commit" at Answer on Purchase for ["F8"], takes [];
        /// Committed and debited, then any status in any form.
        StatusAfterCommit = "status_after_commit" at Answer on Purchase for ["F3", "F8"],
            takes [param("status", "503"), choice("form", "envelope", FORMS), param("body", "")];
        /// Committed and debited, then 201 with JSON that ends in the middle.
        MalformedAfterCommit = "malformed_after_commit" at Answer on Purchase for ["F20"], takes [];
        /// Committed and debited; the true answer comes late.
        LateAnswer = "late_answer" at Answer on Purchase for ["F3", "F23", "F53"],
            takes [param("delay_ms", "2000")];
        /// Committed and debited, the wallet emptied and the key forgotten, then the connection closes without a
        /// byte: the next try gets a true 422.
        DrainedAndDropped = "drained_and_dropped" at Answer on Purchase for ["F15"], takes [];
        /// The key is forgotten a while after the commit: the same request then buys again.
        KeyForgotten = "key_forgotten" at Course on Purchase for ["F32", "F33"],
            takes [param("delay_ms", "5000")];
        /// `order.completed` is delivered and answered before the answer to `POST /orders` leaves.
        WebhookBeforeAnswer = "webhook_before_answer" at Announce on Purchase for ["F52"], takes [];
    }
    AnswerForm {
        /// The answer drips: a few bytes, a pause, a few more; from its head on, or from its body on.
        SlowDrip = "slow_drip" at Answer on Purchase for ["F23", "F49"],
            takes [param("bytes", "1"), param("interval_ms", "5000"),
                choice("part", "body", &["head", "body"])];
        /// The body never ends, or ends after so many bytes.
        EndlessBody = "endless_body" at Answer on Purchase for ["F22"], takes [param("bytes", "endless")];
        /// A small gzip body that unpacks to so many bytes.
        GzipBomb = "gzip_bomb" at Answer on Purchase for ["F22"], takes [param("bytes", "10737418240")];
        /// 200 in place of 201.
        OkForCreated = "ok_for_created" at Answer on Purchase for ["F19"], takes [];
        /// 204 and no body.
        NoContent = "no_content" at Answer on Purchase for ["F19"], takes [];
        /// 200 with `"status": false` and a sentence, though it was done.
        StatusFalse = "status_false" at Answer on Purchase for ["F19"], takes [];
        /// The right status and no body.
        EmptyBody = "empty_body" at Answer on Purchase for ["F20"], takes [];
        /// The answer inside an array.
        ArrayBody = "array_body" at Answer on Purchase for ["F20"], takes [];
        /// A byte order mark before the JSON.
        ByteOrderMark = "byte_order_mark" at Answer on Purchase for ["F20"], takes [];
        /// The id stands twice in the data, the second time another.
        DuplicateKeys = "duplicate_keys" at Answer on Purchase for ["F20"], takes [];
        /// The right status with a page of HTML.
        HtmlSuccess = "html_success" at Answer on Purchase for ["F8", "F20"], takes [];
        /// One field of the answer has another type or an absurd value; field and kind are drawn where they are not
        /// named.
        Mistyped = "mistyped" at Answer on Purchase for ["F21"],
            takes [param("field", "drawn"), choice("kind", "drawn", MISTYPES)];
        /// The answer has a status that no document knows.
        UnknownStatus = "unknown_status" at Answer on OrderAnswers for ["F21"],
            takes [param("value", "refunded")];
        /// The answer is that of another purchase: of one that runs at the same time, else of the one before.
        AnswersCrossed = "answers_crossed" at Answer on Purchase for ["F27"],
            takes [param("delay_ms", "1000")];
        /// The answer has the id of the oldest order.
        OlderOrderId = "older_order_id" at Answer on Purchase for ["F26"], takes [];
        /// The answer names another package.
        OtherPackage = "other_package" at Answer on OrderAnswers for ["F27"], takes [];
        /// The answer names another `external_order_id`.
        OtherExternalId = "other_external_id" at Answer on OrderAnswers for ["F27"],
            takes [param("value", "SOMEBODY-ELSE-1-1")];
        /// The eSIM of completed orders is null, for as many answers as it strikes.
        EsimWithheld = "esim_withheld" at Answer on OrderAnswers for ["F25"], takes [];
        /// The `qr_code` of completed orders is null, for as many answers as it strikes.
        QrCodeNull = "qr_code_null" at Answer on OrderAnswers for ["F25"], takes [];
        /// Completed orders have a `qr_code_image` and no other part of the eSIM.
        QrImageOnly = "qr_image_only" at Answer on OrderAnswers for ["F25"], takes [];
    }
    Course {
        /// Completed, but without its eSIM until the control page completes it again.
        CompletedWithoutEsim = "completed_without_esim" at Course on Purchase for ["F25"], takes [];
        /// Accepted as `processing`, completed after the delay.
        CompletesLater = "completes_later" at Course on Purchase for ["F24"],
            takes [param("delay_ms", "the sandbox's own")];
        /// Accepted as `processing`, failed after the delay.
        FailsLater = "fails_later" at Course on Purchase for ["F40"],
            takes [param("delay_ms", "the sandbox's own")];
        /// Accepted as `processing`; only the control page moves it.
        StaysProcessing = "stays_processing" at Course on Purchase for ["F24"], takes [];
        /// Accepted as `processing`, failed after the delay, completed after another.
        FailedThenCompleted = "failed_then_completed" at Course on Purchase for ["F41"],
            takes [param("delay_ms", "the sandbox's own")];
        /// Completed with its eSIM, failed after the delay.
        CompletedThenFailed = "completed_then_failed" at Course on Purchase for ["F42"],
            takes [param("delay_ms", "the sandbox's own")];
        /// The order gets the eSIM of the newest completed order.
        EsimTwice = "esim_twice" at Course on Purchase for ["F28"], takes [];
        /// The wallet is debited with another amount than the listed one.
        DearerDebit = "dearer_debit" at Course on Purchase for ["F29"],
            takes [param("amount", "twice the listed")];
        /// The order is in another currency than the wallet.
        OtherCurrency = "other_currency" at Course on Purchase for ["F30"], takes [param("currency", "EUR")];
    }
    Lists {
        /// The list of orders leaves out those that are younger than the delay.
        OrdersLag = "orders_lag" at Answer on ListOfOrders for ["F33"], takes [param("delay_ms", "60000")];
        /// The list of orders ends after the newest few.
        OrdersNewestOnly = "orders_newest_only" at Answer on ListOfOrders for ["F34"],
            takes [param("count", "15")];
        /// The list of orders leaves out one order: the named one, else the newest.
        OrderOmitted = "order_omitted" at Answer on ListOfOrders for ["F33"], takes [param("value", "")];
        /// The list comes in pages, in one of Laravel's three forms.
        ListPaged = "list_paged" at Answer on ListOfOrders for ["F34"],
            takes [choice("kind", "paginator", PAGES), param("count", "15")];
        /// The list comes in pages, and whatever page is asked for, the first one comes again.
        PageRepeated = "page_repeated" at Answer on ListOfOrders for ["F34"],
            takes [choice("kind", "paginator", PAGES), param("count", "15")];
    }
    Catalog {
        /// 200 with an empty list.
        EmptyCatalog = "empty_catalog" at Answer on CatalogLists for ["F43"], takes [];
        /// Only the first few percent of the catalog are listed.
        CatalogCut = "catalog_cut" at Answer on CatalogLists for ["F44"], takes [param("percent", "5")];
        /// Every second package is missing.
        CatalogEverySecond = "catalog_every_second" at Answer on CatalogLists for ["F44"], takes [];
        /// Prices that cannot be true, on one package or on all of them.
        CatalogPrices = "catalog_prices" at Answer on Catalog for ["F45"],
            takes [choice("kind", "times_100", PRICES), choice("scope", "all", &["one", "all"])];
        /// One package stands twice under its id, the second time with another price.
        DuplicateIds = "duplicate_ids" at Answer on CatalogLists for ["F46"], takes [];
        /// Ids are strings.
        StringIds = "string_ids" at Answer on Catalog for ["F46"], takes [];
        /// One package has the id of another one, of another country.
        IdReused = "id_reused" at Answer on CatalogLists for ["F46"], takes [];
        /// Every price is in another currency, at the same figures.
        CatalogCurrency = "catalog_currency" at Answer on Catalog for ["F47"],
            takes [param("currency", "EUR")];
        /// Poison in every text of one package, or of all of them.
        CatalogPoison = "catalog_poison" at Answer on Catalog for ["F48"],
            takes [choice("kind", "markup", POISONS), param("bytes", "10485760"),
                choice("scope", "one", &["one", "all"])];
        /// A field that nobody knows is nested so deep.
        CatalogDeep = "catalog_deep" at Answer on Catalog for ["F48"], takes [param("count", "10000")];
    }
    Webhooks {
        /// The webhook is never sent.
        WebhooksLost = "webhooks_lost" at Webhook on Purchase for ["F68"], takes [];
        /// The webhook is sent several times at once, with fresh delivery ids or with the same.
        WebhooksDoubled = "webhooks_doubled" at Webhook on Purchase for ["F54"],
            takes [choice("kind", "fresh", &["fresh", "same"]), param("count", "2")];
        /// The webhook is sent late.
        WebhooksLate = "webhooks_late" at Webhook on Purchase for ["F53", "F55"],
            takes [param("delay_ms", "2000")];
        /// Webhooks are held until there are so many, or until the delay is over, then sent one after the other in a
        /// drawn order.
        WebhooksShuffled = "webhooks_shuffled" at Webhook on Purchase for ["F55"],
            takes [param("count", "3"), param("delay_ms", "2000")];
        /// After the true webhook comes an `order.processing` of the same order.
        WebhookProcessingAfter = "webhook_processing_after" at Webhook on Purchase for ["F55"], takes [];
        /// Before the true webhook, one with an invented eSIM and a signature that is none.
        WebhookForged = "webhook_forged" at Webhook on Purchase for ["F56", "F57"],
            takes [choice("kind", "wrong_secret", FORGERIES)];
        /// The webhook is signed with another secret, as after a rotation.
        WebhookSecretRotated = "webhook_secret_rotated" at Webhook on Purchase for ["F58"],
            takes [param("value", "sandbox-webhook-secret-rotated")];
        /// The webhook's JSON is the same in other bytes, signed as sent.
        WebhookReencoded = "webhook_reencoded" at Webhook on Purchase for ["F63"],
            takes [choice("kind", "drawn", ENCODINGS)];
        /// The signature is spelled in another way.
        WebhookSignatureForm = "webhook_signature_form" at Webhook on Purchase for ["F64"],
            takes [choice("kind", "upper", SIGNATURES)];
        /// Before the true webhook, its first bytes with the signature of the whole.
        WebhookTruncated = "webhook_truncated" at Webhook on Purchase for ["F60"],
            takes [param("at_byte", "drawn")];
        /// The webhook comes in unusual HTTP: compressed, of another type, in chunks, or asking before it sends.
        WebhookUnusualHttp = "webhook_unusual_http" at Webhook on Purchase for ["F64"],
            takes [choice("kind", "gzip", &["gzip", "content_type", "chunked", "expect"])];
        /// Before the true webhook, one of an event that no document knows.
        WebhookUnknownEvent = "webhook_unknown_event" at Webhook on Purchase for ["F65"],
            takes [param("value", "order.archived")];
        /// After the true webhook, an old body again under a fresh delivery id and another event header.
        WebhookReplayed = "webhook_replayed" at Webhook on Purchase for ["F59"],
            takes [param("header", "order.failed")];
        /// The webhook of a completed order has no eSIM.
        WebhookWithoutEsim = "webhook_without_esim" at Webhook on Purchase for ["F25"], takes [];
    }
}

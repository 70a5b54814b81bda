"""The vendor's own library before our side of Stripe: `card.py SIMFRONT STAND_IN SCHEMA WORK`.

1. The library drives the stand-in that the tests ask: sessions, refunds, keys, refusals.
2. It signs events that the shop must take or refuse, and takes or refuses the events that the stand-in signs.
3. The shop sells by card, refunds and lets a session expire; what it asked is held against the parameter types of the
   library (names and kinds, closed) and against the vendor's published schema (kinds and the words of each list).

Each judge is shown lies as well; one that overlooks a lie proves nothing, and ends this with 1. Where the schema's file
cannot be had, everything else is played, and this says so and ends with 1.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import types
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest import mock

import stripe

from card_requests import demand, judge_all, nested

PATIENCE = 120
FRANCE = 1120


def until(what, ask):
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        found = ask()
        if found:
            return found
        time.sleep(0.1)
    raise SystemExit(f"card: never: {what}")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)


def ask(url, body=None, headers=()):
    """The answer's status, headers and body, whatever the status is; none where nobody answers."""
    request = urllib.request.Request(url, body, dict(headers))
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read()
    except OSError:
        return None, {}, b""


# 1: the library as a client of the stand-in.

def session_parameters(**more):
    parameters = {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {"currency": "usd", "unit_amount": 525, "product_data": {"name": "France 5 GB"}},
            }
        ],
        "client_reference_id": "SF-JUDGE",
        "metadata": {"order_number": "SF-JUDGE"},
        "expires_at": int(time.time()) + 3600,
        "success_url": "https://shop.example/orders/x?session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://shop.example/orders/x",
        "locale": "it",
    }
    return {**parameters, **more}


def refused(kind, what, act):
    try:
        act()
    except kind:
        return
    raise SystemExit(f"card: the stand-in does not refuse {what} with {kind.__name__}")


def drive(base, key):
    client = stripe.StripeClient(key, base_addresses={"api": base}, max_network_retries=0).v1
    sessions, refunds = client.checkout.sessions, client.refunds
    first = sessions.create(session_parameters(), {"idempotency_key": "judge-1"})
    demand((first.object, first.status, first.payment_status) == ("checkout.session", "open", "unpaid"), "a new session is open")
    demand((first.amount_total, first.currency, first.client_reference_id) == (525, "usd", "SF-JUDGE"), "a session is what was asked")
    demand(first.metadata["order_number"] == "SF-JUDGE" and first.url.startswith(base), "a session has its metadata and page")
    same = dict(session_parameters(), expires_at=first.expires_at)
    demand(sessions.create(same, {"idempotency_key": "judge-1"}).id == first.id, "one key is one session")
    refused(stripe.IdempotencyError, "a key with other parameters",
            lambda: sessions.create({**same, "locale": "en"}, {"idempotency_key": "judge-1"}))
    refused(stripe.InvalidRequestError, "a session that ends too soon", lambda: sessions.create(session_parameters(expires_at=int(time.time()) + 60)))
    refused(stripe.InvalidRequestError, "a session that is not there", lambda: sessions.retrieve("cs_test_nobody"))
    wrong = stripe.StripeClient("sk_test_wrong", base_addresses={"api": base}, max_network_retries=0).v1
    refused(stripe.AuthenticationError, "another key", lambda: wrong.checkout.sessions.retrieve(first.id))

    second = sessions.create(session_parameters())
    demand(sessions.expire(second.id).status == "expired", "an open session can be expired")
    refused(stripe.InvalidRequestError, "to expire a session twice", lambda: sessions.expire(second.id, options={"idempotency_key": "judge-2"}))
    demand(sessions.retrieve(second.id).url is None, "an expired session has no page")

    status, headers, _ = ask(first.url, b"")
    back = headers["location"]
    demand(status == 303 and back == first.success_url.replace("{CHECKOUT_SESSION_ID}", first.id), "the page leads back to the shop")
    paid = sessions.retrieve(first.id)
    demand((paid.status, paid.payment_status) == ("complete", "paid"), "a session that was paid says so")
    demand(isinstance(paid.payment_intent, str), "an intent that nobody asked for is its name")
    whole = sessions.retrieve(first.id, {"expand": ["payment_intent"]})
    demand(whole.payment_intent.status == "succeeded", "an intent that was asked for is whole")
    refused(stripe.InvalidRequestError, "to expire what was paid", lambda: sessions.expire(first.id))

    intent = paid.payment_intent
    refund = {"payment_intent": intent, "amount": 200, "reason": "requested_by_customer", "metadata": {"refund_key": "judge"}}
    one = refunds.create(refund, {"idempotency_key": "judge-3"})
    demand((one.object, one.amount, one.status, one.payment_intent) == ("refund", 200, "succeeded", intent), "a refund is what was asked")
    demand(refunds.create(refund, {"idempotency_key": "judge-3"}).id == one.id, "one key is one refund")
    refused(stripe.InvalidRequestError, "to pay back more than is left", lambda: refunds.create({**refund, "amount": 326}))
    refunds.create({"payment_intent": intent, "amount": 325})
    listed = list(refunds.list({"payment_intent": intent}).auto_paging_iter())
    demand(sorted(one.amount for one in listed) == [200, 325], "the list of refunds has them all")
    demand(not refunds.list({"payment_intent": "pi_nobody"}).data, "and no other intent's")
    print("ok: the vendor's library drives the stand-in: sessions, refunds, keys and refusals")


# 2: signatures.

def sign(body, secret, at):
    return stripe.WebhookSignature.generate_signature_header(body, secret, timestamp=at)


def event(number):
    told = {"id": f"evt_judge_{number}", "object": "event", "type": "checkout.session.completed", "livemode": False,
            "data": {"object": {"id": "cs_of_nobody", "object": "checkout.session", "metadata": {}}}}
    return json.dumps(told)


def signed_by_the_library(shop, secret):
    now = int(time.time())
    good, other = event(1), "whsec_of_somebody_else"
    header = sign(good, secret, now)
    cases = [
        ("rightly signed", good, header, True),
        ("the same again", good, header, True),
        ("signed four minutes ago", event(2), sign(event(2), secret, now - 240), True),
        ("signed with two secrets, the second ours", event(3),
         sign(event(3), other, now) + "," + sign(event(3), secret, now).split(",")[1], True),
        ("with a scheme of the future beside it", event(4), sign(event(4), secret, now) + ",v0=00,v2=11", True),
        ("one byte changed", good.replace("evt_judge_1", "evt_judge_9"), header, False),
        ("signed with another secret", good, sign(good, other, now), False),
        ("signed six minutes ago", good, sign(good, secret, now - 360), False),
        ("signed six minutes from now", good, sign(good, secret, now + 360), False),
        ("a time that was changed", good, header.replace(f"t={now}", f"t={now - 1}"), False),
        ("a scheme that is none of ours", good, header.replace("v1=", "v0="), False),
        ("not signed", good, None, False),
    ]
    for what, body, signature, wanted in cases:
        headers = [("content-type", "application/json")] + ([("stripe-signature", signature)] if signature else [])
        status, _, _ = ask(f"{shop}/webhooks/stripe", body.encode(), headers)
        taken = status == 200
        demand(taken or (status is not None and 400 <= status < 500), f"the shop answers {status} to an event that is {what}")
        demand(taken == wanted, f"the shop {'takes' if taken else 'refuses'} an event that is {what}")
    print(f"ok: the shop takes and refuses {len(cases)} events as the vendor's library signed them")


def is_taken(body, header, secret):
    try:
        stripe.Webhook.construct_event(body, header, secret)
    except stripe.SignatureVerificationError:
        return False
    return True


def signed_by_the_stand_in(control, secret, deliveries):
    demand(len(deliveries) >= 4, f"the stand-in told of too little: {len(deliveries)}")
    for header, body in deliveries:
        told = stripe.Webhook.construct_event(body, header, secret)
        demand(told.id.startswith("evt_") and told.data.object.object in ("checkout.session", "refund"), f"{told.type} is no event")
        demand(not is_taken(body.replace(b"evt_", b"evt-", 1), header, secret), "the library takes a body that was changed")
        demand(not is_taken(body, header, "whsec_of_somebody_else"), "the library takes another's secret")
        later = time.time() + 301
        with mock.patch("stripe._webhook.time.time", lambda now=later: now):
            demand(not is_taken(body, header, secret), "the library takes what is stale")
    body, now = event(5), int(time.time())
    for at, wanted in [(now, True), (now - 240, True), (now - 360, False)]:
        asked = json.dumps({"at": at, "body": body}).encode()
        header = ask(f"{control}/_signed", asked, [("content-type", "application/json")])[2].decode()
        demand(is_taken(body.encode(), header, secret) == wanted, f"the library at {at - now} s")
        demand(header == sign(body, secret, at), "the stand-in and the library sign alike")
    print(f"ok: the vendor's library takes {len(deliveries)} events as the stand-in signed them, and refuses what was changed or is stale")


# 3: what the shop asks, before the judges of card_requests.py.

def recorded(control):
    asked = json.loads(ask(f"{control}/_books")[2])["asked"]
    requests = []
    for one in asked:
        path = re.sub(r"cs_test_[0-9]+", "{session}", one["path"])
        requests.append((f"{one['method']} {path}", nested(one["pairs"]), one["key"]))
    return requests


def keys(requests):
    """Every request that changes something has a key of its own, at most 255 characters."""
    for name, _, key in requests:
        demand(not name.startswith("POST") or (key and len(key) <= 255), f"{name} has no key that may be used")


# The surroundings.

class Receiver(BaseHTTPRequestHandler):
    deliveries = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        Receiver.deliveries.append((self.headers["stripe-signature"], body))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def running(command, **more):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **more)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def stand_in(program, events):
    with running([program, events]) as process:
        words = process.stdout.readline().split()
        yield types.SimpleNamespace(base=words[1], control=words[3], key=words[5], secret=words[7])


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def shop_at(simfront, bank, url, log):
    """A whole shop that takes cards at a stand-in, with a PostgreSQL and an upstream of its own."""
    command = [simfront, "sandbox", "--port", "0", "--packages", "20"]
    with tempfile.TemporaryDirectory(prefix="simfront-") as folder, running(command) as sandbox:
        os.chmod(folder, 0o755)
        upstream = sandbox.stdout.readline().removeprefix("sandbox: ").strip()
        settings = {
            "PATH": os.environ["PATH"], "DATA_DIR": f"{folder}/data", "BIND_ADDR": url.removeprefix("http://"),
            "ESIMDUAL_BASE_URL": upstream, "ESIMDUAL_EMAIL": "partner@example.com",
            "ESIMDUAL_PASSWORD": "StrongPassword123!", "RECONCILE_INTERVAL_SECONDS": "1", "DOUBT_SETTLING_SECONDS": "1",
            "PAYMENT_METHODS": "stripe", "PAYMENT_EXPIRY_SECONDS": "45", "RATE_LIMITS": "off",
            "STRIPE_SECRET_KEY": bank.key, "STRIPE_WEBHOOK_SECRET": bank.secret, "STRIPE_API_BASE": bank.base,
        }
        with running([simfront, "serve"], env=settings, cwd=folder, stderr=log):
            until("the shop is ready", lambda: ask(f"{url}/readyz")[0] == 200)
            yield upstream.removesuffix("/api/reseller/v1")


def check_out(url):
    page = ask(f"{url}/checkout?package_id={FRANCE}&quantity=1")[2].decode()
    hidden = {name: re.search(f'name="{name}" value="([^"]*)"', page).group(1) for name in ("form_key", "shown_price")}
    form = {"package_id": FRANCE, "quantity": 1, "email": "traveller@example.com", "payment_method": "stripe", "accept_terms": "on"}
    status, headers, _ = ask(f"{url}/checkout", urllib.parse.urlencode(form | hidden).encode())
    demand(status == 303 and "/c/pay/" in headers["location"], f"checkout leads to {headers.get('location')} with {status}")
    return headers["location"]


def pay(page):
    status, headers, _ = ask(page, b"")
    demand(status == 303, f"the page answers {status}")
    return headers["location"].split("?")[0]


def is_order(address, status, payment_status):
    said = ask(address, headers=[("accept", "application/json")])
    order = json.loads(said[2]) if said[0] == 200 else {}
    return (order.get("status"), order.get("payment_status")) == (status, payment_status)


def sell(url, upstream, control):
    """One order that is delivered, one that is paid back, one that nobody pays."""
    unpaid = check_out(url)
    delivered = pay(check_out(url))
    until("an order is delivered", lambda: is_order(delivered, "completed", "paid"))
    fault = json.dumps({"fault": "package_gone", "times": 50}).encode()
    ask(f"{upstream}/_sandbox/faults", fault, [("content-type", "application/json")])
    failed = pay(check_out(url))
    until("an order is paid back", lambda: is_order(failed, "failed", "refunded"))
    name = unpaid.rsplit("/", 1)[1]
    expired = lambda: any(
        one["id"] == name and one["status"] == "expired" for one in json.loads(ask(f"{control}/_books")[2])["sessions"]
    )
    until("a session ends with its order", expired)


def main():
    simfront, program, schema, log_path = sys.argv[1:]
    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    with stand_in(program, f"http://127.0.0.1:{receiver.server_port}/events") as bank:
        drive(bank.base, bank.key)
        until("the events of a session, an expiry and two refunds", lambda: len(Receiver.deliveries) >= 4)
        signed_by_the_stand_in(bank.control, bank.secret, list(Receiver.deliveries))
    url = f"http://127.0.0.1:{free_port()}"
    with open(log_path, "w") as log, stand_in(program, f"{url}/webhooks/stripe") as bank:
        with shop_at(simfront, bank, url, log) as upstream:
            signed_by_the_library(url, bank.secret)
            sell(url, upstream, bank.control)
            requests = recorded(bank.control)
    keys(requests)
    judge_all(requests, schema)


main()

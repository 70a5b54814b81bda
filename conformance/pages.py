"""pages.py SHOP ADMIN_EMAIL ADMIN_PASSWORD SANDBOX FOLDER: every page of a demo as a file, for a judge of HTML to read.

What any visitor sees in both languages; a form that was refused; orders that wait for their payment, were delivered, and
failed; and everything that staff see, with what their forms answer. Ends with 1 where a page does not answer as it should,
so that no error page is judged in its place."""

import http.cookiejar
import json
import pathlib
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

shop, email, password, sandbox, folder = sys.argv[1:]
folder = pathlib.Path(folder)
jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())


class Stays(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments):
        return None


browser = urllib.request.build_opener(jar, Stays)
kept = 0


def ask(path, fields=None):
    """Status, address that it leads to, and body."""
    body = None if fields is None else urllib.parse.urlencode(fields).encode()
    try:
        answer = browser.open(urllib.request.Request(shop + path, data=body), timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    return answer.status, answer.headers.get("location"), answer.read()


def keep(name, path, fields=None, wanted=200):
    """Writes the page down and gives its text."""
    global kept
    status, _, body = ask(path, fields)
    if status != wanted:
        sys.exit(f"{path} answered {status} and not {wanted}: it is not judged")
    (folder / f"{name}.html").write_bytes(body)
    kept += 1
    return body.decode()


def leads(path, fields):
    """Where a form leads to, without the shop's own address."""
    status, to, body = ask(path, fields)
    if status != 303:
        sys.exit(f"{path} answered {status} and no redirect: {body.decode()[:400]}")
    return to.removeprefix(shop)


def hidden(page):
    """The fields that a form carries unseen."""
    return re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)


def word(path):
    return re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "home"


def order(prefix, name):
    """Orders, and keeps the page where it is paid: that page's address."""
    form = ask(f"{prefix}/checkout?package_id=1120&quantity=2")[2].decode()
    told = dict.fromkeys(re.findall(r'name="(accept_[^"]+)"', form), "yes")
    fields = dict(hidden(form)) | told | {"email": "ada@example.com", "payment_method": "test", "quantity": "2"}
    pay = leads(f"{prefix}/checkout", fields)
    keep(f"{name}-pay", pay)
    return pay


def ended(path, status):
    """Waits until an order is at rest."""
    for _ in range(600):
        page = ask(path)[2].decode()
        if f'data-order-status="{status}"' in page:
            return
        time.sleep(0.1)
    sys.exit(f"{path} does not become {status}")


PUBLIC = """/ /destinations /destinations/france /destinations/france?data=5&sort=gb /destinations/france?price=0.01
/regions/europe /regions/global /plans/1120 /search /search?q=france /search?q=zzzz /cart
/checkout?package_id=1120&quantity=1""".split()
STAFF = """/admin /admin/orders /admin/transfers /admin/catalog /admin/catalog/popular /admin/catalog/1120 /admin/markup
/admin/markup/rules/new /admin/rates /admin/tax /admin/sync /admin/wallet /admin/webhooks /admin/upstream /admin/team
/admin/audit /admin/account""".split()

numbers = []
for prefix in ("", "/it"):
    language = prefix.strip("/") or "en"
    for path in PUBLIC:
        status = ask(prefix + path)[0]
        if path == "/cart" and status == 404:
            continue
        keep(f"{language}-{word(path)}", prefix + path)
    keep(f"{language}-nowhere", f"{prefix}/nowhere", wanted=404)
    form = ask(f"{prefix}/checkout?package_id=1120&quantity=1")[2].decode()
    keep(f"{language}-checkout-refused", f"{prefix}/checkout", dict(hidden(form)), wanted=422)
    pay = order(prefix, f"{language}-good")
    paid = leads(pay, {"outcome": "decline"})
    keep(f"{language}-order-waits", paid)
    paid = leads(pay, {"outcome": "pay"})
    ended(paid, "completed")
    numbers.append(re.search(r'data-order-number="([^"]+)"', keep(f"{language}-order-delivered", paid)).group(1))
    fault = json.dumps({"fault": "package_gone", "operation": "create_order", "times": 2}).encode()
    control = urllib.request.Request(f"{sandbox}faults", data=fault, headers={"content-type": "application/json"})
    urllib.request.urlopen(control, timeout=60).read()
    paid = leads(order(prefix, f"{language}-bad"), {"outcome": "pay"})
    ended(paid, "failed")
    numbers.append(re.search(r'data-order-number="([^"]+)"', keep(f"{language}-order-failed", paid)).group(1))

keep("admin-login", "/admin/login")
keep("admin-login-refused", "/admin/login", {"email": email, "password": "wrong"}, wanted=422)
leads("/admin/login", {"email": email, "password": password})
for path in STAFF + [f"/admin/orders/{number}" for number in numbers]:
    keep(word(path), path)
run = re.search(r'href="(/admin/sync/\d+)"', ask("/admin/sync")[2].decode())
if run:
    keep("admin-sync-run", run.group(1))
rule = {"percent": "40", "fixed": "0.10", "rounding": "99", "step": "rehearse"}
keep("admin-markup-rehearsed", "/admin/markup", rule)
keep("admin-markup-refused", "/admin/markup", rule | {"percent": "-1"}, wanted=422)
keep("admin-rule-rehearsed", "/admin/markup/rules/new", rule | {"scope": "country", "key": "fr"})
keep("admin-refund-refused", f"/admin/orders/{numbers[0]}", {"amount": "-1", "reason": ""}, wanted=422)
keep("admin-asks-again", "/admin/team", {"email": "sam@example.com", "role": "support"}, wanted=422)
keep("admin-second-factor", leads("/admin/account/second-factor", {"password": password}))
keep("admin-nowhere", "/admin/markup/rules/99999999", wanted=404)
print(kept)

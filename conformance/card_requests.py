"""What the shop asked of Stripe before two judges that its vendor wrote: the parameter types of its library (names and
kinds, closed) and its published schema (kinds, and the words of each list).

Each judge is shown lies as well; one that overlooks a lie proves nothing.
"""

import json
import os
import re
import sys
import typing
import urllib.request

import jsonschema
import pydantic
import stripe
import stripe.params
import stripe.params.checkout
import stripe.params.radar
import typing_extensions
from pydantic_core.core_schema import is_instance_schema
from stripe._stripe_object import UntypedStripeObject

# The vendor's document at one commit: what git names does not change.
SCHEMA_URL = (
    "https://raw.githubusercontent.com/stripe/openapi/18fa2cc768024b47789dc6fa243acd48478acac2/latest/openapi.spec3.json"
)


def demand(holds, what):
    if not holds:
        raise SystemExit(f"card: {what}")


def nested(pairs):
    """`a[b][0][c]=d` as a tree, with lists where every name is a number."""
    tree = {}
    for name, value in pairs:
        steps = [re.match(r"[^\[]+", name).group()] + re.findall(r"\[([^\]]*)\]", name)
        at = tree
        for step, following in zip(steps, steps[1:] + [None]):
            if step == "":
                step = str(len(at))
            at = at.setdefault(step, {}) if following is not None else at.__setitem__(step, value)
    return listed(tree)


def listed(tree):
    if not isinstance(tree, dict):
        return tree
    if tree and all(name.isdigit() for name in tree):
        return [listed(tree[name]) for name in sorted(tree, key=int)]
    return {name: listed(value) for name, value in tree.items()}


def closed_types():
    """The library's parameter types as pydantic reads them, refusing names that they do not have."""
    # Naming a type loads its module, and those that it is made of must be known before any is read.
    kinds = {
        "POST /v1/checkout/sessions": stripe.params.checkout.SessionCreateParams,
        "GET /v1/checkout/sessions/{session}": stripe.params.checkout.SessionRetrieveParams,
        "POST /v1/checkout/sessions/{session}/expire": stripe.params.checkout.SessionExpireParams,
        "POST /v1/refunds": stripe.params.RefundCreateParams,
        "GET /v1/refunds": stripe.params.RefundListParams,
        "GET /v1/disputes": stripe.params.DisputeListParams,
        "GET /v1/radar/early_fraud_warnings": stripe.params.radar.EarlyFraudWarningListParams,
    }
    # What the library imports for readers of types alone.
    names = {name: getattr(typing, name) for name in ("Any", "Dict", "List", "Mapping", "Optional", "Union")}
    names |= {name: getattr(typing_extensions, name) for name in ("Literal", "NotRequired", "TypedDict")}
    names["StripeContext"] = str
    for module in [module for name, module in sys.modules.items() if name.startswith("stripe.params")]:
        names |= {name: value for name, value in vars(module).items() if typing_extensions.is_typeddict(value)}
    for value in names.values():
        if typing_extensions.is_typeddict(value):
            value.__pydantic_config__ = pydantic.ConfigDict(extra="forbid")
    # An object of the library's own, in place of which a plain mapping may stand.
    UntypedStripeObject.__get_pydantic_core_schema__ = classmethod(lambda own, *_: is_instance_schema(own))

    def read(kind):
        adapter = pydantic.TypeAdapter(kind, _parent_depth=0)
        adapter.rebuild(force=True, _types_namespace={**names, **vars(sys.modules[kind.__module__])})
        return adapter

    return {name: read(kind) for name, kind in kinds.items()}


def wrong_by_type(adapter, tree):
    try:
        adapter.validate_python(tree)
    except pydantic.ValidationError as error:
        return [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
    return []


def schemas_of(document):
    """The schema of each request, by the same names."""
    found = {}
    for name, operations in document["paths"].items():
        for method, operation in operations.items():
            if method == "post":
                content = operation.get("requestBody", {}).get("content", {})
                found[f"POST {name}"] = content.get("application/x-www-form-urlencoded", {}).get("schema", {})
            if method == "get":
                parameters = [one for one in operation.get("parameters", []) if one["in"] == "query"]
                found[f"GET {name}"] = {
                    "type": "object",
                    "properties": {one["name"]: one["schema"] for one in parameters},
                    "additionalProperties": False,
                }
    return found


def coerced(schema, value):
    """What stands in a form as text, as the kind that the schema wants; the text where it is none of that kind."""
    for one in schema.get("anyOf", []):
        read = coerced(one, value)
        if not jsonschema.Draft4Validator(one).is_valid(read):
            continue
        return read
    if isinstance(value, dict):
        inner = schema.get("properties", {})
        other = schema.get("additionalProperties")
        other = other if isinstance(other, dict) else {}
        return {name: coerced(inner.get(name, other), one) for name, one in value.items()}
    if isinstance(value, list):
        return [coerced(schema.get("items", {}), one) for one in value]
    if schema.get("type") == "integer" and re.fullmatch(r"-?[0-9]+", value):
        return int(value)
    if schema.get("type") == "number" and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        return float(value)
    if schema.get("type") == "boolean" and value in ("true", "false"):
        return value == "true"
    return value


def wrong_by_schema(schema, tree):
    errors = jsonschema.Draft4Validator(schema).iter_errors(coerced(schema, tree))
    return [f"{'.'.join(map(str, one.absolute_path))}: {one.message}" for one in errors]


def change(tree, path, value):
    changed = json.loads(json.dumps(tree))
    at = changed
    for step in path[:-1]:
        at = at[step]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return changed


# Requests that are wrong on purpose, and who must find out: `t` the library's types, `s` the schema.
LIES = [
    ("POST /v1/checkout/sessions", ("modes",), "payment", "ts"),
    ("POST /v1/checkout/sessions", ("mode",), "gift", "s"),
    ("POST /v1/checkout/sessions", ("locale",), "xx", "s"),
    ("POST /v1/checkout/sessions", ("expires_at",), "tomorrow", "ts"),
    ("POST /v1/checkout/sessions", ("line_items", 0, "quantity"), "two", "ts"),
    ("POST /v1/checkout/sessions", ("line_items", 0, "price_data", "currencyy"), "usd", "t"),
    ("POST /v1/checkout/sessions", ("line_items", 0, "price_data", "currency"), None, "ts"),
    ("POST /v1/checkout/sessions", ("line_items", 0, "price_data", "product_data", "name"), None, "ts"),
    ("POST /v1/refunds", ("amount",), "1.5", "ts"),
    ("POST /v1/refunds", ("reason",), "because", "s"),
    ("POST /v1/refunds", ("intent",), "pi_1", "ts"),
    ("GET /v1/refunds", ("limit",), "many", "ts"),
    ("GET /v1/refunds", ("intent",), "pi_1", "ts"),
]


def judge(who, letter, requests, wrongs):
    for name, tree, key in requests:
        found = wrongs(name, tree)
        demand(not found, f"{who} finds fault with {name}: {found} in {tree}")
    lies = [lie for lie in LIES if letter in lie[3]]
    for name, path, value, _ in lies:
        honest = next(tree for one, tree, _ in requests if one == name)
        demand(wrongs(name, change(honest, path, value)), f"{who} overlooked a lie: {name} {path} {value}")
    print(f"ok: {who} finds no fault with {len(requests)} requests of the shop, and found {len(lies)} lies")


def document(path):
    """The vendor's document, fetched once; none where it cannot be had."""
    if not os.path.exists(path):
        try:
            with urllib.request.urlopen(SCHEMA_URL, timeout=60) as answer:
                body = answer.read()
        except OSError as error:
            return None, str(error)
        with open(path + ".new", "wb") as file:
            file.write(body)
        os.replace(path + ".new", path)
    with open(path, "rb") as file:
        return json.load(file), None


def judge_all(requests, schema):
    """Both judges, the second where its document can be had at the path `schema`, or fetched to there."""
    adapters = closed_types()
    missing = set(adapters) - {name for name, _, _ in requests}
    demand(not missing, f"the shop never asked {missing}")
    judge("the library's parameter types", "t", requests, lambda name, tree: wrong_by_type(adapters[name], tree))
    published, why = document(schema)
    if published is None:
        raise SystemExit(f"card: the vendor's schema was not asked: {SCHEMA_URL} cannot be fetched ({why}); put it at {schema}.")
    schemas = schemas_of(published)
    who = f"the vendor's schema of {published['info']['version']}"
    judge(who, "s", requests, lambda name, tree: wrong_by_schema(schemas[name], tree))

//! F21: every field of every documented answer in every wrong type. No panic, no wrong amount, and the work goes on.

use rust_decimal::Decimal;
use serde_json::Value;
use simfront::catalog;
use simfront::esimdual::reading::{self, Undocumented};
use simfront::esimdual::{Answer, CatalogReader, NewOrder, event};

use crate::support::{Database, Fake, client, clock, no_database, reply, token};

/// What is written instead of a value, and the amount that it is.
const MUTATIONS: [(&str, Option<&str>); 24] = [
    ("null", None),
    ("true", None),
    ("0", Some("0")),
    ("-1", Some("-1")),
    ("45", Some("45")),
    ("\"45\"", Some("45")),
    ("\"4.20\"", Some("4.20")),
    ("4.2000000000000002", Some("4.2000000000000002")),
    ("1e2", Some("100")),
    ("1e308", None),
    ("99999999999999999999999999999999", None),
    ("\"\"", None),
    ("\"  \"", None),
    ("\"NaN\"", None),
    ("\"4,20\"", None),
    ("\"refunded\"", None),
    ("\"2026-99-99\"", None),
    ("\"\\u0000\"", None),
    ("\"\\ud800\"", None),
    ("[]", None),
    ("[[[1]]]", None),
    ("{}", None),
    ("{\"id\":{\"id\":[]}}", None),
    ("[null,{\"id\":1}]", None),
];

const ORDER: &str = include_str!("../fixtures/esimdual/order_placed.json");
const PACKAGES: &str = include_str!("../fixtures/esimdual/packages.json");
const WALLET: &str = include_str!("../fixtures/esimdual/wallet.json");
const ACCOUNT: &str = include_str!("../fixtures/esimdual/me.json");
const PRICING: &str = r#"{"status":true,"message":"Success","data":{"countries":[{"name":"France","code":"fr","packages":
    [{"id":1120,"name":"France 5 GB - 30 Days","price":"4.20","currency":"USD","data_quantity":5,"data_unit":"GB",
    "package_validity":30,"package_validity_unit":"Day"}]}]}}"#;
const ESIM: &str = r#"{"status":true,"message":"Success","data":{"id":108,"serial_number":"SIM-100001",
    "iccid":"8988207000000000001","phone_number":"+33600000000","qr_code":"LPA:1$example.com$CODE",
    "qr_code_image":"https://cdn.example.com/qr.png","provider_status":"ACTIVE","expiry_date":"2026-04-14",
    "activated_at":"2026-03-15T10:00:00Z","installed_at":null,"provider_expiry_at":null,
    "package":{"id":1120,"provider_plan_id":"FR-5GB-30D","name":"France 5 GB - 30 Days"}}}"#;
const USAGE: &str = r#"{"status":true,"message":"Success","data":{"total":"5 GB","remaining":"3.2 GB","used":"1.8 GB",
    "expiry_date":"2026-04-14"}}"#;
const EVENT: &str = r#"{"event":"order.completed","occurred_at":"2026-03-15T10:00:00Z","order":{"id":45,
    "external_order_id":"NOANET-20260315-0001","status":"completed","currency":"USD","price":4.2,"provider_cost":3.5,
    "profit_amount":0.7,"created_at":"2026-03-15T10:00:00Z"},"package":{"id":1120,"provider_plan_id":"FR-5GB-30D",
    "name":"France","slug":null},"esim":{"id":108,"iccid":"8988207000000000001","serial_number":"S","qr_code":
    "LPA:1$example.com$CODE","qr_code_image":null,"phone_number":null,"expiry_date":"2026-04-14","provider_status":"A"}}"#;

/// An example with one value written otherwise.
struct Mutant {
    /// Where, as a JSON pointer.
    at: String,
    /// The amount that now stands there, if it is one.
    amount: Option<Decimal>,
    body: String,
}

/// Every value of an example (objects and lists included) in every mutation, and left out.
fn mutants(example: &str) -> Vec<Mutant> {
    const MARK: &str = "@@here@@";
    let example: Value = serde_json::from_str(example).unwrap();
    let mut places = Vec::new();
    collect(&example, String::new(), &mut places);
    let mut mutants = Vec::new();
    for at in places {
        let mut marked = example.clone();
        *marked.pointer_mut(&at).unwrap() = Value::from(MARK);
        let marked = marked.to_string();
        for (written, amount) in MUTATIONS {
            let body = marked.replace(&format!("\"{MARK}\""), written);
            let amount = amount.map(|amount| amount.parse().unwrap());
            mutants.push(Mutant { at: at.clone(), amount, body });
        }
        let (parent, name) = at.rsplit_once('/').unwrap();
        let mut without = example.clone();
        if let Some(object) = without.pointer_mut(parent).unwrap().as_object_mut() {
            object.remove(name);
            mutants.push(Mutant { at, amount: None, body: without.to_string() });
        }
    }
    mutants
}

fn collect(value: &Value, at: String, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| collect(value, format!("{at}/{name}"), places))
        }
        Value::Array(rows) => {
            rows.iter()
                .enumerate()
                .for_each(|(index, value)| collect(value, format!("{at}/{index}"), places));
        }
        _ => {}
    }
    if !at.is_empty() {
        places.push(at);
    }
}

impl Mutant {
    /// An amount that is read is the example's own, or exactly what now stands at its place; none where the place
    /// holds no amount.
    fn holds(&self, place: &str, example: &str, read: Option<Decimal>) {
        let expected = match self.at == place {
            true => self.amount,
            // Where a surrounding object is gone or a list stands in its place, the amount is gone with it.
            false if place.starts_with(&format!("{}/", self.at)) => None,
            false => Some(example.parse().unwrap()),
        };
        assert!(read == expected, "{place} was read as {read:?} in {}", self.body);
    }
}

#[test]
fn f21_no_mutation_of_any_field_panics_or_becomes_a_wrong_amount() {
    let mut seen = Undocumented::default();
    for mutant in mutants(ORDER) {
        if let Ok(order) = reading::order(mutant.body.as_bytes(), &mut seen) {
            assert!(order.id > 0);
            mutant.holds("/data/price", "4.2", order.price);
        }
    }
    for mutant in mutants(WALLET) {
        if let Ok(wallet) = reading::wallet(mutant.body.as_bytes(), &mut seen) {
            mutant.holds("/data/balance", "245.8", Some(wallet.balance));
            if let Some(first) = wallet.transactions.rows.first() {
                mutant.holds("/data/transactions/0/amount", "4.2", first.amount);
                mutant.holds("/data/transactions/0/post_balance", "245.8", first.post_balance);
            }
        }
    }
    for mutant in mutants(ACCOUNT) {
        if let Ok(account) = reading::account(mutant.body.as_bytes(), &mut seen) {
            mutant.holds("/data/balance", "250", account.balance);
        }
    }
    for mutant in mutants(PRICING) {
        if let Ok(countries) = reading::priced_countries(mutant.body.as_bytes(), &mut seen)
            && let Some(package) = countries.rows.first().and_then(|country| country.packages.rows.first())
        {
            mutant.holds("/data/countries/0/packages/0/price", "4.20", package.price);
        }
    }
    for mutant in mutants(EVENT) {
        if let Some(order) = event::read(mutant.body.as_bytes()).and_then(|event| event.order) {
            assert!(order.id > 0);
            mutant.holds("/order/price", "4.2", order.price);
        }
    }
    for mutant in mutants(ESIM) {
        let _any = reading::esim(mutant.body.as_bytes(), &mut seen);
    }
    for mutant in mutants(USAGE) {
        let _any = reading::usage(mutant.body.as_bytes(), &mut seen);
    }
    assert!(seen.sightings().count() > 50, "what was met is told");
}

#[test]
fn f21_a_catalog_with_any_field_mutated_costs_what_its_tokens_say_or_nothing() {
    let usd = simfront::ground::Currency::parse("USD").unwrap();
    let mut sold = 0;
    for mutant in mutants(PACKAGES) {
        let mut seen = Undocumented::default();
        let mut reader = CatalogReader::default();
        if reader.read_page(mutant.body.as_bytes(), 1, &mut seen).is_err() {
            continue;
        }
        let rows = reader.into_rows().rows;
        let accepted = catalog::accept(&rows, Some(usd), Default::default());
        for package in accepted.packages.values() {
            assert!(package.cost.amount > Decimal::ZERO);
            assert_eq!(package.cost.currency, usd, "{}", mutant.body);
            mutant.holds("/data/0/pricing/reseller_price", "4.2", Some(package.cost.amount));
            sold += 1;
        }
    }
    assert!(sold > 100, "most mutations leave a package that can be sold: {sold}");
}

#[tokio::test]
async fn f21_a_purchase_with_a_mutated_answer_is_proof_or_doubt_and_the_desk_goes_on() {
    let wanted = NewOrder {
        package_id: 1120,
        external_order_id: "NOANET-20260315-0001",
        idempotency_key: "key-21",
        device_imei: None,
        doubted: false,
    };
    let mutants = std::sync::Arc::new(mutants(ORDER));
    let told = mutants.clone();
    let upstream =
        Fake::start(move |_, before| reply(201, told.get(before).map_or(ORDER, |mutant| &mutant.body))).await;
    let desk = client(&upstream.url, token(), no_database(), &clock());
    let (mut done, mut doubts) = (0, 0);
    for mutant in mutants.iter() {
        match desk.place_order(&wanted).await {
            Answer::Done(order) => {
                assert_eq!(order.external_order_id.as_deref(), Some(wanted.external_order_id));
                assert_eq!(order.package_id, Some(wanted.package_id), "{}", mutant.body);
                mutant.holds("/data/price", "4.2", order.price);
                done += 1;
            }
            Answer::Doubt(_) => doubts += 1,
            other => panic!("{other:?} for {}", mutant.body),
        }
    }
    assert!(done > 100 && doubts > 50, "{done} proofs and {doubts} doubts");
    assert!(matches!(desk.place_order(&wanted).await, Answer::Done(_)), "the desk goes on");
}

#[tokio::test]
async fn f21_rows_of_every_mutation_in_one_list_are_set_aside_or_read_and_written_down() {
    let db = Database::new().await;
    let rows: Vec<String> = mutants(ORDER)
        .iter()
        .filter_map(|mutant| {
            let body: std::collections::HashMap<String, Box<serde_json::value::RawValue>> =
                serde_json::from_str(&mutant.body).unwrap();
            Some(body.get("data")?.get().to_owned())
        })
        .collect();
    let count = rows.len();
    let list = format!(r#"{{"status":true,"message":"Success","data":[{}]}}"#, rows.join(","));
    let upstream = Fake::start(move |_, _| reply(200, &list)).await;
    let desk = client(&upstream.url, token(), db.pool.clone(), &clock());
    let Answer::Done(listing) = desk.orders().await else { panic!("a list with bad rows is a list") };
    assert_eq!(listing.orders.len() + listing.unreadable, count, "no row is lost");
    assert!(listing.unreadable > 10 && listing.orders.len() > 100);

    desk.write_down_notes().await.unwrap();
    desk.orders().await;
    desk.write_down_notes().await.unwrap();
    let kept =
        simfront::esimdual::undocumented::newest(&mut db.pool.acquire().await.unwrap(), 1000).await.unwrap();
    let find = |field: &str, kind: &str| {
        let found = kept.iter().find(|row| {
            (row.place.as_str(), row.field.as_str(), row.kind.as_str()) == ("order", field, kind)
        });
        found.unwrap_or_else(|| panic!("{field} {kind} among {kept:?}"))
    };
    let status = find("status", "new_value");
    assert!(status.count >= 2 && status.count % 2 == 0, "both times were counted: {status:?}");
    assert!(find("price", "other_type").count > 4);
    assert!(kept.iter().any(|row| row.kind == "unreadable_row" && row.example.starts_with("row ")));
    let shown = format!("{kept:?}");
    assert!(!shown.contains("LPA:1") && !shown.contains("8988207") && !shown.contains("+336"), "{shown}");
    db.drop().await;
}

#[tokio::test]
async fn what_was_met_stays_bounded_in_the_database_and_known_kinds_are_still_counted() {
    let db = Database::new().await;
    let mut conn = db.pool.acquire().await.unwrap();
    let now = clock().now();
    for round in 0..6 {
        let fields: Vec<String> = (0..450).map(|field| format!("\"r{round}f{field}\":1")).collect();
        let body = format!(r#"{{"data":{{"id":"1",{}}}}}"#, fields.join(","));
        let mut seen = Undocumented::default();
        reading::package(body.as_bytes(), &mut seen).unwrap();
        simfront::esimdual::undocumented::add(&mut conn, &seen, now).await.unwrap();
    }
    let kept = simfront::esimdual::undocumented::newest(&mut conn, 10_000).await.unwrap();
    assert!((2_000..2_500).contains(&kept.len()), "{}", kept.len());
    let id = kept.iter().find(|row| row.field == "id").unwrap();
    assert_eq!((id.count, id.kind.as_str(), id.example.as_str()), (6, "other_type", "\"1\""));
    assert!(!kept.iter().any(|row| row.field.starts_with("r5")));
    drop(conn);
    db.drop().await;
}

//! What faults make of an answer about the catalog; the true catalog is not touched.

use rust_decimal::Decimal;

use super::tree::Tree;
use super::{Fault, Struck};
use crate::ground::money::exact_decimal;

/// Spoils an answer about packages. Says what was drawn; `None` if the fault is none of the catalog, or there is
/// nothing to spoil.
pub(in crate::sandbox) fn spoil(data: &mut Tree, struck: &Struck) -> Option<String> {
    match struck.fault() {
        Fault::EmptyCatalog => {
            let within = if data.get("countries").is_some() { data.get_mut("countries")? } else { data };
            within.listed_mut()?.clear();
        }
        Fault::CatalogCut => cut(data, struck.injection.percent()),
        Fault::CatalogEverySecond => {
            for rows in lists(data) {
                let mut place = 0;
                rows.retain(|_| {
                    place += 1;
                    place % 2 == 1
                });
            }
        }
        Fault::DuplicateIds => return duplicate(data, struck),
        Fault::IdReused => return reuse(data, struck),
        _ => return spoil_rows(data, struck),
    }
    Some(String::new())
}

/// Every list of packages in an answer.
fn lists(data: &mut Tree) -> Vec<&mut Vec<Tree>> {
    if data.get("countries").is_none() {
        return data.listed_mut().into_iter().collect();
    }
    let countries = data.get_mut("countries").and_then(Tree::rows_mut).into_iter().flatten();
    countries.filter_map(|country| country.get_mut("packages")?.rows_mut()).collect()
}

/// Every package in an answer, which may be about one alone.
fn packages(data: &mut Tree) -> Vec<&mut Tree> {
    match data.get("id").is_some() {
        true => vec![data],
        false => lists(data).into_iter().flatten().collect(),
    }
}

/// Keeps the first few percent of all packages.
fn cut(data: &mut Tree, percent: usize) {
    let lists = lists(data);
    let all: usize = lists.iter().map(|rows| rows.len()).sum();
    let mut left = all * percent / 100;
    for rows in lists {
        rows.truncate(left);
        left -= rows.len();
    }
}

fn drawn(struck: &Struck, number: usize) -> Option<usize> {
    let end = u64::try_from(number).ok().filter(|end| *end > 0)?;
    usize::try_from(struck.entropy.below(end)).ok()
}

fn id_of(package: &Tree) -> Option<String> {
    package.get("id")?.bare()
}

fn duplicate(data: &mut Tree, struck: &Struck) -> Option<String> {
    let mut lists = lists(data);
    let rows = lists.iter_mut().find(|rows| !rows.is_empty())?;
    let place = drawn(struck, rows.len())?;
    let mut twin = rows.get(place)?.opened();
    reprice(&mut twin, "times_100");
    let id = id_of(&twin);
    rows.insert(place + 1, twin);
    id
}

/// One package under the id of another one that lies elsewhere.
fn reuse(data: &mut Tree, struck: &Struck) -> Option<String> {
    let mut all = packages(data);
    let one = drawn(struck, all.len())?;
    let whose = |package: &Tree| {
        let package = package.opened();
        package.get("countries").or_else(|| package.get("name")).map(Tree::to_string)
    };
    let home = whose(all.get(one)?);
    let other = all.iter().position(|package| whose(package) != home)?;
    let id = all.get(other)?.opened().get("id")?.clone();
    let mut renamed = all.get(one)?.opened();
    renamed.set("id", id.clone());
    **all.get_mut(one)? = renamed;
    Some(format!("id {id}"))
}

fn spoil_rows(data: &mut Tree, struck: &Struck) -> Option<String> {
    let mut rows = packages(data);
    let one = if struck.injection.text("scope") == "one" { Some(drawn(struck, rows.len())?) } else { None };
    let kind = struck.injection.text("kind");
    let mut note = format!("all: {kind}");
    for (place, row) in rows.iter_mut().enumerate() {
        if one.is_some_and(|one| one != place) {
            continue;
        }
        // Opened, and closed again at the end, so that only one row at a time takes the room of a tree.
        let mut open = row.opened();
        let was_closed = row.written().is_some();
        if one.is_some() {
            note = format!("{}: {kind}", id_of(&open).unwrap_or_default());
        }
        match struck.fault() {
            Fault::CatalogPrices => reprice(&mut open, kind),
            Fault::StringIds => open.set("id", Tree::text(&id_of(&open)?)),
            Fault::CatalogCurrency => {
                let currency = Tree::text(struck.injection.text("currency"));
                flip(&mut open, &currency);
                open.get_mut("pricing").into_iter().for_each(|pricing| flip(pricing, &currency));
            }
            Fault::CatalogPoison => poison(&mut open, kind, struck.injection.bytes().unwrap_or_default()),
            Fault::CatalogDeep => {
                let depth = struck.injection.count();
                open.set("extra", Tree::raw(format!("{}{}", "[".repeat(depth), "]".repeat(depth))));
            }
            _ => return None,
        }
        **row = if was_closed { Tree::raw(open.to_string()) } else { open };
    }
    Some(note)
}

fn flip(place: &mut Tree, currency: &Tree) {
    if place.get("currency").is_some() {
        place.set("currency", currency.clone());
    }
}

/// Changes every price that is charged: at the top of `/packages`, inside its pricing, and in `/pricing`.
fn reprice(package: &mut Tree, kind: &str) {
    change(package, "price_for_reseller", kind);
    change(package, "price", kind);
    if let Some(pricing) = package.get_mut("pricing") {
        change(pricing, "reseller_price", kind);
    }
}

fn change(place: &mut Tree, key: &str, kind: &str) {
    let Some(price) = place.get(key) else { return };
    let quoted = price.written().is_some_and(|written| written.starts_with('"'));
    let amount = price.bare().and_then(|bare| exact_decimal(&bare)).unwrap_or_default();
    let written = |amount: Decimal| match quoted {
        true => Tree::text(&amount.normalize().to_string()),
        false => Tree::raw(amount.normalize().to_string()),
    };
    let wrong = match kind {
        "times_100" => written(amount * Decimal::ONE_HUNDRED),
        "divided_by_100" => written(amount / Decimal::ONE_HUNDRED),
        "zero" => written(Decimal::ZERO),
        "negative" => written(-amount),
        "nan" => Tree::raw("NaN"),
        "huge" => Tree::raw("1e308"),
        "string" => Tree::text("four dollars"),
        "null" => Tree::null(),
        _ => return place.remove(key),
    };
    place.set(key, wrong);
}

/// Poison in every text; in its currency it would only hide the rest. The long one is in the name alone.
fn poison(package: &mut Tree, kind: &str, bytes: u64) {
    let poison = match kind {
        "long" => {
            let length = usize::try_from(bytes).unwrap_or(usize::MAX);
            return package.set("name", Tree::raw(format!("\"{}\"", "A".repeat(length))));
        }
        "bidi" => r#""\u202e\u2066evil\u2069\u200f plan""#,
        "control" => r#""\u0001\u0007\u001b[31m plan\r\n\t\u007f""#,
        "nul" => r#""plan\u0000 plan""#,
        "path" => r#""..\/..\/..\/etc\/passwd""#,
        "sql" => r#""'; drop table packages; -- ""#,
        _ => r#""<script>alert(1)<\/script><img src=x onerror=alert(2)>""#,
    };
    package.each_text(&["currency"], &mut |text| poison.clone_into(text));
}

#[cfg(test)]
mod tests {
    use super::super::{About, Faults, Injection, Point};
    use super::*;
    use crate::sandbox::operation::Operation;
    use crate::sandbox::settings::OrderMode;

    fn spoiled(flag: &str, data: &str) -> String {
        let through = |mut read: Tree| {
            let faults = Faults::open(None, OrderMode::Completed).unwrap();
            faults.inject(flag.parse::<Injection>().unwrap().on(Operation::Packages));
            let struck = faults.draw(Point::Answer, Some(Operation::Packages), &About::default()).unwrap();
            spoil(&mut read, &struck).unwrap();
            read.to_string()
        };
        let spoiled = through(Tree::read(data).unwrap());
        assert_eq!(through(Tree::read_rows_closed(data).unwrap()), spoiled, "closed rows are spoiled alike");
        spoiled
    }

    #[test]
    fn prices_are_spoiled_where_they_stand() {
        let row = r#"[{"id":1,"price_for_reseller":4.2,"pricing":{"reseller_price":4.2,"currency":"USD"}}]"#;
        let priced = r#"{"countries":[{"packages":[{"id":1,"price":"4.20","currency":"USD"}]}]}"#;
        for (kind, bare, quoted) in [
            ("times_100", "420", "\"420\""),
            ("divided_by_100", "0.042", "\"0.042\""),
            ("zero", "0", "\"0\""),
            ("negative", "-4.2", "\"-4.2\""),
            ("nan", "NaN", "NaN"),
            ("huge", "1e308", "1e308"),
            ("string", "\"four dollars\"", "\"four dollars\""),
            ("null", "null", "null"),
        ] {
            let flag = format!("catalog_prices:kind={kind}");
            assert_eq!(spoiled(&flag, row), row.replace("4.2", bare), "{kind}");
            assert_eq!(spoiled(&flag, priced), priced.replace("\"4.20\"", quoted), "{kind}");
        }
        let missing = r#"[{"id":1,"pricing":{"currency":"USD"}}]"#;
        assert_eq!(spoiled("catalog_prices:kind=missing", row), missing);
        assert_eq!(spoiled("catalog_currency", row), row.replace("USD", "EUR"));
    }

    #[test]
    fn lists_are_cut_thinned_and_mixed_up() {
        let row = |id: usize| format!(r#"{{"id":{id},"name":"P{id}","price":"1"}}"#);
        let rows =
            |ids: &[usize]| format!("[{}]", ids.iter().map(|id| row(*id)).collect::<Vec<_>>().join(","));
        let forty: Vec<usize> = (0..40).collect();
        let whole = rows(&forty);
        assert_eq!(spoiled("empty_catalog", &whole), "[]");
        assert_eq!(spoiled("catalog_cut", &whole), rows(&[0, 1]));
        let every_second: Vec<usize> = (0..40).step_by(2).collect();
        assert_eq!(spoiled("catalog_every_second", &whole), rows(&every_second));
        assert_eq!(spoiled("empty_catalog", r#"{"countries":[1]}"#), r#"{"countries":[]}"#);
        assert!(spoiled("string_ids", &whole).starts_with(r#"[{"id":"0","#));
        let twice = spoiled("duplicate_ids", &whole);
        assert_eq!(twice.matches("\"id\":").count(), 41);
        assert_eq!(twice.matches(r#""price":"100""#).count(), 1);
        let reused = spoiled("id_reused", &whole);
        let ids: std::collections::BTreeSet<_> =
            reused.split("\"id\":").skip(1).map(|rest| rest.split(',').next().unwrap()).collect();
        assert_eq!(ids.len(), 39, "one id stands for two packages");
    }

    #[test]
    fn poison_reaches_every_text_of_one_package_and_its_depth_is_true() {
        let row = r#"[{"id":1,"name":"A","countries":[{"name":"B","code":"fr"}],"currency":"USD"}]"#;
        let poisoned = spoiled("catalog_poison:kind=sql", row);
        assert_eq!(poisoned.matches("drop table").count(), 3);
        assert!(poisoned.contains(r#""currency":"USD""#));
        assert!(spoiled("catalog_poison:kind=long,bytes=5000", row).contains(&"A".repeat(5000)));
        assert!(spoiled("catalog_deep:count=3", row).contains(r#""extra":[[[]]]"#));
    }
}

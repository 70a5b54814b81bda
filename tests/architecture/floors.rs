//! Who may see whom: floors, arrows between rooms, doors, and who is handed the whole shop.

use super::source::Source;

/// From the top down. A file imports from lower floors, and from its own home.
const FLOORS: [(&str, &[&str]); 7] = [
    ("the top floor", &["main", "lib", "cli", "site", "crew", "config"]),
    (
        "the rooms",
        &[
            "backoffice",
            "catalog",
            "checkout",
            "esims",
            "fulfilment",
            "inbox",
            "ledgers",
            "orders",
            "payments",
            "pricing",
            "settings",
            "staff",
            "supply",
            "tax",
            "wallet",
            "window",
        ],
    ),
    ("the shell of every page", &["web"]),
    ("the handles", &["shop"]),
    ("the desks", &["esimdual", "stripe"]),
    ("plumbing", &["plumbing"]),
    ("the ground", &["ground"]),
];
const TOP: usize = 0;
const ROOMS: usize = 1;

/// The stand-in for the upstream: only the top floor starts it, and it sees these and nothing else.
const SANDBOX: &str = "sandbox";
const SANDBOX_SEES: [&str; 2] = ["ground", "plumbing"];

/// Which rooms a room may see; whoever is not named sees none.
const ARROWS: [(&str, &[&str]); 10] = [
    // Rules are for a package, its country, its region or its type, in the catalog's words.
    ("pricing", &["catalog"]),
    // The public pages are the catalog with prices; what sold of late stands first.
    ("window", &["catalog", "orders", "pricing"]),
    // The customer's page of an order shows eSIMs and draws their codes.
    ("orders", &["esims"]),
    ("payments", &["orders"]),
    // payments and fulfilment do not know each other, so that "paid but not delivered" is decided in one place.
    // After a refusal the wallet says whether balance was the reason.
    ("fulfilment", &["esims", "orders", "wallet"]),
    // The first contact with the upstream fixes the currency and makes the first rule; then the catalog is synced.
    ("supply", &["catalog", "pricing", "settings"]),
    // It remembers the orders that it lists, stops the package that loses money, and mails the owners.
    ("ledgers", &["catalog", "fulfilment", "staff", "wallet"]),
    // The conductor: prices again from the snapshot in memory, then order and payment, then delivery or refund.
    (
        "checkout",
        &["catalog", "fulfilment", "ledgers", "orders", "payments", "pricing", "settings", "tax", "window"],
    ),
    // A webhook is a hint: it goes through the same door as a report that was asked for.
    ("inbox", &["fulfilment", "orders", "payments"]),
    (
        "backoffice",
        &[
            "catalog",
            "checkout",
            "esims",
            "fulfilment",
            "inbox",
            "ledgers",
            "orders",
            "payments",
            "pricing",
            "settings",
            "staff",
            "supply",
            "tax",
            "wallet",
            "window",
        ],
    ),
];

/// Furniture that belongs to its room alone; who collects it from outside stands beside it.
const PRIVATE: [(&str, &[&str]); 3] = [("store", &[]), ("web", &["site"]), ("jobs", &["crew"])];

/// The files of a room that may be handed the whole `Shop`: they are where requests and jobs come in.
const SHOP_COMES_IN: [&str; 3] = ["web.rs", "web/", "jobs.rs"];
/// Files beside them, with the reason.
const SHOP_TOO: [(&str, &str); 6] = [
    (
        "checkout/advance.rs",
        "the conductor uses nearly every handle: database, desk, clock, chance, times, bell",
    ),
    ("checkout/still_sold.rs", "it asks database, desk and settings, between the request and the verb"),
    ("payments/methods/mod.rs", "it picks the desks that stand behind the ways to pay"),
    ("payments/till.rs", "it picks the handles that money needs, once, for every verb of the room"),
    ("supply/refresh.rs", "the command and the job both hand it everything: it begins the installation"),
    ("window/refresh.rs", "it runs beside the requests as long as the program does"),
];

fn floor(home: &str) -> Option<usize> {
    FLOORS.iter().position(|(_, homes)| homes.contains(&home))
}

fn seen_by(room: &str) -> &'static [&'static str] {
    ARROWS.iter().find(|(from, _)| *from == room).map_or(&[], |(_, to)| *to)
}

fn is_room(home: &str) -> bool {
    floor(home) == Some(ROOMS)
}

/// Whether one home may import from another.
fn may_see(from: &str, to: &str) -> bool {
    if from == to {
        return true;
    }
    if from == SANDBOX {
        return SANDBOX_SEES.contains(&to);
    }
    let (Some(here), Some(there)) = (floor(from), floor(to)) else {
        return to == SANDBOX && floor(from) == Some(TOP);
    };
    here < there
        || (here == TOP && there == TOP)
        || (here == ROOMS && there == ROOMS && seen_by(from).contains(&to))
}

/// Imports that go up or along no arrow.
pub fn wrong_imports(source: &Source) -> Vec<String> {
    let (path, home) = (&source.path, source.home());
    if floor(home).is_none() && home != SANDBOX {
        return vec![format!(
            "src/{path}: nobody knows the floor of `{home}`; name it in tests/architecture/floors.rs"
        )];
    }
    let mut wrong = Vec::new();
    for to in source.crate_paths.iter().filter_map(|found| found.first()) {
        let known = floor(to).is_some() || to == SANDBOX;
        // A path such as `crate::main` of the crate's own root would be no module.
        if known && !may_see(home, to) {
            wrong.push(format!(
                "src/{path} imports from `{to}`, which `{home}` may not see; {}",
                advice(home, to)
            ));
        }
    }
    for (count, indented) in &source.climbs {
        if *count > depth(path) + usize::from(*indented) {
            wrong.push(format!(
                "src/{path} climbs out of `{home}` by `super::`; write `crate::…`, which is checked"
            ));
        }
    }
    wrong.dedup();
    wrong
}

/// How many times `super` stays inside the home.
fn depth(path: &str) -> usize {
    let parts = path.split('/').count() - 1;
    if path.ends_with("/mod.rs") { parts - 1 } else { parts }
}

fn advice(home: &str, to: &str) -> String {
    if home == SANDBOX {
        "the sandbox shares nothing with the shop, or one misreading would be made twice and agree with itself".to_owned()
    } else if is_room(home) && is_room(to) {
        format!(
            "let a room that sees both (checkout, inbox, backoffice) bring them together, or give `{to}`'s value as \
                 an argument"
        )
    } else {
        "pass what it needs from above, or move the type to a floor below both".to_owned()
    }
}

/// Another room's `store`, `web` or `jobs`, by path or after an import of the room.
pub fn wrong_doors(source: &Source) -> Vec<String> {
    let (path, home) = (&source.path, source.home());
    let mut wrong = Vec::new();
    for (_, rooms) in &FLOORS[ROOMS..=ROOMS] {
        for room in rooms.iter().filter(|room| **room != home) {
            for (private, collectors) in PRIVATE {
                let by_path =
                    source.crate_paths.iter().any(|p| p.len() > 1 && p[0] == *room && p[1] == private);
                let by_name = contains(&source.code, &format!("{room}::{private}"));
                if (by_path || by_name) && !collectors.contains(&home) {
                    wrong.push(format!(
                        "src/{path} reaches into src/{room}/{private}; use what src/{room}/mod.rs gives out, or let it \
                         give out more"
                    ));
                }
            }
        }
    }
    wrong
}

/// Whether the code has these words, alone.
pub fn contains(code: &str, words: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(words).any(|(at, _)| {
        let before = code[..at].chars().next_back().is_some_and(is_word);
        let goes_on = words.ends_with(is_word) && code[at + words.len()..].starts_with(is_word);
        !before && !goes_on
    })
}

fn takes_shop(source: &Source) -> bool {
    source.crate_paths.iter().any(|p| p[0] == "shop" && p.get(1).is_none_or(|name| name == "Shop"))
}

/// Verbs that are handed all of `Shop`.
pub fn whole_shop(source: &Source) -> Vec<String> {
    let (path, home) = (&source.path, source.home());
    let inside = path.split_once('/').map_or("", |(_, inside)| inside);
    let comes_in = SHOP_COMES_IN.iter().any(|place| inside.starts_with(place));
    let excepted = SHOP_TOO.iter().any(|(file, _)| file == path);
    if !takes_shop(source) || !is_room(home) || home == "backoffice" || comes_in || excepted {
        return Vec::new();
    }
    vec![format!(
        "src/{path} takes the whole `Shop`; take what it uses (a connection, the desk, now), so that a test can give it"
    )]
}

/// Arrows that lead back to where they began, and arrows to nowhere.
pub fn arrows_go_round() -> Vec<String> {
    let mut wrong = Vec::new();
    for (from, to) in ARROWS {
        wrong.extend(
            to.iter().filter(|to| !is_room(to)).map(|to| format!("{from} → {to}: there is no such room")),
        );
        let (mut reached, mut ahead) = (Vec::new(), to.to_vec());
        while let Some(room) = ahead.pop() {
            if !reached.contains(&room) {
                reached.push(room);
                ahead.extend(seen_by(room));
            }
        }
        if reached.contains(&from) {
            wrong.push(format!("{from} sees itself by way of the rooms that it sees; take one arrow away"));
        }
    }
    wrong
}

/// Arrows and exceptions that no file needs. The back office may see every room, whether it does today or not.
pub fn spare(sources: &[Source]) -> Vec<String> {
    let uses = |from: &str, to: &str| {
        let of_room = sources.iter().filter(|source| source.home() == from);
        of_room
            .flat_map(|source| &source.crate_paths)
            .any(|path| path.first().is_some_and(|first| first == to))
    };
    let mut spare = Vec::new();
    for (from, rooms) in ARROWS.iter().filter(|(from, _)| *from != "backoffice") {
        let unused = rooms.iter().filter(|to| !uses(from, to));
        spare.extend(
            unused.map(|to| {
                format!("{from} → {to}: nobody takes this way; take it out of the table of arrows")
            }),
        );
    }
    for (file, _) in SHOP_TOO {
        let needed = sources.iter().any(|source| source.path == file && takes_shop(source));
        if !needed {
            spare.push(format!("src/{file} does not take the whole `Shop` any more; take its exception out"));
        }
    }
    spare
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imports(path: &str, code: &str) -> usize {
        wrong_imports(&Source::rust(path, code)).len()
    }

    #[test]
    fn floors_are_looked_down_from() {
        assert_eq!(imports("orders/unit.rs", "use crate::ground::Price;"), 0);
        assert_eq!(imports("ground/money.rs", "use crate::orders::Unit;"), 1);
        assert_eq!(imports("plumbing/db.rs", "fn f() { crate::shop::g() }"), 1);
        assert_eq!(imports("shop.rs", "use crate::{esimdual, orders};"), 1);
        assert_eq!(imports("orders/web.rs", "use crate::config::Config;"), 1);
        assert_eq!(imports("cli/serve.rs", "use crate::{config, site, sandbox, orders};"), 0);
        assert_eq!(imports("attic/box.rs", ""), 1);
    }

    #[test]
    fn arrows_are_followed() {
        assert_eq!(imports("payments/settle.rs", "use crate::orders::Unit;"), 0);
        assert_eq!(imports("payments/settle.rs", "use crate::fulfilment::Attempt;"), 1);
        assert_eq!(imports("orders/unit.rs", "use crate::payments;"), 1);
        assert_eq!(imports("staff/role.rs", "use crate::orders;"), 1);
        assert_eq!(imports("checkout/advance.rs", "use crate::{payments, fulfilment::take_step};"), 0);
    }

    #[test]
    fn the_sandbox_sees_two_homes_only() {
        assert_eq!(imports("sandbox/wire.rs", "use crate::{ground::Cost, plumbing::http};"), 0);
        assert_eq!(imports("sandbox/wire.rs", "use crate::esimdual::Order;"), 1);
        assert_eq!(imports("esimdual/wire.rs", "use crate::sandbox::Order;"), 1);
    }

    #[test]
    fn what_nobody_needs_is_named() {
        let all: usize =
            ARROWS.iter().filter(|(from, _)| *from != "backoffice").map(|(_, to)| to.len()).sum();
        assert_eq!(spare(&[]).len(), all + SHOP_TOO.len());
        let one = Source::rust("payments/settle.rs", "use crate::orders::Unit;");
        assert_eq!(spare(&[one]).len(), all + SHOP_TOO.len() - 1);
    }

    #[test]
    fn nobody_climbs_out_by_super() {
        assert_eq!(imports("orders/unit.rs", "use super::line::Line;"), 0);
        assert_eq!(imports("orders/mod.rs", "use super::payments;"), 1);
        assert_eq!(imports("orders/unit.rs", "use super::super::payments;"), 1);
        assert_eq!(imports("orders/unit.rs", "mod tests {\n    use super::super::line;\n}"), 0);
        assert_eq!(imports("orders/web/qr.rs", "use super::super::line;"), 0);
    }

    #[test]
    fn doors_are_knocked_at() {
        let doors = |path: &str, code: &str| wrong_doors(&Source::rust(path, code)).len();
        assert_eq!(doors("checkout/begin.rs", "use crate::orders::{self, insert};"), 0);
        assert_eq!(doors("checkout/begin.rs", "use crate::orders::{self, store::insert};"), 1);
        assert_eq!(doors("checkout/begin.rs", "use crate::orders; fn f() { orders::store::insert() }"), 1);
        assert_eq!(doors("crew.rs", "use crate::payments::jobs;"), 0);
        assert_eq!(doors("site.rs", "use crate::payments::jobs;"), 1);
        assert_eq!(doors("orders/mail.rs", "use crate::orders::store;"), 0);
    }

    #[test]
    fn only_where_work_comes_in_stands_the_whole_shop() {
        let shop = |path: &str, code: &str| whole_shop(&Source::rust(path, code)).len();
        assert_eq!(shop("orders/unit.rs", "use crate::shop::Shop;"), 1);
        assert_eq!(shop("orders/unit.rs", "use crate::shop::{Settings, Shop};"), 1);
        assert_eq!(shop("orders/unit.rs", "use crate::shop::Times;"), 0);
        assert_eq!(shop("orders/web/show.rs", "use crate::shop::Shop;"), 0);
        assert_eq!(shop("cli/serve.rs", "use crate::shop::Shop;"), 0);
    }
}

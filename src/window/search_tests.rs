use super::*;
use crate::catalog::Country;
use crate::window::snapshot::Snapshot;
use crate::window::snapshot::tests::{contents, package, rules, snapshot};

fn countries_in(snapshot: &Snapshot, query: &str) -> Vec<String> {
    let found = snapshot.index.find(query);
    found.countries.iter().map(|at| snapshot.country_at(*at).unwrap().code.clone().unwrap()).collect()
}

fn countries(query: &str) -> Vec<String> {
    countries_in(&snapshot(), query)
}

/// A catalog that sells in each of these.
fn world(names: &[(&str, &str)]) -> Snapshot {
    let mut contents = contents();
    contents.countries = names
        .iter()
        .map(|(code, name)| Country {
            code: (*code).to_owned(),
            slug: folded_words(name).join("-"),
            name: (*name).to_owned(),
            upstream_id: None,
        })
        .collect();
    contents.packages = names
        .iter()
        .zip(1..)
        .map(|((code, name), id)| package(id, &format!("{name} 1 GB"), "2", Coverage::Local, &[code]))
        .collect();
    Snapshot::build(contents, &rules("USD"))
}

#[test]
fn countries_are_found_by_what_people_call_them() {
    for (query, code) in [
        ("france", "fr"),
        ("FRAN", "fr"),
        ("francia", "fr"),
        ("fr", "fr"),
        ("FRA", "fr"),
        ("gbr", "gb"),
        ("turkiye", "tr"),
        ("Türk", "tr"),
        ("turkey", "tr"),
        ("uk", "gb"),
        ("England", "gb"),
        ("great britain", "gb"),
        ("usa", "us"),
        ("america", "us"),
        ("unitedstates", "us"),
        ("emirates", "ae"),
        ("dubai", "ae"),
        ("regno unito", "gb"),
        ("stati uniti", "us"),
        ("  italia ", "it"),
        ("kingdom", "gb"),
        ("Paris", "fr"),
        ("Parigi", "fr"),
        ("roma", "it"),
        ("esim for france", "fr"),
        ("travel sim uk", "gb"),
        ("wohin france", "fr"),
    ] {
        assert_eq!(countries(query).first().map(String::as_str), Some(code), "{query}");
    }
}

#[test]
fn a_slip_is_forgiven_and_what_is_written_right_comes_first() {
    for (query, code) in [
        ("frnace", "fr"),
        ("Itly", "it"),
        ("frnace 5gb", "fr"),
        ("untied kingdom", "gb"),
        ("emirtes", "ae"),
        ("unitde arab emirates", "ae"),
        ("stati unti", "us"),
        ("lodnon", "gb"),
        ("5 gb frnace 30 days", "fr"),
    ] {
        assert_eq!(countries(query).first().map(String::as_str), Some(code), "{query}");
    }
    let close = world(&[("at", "Austria"), ("au", "Australia"), ("ne", "Niger"), ("ng", "Nigeria")]);
    assert_eq!(countries_in(&close, "austria"), ["at"]);
    assert_eq!(countries_in(&close, "niger"), ["ne", "ng"]);
    assert_eq!(countries_in(&close, "austrai"), ["at"]);
    assert_eq!(countries_in(&close, "austrlaia"), ["au"]);
    assert!(countries_in(&close, "nir").is_empty(), "in three letters every one tells");
}

#[test]
fn the_closest_name_comes_first_and_nonsense_finds_nothing() {
    assert_eq!(countries("it"), ["it"]);
    assert_eq!(countries("united").len(), 3);
    let guinea = [("gq", "Equatorial Guinea"), ("gn", "Guinea"), ("pg", "Papua New Guinea")];
    assert_eq!(countries_in(&world(&guinea), "guinea"), ["gn", "gq", "pg"]);
    let rom = [("it", "Italy"), ("ro", "Romania")];
    assert_eq!(countries_in(&world(&rom), "roma"), ["it", "ro"]);
    for nothing in ["", "   ", "!!!", "xyzzy", "nowhere", "esim"] {
        assert!(countries(nothing).is_empty(), "{nothing:?}");
    }
    assert!(countries("5gb").is_empty() && countries("gb") == ["gb"]);
    assert!(countries(&"a".repeat(100_000)).is_empty());
    assert!(!countries(&"france ".repeat(10_000)).is_empty());
}

#[test]
fn plans_are_found_by_their_words_and_by_their_places_names() {
    let snapshot = snapshot();
    let plans = |query: &str| -> Vec<i64> {
        snapshot.index.find(query).plans.iter().map(|at| snapshot.plan_at(*at).unwrap().id).collect()
    };
    assert_eq!(plans("france 5gb"), [1]);
    assert_eq!(plans("fra 1 gb"), [2]);
    assert_eq!(plans("5 gb 30 days europe"), [3]);
    assert_eq!(plans("europa 5 gb"), [3]);
    assert_eq!(plans("england"), [5]);
    assert!(plans("france 50gb").is_empty());
    assert_eq!(snapshot.index.find("europa").regions.len(), 1);
    assert_eq!(snapshot.index.find("eruope").regions.len(), 1);
}

/// Written without dots they are aliases and codes; with them `u` and `a` began half of the world.
#[test]
fn dotted_abbreviations_are_what_they_are_without_dots() {
    for (query, code) in [
        ("U.S.A.", "us"),
        ("u.s.a", "us"),
        ("U. S. A.", "us"),
        ("U.S.", "us"),
        ("U.K.", "gb"),
        ("U.A.E.", "ae"),
        ("E.A.U.", "ae"),
        ("esim for the U.S.A. 5gb", "us"),
        ("viaggio negli U.S.A.", "us"),
    ] {
        assert_eq!(countries(query).first().map(String::as_str), Some(code), "{query}");
    }
}

#[test]
fn small_words_of_both_languages_hide_nothing() {
    let sold = world(&[
        ("ad", "Andorra"),
        ("es", "Spain"),
        ("fr", "France"),
        ("in", "India"),
        ("it", "Italy"),
        ("jp", "Japan"),
        ("ky", "Cayman Islands"),
        ("la", "Laos"),
        ("mq", "Martinique"),
        ("pe", "Peru"),
        ("to", "Tonga"),
        ("tt", "Trinidad and Tobago"),
    ]);
    for (query, codes) in [
        ("in france", &["fr", "mq"][..]),
        ("in italia", &["it"]),
        ("trip to japan", &["jp"]),
        ("my holiday in japan", &["jp"]),
        ("viaggio in giappone", &["jp"]),
        ("viaggio a tokyo", &["jp"]),
        ("scheda dati per la spagna", &["es"]),
        ("isole canarie", &["es"]),
        ("le isole canarie", &["es"]),
        ("la francia", &["fr"]),
        ("trinidad and tobago", &["tt"]),
        ("trinidad e tobago", &["tt"]),
        // What is a code too is one as long as nothing else is said.
        ("in", &["in"]),
        ("in 5gb", &["in"]),
        ("to", &["to", "jp", "ky", "tt"]),
        ("per", &["pe"]),
        ("and", &["ad"]),
    ] {
        assert_eq!(countries_in(&sold, query), codes, "{query}");
    }
}

#[test]
fn where_no_place_has_all_words_each_that_has_some_is_found_the_best_first() {
    let sold = world(&[
        ("ae", "United Arab Emirates"),
        ("es", "Spain"),
        ("fr", "France"),
        ("gb", "United Kingdom"),
        ("it", "Italy"),
        ("mq", "Martinique"),
        ("pt", "Portugal"),
        ("us", "United States"),
    ]);
    for (query, codes) in [
        ("spain portugal", &["es", "pt"][..]),
        ("portugal spain", &["pt", "es"]),
        ("spain and portugal", &["es", "pt"]),
        ("spagna e portogallo", &["es", "pt"]),
        ("spain portugl", &["es", "pt"]),
        ("france italy", &["fr", "it", "mq"]),
        ("fr it", &["fr", "it", "mq"]),
        // Both words are one place's, and those that have only the first of them are not meant.
        ("france united kingdom", &["gb", "fr", "mq"]),
        ("united kingdom", &["gb"]),
        ("xyzzy france", &["fr", "mq"]),
    ] {
        assert_eq!(countries_in(&sold, query), codes, "{query}");
    }
    let plans = |query: &str| {
        let found = sold.index.find(query).plans;
        found.iter().map(|at| sold.plan_at(*at).unwrap().name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(plans("spain portugal 1gb"), ["Spain 1 GB", "Portugal 1 GB"]);
    assert!(plans("spain portugal 5gb").is_empty());
    assert!(sold.index.find("nowhere xyzzy").plans.is_empty());
}

#[test]
fn plans_of_the_place_that_is_meant_come_before_those_of_its_namesakes() {
    // By their ids, which decide between equal prices, Martinique's stands first.
    let sold = world(&[("mq", "Martinique"), ("fr", "France")]);
    for (query, codes) in [("1gb france", ["fr", "mq"]), ("1 gb fort de france", ["mq", ""])] {
        let found = sold.index.find(query).plans;
        let local = found.iter().map(|at| sold.countries_of(sold.plan_at(*at).unwrap()).next().unwrap());
        let found: Vec<_> = local.map(|place| place.code.clone().unwrap()).collect();
        let codes: Vec<_> = codes.into_iter().filter(|code| !code.is_empty()).collect();
        assert_eq!(found, codes, "{query}");
    }
}

#[test]
fn the_world_is_found_where_plans_for_it_are_on_sale() {
    let sold = snapshot();
    for query in [
        "world",
        "worldwide",
        "the whole world",
        "mondo",
        "tutto il mondo",
        "global",
        "globale",
        "Globla",
        "mond",
    ] {
        let found = sold.index.find(query);
        assert!(found.world && found.countries.is_empty() && found.regions.is_empty(), "{query}: {found:?}");
        assert_eq!(found.plans.first().map(|at| sold.plan_at(*at).unwrap().id), Some(4), "{query}");
    }
    assert!(sold.index.find("europe world").world && sold.index.find("europe world").regions.len() == 1);
    assert!(!sold.index.find("france").world && !sold.index.find("").world);
    assert!(!world(&[("fr", "France")]).index.find("world").world, "nothing is sold for it");
}

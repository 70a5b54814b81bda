//! What a plan's page says of what the upstream does not say, and the map beside its countries.

use simfront::catalog::Data;

use crate::support::{FRANCE, Plan, Stand};

/// The lines of a page's list of facts: what is asked, and the answer with what follows from it.
fn facts(page: &str) -> Vec<(String, String)> {
    let list = page.split("<dl class=\"facts\">").nth(1).unwrap().split("</dl>").next().unwrap();
    let part = |line: &str, tag: &str| {
        let text =
            line.split(&format!("<{tag}>")).nth(1).unwrap().split(&format!("</{tag}>")).next().unwrap();
        text.replace("<span class=\"fact-hint\">", ": ").replace("</span>", "")
    };
    list.split("<div>").skip(1).map(|line| (part(line, "dt"), part(line, "dd"))).collect()
}

#[tokio::test]
async fn what_the_upstream_does_not_say_is_a_fact_that_is_not_stated() {
    let stand = Stand::new().await;
    let english = [
        ("The amount is for", "Not stated: Count on it once for all the days"),
        ("Validity begins", "Not stated: To lose no day"),
        ("Install it by", "Not stated: Operators may take back"),
        ("Internet traffic leaves from", "Not stated: If that is another country"),
    ];
    let italian = [
        ("La quantità è per", "Non indicato: Contaci una volta"),
        ("La validità inizia", "Non indicato: Per non perdere giorni"),
        ("Da installare entro", "Non indicato: Gli operatori possono ritirare"),
        ("Il traffico esce su internet da", "Non indicato: Se è un altro Paese"),
    ];
    for (prefix, wanted) in [("", english), ("/it", italian)] {
        let page = stand.get(&format!("{prefix}/plans/{FRANCE}")).await;
        let facts = facts(&page.body);
        for (label, answer) in wanted {
            let found = facts.iter().find(|(said, _)| said == label).unwrap_or_else(|| panic!("{label}"));
            assert!(found.1.starts_with(answer), "{label}: {}", found.1);
        }
    }
    stand.end().await;
}

#[tokio::test]
async fn unlimited_never_stands_without_its_reservation() {
    // So many that there are unlimited ones.
    let stand = Stand::with(Plan { packages: 2400, ..Plan::default() }).await;
    let snapshot = stand.stage.window.now();
    let found = snapshot.countries().find_map(|place| {
        let plan = snapshot.plans_of(place).find(|plan| plan.data == Data::Unlimited)?;
        Some((place.slug.clone(), plan.id))
    });
    let (slug, id) = found.expect("the sandbox sells an unlimited plan");
    for (prefix, words) in [("", "fair use not stated"), ("/it", "uso corretto non indicato")] {
        let page = stand.get(&format!("{prefix}/plans/{id}")).await;
        assert!(page.body.contains(&format!("<p class=\"ticket-detail\">{words}")), "{}", page.body);
        assert!(!page.body.contains("The amount is for"), "there is no amount to share out");
        let list = stand.get(&format!("{prefix}/destinations/{slug}?unlimited=1")).await;
        let tickets: Vec<&str> = list.body.split("<a class=\"ticket\"").skip(1).collect();
        assert!(!tickets.is_empty(), "{slug}");
        for ticket in tickets {
            assert!(ticket.contains(words), "{ticket}");
        }
    }
    stand.end().await;
}

#[tokio::test]
async fn the_device_check_warns_of_models_by_country_and_says_what_a_lock_does() {
    let stand = Stand::new().await;
    for (prefix, words) in [
        ("", ["mainland China", "Hong Kong", "South Korea", "would not install", "unlocked before you buy"]),
        (
            "/it",
            ["Cina continentale", "Hong Kong", "Corea del Sud", "non si installerebbe", "sbloccare prima"],
        ),
    ] {
        let page = stand.get(&format!("{prefix}/plans/{FRANCE}")).await;
        for word in words {
            assert!(page.body.contains(word), "{prefix}: {word}");
        }
    }
    stand.end().await;
}

#[tokio::test]
async fn a_map_has_land_under_its_dots_and_is_silent() {
    let stand = Stand::new().await;
    for path in ["/regions/europe", "/regions/global"] {
        let page = stand.get(path).await;
        let map = page.body.split("<svg class=\"map\"").nth(1).and_then(|rest| rest.split("</svg>").next());
        let map = map.unwrap_or_else(|| panic!("{path} has no map"));
        assert!(map.contains("aria-hidden=\"true\""), "{map}");
        assert!(
            map.contains("<path class=\"map-land\" d=\"M")
                && map.contains("<path class=\"map-covered\" d=\"M")
        );
    }
    assert!(
        !stand.get(&format!("/plans/{FRANCE}")).await.body.contains("class=\"map\""),
        "one country is no map"
    );
    stand.end().await;
}

//! What search engines are told beside the words of a page, in the words of schema.org. Prices are those that the page shows; nothing is said that nobody knows (no ratings, no dates).

use serde_json::{Value, json};

use super::plan::Plan;
use crate::web::Visit;

/// The way from the first page to this one: names and public paths, the first page left out.
pub fn breadcrumbs(visit: &Visit, way: &[(&str, &str)]) -> Value {
    let home = (visit.t("shop-name"), "/");
    let steps = std::iter::once((home.0.as_str(), home.1)).chain(way.iter().copied());
    let items: Vec<Value> = steps
        .zip(1_u32..)
        .map(|((name, path), position)| {
            let item = visit.whole(visit.language, path);
            json!({ "@type": "ListItem", "position": position, "name": name, "item": item })
        })
        .collect();
    json!({ "@type": "BreadcrumbList", "itemListElement": items })
}

/// Who sells, and where one searches.
pub fn shop(visit: &Visit) -> Vec<Value> {
    let (name, home) = (visit.t("shop-name"), visit.whole(visit.language, "/"));
    let logo = visit.whole_asset("icon.svg");
    let search = format!("{}?q={{search_term_string}}", visit.whole(visit.language, "/search"));
    vec![
        json!({ "@type": "Organization", "name": name, "url": home, "logo": logo }),
        json!({ "@type": "WebSite", "name": name, "url": home, "inLanguage": visit.language.tag(),
            "potentialAction": { "@type": "SearchAction", "target": { "@type": "EntryPoint", "urlTemplate": search },
                "query-input": "required name=search_term_string" } }),
    ]
}

/// A plan, and its offer where it can be bought.
pub fn product(visit: &Visit, plan: &Plan, name: &str, description: &str) -> Value {
    let url = visit.whole(visit.language, &format!("/plans/{}", plan.id));
    let image = visit.whole_asset("share.png");
    let brand = json!({ "@type": "Brand", "name": visit.t("shop-name") });
    let mut product = json!({ "@type": "Product", "name": name, "description": description, "url": url,
        "sku": plan.id.to_string(), "image": image, "brand": brand, "category": "eSIM" });
    if let (Some(price), Some(fields)) = (plan.price, product.as_object_mut()) {
        let offer = json!({ "@type": "Offer", "url": url, "price": price.to_string(),
            "priceCurrency": price.currency.code(), "availability": "https://schema.org/InStock" });
        fields.insert("offers".to_owned(), offer);
    }
    product
}

#[cfg(test)]
mod tests {
    use super::super::snapshot::tests::snapshot;
    use super::*;
    use crate::ground::Language;

    #[test]
    fn an_offer_has_the_price_of_the_page_and_a_plan_without_one_has_no_offer() {
        let (snapshot, visit) = (snapshot(), Visit::to(Language::It, "/plans/3"));
        let plan = snapshot.plan(3).unwrap();
        let told = product(&visit, plan, "Europa 5 GB", "Una eSIM");
        assert_eq!(told["offers"]["price"], "7.50");
        assert_eq!((&told["offers"]["priceCurrency"], &told["url"]), (&"USD".into(), &"/it/plans/3".into()));
        let unpriced = Plan { price: None, ..plan.clone() };
        assert!(product(&visit, &unpriced, "x", "x").get("offers").is_none());
    }

    #[test]
    fn the_way_begins_at_home() {
        let way = breadcrumbs(
            &Visit::to(Language::En, "/x"),
            &[("Destinations", "/destinations"), ("France", "/x")],
        );
        let items = way["itemListElement"].as_array().unwrap();
        assert_eq!((items.len(), &items[0]["item"], &items[2]["name"]), (3, &"/".into(), &"France".into()));
        assert_eq!(items[2]["position"], 3);
    }
}

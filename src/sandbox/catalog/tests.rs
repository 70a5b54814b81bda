use super::*;

fn changed(catalog: &mut Catalog, change: CatalogChange) {
    let change = catalog.check(change).unwrap();
    catalog.apply(&change);
}

#[test]
fn prices_move_in_bulk_by_a_percentage_or_by_shares_of_it() {
    let prices = |catalog: &Catalog| catalog.all().map(|(package, _)| package.charge()).collect::<Vec<_>>();
    let mut catalog = Catalog::generated(1, 300);
    let before = prices(&catalog);
    changed(&mut catalog, CatalogChange::RepriceAll { percent: Decimal::from(50), seed: None });
    for (before, after) in before.iter().zip(prices(&catalog)) {
        assert_eq!(after, (before * Decimal::new(15, 1)).round_dp(2));
    }
    let (mut one, mut twin) = (Catalog::generated(1, 300), Catalog::generated(1, 300));
    let by_shares = CatalogChange::RepriceAll { percent: Decimal::from(-99), seed: Some(5) };
    changed(&mut one, by_shares.clone());
    changed(&mut twin, by_shares);
    assert_eq!(prices(&one), prices(&twin));
    assert!(prices(&one).iter().all(|price| *price >= Decimal::new(1, 2)));
    assert_ne!(prices(&one), before);
    let absurd = CatalogChange::RepriceAll { percent: Decimal::MAX, seed: None };
    changed(&mut one, absurd.clone());
    changed(&mut one, absurd);
    assert!(prices(&one).iter().all(|price| *price == DEAREST));
    for (price, refusal) in [
        (Decimal::ZERO, CatalogRefusal::NoPrice),
        (Decimal::from(-1), CatalogRefusal::NoPrice),
        (Decimal::MAX, CatalogRefusal::TooDear),
    ] {
        let id = one.on_sale().next().unwrap().id;
        let odd = CatalogChange::Reprice { id, reseller_price: price, price_for_reseller: None };
        assert_eq!(one.check(odd).unwrap_err(), refusal);
    }
    let all = CatalogChange::RepriceAll { percent: Decimal::from(-100), seed: None };
    assert_eq!(one.check(all).unwrap_err(), CatalogRefusal::TooFar);
}

#[test]
fn packages_are_withdrawn_restored_and_added_in_bulk() {
    let mut catalog = Catalog::generated(1, 1000);
    changed(&mut catalog, CatalogChange::WithdrawPercent { percent: 30, seed: Some(2) });
    let left = catalog.on_sale().count();
    assert!((600..800).contains(&left), "{left}");
    changed(&mut catalog, CatalogChange::RestoreAll);
    assert_eq!(catalog.on_sale().count(), 1000);
    for _ in 0..2 {
        changed(&mut catalog, CatalogChange::AddMany { number: 50, from: None, first_id: None });
    }
    assert_eq!(catalog.on_sale().count(), 1100);
    let names: std::collections::BTreeSet<_> = catalog.all().map(|(package, _)| &package.slug).collect();
    assert_eq!(names.len(), 1100);
    let many = CatalogChange::AddMany { number: MOST_PACKAGES, from: None, first_id: None };
    assert_eq!(catalog.check(many).unwrap_err(), CatalogRefusal::TooMany);
}

#[test]
fn a_list_under_way_keeps_the_prices_of_its_moment() {
    let mut catalog = Catalog::generated(1, 10);
    let listed: Vec<Arc<Package>> = catalog.on_sale().cloned().collect();
    let before = listed[0].charge();
    changed(&mut catalog, CatalogChange::RepriceAll { percent: Decimal::from(10), seed: None });
    assert_eq!(listed[0].charge(), before);
    assert_ne!(catalog.on_sale().next().unwrap().charge(), before);
}

//! The forms of the catalog: one package, or many at once.

use super::acts::Act;
use super::filled::{Filled, Mistake};
use crate::ground::money::exact_decimal;
use crate::sandbox::catalog::{CatalogChange, CatalogRefusal, MOST_PACKAGES, NewPackage};
use crate::sandbox::desk::Desk;

/// Makes the change that a form asks for.
pub(super) fn change(desk: &Desk, form: &Filled) -> anyhow::Result<Act> {
    let wish = match wished(form) {
        Ok(Some(wish)) => wish,
        Ok(None) => return Ok(Act::Nothing),
        Err(mistake) => return Ok(mistake.into()),
    };
    Ok(match desk.book().change_catalog(wish)? {
        Ok(made) => told(&made),
        Err(refusal) => refused(form, &refusal).into(),
    })
}

/// The change; `None` for one that the page does not have.
fn wished(form: &Filled) -> Result<Option<CatalogChange>, Mistake> {
    let id = form.get("id").parse::<u64>().unwrap_or(0);
    Ok(Some(match form.get("action") {
        "reprice" => {
            let price = form.price(&format!("package-price-{id}"), "reseller_price")?;
            CatalogChange::Reprice { id, reseller_price: price, price_for_reseller: Some(price) }
        }
        "withdraw" => CatalogChange::Withdraw { id },
        "restore" => CatalogChange::Restore { id },
        "add" => CatalogChange::Add { package: new_package(form)? },
        "reprice_all" => {
            let sentence = "Write a percentage such as 10 or -5.5.";
            let percent = exact_decimal(form.get("percent"));
            let percent = percent.ok_or_else(|| Filled::mistake("reprice-all", "percent", sentence))?;
            CatalogChange::RepriceAll { percent, seed: form.seed("reprice-all")? }
        }
        "withdraw_percent" => {
            let percent = form.whole("withdraw-many", "percent", (1, 100))?;
            let seed = form.seed("withdraw-many")?;
            CatalogChange::WithdrawPercent { percent: u32::try_from(percent).unwrap_or(100), seed }
        }
        "restore_all" => CatalogChange::RestoreAll,
        "add_many" => {
            let most = u64::try_from(MOST_PACKAGES).unwrap_or(u64::MAX);
            let number = usize::try_from(form.whole("add-many", "number", (1, most))?).unwrap_or(1);
            CatalogChange::AddMany { number, from: None, first_id: None }
        }
        _ => return Ok(None),
    }))
}

fn new_package(form: &Filled) -> Result<NewPackage, Mistake> {
    let at = "package-add";
    let gigabytes = match form.get("gigabytes") {
        "-1" | "unlimited" => Ok(-1),
        _ => form.whole(at, "gigabytes", (1, 1000)).map(|number| i64::try_from(number).unwrap_or(1)),
    };
    let days = form.whole(at, "days", (1, 3650)).map(|number| u32::try_from(number).unwrap_or(1));
    match (gigabytes, days, form.price(at, "reseller_price")) {
        (Ok(gigabytes), Ok(days), Ok(reseller_price)) => Ok(NewPackage {
            id: None,
            name: Some(form.get("name").to_owned()).filter(|name| !name.is_empty()),
            country_code: form.get("country_code").to_owned(),
            gigabytes,
            days,
            reseller_price,
        }),
        (gigabytes, days, price) => {
            let wrong = [gigabytes.err(), days.err(), price.err()].into_iter().flatten();
            Err(Mistake::all(wrong).unwrap_or_else(|| Filled::mistake(at, "gigabytes", "Look again.")))
        }
    }
}

fn told(change: &CatalogChange) -> Act {
    let one = |id: &u64, what: String| Act::done(format!("package-{id}"), what);
    match change {
        CatalogChange::Reprice { id, reseller_price, .. } => {
            one(id, format!("Package {id} costs {reseller_price} from now on."))
        }
        CatalogChange::Withdraw { id } => one(id, format!("Package {id} is no longer sold.")),
        CatalogChange::Restore { id } => one(id, format!("Package {id} is sold again.")),
        CatalogChange::Add { package } => {
            let sentence = format!("Package {} is on sale.", package.id.unwrap_or_default());
            Act::done("catalog", sentence)
        }
        CatalogChange::RepriceAll { percent, seed: None } => {
            Act::done("catalog", format!("Every price moved by {percent} %."))
        }
        CatalogChange::RepriceAll { percent, seed: Some(seed) } => {
            let sentence =
                format!("Every price moved by a share of {percent} %, drawn from the seed {seed}.");
            Act::done("catalog", sentence)
        }
        CatalogChange::WithdrawPercent { percent, .. } => {
            Act::done("catalog", format!("About {percent} % of all packages are no longer sold."))
        }
        CatalogChange::RestoreAll => Act::done("catalog", "Everything is sold again."),
        CatalogChange::AddMany { number, .. } => Act::done("catalog", format!("{number} packages came in.")),
    }
}

/// A refusal, at the form and field that it is about.
fn refused(form: &Filled, refusal: &CatalogRefusal) -> Mistake {
    let (at, field) = match (form.get("action"), refusal) {
        ("add", CatalogRefusal::UnknownCountry(_)) => ("package-add".to_owned(), "country_code"),
        ("add", _) => ("package-add".to_owned(), "gigabytes"),
        ("add_many", _) => ("add-many".to_owned(), "number"),
        ("reprice_all", _) => ("reprice-all".to_owned(), "percent"),
        ("withdraw_percent", _) => ("withdraw-many".to_owned(), "percent"),
        _ => ("package-search".to_owned(), "package"),
    };
    let sentence = refusal.to_string();
    let mut letters = sentence.chars();
    let first: String = letters.next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
    Filled::mistake(&at, field, format!("{first}{}.", letters.as_str()))
}

//! `GET /pricing`: prices grouped by country. Its prices are strings, unlike everywhere else.

use serde_json::value::RawValue;

use super::{Room, Undocumented, Unreadable, each, filled};
use crate::esimdual::answer::{PricedCountry, PricedPackage, Rows};
use crate::esimdual::fields::{PricedCountryFields, PricedPackageFields, PricingFields};
use crate::esimdual::wire::{Envelope, decimal, integer, rows, text};

/// The answer to `GET /pricing`. The countries stand in `data.countries`; a plain list in `data` is taken too.
///
/// # Errors
/// When there is no such list, or its packages are more than any honest catalog has.
pub fn priced_countries(body: &[u8], seen: &mut Undocumented) -> Result<Rows<PricedCountry>, Unreadable> {
    let data = Envelope::success(body, seen)?.data()?;
    let listed = match rows(Some(data)) {
        Some(listed) => Some(listed),
        None => PricingFields::read(Some(data), seen).and_then(|fields| rows(fields.countries)),
    };
    let listed = listed.ok_or(Unreadable("an answer without a list of countries"))?;
    let mut packages = Room::of_a_catalog();
    let read = |row, seen: &mut Undocumented| country(row, &mut packages, seen);
    let countries = each(listed, "pricing country", &mut Room::of_a_list(), seen, read)?;
    packages.enough()?;
    Ok(countries)
}

/// One country with its packages.
///
/// # Errors
/// When it is no object, or its packages are more than any honest catalog has.
pub fn priced_country(row: &RawValue, seen: &mut Undocumented) -> Result<PricedCountry, Unreadable> {
    country(row, &mut Room::of_a_catalog(), seen)
}

fn country(row: &RawValue, room: &mut Room, seen: &mut Undocumented) -> Result<PricedCountry, Unreadable> {
    let fields =
        PricedCountryFields::read(Some(row), seen).ok_or(Unreadable("a country that is no object"))?;
    let listed = rows(fields.packages).unwrap_or_default();
    Ok(PricedCountry {
        name: filled(text(fields.name)),
        code: filled(text(fields.code)),
        packages: each(listed, "pricing package", room, seen, priced_package)?,
    })
}

fn priced_package(row: &RawValue, seen: &mut Undocumented) -> Result<PricedPackage, Unreadable> {
    let fields =
        PricedPackageFields::read(Some(row), seen).ok_or(Unreadable("a package that is no object"))?;
    Ok(PricedPackage {
        id: integer(fields.id).filter(|id| *id > 0).ok_or(Unreadable("a package without its id"))?,
        name: filled(text(fields.name)),
        price: decimal(fields.price),
        currency: filled(text(fields.currency)),
        data_quantity: decimal(fields.data_quantity),
        data_unit: filled(text(fields.data_unit)),
        validity: integer(fields.package_validity),
        validity_unit: filled(text(fields.package_validity_unit)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &[u8] = br#"{"status":true,"message":"Success","data":{"countries":[{"name":"France","code":"fr",
        "packages":[{"id":1120,"name":"France 5 GB - 30 Days","price":"4.20","currency":"USD","data_quantity":5,
        "data_unit":"GB","package_validity":30,"package_validity_unit":"Day"}]}]}}"#;

    #[test]
    fn the_documents_example() {
        let mut seen = Undocumented::default();
        let countries = priced_countries(EXAMPLE, &mut seen).unwrap();
        let package = &countries.rows[0].packages.rows[0];
        assert_eq!((package.id, package.price.unwrap().to_string().as_str()), (1120, "4.20"));
        assert!(seen.is_empty(), "{seen:?}");
    }

    #[test]
    fn a_price_as_a_number_is_read_and_noted_and_bad_rows_are_set_aside() {
        let mut seen = Undocumented::default();
        let body = br#"{"data":[{"packages":[{"id":1,"price":4.2},{"price":"1"},null]},5]}"#;
        let countries = priced_countries(body, &mut seen).unwrap();
        let packages = &countries.rows[0].packages;
        assert_eq!(packages.rows[0].price.unwrap().to_string(), "4.2");
        assert_eq!((packages.unreadable.len(), countries.unreadable[0].position), (2, 2));
        assert!(seen.sightings().any(|met| (met.place, met.field.as_str()) == ("pricing package", "price")));
        assert!(priced_countries(br#"{"data":{}}"#, &mut seen).is_err());
    }

    #[test]
    fn the_packages_of_all_countries_together_are_bounded() {
        let country = |packages: usize| format!(r#"{{"packages":[{}{{}}]}}"#, "0,".repeat(packages - 1));
        let of = |each: usize| format!(r#"{{"data":[{},{}]}}"#, country(each), country(each));
        let mut seen = Undocumented::default();
        let fits = priced_countries(of(250_000).as_bytes(), &mut seen).unwrap();
        let bad = &fits.rows[1].packages;
        assert_eq!((bad.unreadable_count, bad.unreadable.len()), (250_000, 100), "counted, not kept");
        assert!(priced_countries(of(250_001).as_bytes(), &mut seen).is_err());
        assert!(
            priced_countries(format!(r#"{{"data":[{}0]}}"#, "0,".repeat(100_000)).as_bytes(), &mut seen)
                .is_err()
        );
    }
}

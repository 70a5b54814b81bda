//! Which countries lie near one another: for a visitor whose destination has no plans.

use super::atlas::Sheet;
use super::snapshot::{Place, Snapshot};

/// How many are named.
const NAMED: usize = 8;

/// The countries with plans that lie nearest to this one, the nearest first; none for a region, or for a code that no
/// atlas has.
pub fn neighbours<'a>(snapshot: &'a Snapshot, place: &Place) -> Vec<&'a Place> {
    let Some(here) = place.code.as_deref().and_then(Sheet::of) else { return Vec::new() };
    let others = snapshot.countries().filter(|other| other.code != place.code);
    let mut far: Vec<(i32, &Place)> = others
        .filter_map(|other| Some((distance(here, Sheet::of(other.code.as_deref()?)?), other)))
        .collect();
    far.sort_by(|one, other| (one.0, &one.1.slug).cmp(&(other.0, &other.1.slug)));
    far.into_iter().map(|(_, place)| place).take(NAMED).collect()
}

/// How far the middles of two countries lie apart, in square degrees of a hundredth: near enough for an order, and in
/// whole numbers.
fn distance(one: &Sheet, other: &Sheet) -> i32 {
    let north = i32::from(one.north - other.north).abs();
    let around = i32::from(one.east - other.east).abs();
    // The shorter way around the globe.
    let east = around.min(360 - around);
    // Meridians close in on each other towards the poles: in hundredths, by the first terms of the cosine's series.
    let middle = i32::from(one.north + other.north) / 2;
    let narrow = (100 - middle * middle * 100 / 6566).max(15);
    let (north, east) = (north * 100, east * narrow);
    north * north + east * east
}

#[cfg(test)]
mod tests {
    use super::super::snapshot::tests::snapshot;
    use super::*;

    #[test]
    fn the_nearest_come_first_and_only_those_with_plans() {
        let snapshot = snapshot();
        let near = |slug: &str| -> Vec<&str> {
            let place = snapshot.country(slug).unwrap();
            neighbours(&snapshot, place).iter().filter_map(|place| place.code.as_deref()).collect()
        };
        assert_eq!(near("france"), ["it", "gb", "tr", "ae", "us"]);
        assert!(near("nowhere").is_empty(), "nobody knows where it is");
        assert!(neighbours(&snapshot, snapshot.region("europe").unwrap()).is_empty());
    }

    #[test]
    fn the_globe_is_round() {
        let of = |code| Sheet::of(code).unwrap();
        // Fiji and Samoa lie on two sides of the date line.
        assert!(distance(of("fj"), of("ws")) < distance(of("fj"), of("au")));
        // Twenty degrees are less in the north than at the equator.
        assert!(distance(of("no"), of("fi")) < distance(of("ke"), of("ga")));
    }
}

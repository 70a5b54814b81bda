//! Where a plan works, as a map of dots: one for each country, in its middle. Decoration beside the list of names.

use super::atlas::Sheet;

/// Degrees around what is covered.
const MARGIN: i16 = 10;
/// A map of fewer degrees would show dots in a void.
const LEAST_WIDE: i16 = 72;
const LEAST_HIGH: i16 = 36;
/// Nobody lives beyond these.
const SOUTH: i16 = -56;
const NORTH: i16 = 80;

/// The parts of a drawing: paths of dots, for `stroke-linecap: round`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DotMap {
    /// For `viewBox`: degrees, the north above.
    pub view: String,
    /// The countries where the plan works.
    pub covered: String,
    /// The other countries in view.
    pub others: String,
}

impl DotMap {
    /// Draws the countries with these codes; `None` where fewer than two of them are known.
    pub fn of<'a>(codes: impl Iterator<Item = &'a str>) -> Option<Self> {
        let covered: Vec<&Sheet> = codes.filter_map(Sheet::of).filter(|sheet| sheet.north >= SOUTH).collect();
        let (from, to) = span(covered.iter().map(|sheet| sheet.east), LEAST_WIDE, (-180, 180))?;
        let (south, north) = span(covered.iter().map(|sheet| sheet.north), LEAST_HIGH, (SOUTH, NORTH))?;
        let seen =
            |sheet: &&Sheet| (from..=to).contains(&sheet.east) && (south..=north).contains(&sheet.north);
        let others = Sheet::all().filter(seen).filter(|sheet| !covered.contains(sheet));
        (covered.len() > 1).then(|| Self {
            view: format!("{from} {} {} {}", -north, to - from, north - south),
            others: dots(others),
            covered: dots(covered.iter().copied()),
        })
    }
}

/// The degrees to show, inside these bounds.
fn span(degrees: impl Iterator<Item = i16> + Clone, least: i16, bounds: (i16, i16)) -> Option<(i16, i16)> {
    let (low, high) = (degrees.clone().min()? - MARGIN, degrees.max()? + MARGIN);
    let missing = (least - (high - low)).max(0);
    let (low, high) = (low - missing / 2, high + (missing + 1) / 2);
    Some((low.max(bounds.0), high.min(bounds.1)))
}

fn dots<'a>(sheets: impl Iterator<Item = &'a Sheet>) -> String {
    sheets.map(|sheet| format!("M{} {}h0", sheet.east, -sheet.north)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_covered_stands_out_among_its_neighbours() {
        let map = DotMap::of(["fr", "gb", "it", "tr"].into_iter()).unwrap();
        assert_eq!(map.covered, "M2 -46h0M-2 -54h0M13 -43h0M35 -39h0");
        assert!(
            map.others.contains("M9 -51h0") && !map.others.contains("M135 "),
            "Germany, and not Australia"
        );
        assert!(!map.others.contains("M2 -46h0"));
        assert_eq!(map.view, "-19 -65 72 36");
    }

    #[test]
    fn the_world_is_not_larger_than_it_is_and_one_country_is_no_map() {
        let world = DotMap::of(Sheet::all().map(|sheet| sheet.code)).unwrap();
        assert_eq!((world.view.as_str(), world.others.as_str()), ("-180 -80 360 136", ""));
        assert!(DotMap::of(["fr"].into_iter()).is_none());
        assert!(DotMap::of(["zz", "yy", "fr"].into_iter()).is_none());
    }
}

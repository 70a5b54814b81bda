//! Where a plan works, as a map: the land, and a dot for each country in its middle. Decoration beside the list of names.

use super::atlas::Sheet;
use super::land::{self, Point};

/// Degrees around what is covered: at least so many, and a part of what it measures.
const MARGIN: i32 = 4;
const MARGIN_PART: i32 = 7;
/// Degrees that a country may always lie away from the others without being left out.
const REACH: i32 = 12;
/// A map of less height would show no shape that anybody knows.
const LEAST_HIGH: i32 = 18;
/// What is wider shows the whole world, which is cut where there is least land.
const MOST_WIDE: i32 = 220;
const WORLD: (i32, i32) = (-168, 192);
/// Nobody lives beyond these.
const SOUTH: i32 = -57;
const NORTH: i32 = 83;
/// Width to height: at least and at most.
const UPRIGHT: (i32, i32) = (3, 2);
const FLAT: (i32, i32) = (13, 5);
/// How many units a drawing is wide, and how many pixels it is high where there is room.
const UNITS: i32 = 600;
const HIGH: i32 = 384;
/// Points of a coast that are nearer than so many units to the last one are left out.
const NEAR: i32 = 4;

/// What a map shows: degrees, counted on eastward beyond the date line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Frame {
    west: i32,
    east: i32,
    south: i32,
    north: i32,
}

impl Frame {
    /// The frame around most of these places (east, north): what lies far from the others does not widen it.
    fn around(places: &[(i16, i16)]) -> Option<Self> {
        let (west, east) = most(places.iter().map(|place| i32::from(place.0)).collect(), true)?;
        let (south, north) = most(places.iter().map(|place| i32::from(place.1)).collect(), false)?;
        let (south, north) = within(grown(framed((south, north)), LEAST_HIGH));
        let (west, east) = if east - west > MOST_WIDE { WORLD } else { framed((west, east)) };
        Some(Self { west, east, south, north }.shaped())
    }

    /// The same, neither too narrow nor too low to look at.
    fn shaped(self) -> Self {
        let flat = cosine(self.middle());
        let high = self.north - self.south;
        let least = (high * UPRIGHT.0 * 1000 / UPRIGHT.1 / flat).min(WORLD.1 - WORLD.0);
        let (west, east) = grown((self.west, self.east), least);
        let lowest = (east - west) * flat * FLAT.1 / FLAT.0 / 1000;
        let (south, north) = within(grown((self.south, self.north), lowest));
        Self { west, east, south, north }
    }

    fn middle(self) -> i32 {
        (self.south + self.north) / 2
    }

    /// The degrees east of a place, counted from this frame's west; `None` for a place that is not in it.
    fn seen(self, (east, north): (i16, i16)) -> Option<Point> {
        let east = self.west + (i32::from(east) - self.west).rem_euclid(360);
        let north = i32::from(north);
        (east <= self.east && (self.south..=self.north).contains(&north)).then_some((east * 10, north * 10))
    }
}

/// From where to where most of these degrees lie: nine of ten, as near together as can be, and those within reach of
/// them. Around the globe where they turn.
fn most(mut degrees: Vec<i32>, turn: bool) -> Option<(i32, i32)> {
    degrees.sort_unstable();
    let number = degrees.len();
    if turn {
        degrees.extend_from_within(..);
        degrees.iter_mut().skip(number).for_each(|degree| *degree += 360);
    }
    let needed = number - number / 10;
    let runs = degrees.windows(needed.max(1)).filter_map(|run| Some((*run.first()?, *run.last()?)));
    let (low, high) = runs.min_by_key(|(low, high)| high - low)?;
    let reach = ((high - low) * 2 / 3).max(REACH);
    let turns: &[i32] = if turn { &[-360, 0] } else { &[0] };
    let near = turns.iter().flat_map(|turn| degrees.iter().map(move |degree| degree + turn));
    let near = near.filter(|degree| (low - reach..=high + reach).contains(degree));
    Some((near.clone().min()?, near.max()?))
}

/// The same stretch with its margins.
fn framed((low, high): (i32, i32)) -> (i32, i32) {
    let margin = ((high - low) / MARGIN_PART).max(MARGIN);
    (low - margin, high + margin)
}

/// The same stretch, as long as it must be at least.
fn grown((low, high): (i32, i32), least: i32) -> (i32, i32) {
    let missing = (least - (high - low)).max(0);
    (low - missing / 2, high + (missing + 1) / 2)
}

/// The same stretch of latitudes, moved to where people live.
fn within((south, north): (i32, i32)) -> (i32, i32) {
    let up = (SOUTH - south).max(0) - (north - NORTH).max(0);
    ((south + up).max(SOUTH), (north + up).min(NORTH))
}

/// A thousand times the cosine of so many degrees, by Bhaskara's formula: how much narrower a degree is there.
fn cosine(degrees: i32) -> i32 {
    1000 * (32_400 - 4 * degrees * degrees) / (32_400 + degrees * degrees)
}

/// How places become units of a drawing: the north above, and true to shape at the frame's middle.
struct Scale {
    flat: i32,
    wide: i32,
}

impl Scale {
    fn of(frame: Frame) -> Self {
        let flat = cosine(frame.middle());
        Self { flat, wide: ((frame.east - frame.west) * flat / 100).max(1) }
    }

    fn units(&self, (east, north): Point) -> Point {
        (self.rounded(east * self.flat), self.rounded(-north * 1000))
    }

    fn rounded(&self, thousandths: i32) -> i32 {
        let (units, wide) = (i64::from(thousandths) * i64::from(UNITS), i64::from(self.wide) * 1000);
        i32::try_from((units + wide / 2).div_euclid(wide)).unwrap_or_default()
    }
}

/// The parts of a drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DotMap {
    /// For `viewBox`.
    pub view: String,
    /// Its width and height, in pixels, where there is room.
    pub size: (i32, i32),
    /// The land: a path to be filled by the even-odd rule.
    pub land: String,
    /// The countries where the plan works: a path of dots, for `stroke-linecap: round`.
    pub covered: String,
}

impl DotMap {
    /// Draws the countries with these codes; `None` where fewer than two of them are known.
    pub fn of<'a>(codes: impl Iterator<Item = &'a str>) -> Option<Self> {
        let sheets = codes.filter_map(Sheet::of).filter(|sheet| i32::from(sheet.north) >= SOUTH);
        let places: Vec<(i16, i16)> = sheets.map(|sheet| (sheet.east, sheet.north)).collect();
        let frame = Frame::around(&places).filter(|_| places.len() > 1)?;
        let scale = Scale::of(frame);
        let corners = ((frame.west * 10, frame.south * 10), (frame.east * 10, frame.north * 10));
        let (left, bottom) = scale.units(corners.0);
        let (right, top) = scale.units(corners.1);
        let dots = places.iter().filter_map(|place| frame.seen(*place)).map(|place| scale.units(place));
        Some(Self {
            view: format!("{left} {top} {} {}", right - left, bottom - top),
            size: ((right - left) * HIGH / (bottom - top).max(1), HIGH),
            land: land::between(corners.0, corners.1).iter().map(|ring| drawn(&scale, ring)).collect(),
            covered: dots.map(|(x, y)| format!("M{x} {y}h0")).collect(),
        })
    }
}

/// One ring of land as a path, in few bytes; nothing for one that is too small to be seen.
fn drawn(scale: &Scale, ring: &[Point]) -> String {
    let mut kept: Vec<Point> = Vec::with_capacity(ring.len());
    for point in ring.iter().map(|point| scale.units(*point)) {
        let near = |last: &Point| (last.0 - point.0).abs() + (last.1 - point.1).abs() < NEAR;
        if !kept.last().is_some_and(near) {
            kept.push(point);
        }
    }
    let (Some((x, y)), true) = (kept.first(), kept.len() > 2) else { return String::new() };
    let mut path = format!("M{x} {y}l");
    for (number, pair) in kept.windows(2).enumerate() {
        let [from, to] = pair else { continue };
        for (second, step) in [to.0 - from.0, to.1 - from.1].into_iter().enumerate() {
            let first = number + second == 0;
            let gap = if first || step < 0 { "" } else { " " };
            path.push_str(&format!("{gap}{step}"));
        }
    }
    path + "z"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(codes: &str) -> Frame {
        let places: Vec<(i16, i16)> =
            codes.split(' ').map(|code| Sheet::of(code).unwrap()).map(|it| (it.east, it.north)).collect();
        Frame::around(&places).unwrap()
    }

    const EUROPE: &str = "ad al at ba be bg by ch cy cz de dk ee es fi fr gb gr hr hu ie is it lt lu lv mt nl no pl pt ro ru se tr ua";

    #[test]
    fn the_frame_is_where_most_are_and_not_where_one_is_far_away() {
        let europe = frame(EUROPE);
        assert!(europe.west <= -22 && europe.east >= 39, "Iceland and Turkey: {europe:?}");
        assert!(europe.east < 70, "not the middle of Russia: {europe:?}");
        assert!(europe.south < 35 && europe.north > 65, "{europe:?}");
        assert_eq!(europe, frame(&EUROPE.replace(" ru", "")), "Russia changes nothing");
        assert_eq!(europe.seen((100, 60)), None);
        assert_eq!(europe.seen((-18, 65)), Some((-180, 650)));
    }

    #[test]
    fn a_frame_reaches_over_the_date_line_and_the_world_is_shown_once() {
        let oceania = frame("as au ck fj fm gu ki mh mp nc nr nu nz pf pg pw sb tk to tv vu wf ws");
        assert!((100..=131).contains(&oceania.west) && (204..=260).contains(&oceania.east), "{oceania:?}");
        assert_eq!(oceania.seen((-170, -14)), Some((1900, -140)), "American Samoa");
        let all: Vec<(i16, i16)> = Sheet::all().map(|sheet| (sheet.east, sheet.north)).collect();
        let world = Frame::around(&all).unwrap();
        assert_eq!((world.west, world.east), WORLD);
        assert!(world.south >= SOUTH && world.north <= NORTH && world.north - world.south > 110, "{world:?}");
    }

    #[test]
    fn a_frame_is_never_a_sliver() {
        for codes in ["no se", "fr be", "cl ar", "ru us", "nz fj", "is gl", "sg my", "is gb us"] {
            let frame = frame(codes);
            let (wide, high) =
                ((frame.east - frame.west) * cosine(frame.middle()), frame.north - frame.south);
            let ratio = wide / high;
            assert!((1300..=2800).contains(&ratio) && high >= LEAST_HIGH, "{codes}: {ratio} {frame:?}");
        }
        assert!(Frame::around(&[]).is_none());
    }

    #[test]
    fn a_map_has_land_under_its_dots_within_few_bytes() {
        let map = DotMap::of(EUROPE.split(' ')).unwrap();
        assert_eq!((map.size.0 / 10, map.size.1), (57, HIGH), "three to two");
        let view: Vec<i32> = map.view.split(' ').map(|number| number.parse().unwrap()).collect();
        assert!(view[2].abs_diff(UNITS) < 4 && view[3].abs_diff(UNITS * 2 / 3) < 9, "{}", map.view);
        assert!(
            map.land.starts_with('M') && map.land.ends_with('z') && map.land.len() < 3000,
            "{}",
            map.land.len()
        );
        assert!(map.land.matches('M').count() > 5, "islands too");
        assert_eq!(map.covered.matches("h0").count(), EUROPE.split(' ').count() - 1, "all but Russia");
        let world = DotMap::of(Sheet::all().map(|sheet| sheet.code)).unwrap();
        assert!(world.land.len() < 5000, "{}", world.land.len());
    }

    #[test]
    fn one_country_is_no_map() {
        assert!(DotMap::of(["fr"].into_iter()).is_none());
        assert!(DotMap::of(["zz", "yy", "fr"].into_iter()).is_none());
        assert!(DotMap::of(["fr", "it"].into_iter()).is_some());
    }

    #[test]
    fn a_degree_is_half_as_wide_at_sixty_north() {
        assert_eq!((cosine(0), cosine(60), cosine(-60)), (1000, 500, 500));
        assert!(cosine(45).abs_diff(707) < 5);
    }

    #[test]
    fn a_path_is_written_without_needless_gaps() {
        let scale = Scale { flat: 1000, wide: 600 };
        assert_eq!(drawn(&scale, &[(0, 0), (10, -10), (10, 10), (11, 11)]), "M0 0l10 10 0-20z");
        assert_eq!(drawn(&scale, &[(0, 0), (1, 0), (0, 1)]), "");
    }
}

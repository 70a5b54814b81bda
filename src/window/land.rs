//! The land under a map's dots: the world's coasts (`land.txt`), cut to what a map shows.

use std::sync::LazyLock;

/// A place: tenths of a degree, east and north.
pub(super) type Point = (i32, i32);

/// Once around, in tenths of a degree.
pub(super) const TURN: i32 = 3600;

static RINGS: LazyLock<Vec<Vec<Point>>> = LazyLock::new(|| {
    let lines = include_str!("land.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(": ")).map(|(_, ring)| points(ring)).collect()
});

fn points(ring: &str) -> Vec<Point> {
    let pairs = ring.split(", ").filter_map(|pair| pair.split_once(' '));
    pairs.filter_map(|(east, north)| Some((east.parse().ok()?, north.parse().ok()?))).collect()
}

/// The coasts between these corners (south-west, north-east), which may lie beyond the date line: closed rings, to be
/// filled by the even-odd rule.
pub(super) fn between((west, south): Point, (east, north): Point) -> Vec<Vec<Point>> {
    let moved = [-TURN, 0, TURN].into_iter().flat_map(|turn| {
        RINGS.iter().map(move |ring| ring.iter().map(|(x, y)| (x + turn, *y)).collect::<Vec<_>>())
    });
    moved
        .map(|ring| cut(&ring, |(x, _)| x - west))
        .map(|ring| cut(&ring, |(x, _)| east - x))
        .map(|ring| cut(&ring, |(_, y)| y - south))
        .map(|ring| cut(&ring, |(_, y)| north - y))
        .filter(|ring| ring.len() > 2)
        .collect()
}

/// The part of a ring where `inside` is not negative (Sutherland and Hodgman's cut along one line).
fn cut(ring: &[Point], inside: impl Fn(Point) -> i32) -> Vec<Point> {
    let before = ring.iter().cycle().skip(ring.len().saturating_sub(1));
    let mut kept = Vec::with_capacity(ring.len());
    for (&from, &to) in before.zip(ring) {
        let (start, end) = (inside(from), inside(to));
        if (start < 0) != (end < 0) {
            let part = |a: i32, b: i32| a + (b - a) * start / (start - end);
            kept.push((part(from.0, to.0), part(from.1, to.1)));
        }
        if end >= 0 {
            kept.push(to);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_file_is_a_ring_on_the_globe() {
        let lines = include_str!("land.txt").lines().filter(|line| !line.starts_with('#'));
        assert_eq!(lines.clone().count(), RINGS.len());
        for (line, ring) in lines.zip(RINGS.iter()) {
            assert_eq!(line.split(", ").count(), ring.len(), "{line}");
            assert!(ring.len() > 2, "{line}");
            let on_the_globe = |(x, y): &Point| (-1800..=1900).contains(x) && (-600..=840).contains(y);
            assert!(ring.iter().all(on_the_globe), "{line}");
        }
    }

    #[test]
    fn a_ring_is_cut_at_a_line_and_what_lies_outside_is_left_out() {
        let square = [(0, 0), (10, 0), (10, 10), (0, 10)];
        assert_eq!(cut(&square, |(x, _)| 4 - x), [(0, 0), (4, 0), (4, 10), (0, 10)]);
        assert_eq!(cut(&square, |(x, _)| x), square);
        assert!(cut(&square, |(x, _)| x - 20).is_empty() && cut(&[], |_| 1).is_empty());
    }

    #[test]
    fn what_is_shown_stays_between_the_corners_also_beyond_the_date_line() {
        let seen = |from: Point, to: Point| between(from, to).concat();
        let fiji = seen((1700, -250), (1950, -100));
        assert!(fiji.contains(&(1784, -182)) && fiji.len() < 10, "{fiji:?}");
        let hawaii = seen((1950, 150), (2100, 250));
        assert!(hawaii.contains(&(2051, 195)), "the same islands, counted on eastward: {hawaii:?}");
        let europe = seen((-200, 300), (450, 700));
        assert!(europe.iter().all(|(x, y)| (-200..=450).contains(x) && (300..=700).contains(y)));
        assert!(europe.contains(&(-57, 501)), "Land's End");
    }
}

//! The flags of `static/flags.svg`: one file of ours, fetched once and kept, of which a page shows single drawings. What
//! is not drawn there shows as its code.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::web::assets;

const FILE: &str = "flags.svg";

/// Territories whose only official flag is that of the state they belong to.
const FLOWN: [(&str, &str); 12] = [
    ("bl", "fr"),
    ("bv", "no"),
    ("gf", "fr"),
    ("gp", "fr"),
    ("hm", "au"),
    ("mf", "fr"),
    ("pm", "fr"),
    ("re", "fr"),
    ("sj", "no"),
    ("um", "us"),
    ("wf", "fr"),
    ("yt", "fr"),
];

/// The codes that are drawn.
static DRAWN: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let file = assets::text(FILE).unwrap_or_default();
    let groups = file.split("<g id=\"").skip(1);
    groups.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
});

/// Where the flag of a country is (by its ISO 3166-1 code, lower case); `None` where none is drawn.
pub fn of(code: &str) -> Option<String> {
    let flown = FLOWN.iter().find(|(territory, _)| *territory == code).map_or(code, |(_, state)| state);
    DRAWN.contains(flown).then(|| format!("{}#{flown}", assets::url(FILE)))
}

#[cfg(test)]
mod tests {
    use super::super::atlas::Sheet;
    use super::*;

    /// Countries that show as their code, and why.
    const UNDRAWN: [(&str, &str); 2] = [
        ("aq", "Antarctica has no state, and no flag that its treaty's parties agreed on"),
        ("eh", "which flag is Western Sahara's is what the dispute about it is about"),
    ];

    #[test]
    fn every_country_that_the_shop_can_show_has_its_flag() {
        let bare: Vec<&str> =
            Sheet::all().map(|sheet| sheet.code).filter(|code| of(code).is_none()).collect();
        assert_eq!(bare, UNDRAWN.map(|(code, _)| code));
    }

    #[test]
    fn a_flag_is_found_by_its_code_and_one_that_is_not_drawn_is_none() {
        let address = of("it").unwrap();
        assert!(address.starts_with("/static/") && address.ends_with("/flags.svg#it"), "{address}");
        assert!(of("re").unwrap().ends_with("#fr"));
        for none in ["aq", "zz", "", "it\"", "IT"] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn every_drawing_is_of_one_country_and_every_borrowed_flag_is_drawn() {
        let codes: Vec<&str> = isolated();
        let mut once = codes.clone();
        once.dedup();
        assert_eq!(codes, once, "sorted, and each once");
        assert!(
            codes.iter().all(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase()))
        );
        for (territory, state) in FLOWN {
            assert!(!DRAWN.contains(territory) && DRAWN.contains(state), "{territory}");
        }
    }

    fn isolated() -> Vec<&'static str> {
        let file = assets::text(FILE).unwrap();
        let mut codes: Vec<&str> =
            file.split("<g id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        codes.sort_unstable();
        codes
    }

    /// Shown inside our pages: nothing in it may run, or fetch anything.
    #[test]
    fn the_file_holds_drawings_alone() {
        let file = assets::text(FILE).unwrap();
        for bad in ["<script", "href", "url(", "<style", "<image", "<foreignObject", " on"] {
            assert!(!file.contains(bad), "{bad}");
        }
    }
}

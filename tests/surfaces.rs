//! Reads the surfaces as text: texts, templates and style sheets agree with each other and with the sources.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::float_arithmetic, reason = "colours are no money")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Keys that are put together at run time, by how they begin; `locales/it/countries.ftl` alone has them, since English
/// uses the catalog's own names.
const PLACES: [&str; 2] = ["country-", "region-"];
/// Texts that are the same in both languages.
const SAME: [&str; 1] = ["shop-name"];

fn files(folder: &str, extensions: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let extension = entry.extension().and_then(|e| e.to_str()).unwrap_or_default();
            if entry.is_dir() {
                folders.push(entry);
            } else if extensions.contains(&extension) {
                let text = fs::read_to_string(&entry).unwrap();
                found.push((entry, text));
            }
        }
    }
    found.sort();
    found
}

/// Keys and texts of a language, plurals and all.
fn texts(language: &str) -> BTreeMap<String, String> {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for (file, content) in files(&format!("locales/{language}"), &["ftl"]) {
        let mut key: Option<String> = None;
        for line in content.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            let begins = line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase()));
            if let Some((name, rest)) = begins {
                assert!(!texts.contains_key(name), "{} has {name} twice", file.display());
                texts.insert(name.to_owned(), rest.trim().to_owned());
                key = Some(name.to_owned());
            } else {
                let key = key.as_ref().unwrap_or_else(|| panic!("{}: {line}", file.display()));
                texts.get_mut(key).unwrap().push_str(&format!("\n{}", line.trim()));
            }
        }
    }
    texts
}

/// What a text takes: `{ $count -> …` and `{ $price }`.
fn variables(text: &str) -> BTreeSet<String> {
    text.split('$').skip(1).map(name_at).collect()
}

/// The name that a text begins with.
fn name_at(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_').collect()
}

fn is_place(key: &str) -> bool {
    PLACES.iter().any(|begin| key.starts_with(begin))
}

/// Sources and templates without their unit tests.
fn speaking() -> Vec<(PathBuf, String)> {
    let mut all = files("src", &["rs"]);
    for (_, text) in &mut all {
        let end = text.find("#[cfg(test)]").unwrap_or(text.len());
        text.truncate(end);
    }
    all.extend(files("templates", &["html", "txt"]));
    all
}

/// Every literal first argument of what speaks.
fn asked_for(text: &str) -> BTreeSet<String> {
    let calls = [".t(", ".t1(", ".tn(", "BadRequest("];
    let rests = calls.into_iter().flat_map(|call| text.split(call).skip(1));
    let literal = |rest: &str| {
        rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next().map(str::to_owned))
    };
    rests.filter_map(literal).collect()
}

#[test]
fn every_text_exists_in_every_language_with_the_same_variables() {
    let (english, italian) = (texts("en"), texts("it"));
    let keys = |texts: &BTreeMap<String, String>| -> BTreeSet<String> {
        texts.keys().filter(|key| !is_place(key)).cloned().collect()
    };
    let differing: Vec<_> = keys(&english).symmetric_difference(&keys(&italian)).cloned().collect();
    assert!(differing.is_empty(), "keys that one language has and the other lacks: {differing:?}");
    assert!(!english.keys().any(|key| is_place(key)), "English uses the catalog's names");
    for (key, text) in &english {
        assert_eq!(variables(text), variables(&italian[key]), "{key} takes other variables in Italian");
        let same = *text == italian[key];
        assert!(!same || SAME.contains(&key.as_str()), "{key} is not translated: {text}");
    }
}

#[test]
fn every_text_that_is_asked_for_exists() {
    let english = texts("en");
    let mut asked = 0;
    for (file, text) in speaking() {
        for key in asked_for(&text) {
            asked += 1;
            assert!(english.contains_key(&key), "{} asks for {key}, which locales/en lacks", file.display());
        }
    }
    assert!(asked > 50, "the reading of sources found only {asked} keys");
}

#[test]
fn every_text_is_used() {
    let all: String = speaking().into_iter().map(|(_, text)| text).collect();
    let unused: Vec<_> = texts("en").into_keys().filter(|key| !all.contains(&format!("\"{key}\""))).collect();
    assert!(unused.is_empty(), "nobody uses these texts: {unused:?}");
}

/// Mails may carry inline styles, since mail programs know no other; pages may not.
fn pages() -> Vec<(PathBuf, String)> {
    let is_mail =
        |file: &Path| file.components().any(|part| part.as_os_str().to_string_lossy().starts_with("mail"));
    files("templates", &["html"]).into_iter().filter(|(file, _)| !is_mail(file)).collect()
}

#[test]
fn templates_hold_no_inline_code_and_let_nothing_through_unescaped() {
    for (file, text) in files("templates", &["html"]) {
        for wrong in ["|safe", "| safe", "<script>", "javascript:", "{% autoescape"] {
            assert!(!text.contains(wrong), "{} contains {wrong}", file.display());
        }
    }
    for (file, text) in pages() {
        for wrong in [
            "<style",
            " style=",
            " onclick=",
            " onload=",
            " onsubmit=",
            " onchange=",
            " onerror=",
            " oninput=",
        ] {
            assert!(!text.contains(wrong), "{} contains {wrong}, which the policy blocks", file.display());
        }
    }
}

fn without_comments(css: &str) -> String {
    let after = |part: &str| part.split_once("*/").map_or(String::new(), |(_, after)| after.to_owned());
    let parts = css.split("/*").enumerate();
    parts.map(|(number, part)| if number == 0 { part.to_owned() } else { after(part) }).collect()
}

fn styles() -> Vec<(PathBuf, String)> {
    files("static/css", &["css"]).into_iter().map(|(file, text)| (file, without_comments(&text))).collect()
}

/// The declarations of a style sheet: name, value.
fn declarations(css: &str) -> impl Iterator<Item = (&str, &str)> {
    let rules = css.split(['{', ';', '}']).filter_map(|rule| rule.trim().split_once(':'));
    rules.map(|(name, value)| (name.trim(), value.trim()))
}

#[test]
fn custom_properties_that_are_used_are_defined() {
    let all: String = styles().into_iter().map(|(_, text)| text).collect();
    let names = declarations(&all).map(|(name, _)| name.to_owned());
    let defined: BTreeSet<String> = names.filter(|name| name.starts_with("--")).collect();
    let used: BTreeSet<String> = all.split("var(").skip(1).map(name_at).collect();
    assert!(used.len() > 30, "the reading of style sheets found only {used:?}");
    let missing: Vec<_> = used.difference(&defined).collect();
    assert!(missing.is_empty(), "used and never defined: {missing:?}");
    let idle: Vec<_> = defined.difference(&used).collect();
    assert!(idle.is_empty(), "defined and never used: {idle:?}");
}

#[test]
fn style_sheets_know_only_logical_directions() {
    let physical = [
        "margin-left",
        "margin-right",
        "margin-top",
        "margin-bottom",
        "padding-left",
        "padding-right",
        "padding-top",
        "padding-bottom",
        "border-left",
        "border-right",
        "border-top",
        "border-bottom",
        "left",
        "right",
        "top",
        "bottom",
        "width",
        "height",
        "min-width",
        "max-width",
        "min-height",
        "max-height",
        "float",
    ];
    for (file, text) in styles() {
        for (name, value) in declarations(&text) {
            let sided = name == "text-align" && ["left", "right"].contains(&value);
            assert!(!physical.contains(&name) && !sided, "{}: {name}: {value}", file.display());
        }
    }
}

#[test]
fn classes_of_the_templates_exist_in_the_style_sheets() {
    // The sandbox stands for a foreign machine: its page brings a style sheet of its own.
    let sandbox = std::fs::read_to_string("templates/sandbox/control.css").unwrap();
    let all: String = styles().into_iter().map(|(_, text)| text).chain([sandbox]).collect();
    let defined: BTreeSet<String> = all.split('.').skip(1).map(name_at).collect();
    for (file, text) in pages() {
        for class in text.split("class=\"").skip(1).flat_map(classes) {
            assert!(defined.contains(&class), "{}: class {class} has no rule", file.display());
        }
    }
}

/// The classes of an attribute whose value begins here, but for those that the template puts together.
fn classes(rest: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut inside = false;
    for (at, c) in rest.char_indices() {
        let two = rest.get(at..at + 2).unwrap_or_default();
        match two {
            "{{" | "{%" => inside = true,
            "}}" | "%}" => inside = false,
            _ if c == '"' && !inside => break,
            _ if !inside && c != '}' => plain.push(c),
            _ => {}
        }
    }
    plain.split_whitespace().filter(|class| !class.ends_with('-')).map(str::to_owned).collect()
}

#[test]
fn the_shops_style_sheet_is_small() {
    let of_the_shop = |file: &Path| !file.components().any(|part| part.as_os_str() == "admin");
    let size: usize =
        styles().into_iter().filter(|(file, _)| of_the_shop(file)).map(|(_, text)| text.len()).sum();
    // Compressed it is about a quarter: a page and its style sheet stay far under 30 kB.
    assert!(size < 48_000, "the shop's style sheet has {size} bytes");
}

/// The relative luminance (WCAG 2.2) of an `oklch(L% C H)`, by Björn Ottosson's matrices.
fn luminance(oklch: &str) -> f64 {
    let inner = oklch
        .trim()
        .strip_prefix("oklch(")
        .and_then(|rest| rest.strip_suffix(')'))
        .unwrap_or_else(|| panic!("{oklch}"));
    let numbers: Vec<f64> =
        inner.split_whitespace().map(|part| part.trim_end_matches('%').parse().unwrap()).collect();
    let [lightness, chroma, hue] = numbers[..] else { panic!("{oklch}") };
    let (a, b) = (chroma * hue.to_radians().cos(), chroma * hue.to_radians().sin());
    let cubed = |x: f64, y: f64| (lightness / 100.0 + x * a + y * b).powi(3);
    let (l, m, s) = (
        cubed(0.396_337_777_4, 0.215_803_757_3),
        cubed(-0.105_561_345_8, -0.063_854_172_8),
        cubed(-0.089_484_177_5, -1.291_485_548),
    );
    let red = 4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s;
    let green = -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s;
    let blue = -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701 * s;
    0.2126 * red.clamp(0.0, 1.0) + 0.7152 * green.clamp(0.0, 1.0) + 0.0722 * blue.clamp(0.0, 1.0)
}

/// What a meaning is in the end: `--muted` is `var(--grey-7)` is `oklch(…)`.
fn resolve(tokens: &BTreeMap<&str, &str>, name: &str) -> String {
    let value = tokens.get(name).unwrap_or_else(|| panic!("{name} is not a token"));
    match value.strip_prefix("var(").and_then(|rest| rest.strip_suffix(')')) {
        Some(other) => resolve(tokens, other),
        None => (*value).to_owned(),
    }
}

#[test]
fn colours_can_be_told_apart_in_light_and_in_dark() {
    let css = styles().into_iter().find(|(file, _)| file.ends_with("tokens.css")).unwrap().1;
    let (light, dark) = css.split_once("prefers-color-scheme: dark").unwrap();
    let light: BTreeMap<_, _> = declarations(light).collect();
    let mut both = light.clone();
    both.extend(declarations(dark));
    let texts = [
        ("--ink", "--page"),
        ("--ink", "--sheet"),
        ("--ink", "--sunk"),
        ("--muted", "--page"),
        ("--muted", "--sheet"),
        ("--muted", "--sunk"),
        ("--brand", "--page"),
        ("--brand", "--sheet"),
        ("--sheet", "--brand"),
        ("--on-brand", "--brand-deep"),
        ("--on-brand-muted", "--brand-deep"),
        ("--on-signal", "--signal"),
        ("--on-signal", "--signal-strong"),
        ("--signal", "--sheet"),
        ("--signal", "--brand-soft"),
        ("--good", "--sheet"),
        ("--wait", "--sheet"),
        ("--bad", "--sheet"),
        ("--good", "--page"),
        ("--wait", "--page"),
        ("--bad", "--page"),
        ("--muted", "--brand-soft"),
        ("--page", "--ink"),
    ];
    let lines = [("--edge", "--page"), ("--edge", "--sheet"), ("--signal", "--page")];
    let pairs = texts.into_iter().map(|pair| (pair, 4.5)).chain(lines.into_iter().map(|pair| (pair, 3.0)));
    let pairs: Vec<_> = pairs.collect();
    for (scheme, tokens) in [("light", &light), ("dark", &both)] {
        for ((one, other), least) in &pairs {
            let (one_is, other_is) = (luminance(&resolve(tokens, one)), luminance(&resolve(tokens, other)));
            let contrast = (one_is.max(other_is) + 0.05) / (one_is.min(other_is) + 0.05);
            assert!(contrast >= *least, "{scheme}: {one} on {other} has only {contrast:.2} of {least}");
        }
    }
}

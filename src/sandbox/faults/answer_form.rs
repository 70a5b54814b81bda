//! What faults make of an answer that is about to be sent: pure, from one text to another.

use super::tree::Tree;
use super::{Fault, MISTYPES, Struck};

/// An answer before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) struct Told {
    pub status: u16,
    /// `None` for the JSON of the API.
    pub content_type: Option<&'static str>,
    pub text: String,
}

/// A page of HTML, as a server shows it that is not in the mood for an API.
pub(in crate::sandbox) fn html(title: &str) -> String {
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
         <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
}

/// Spoils an answer's form. Says what was drawn; `None` if the fault is none of the form.
pub(in crate::sandbox) fn spoil(told: &mut Told, struck: &Struck) -> Option<String> {
    let mut note = String::new();
    match struck.fault() {
        Fault::OkForCreated => told.status = 200,
        Fault::NoContent => (told.status, told.text) = (204, String::new()),
        Fault::StatusFalse => {
            told.status = 200;
            told.text = r#"{"status":false,"message":"Something went wrong, please try again."}"#.to_owned();
        }
        Fault::EmptyBody => told.text.clear(),
        Fault::ArrayBody => told.text = format!("[{}]", told.text),
        Fault::ByteOrderMark => told.text.insert(0, '\u{feff}'),
        Fault::HtmlSuccess => {
            (told.content_type, told.text) = (Some("text/html; charset=utf-8"), html("Welcome"));
        }
        Fault::MalformedAfterCommit => told.text.truncate(told.text.len() / 2),
        Fault::DuplicateKeys | Fault::Mistyped | Fault::UnknownStatus => {
            let mut tree = Tree::read(&told.text)?;
            note = spoil_fields(&mut tree, struck)?;
            told.text = tree.to_string();
        }
        _ => return None,
    }
    Some(note)
}

/// The orders that an answer tells of: one, or a list of them.
pub(in crate::sandbox) fn orders_in(data: &mut Tree) -> Vec<&mut Tree> {
    match data.get("id").is_some() {
        true => vec![data],
        false => data.listed_mut().into_iter().flatten().collect(),
    }
}

fn spoil_fields(tree: &mut Tree, struck: &Struck) -> Option<String> {
    match struck.fault() {
        Fault::DuplicateKeys => {
            let data = tree.get_mut("data")?;
            let id: u64 = data.get("id")?.bare()?.parse().ok()?;
            data.push("id", Tree::raw((id + 1).to_string()));
            Some("id".to_owned())
        }
        Fault::UnknownStatus => {
            let word = struck.injection.text("value").to_owned();
            for order in orders_in(tree.get_mut("data")?) {
                order.set("status", Tree::text(&word));
            }
            Some(word)
        }
        _ => mistype(tree, struck),
    }
}

/// Mistypes one field of the data, or of an answer that has none: the named one, else a drawn one.
fn mistype(tree: &mut Tree, struck: &Struck) -> Option<String> {
    let within =
        if tree.get("data").is_some_and(|data| !data.is_null()) { tree.get_mut("data")? } else { tree };
    let ways = within.ways();
    let way = match struck.injection.field.as_deref() {
        Some(named) => {
            let below = format!(".{named}");
            ways.iter().find(|way| *way == named).or_else(|| ways.iter().find(|way| way.ends_with(&below)))?
        }
        None => {
            let end = u64::try_from(ways.len()).ok()?;
            ways.get(usize::try_from(struck.entropy.below(end)).ok()?)?
        }
    };
    let kind = struck.kind_of(MISTYPES);
    let value = within.at_mut(way)?;
    // A number as a number, null as null: then it is a number that it never is.
    let wrong = mistyped(value, kind).map(|wrong| if wrong == *value { Tree::raw("7.5") } else { wrong });
    match wrong {
        Some(wrong) => *within.at_mut(way)? = wrong,
        None => {
            let (parent, name) = way.rsplit_once('.').unwrap_or(("", way));
            let parent = if parent.is_empty() { within } else { within.at_mut(parent)? };
            parent.remove(name);
        }
    }
    Some(format!("{way}: {kind}"))
}

/// The value in another type; `None` where it is left out.
fn mistyped(value: &Tree, kind: &str) -> Option<Tree> {
    let bare = value.bare();
    Some(match kind {
        "missing" => return None,
        "null" => Tree::null(),
        "string" => match value {
            Tree::Scalar(written) if written.starts_with('"') => Tree::text(""),
            Tree::Scalar(written) => Tree::text(written),
            _ => Tree::text("Array"),
        },
        "number" => {
            let digits: String = bare
                .into_iter()
                .flat_map(|text| text.chars().collect::<Vec<_>>())
                .filter(char::is_ascii_digit)
                .take(15)
                .collect();
            let digits = digits.trim_start_matches('0');
            Tree::raw(if digits.is_empty() { "7" } else { digits })
        }
        "long_fraction" => Tree::raw("4.2000000000000002"),
        "exponent" => Tree::raw("1e2"),
        "negative" => match bare.filter(|text| text.starts_with(|c: char| c.is_ascii_digit())) {
            Some(number) if !value.to_string().starts_with('"') => Tree::raw(format!("-{number}")),
            _ => Tree::raw("-1"),
        },
        "array" => Tree::List(vec![value.clone()]),
        "object" => Tree::Object(vec![("value".to_owned(), value.clone())]),
        "zero_or_one" => {
            let falsy = matches!(value.written(), Some("null" | "false" | "0" | "\"\""));
            Tree::raw(if falsy { "0" } else { "1" })
        }
        "garbage_date" => Tree::text("31.02.20x6 25:61"),
        _ => Tree::text("refunded"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{About, Faults, Injection, Point};
    use super::*;
    use crate::sandbox::operation::Operation;
    use crate::sandbox::settings::OrderMode;

    const ORDER: &str =
        r#"{"status":true,"data":{"id":45,"price":4.2,"esim":{"iccid":"89"},"status":"completed"}}"#;

    fn struck(flag: &str) -> Struck {
        let faults = Faults::open(None, OrderMode::Completed).unwrap();
        faults.inject(flag.parse::<Injection>().unwrap().on(Operation::CreateOrder));
        faults.draw(Point::Answer, Some(Operation::CreateOrder), &About::default()).unwrap()
    }

    fn spoiled(flag: &str) -> (u16, String) {
        let mut told = Told { status: 201, content_type: None, text: ORDER.to_owned() };
        spoil(&mut told, &struck(flag)).unwrap();
        (told.status, told.text)
    }

    #[test]
    fn each_kind_of_mistyping_changes_one_field_to_what_it_says() {
        for (kind, price) in [
            ("string", "\"4.2\""),
            ("number", "42"),
            ("long_fraction", "4.2000000000000002"),
            ("exponent", "1e2"),
            ("null", "null"),
            ("array", "[4.2]"),
            ("object", r#"{"value":4.2}"#),
            ("zero_or_one", "1"),
            ("unknown_word", "\"refunded\""),
            ("garbage_date", "\"31.02.20x6 25:61\""),
            ("negative", "-4.2"),
        ] {
            let expected = ORDER.replace("4.2", price);
            assert_eq!(spoiled(&format!("mistyped:field=price,kind={kind}")), (201, expected), "{kind}");
        }
        let without = ORDER.replace(r#""price":4.2,"#, "");
        assert_eq!(spoiled("mistyped:field=price,kind=missing"), (201, without));
        let nested = ORDER.replace(r#""89""#, "89");
        assert_eq!(spoiled("mistyped:field=iccid,kind=number"), (201, nested));
        let boolean = ORDER.replace("completed", "");
        assert_eq!(spoiled("mistyped:field=status,kind=string"), (201, boolean));
    }

    #[test]
    fn a_seed_draws_the_same_field_again_and_other_seeds_draw_others() {
        let drawn = |seed: u64| spoiled(&format!("mistyped:seed={seed}")).1;
        assert_eq!(drawn(5), drawn(5));
        let different: std::collections::BTreeSet<_> = (0..60).map(drawn).collect();
        assert!(different.len() > 20, "{different:?}");
        assert!(!different.contains(ORDER));
    }

    #[test]
    fn success_that_is_none() {
        let status_false = spoiled("status_false");
        assert_eq!(status_false.0, 200);
        assert!(status_false.1.contains(r#""status":false"#));
        assert_eq!(spoiled("ok_for_created"), (200, ORDER.to_owned()));
        assert_eq!(spoiled("no_content"), (204, String::new()));
        assert_eq!(spoiled("empty_body"), (201, String::new()));
        assert_eq!(spoiled("array_body"), (201, format!("[{ORDER}]")));
        assert_eq!(spoiled("byte_order_mark"), (201, format!("\u{feff}{ORDER}")));
        assert!(spoiled("duplicate_keys").1.contains(r#","id":46}}"#));
        assert!(spoiled("unknown_status").1.contains(r#""status":"refunded"}"#));
        assert!(spoiled("html_success").1.starts_with("<html>"));
        assert!(ORDER.starts_with(&spoiled("malformed_after_commit").1));
    }
}

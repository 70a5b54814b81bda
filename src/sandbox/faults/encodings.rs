//! The same JSON in other bytes (RELIABILITY F63): whoever checks a signature over what he parsed and wrote again, and
//! not over what he got, is found out here.

use std::fmt::Write as _;

use super::tree::Tree;
use crate::ground::money::exact_decimal;

/// The fields of a webhook that are amounts.
const AMOUNTS: [&str; 3] = ["price", "provider_cost", "profit_amount"];

/// The same JSON in other bytes, in the way that `kind` names.
pub(in crate::sandbox) fn reencoded(text: &str, kind: &str) -> String {
    let Some(mut tree) = Tree::read(text) else { return text.to_owned() };
    match kind {
        "pretty" => laid_out(&tree, "\n", "    "),
        "crlf" => laid_out(&tree, "\r\n", "  "),
        "spaced" => laid_out(&tree, " ", ""),
        "bare_slashes" => text.replace("\\/", "/"),
        "trailing_newline" => format!("{text}\n"),
        "bare_unicode" => {
            tree.each_text(&[], &mut |written| rewrite(written, |text| serde_json::to_string(text).ok()));
            tree.to_string()
        }
        "escaped" => {
            tree.each_text(&[], &mut |written| rewrite(written, |text| Some(escaped(text))));
            tree.to_string()
        }
        "two_decimals" | "exponent" => {
            amounts(&mut tree, kind);
            tree.to_string()
        }
        _ => {
            reorder(&mut tree);
            tree.to_string()
        }
    }
}

fn rewrite(written: &mut String, write: impl Fn(&str) -> Option<String>) {
    let text = serde_json::from_str::<String>(written).ok();
    if let Some(again) = text.as_deref().and_then(write) {
        *written = again;
    }
}

/// Every letter as `\u`.
fn escaped(text: &str) -> String {
    let mut written = String::from("\"");
    for unit in text.encode_utf16() {
        let _ = write!(written, "\\u{unit:04X}");
    }
    written + "\""
}

fn amounts(tree: &mut Tree, kind: &str) {
    match tree {
        Tree::Scalar(_) => {}
        Tree::List(rows) => rows.iter_mut().for_each(|row| amounts(row, kind)),
        Tree::Object(pairs) => {
            for (name, value) in pairs {
                let amount = value.written().and_then(exact_decimal);
                match amount.filter(|_| AMOUNTS.contains(&name.as_str())) {
                    Some(mut amount) if kind == "exponent" => {
                        amount = amount.normalize();
                        *value = Tree::raw(format!("{}e-{}", amount.mantissa(), amount.scale()));
                    }
                    Some(mut amount) => {
                        amount.rescale(amount.scale().max(2));
                        *value = Tree::raw(amount.to_string());
                    }
                    None => amounts(value, kind),
                }
            }
        }
    }
}

fn reorder(tree: &mut Tree) {
    match tree {
        Tree::Scalar(_) => {}
        Tree::List(rows) => rows.iter_mut().for_each(reorder),
        Tree::Object(pairs) => {
            pairs.reverse();
            pairs.iter_mut().for_each(|(_, value)| reorder(value));
        }
    }
}

fn laid_out(tree: &Tree, newline: &str, indent: &str) -> String {
    let mut text = String::new();
    lay_out(tree, newline, indent, 0, &mut text);
    text
}

fn lay_out(tree: &Tree, newline: &str, indent: &str, depth: usize, text: &mut String) {
    let line = |depth: usize| format!("{newline}{}", indent.repeat(depth));
    let (open, close, rows): (_, _, Vec<_>) = match tree {
        Tree::Object(pairs) if !pairs.is_empty() => {
            ('{', '}', pairs.iter().map(|(name, value)| (format!("\"{name}\": "), value)).collect())
        }
        Tree::List(rows) if !rows.is_empty() => {
            ('[', ']', rows.iter().map(|row| (String::new(), row)).collect())
        }
        plain => return text.push_str(&plain.to_string()),
    };
    text.push(open);
    for (n, (name, value)) in rows.into_iter().enumerate() {
        text.push_str(if n == 0 { "" } else { "," });
        text.push_str(&line(depth + 1));
        text.push_str(&name);
        lay_out(value, newline, indent, depth + 1, text);
    }
    text.push_str(&line(depth));
    text.push(close);
}

#[cfg(test)]
mod tests {
    use super::super::ENCODINGS;
    use super::*;

    const EVENT: &str = r#"{"event":"order.completed","order":{"price":4.2,"name":"Cura\u00e7ao","rows":[],"url":"https:\/\/a"},"esim":null}"#;

    #[test]
    fn every_encoding_has_other_bytes_and_means_the_same() {
        let meaning = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        let mut seen = std::collections::BTreeSet::from([EVENT.to_owned()]);
        for kind in ENCODINGS {
            let other = reencoded(EVENT, kind);
            assert_eq!(meaning(&other), meaning(EVENT), "{kind}: {other}");
            assert!(seen.insert(other), "{kind} has bytes of its own");
        }
        assert!(reencoded(EVENT, "two_decimals").contains(r#""price":4.20,"#));
        assert!(reencoded(EVENT, "exponent").contains(r#""price":42e-1,"#));
        assert!(reencoded(EVENT, "crlf").contains("\r\n"));
        assert!(reencoded(EVENT, "bare_unicode").contains("Curaçao"));
        assert!(reencoded(EVENT, "escaped").contains(r"\u0043\u0075"));
    }
}

//! Data for search engines inside a page: JSON-LD, in a block that no browser runs.

use std::fmt;

use serde_json::{Value, json};

/// JSON for a `<script type="application/ld+json">`.
pub struct JsonLd(String);

impl JsonLd {
    /// Things that stand together on one page.
    pub fn graph(things: Vec<Value>) -> Self {
        Self(inert(&json!({ "@context": "https://schema.org", "@graph": things }).to_string()))
    }
}

/// JSON in which nothing can end the element or begin a comment: what HTML knows stands as JSON's own escapes, and a
/// name that holds `</script>` stays a name.
fn inert(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\'' | '\u{2028}' | '\u{2029}' => {
                text.push_str(&format!("\\u{:04x}", u32::from(c)))
            }
            c => text.push(c),
        }
    }
    text
}

impl fmt::Display for JsonLd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// [`inert`] has replaced everything that HTML would read.
impl askama::filters::HtmlSafe for JsonLd {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poisoned_name_stays_a_name() {
        let poison = "</script><!--<script>alert('1')</script>\u{2028}\u{2029}]]>&amp;\"\\";
        let written = JsonLd::graph(vec![json!({ "name": poison })]).to_string();
        for harm in ["<", ">", "&", "'", "\u{2028}", "\u{2029}"] {
            assert!(!written.contains(harm), "{harm:?} in {written}");
        }
        let read: Value = serde_json::from_str(&written).unwrap();
        assert_eq!(read["@graph"][0]["name"], poison);
    }
}

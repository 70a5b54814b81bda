//! What may be kept of a name and a value that nobody documented. When in doubt, the type alone. Pure.

use std::borrow::Cow;

/// Characters of a kept name.
const NAME_LIMIT: usize = 64;
/// Characters of a kept value.
const EXAMPLE_LIMIT: usize = 40;
/// So many digits in a row may be a phone, a card or a device.
const DIGITS_LIMIT: usize = 8;
/// No number of a field that nobody documents is kept with more characters.
const NUMBER_LIMIT: usize = 10;
/// So many characters without a space may be a key.
const WORD_LIMIT: usize = 20;

/// Parts of names whose values could be secret or personal.
const SENSITIVE: [&str; 26] = [
    "esim",
    "iccid",
    "imsi",
    "imei",
    "eid",
    "qr",
    "lpa",
    "smdp",
    "code",
    "matching",
    "activation",
    "pin",
    "puk",
    "phone",
    "msisdn",
    "mail",
    "user",
    "customer",
    "login",
    "token",
    "secret",
    "password",
    "key",
    "address",
    "signature",
    "provider_response",
];

/// A field's name, fit for a page and a database. What an honest name never holds becomes `?`.
pub(super) fn name(field: &str) -> Cow<'_, str> {
    if is_personal(field) {
        return Cow::Borrowed("(a name that could be personal)");
    }
    let honest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ');
    if !field.is_empty() && field.len() <= NAME_LIMIT && field.chars().all(honest) {
        return Cow::Borrowed(field);
    }
    match field.is_empty() {
        true => Cow::Borrowed("(an empty name)"),
        false => field.chars().take(NAME_LIMIT).map(|c| if honest(c) { c } else { '?' }).collect(),
    }
}

/// One value as an example, or only its type. A text is kept only where the documents say what the field holds: what
/// stands in a `new` one may be anybody's name, birthday or activation code.
pub(super) fn example(private: bool, new: bool, field: &str, json: &str) -> String {
    let lower = field.to_ascii_lowercase();
    let unknown_words = new && (json.starts_with('"') || json.len() > NUMBER_LIMIT);
    let hidden = private
        || unknown_words
        || SENSITIVE.iter().any(|part| lower.contains(part))
        || matches!(json.as_bytes().first(), None | Some(b'{' | b'['))
        || is_personal(json)
        || json.split(' ').any(|word| word.len() > WORD_LIMIT);
    match hidden {
        true => kind(json).to_owned(),
        false => json.chars().filter(|c| !c.is_control()).take(EXAMPLE_LIMIT).collect(),
    }
}

fn kind(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'"') => "(text)",
        Some(b'{') => "(object)",
        Some(b'[') => "(list)",
        Some(b't' | b'f') => "(boolean)",
        Some(b'n') => "null",
        _ => "(number)",
    }
}

fn is_personal(text: &str) -> bool {
    let mut digits = 0;
    text.bytes().any(|byte| {
        digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
        digits >= DIGITS_LIMIT || byte == b'@' || byte == b'$'
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_secret_leaves_only_its_type() {
        let table = [
            ("qr_code", "\"LPA:1$a.b$C\"", "(text)"),
            ("note", "\"LPA:1$a.b$C\"", "(text)"),
            ("note", "\"write to a@b.example\"", "(text)"),
            ("note", "\"call 33600000000\"", "(text)"),
            ("note", "356938035643809", "(number)"),
            ("Phone", "\"1\"", "(text)"),
            ("session", "\"abcdefghijklmnopqrstuvwxyz\"", "(text)"),
            ("provider_response", "{\"a\":1}", "(object)"),
            ("list", "[1]", "(list)"),
            ("user_id", "null", "null"),
            ("api_token", "true", "(boolean)"),
            ("status", "\"refunded\"", "\"refunded\""),
            ("price", "\"4.20\"", "\"4.20\""),
            ("price", "1e308", "1e308"),
        ];
        for (field, json, shown) in table {
            assert_eq!(example(false, false, field, json), shown, "{field}: {json}");
        }
        assert_eq!(example(true, false, "status", "\"refunded\""), "(text)");
    }

    #[test]
    fn of_a_field_that_nobody_documents_no_text_is_kept() {
        let table = [
            ("buyer", "\"Ann Smith\"", "(text)"),
            ("confirmation", "\"K2-9XYZ-77AB\"", "(text)"),
            ("ref", "\"K29XYZ77AB\"", "(text)"),
            ("born", "\"1990-01-31\"", "(text)"),
            ("born", "19900131", "(number)"),
            ("fair_use", "\"yes\"", "(text)"),
            ("ratio", "0.1234567891", "(number)"),
            ("speed", "5", "5"),
            ("price", "-4.20", "-4.20"),
            ("hot", "true", "true"),
            ("hot", "null", "null"),
        ];
        for (field, json, shown) in table {
            assert_eq!(example(false, true, field, json), shown, "{field}: {json}");
        }
    }

    #[test]
    fn names_are_cut_and_cleaned() {
        assert_eq!(name("fair_use"), "fair_use");
        assert_eq!(name(""), "(an empty name)");
        assert_eq!(name("<b>\u{202e}\0"), "?b???");
        assert_eq!(name("8988207000000000001"), "(a name that could be personal)");
        assert_eq!(name("a@b.example"), "(a name that could be personal)");
        assert_eq!(name(&"é".repeat(500)).len(), 64);
    }
}

//! Forms as `multipart/form-data` (RFC 7578), which is how browsers send a chosen file. Pure: the body is whole, and
//! bounded by whoever read it.

/// A field of such a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its name, as browsers escape it (`"` as `%22`).
    pub name: &'a str,
    /// The chosen file's name; empty where none was chosen, `None` where the field is no file.
    pub file: Option<&'a str>,
    /// What was sent, byte for byte.
    pub content: &'a [u8],
}

/// The body is no such form, or was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no multipart form")]
pub struct Malformed;

/// More fields than any form has.
const MOST_FIELDS: usize = 100;
/// The longest boundary that the standard allows (RFC 2046).
const LONGEST_BOUNDARY: usize = 70;

/// What stands between the fields; `None` for another kind of body.
pub fn boundary(content_type: &str) -> Option<&str> {
    let mut parts = content_type.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let is_boundary =
        |(name, value): (&str, _)| name.trim().eq_ignore_ascii_case("boundary").then_some(value);
    let found = parts.filter_map(|part| part.split_once('=')).find_map(is_boundary)?;
    let found: &str = found.trim().trim_matches('"');
    (1..=LONGEST_BOUNDARY).contains(&found.len()).then_some(found)
}

/// The fields in their order.
///
/// # Errors
/// [`Malformed`] where the body does not begin with a field, does not end after its last one, or a field has no name.
pub fn fields<'a>(body: &'a [u8], boundary: &str) -> Result<Vec<Field<'a>>, Malformed> {
    let between = format!("\r\n--{boundary}");
    // The first one stands at the body's beginning, without the line's end before it.
    let mut rest = body.strip_prefix(between.as_bytes().get(2..).unwrap_or_default()).ok_or(Malformed)?;
    let mut fields = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Ok(fields);
        }
        rest = rest.strip_prefix(b"\r\n").ok_or(Malformed)?;
        let (one, after) = cut(rest, between.as_bytes()).ok_or(Malformed)?;
        fields.push(field(one).ok_or(Malformed)?);
        if fields.len() > MOST_FIELDS {
            return Err(Malformed);
        }
        rest = after;
    }
}

fn cut<'a>(bytes: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let place = bytes.windows(at.len()).position(|window| window == at)?;
    Some((bytes.get(..place)?, bytes.get(place + at.len()..)?))
}

fn field(bytes: &[u8]) -> Option<Field<'_>> {
    let (head, content) = cut(bytes, b"\r\n\r\n")?;
    let head = std::str::from_utf8(head).ok()?;
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let (_, said) = lines.find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))?;
    let said = said.trim().strip_prefix("form-data")?;
    Some(Field { name: quoted(said, "; name=\"")?, file: quoted(said, "; filename=\""), content })
}

/// What stands in quotes after a mark. Browsers escape a quote in it, so that it ends at the next one.
fn quoted<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.split_once(mark)?.1.split_once('"').map(|(inside, _)| inside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FORM: &str = "--x7\r\nContent-Disposition: form-data; name=\"seen\"\r\n\r\n12\r\n\
        --x7\r\ncontent-disposition: form-data; name=\"file\"; filename=\"name=\x20rates.csv\"\r\nContent-Type: text/csv\r\n\r\n\
        a\r\nb\n\r\n--x7\r\nContent-Disposition: form-data; name=\"none\"; filename=\"\"\r\n\r\n\r\n--x7--\r\n";

    #[test]
    fn a_browsers_form_is_read_byte_for_byte() {
        let read = fields(FORM.as_bytes(), "x7").unwrap();
        assert_eq!(
            read,
            [
                Field { name: "seen", file: None, content: b"12" },
                Field { name: "file", file: Some("name= rates.csv"), content: b"a\r\nb\n" },
                Field { name: "none", file: Some(""), content: b"" },
            ]
        );
    }

    #[test]
    fn the_boundary_stands_in_the_content_type() {
        assert_eq!(boundary("multipart/form-data; boundary=----WebKit7"), Some("----WebKit7"));
        assert_eq!(boundary("Multipart/Form-Data; charset=utf-8; Boundary=\"a b\""), Some("a b"));
        let long = format!("multipart/form-data; boundary={}", "x".repeat(71));
        for other in [
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            &long,
        ] {
            assert_eq!(boundary(other), None, "{other}");
        }
    }

    #[test]
    fn what_was_cut_or_is_no_form_is_malformed() {
        for end in 0..FORM.len() - 4 {
            assert_eq!(fields(&FORM.as_bytes()[..end], "x7"), Err(Malformed), "{end}");
        }
        for wrong in [
            "",
            "x",
            "--x7",
            "--x7\r\n\r\n\r\n--x7--",
            "--x7\r\nContent-Disposition: form-data\r\n\r\n\r\n--x7--",
        ] {
            assert_eq!(fields(wrong.as_bytes(), "x7"), Err(Malformed), "{wrong}");
        }
        assert_eq!(fields(FORM.as_bytes(), "x8"), Err(Malformed));
        let one = "\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--x7".repeat(MOST_FIELDS + 1);
        assert_eq!(fields(format!("--x7{one}--").as_bytes(), "x7"), Err(Malformed));
    }

    proptest! {
        #[test]
        fn any_content_comes_back_and_no_noise_panics(content: Vec<u8>, noise: Vec<u8>) {
            let mut body = b"--qqzz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n".to_vec();
            body.extend(&content);
            body.extend(b"\r\n--qqzz--");
            if !content.windows(6).any(|window| window == b"--qqzz") {
                prop_assert_eq!(fields(&body, "qqzz").unwrap()[0].content, &content[..]);
            }
            let _read = fields(&noise, "qqzz");
        }
    }
}

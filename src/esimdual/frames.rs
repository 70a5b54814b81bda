//! Finds the rows of a list in a body that arrives in chunks. The body is never held: a row is handed out when its
//! last byte is there, and what stands around the list is kept as a small skeleton (`{"status":true,"data":[]}`), to
//! be read as any other answer. Each row and the skeleton are checked as JSON by whoever reads them; together they
//! are every byte of the body, but for rows that are too large: of those nothing is kept, and the list goes on.

use std::ops::Range;

use super::wire::Unreadable;

/// Bytes of one row: more than any honest one. What is larger is told and not kept.
pub const ROW_LIMIT: usize = 16 * 1024 * 1024;
/// Bytes of all that is no row.
const SKELETON_LIMIT: usize = 1024 * 1024;

const NO_LIST: Unreadable = Unreadable("a list that is not written as JSON");

/// A row as it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// Every byte of it.
    Row(&'a [u8]),
    /// One of more than [`ROW_LIMIT`] bytes, which are gone.
    TooLarge,
}

/// Where the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Around the list.
    Outside,
    /// In the list, between rows; what may come next.
    Between(Next),
    /// In a row.
    Row(Form),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    RowOrEnd,
    Row,
    CommaOrEnd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// An object, a list or a string: it ends where its nesting ends.
    Nested,
    /// A number or a word: it ends where something else begins.
    Bare,
}

/// How far inside brackets and strings a byte stands.
#[derive(Clone, Copy, Debug, Default)]
struct Nesting {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Nesting {
    /// How many of `bytes` belong to a value that is open; up to its end, if that is among them.
    fn value(&mut self, bytes: &[u8]) -> (usize, bool) {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if self.in_string {
                at += self.string(bytes.get(at..).unwrap_or_default());
                if !self.in_string && self.depth == 0 {
                    return (at, true);
                }
                continue;
            }
            at += 1;
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return (at, true);
                    }
                }
                _ => {}
            }
        }
        (at, false)
    }

    /// How many of `bytes` belong to a string that is open, its closing quote included.
    fn string(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        if self.escaped && !bytes.is_empty() {
            self.escaped = false;
            at = 1;
        }
        while let Some(found) =
            bytes.get(at..).and_then(|rest| rest.iter().position(|byte| matches!(byte, b'"' | b'\\')))
        {
            at += found + 1;
            if bytes.get(at - 1) == Some(&b'"') {
                self.in_string = false;
                return at;
            }
            match at < bytes.len() {
                true => at += 1,
                false => self.escaped = true,
            }
        }
        bytes.len()
    }
}

/// A body on its way.
#[derive(Debug)]
pub struct Frames {
    place: Place,
    /// Inside the row.
    nesting: Nesting,
    /// The beginning of a row that goes on in the next chunk.
    partial: Vec<u8>,
    /// Whether the row is too large, and passed over to its end.
    passing: bool,
    /// Around the list.
    around: Nesting,
    skeleton: Vec<u8>,
    /// Where the last string of the skeleton stands.
    string: Range<usize>,
    /// Whether the value that comes next stands at a key `data`.
    at_data: bool,
    /// Whether the object at the top's `data` is open: a paginator.
    in_data: bool,
}

impl Default for Frames {
    fn default() -> Self {
        Self {
            place: Place::Outside,
            nesting: Nesting::default(),
            partial: Vec::new(),
            passing: false,
            around: Nesting::default(),
            skeleton: Vec::new(),
            string: 0..0,
            at_data: false,
            in_data: false,
        }
    }
}

impl Frames {
    /// Takes the next bytes, and hands out each row that is complete with them.
    ///
    /// # Errors
    /// What `row` refuses; a list that is no JSON; more around it than any honest answer has.
    pub fn feed(
        &mut self,
        mut bytes: &[u8],
        mut row: impl FnMut(Found<'_>) -> Result<(), Unreadable>,
    ) -> Result<(), Unreadable> {
        while let Some(first) = bytes.first().copied() {
            let taken = match self.place {
                Place::Outside => self.outside(first)?,
                Place::Between(next) => self.between(first, next)?,
                Place::Row(form) => self.row(bytes, form, &mut row)?,
            };
            bytes = bytes.get(taken..).unwrap_or_default();
        }
        Ok(())
    }

    /// What stood around the list, its brackets included.
    ///
    /// # Errors
    /// When the body ended inside the list.
    pub fn finish(self) -> Result<Vec<u8>, Unreadable> {
        match self.place {
            Place::Outside => Ok(self.skeleton),
            Place::Between(_) | Place::Row(_) => Err(Unreadable("a list that breaks off")),
        }
    }

    /// Keeps a byte that stands around the list, and sees whether the list begins with it.
    fn outside(&mut self, byte: u8) -> Result<usize, Unreadable> {
        if self.skeleton.len() >= SKELETON_LIMIT {
            return Err(Unreadable("more around a list than any honest answer has"));
        }
        self.skeleton.push(byte);
        let was_string = self.around.in_string;
        match byte {
            _ if was_string => {
                self.around.string(&[byte]);
                self.string.end = self.skeleton.len();
            }
            b'"' => {
                self.around.in_string = true;
                self.string.start = self.skeleton.len() - 1;
            }
            b':' => self.at_data = self.is_data_key(),
            b',' => self.at_data = false,
            b'[' if self.list_begins() => self.place = Place::Between(Next::RowOrEnd),
            b'{' | b'[' => {
                self.in_data |= byte == b'{' && self.at_data && self.around.depth == 1;
                self.around.depth += 1;
                self.at_data = false;
            }
            b'}' | b']' => {
                self.around.depth = self.around.depth.saturating_sub(1);
                self.in_data &= self.around.depth > 1;
                self.at_data = false;
            }
            _ => {}
        }
        Ok(1)
    }

    fn list_begins(&self) -> bool {
        self.at_data && (self.around.depth == 1 || (self.around.depth == 2 && self.in_data))
    }

    /// Whether the last string says `data`, however it is written.
    fn is_data_key(&self) -> bool {
        let string = self.skeleton.get(self.string.clone()).unwrap_or_default();
        string == b"\"data\""
            || (string.contains(&b'\\')
                && serde_json::from_slice(string).is_ok_and(|key: String| key == "data"))
    }

    fn between(&mut self, byte: u8, next: Next) -> Result<usize, Unreadable> {
        self.place = match (byte, next) {
            (b' ' | b'\t' | b'\r' | b'\n', _) => return Ok(1),
            (b']', Next::RowOrEnd | Next::CommaOrEnd) => {
                self.skeleton.push(byte);
                self.at_data = false;
                Place::Outside
            }
            (b',', Next::CommaOrEnd) => Place::Between(Next::Row),
            (b']' | b'}' | b',' | b':', _) | (_, Next::CommaOrEnd) => return Err(NO_LIST),
            (b'{' | b'[' | b'"', _) => {
                self.nesting = Nesting::default();
                Place::Row(Form::Nested)
            }
            _ => Place::Row(Form::Bare),
        };
        Ok(usize::from(!matches!(self.place, Place::Row(_))))
    }

    /// Takes the bytes of a row; the row is handed out from where it stands, unless it began in an earlier chunk.
    fn row(
        &mut self,
        bytes: &[u8],
        form: Form,
        row: &mut impl FnMut(Found<'_>) -> Result<(), Unreadable>,
    ) -> Result<usize, Unreadable> {
        let (length, ended) = match form {
            Form::Nested => self.nesting.value(bytes),
            Form::Bare => bare(bytes, self.partial.is_empty() && !self.passing),
        };
        let part = bytes.get(..length).unwrap_or_default();
        if self.passing || self.partial.len() + part.len() > ROW_LIMIT {
            self.passing = !ended;
            self.partial = Vec::new();
            if ended {
                row(Found::TooLarge)?;
            }
        } else if ended && self.partial.is_empty() {
            row(Found::Row(part))?;
        } else {
            self.partial.extend_from_slice(part);
            if ended {
                row(Found::Row(&self.partial))?;
                self.partial.clear();
            }
        }
        if ended {
            self.place = Place::Between(Next::CommaOrEnd);
        }
        Ok(length)
    }
}

/// A number or a word ends before whatever cannot belong to it.
fn bare(bytes: &[u8], begins: bool) -> (usize, bool) {
    let belongs = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
    match bytes.iter().position(|byte| !belongs(byte)) {
        // It belongs to nothing that JSON knows: taken alone, it is refused as a row.
        Some(0) if begins => (1, true),
        Some(end) => (end, true),
        None => (bytes.len(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows and the skeleton of a body that comes in chunks of a size.
    fn framed(body: &[u8], size: usize) -> Result<(Vec<String>, String), Unreadable> {
        let mut frames = Frames::default();
        let mut rows = Vec::new();
        for chunk in body.chunks(size) {
            frames.feed(chunk, |row| {
                rows.push(match row {
                    Found::Row(row) => String::from_utf8_lossy(row).into_owned(),
                    Found::TooLarge => "too large".to_owned(),
                });
                Ok(())
            })?;
        }
        Ok((rows, String::from_utf8_lossy(&frames.finish()?).into_owned()))
    }

    #[test]
    fn rows_are_found_wherever_the_list_stands_and_however_the_body_is_cut() {
        let table = [
            (r#"{"data":[]}"#, 0, r#"{"data":[]}"#),
            (
                r#"{"status":true,"data":[{"a":"]}\\\""},[[1]],"x\"]", 7 ,null],"meta":{"last_page":2}}"#,
                5,
                r#"{"status":true,"data":[],"meta":{"last_page":2}}"#,
            ),
            (
                r#"{"meta":{"data":[1]},"data":{"last_page":1,"data":[{},{}],"links":[1]}}"#,
                2,
                r#"{"meta":{"data":[1]},"data":{"last_page":1,"data":[],"links":[1]}}"#,
            ),
            (r#"{"d\u0061ta" : [ 1 , 2 ] }"#, 2, r#"{"d\u0061ta" : [] }"#),
            (r#"{"x":"data","y":[1],"data":"data"}"#, 0, r#"{"x":"data","y":[1],"data":"data"}"#),
            (r#"{"data":{"data":{"data":[1]}}}"#, 0, r#"{"data":{"data":{"data":[1]}}}"#),
            (r#"[{"data":[1]}]"#, 0, r#"[{"data":[1]}]"#),
            ("", 0, ""),
        ];
        for (body, rows, skeleton) in table {
            let whole = framed(body.as_bytes(), body.len().max(1)).unwrap();
            assert_eq!((whole.0.len(), whole.1.as_str()), (rows, skeleton), "{body}");
            for size in 1..body.len() {
                assert_eq!(framed(body.as_bytes(), size).unwrap(), whole, "{body} in chunks of {size}");
            }
        }
    }

    #[test]
    fn a_list_that_breaks_off_or_is_no_list_is_refused() {
        for bad in [
            r#"{"data":["#,
            r#"{"data":[1"#,
            r#"{"data":[1,"#,
            r#"{"data":["a]}"#,
            r#"{"data":[{"a":[1]"#,
            r#"{"data":[,1]}"#,
            r#"{"data":[1,]}"#,
            r#"{"data":[1 2]}"#,
            r#"{"data":[1:2]}"#,
            r#"{"data":[}"#,
        ] {
            assert!(framed(bad.as_bytes(), 3).is_err(), "{bad}");
        }
    }

    #[test]
    fn of_a_row_that_is_too_large_nothing_is_kept_and_the_next_ones_are_found() {
        let long = "x".repeat(ROW_LIMIT);
        for large in [format!("\"{long}\""), format!("[\"]\",\"{long}\"]"), format!("1{long}")] {
            let body = format!(r#"{{"data":[1,{large},{{"a":2}},{large}]}}"#);
            for size in [64 * 1024, body.len()] {
                let (rows, skeleton) = framed(body.as_bytes(), size).unwrap();
                assert_eq!(rows, ["1", "too large", r#"{"a":2}"#, "too large"]);
                assert_eq!(skeleton, r#"{"data":[]}"#);
            }
            let cut = body.get(..body.len() - 3).unwrap();
            assert!(framed(cut.as_bytes(), 64 * 1024).is_err(), "one that does not end ends the page");
        }
        let just = format!(r#"{{"data":["{}"]}}"#, "x".repeat(ROW_LIMIT - 2));
        assert_eq!(framed(just.as_bytes(), 64 * 1024).unwrap().0[0].len(), ROW_LIMIT);
    }

    #[test]
    fn nothing_grows_without_end() {
        let mut frames = Frames::default();
        frames.feed(br#"{"data":["#, |_| Ok(())).unwrap();
        let chunk = vec![b'['; 1024 * 1024];
        for _ in 0..40 {
            frames.feed(&chunk, |_| Ok(())).unwrap();
            assert!(frames.partial.capacity() <= 2 * ROW_LIMIT, "{}", frames.partial.capacity());
        }
        assert!(frames.partial.is_empty() && frames.finish().is_err());
        let mut frames = Frames::default();
        let fed = (0..4).try_for_each(|_| frames.feed(&chunk, |_| Ok(())));
        assert!(fed.is_err(), "a skeleton is bounded too");
    }
}

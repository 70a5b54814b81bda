//! A source file, taken apart as far as the rules need it: code without comments and texts, the texts, and the paths
//! that begin at the crate.

use std::fs;
use std::path::{Path, PathBuf};

/// One file below `src/`.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// From `src/` on: `orders/store/reads.rs`.
    pub path: String,
    /// As it stands.
    pub text: String,
    /// Without comments, and with empty texts.
    pub code: String,
    /// The texts: what stands between quotation marks.
    pub strings: Vec<String>,
    /// What follows `crate::`, with the braces of `use` resolved: `["orders", "Unit"]`.
    pub crate_paths: Vec<Vec<String>>,
    /// How many `super::` follow each other, and whether that line is indented (in a module inside the file).
    pub climbs: Vec<(usize, bool)>,
}

impl Source {
    /// Takes Rust apart.
    pub fn rust(path: &str, text: &str) -> Self {
        let (code, strings) = take_apart(text);
        let tokens = tokens(&code);
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            crate_paths: crate_paths(&tokens),
            climbs: climbs(&tokens),
            code,
            strings,
        }
    }

    /// A file that is one statement.
    pub fn sql(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), strings: vec![text.to_owned()], ..Self::default() }
    }

    /// The room, floor or file at the top: `orders` of `orders/unit.rs`, `shop` of `shop.rs`.
    pub fn home(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Whether the project has such a file or folder.
pub fn exists(path: &str) -> bool {
    root().join(path).exists()
}

/// A file of the project.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Files below a folder, by path from that folder on.
pub fn files(folder: &str, extensions: &[&str]) -> Vec<(String, String)> {
    let base = root().join(folder);
    let mut found = Vec::new();
    let mut folders = vec![base.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let extension = entry.extension().and_then(|e| e.to_str()).unwrap_or_default();
            if entry.is_dir() {
                folders.push(entry);
            } else if extensions.contains(&extension) {
                found.push((below(&base, &entry), fs::read_to_string(&entry).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn below(base: &Path, file: &Path) -> String {
    file.strip_prefix(base).unwrap().to_str().unwrap().to_owned()
}

/// Every Rust file of the program.
pub fn sources() -> Vec<Source> {
    let sources: Vec<_> = files("src", &["rs"]).iter().map(|(path, text)| Source::rust(path, text)).collect();
    assert!(sources.len() > 50, "the sources were not found");
    sources
}

/// Code without comments and with empty texts; and the texts.
fn take_apart(text: &str) -> (String, Vec<String>) {
    let chars: Vec<char> = text.chars().collect();
    let (mut code, mut strings, mut at) = (String::new(), Vec::new(), 0);
    let next = |at: usize| chars.get(at + 1).copied().unwrap_or('\0');
    while at < chars.len() {
        let begins_word = at == 0 || !is_word(chars[at - 1]);
        match chars[at] {
            '/' if next(at) == '/' => at = line_end(&chars, at),
            '/' if next(at) == '*' => at = after_block(&chars, at),
            'r' if begins_word && (next(at) == '"' || raw_hashes(&chars, at).is_some()) => {
                let hashes = raw_hashes(&chars, at).unwrap_or(0);
                let (string, end) = raw_string(&chars, at + 1 + hashes, hashes);
                strings.push(string);
                code.push_str("\"\"");
                at = end;
            }
            '"' => {
                let (string, end) = plain_string(&chars, at);
                strings.push(string);
                code.push_str("\"\"");
                at = end;
            }
            // A character, not a lifetime.
            '\'' if next(at) == '\\' => at = chars_until(&chars, at + 3, '\''),
            '\'' if chars.get(at + 2) == Some(&'\'') => at += 3,
            other => {
                code.push(other);
                at += 1;
            }
        }
    }
    (code, strings)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn line_end(chars: &[char], at: usize) -> usize {
    chars[at..].iter().position(|c| *c == '\n').map_or(chars.len(), |length| at + length)
}

fn after_block(chars: &[char], begin: usize) -> usize {
    let (mut at, mut depth) = (begin, 0);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// How many `#` stand between an `r` and its quotation mark, if this is a raw text with some.
fn raw_hashes(chars: &[char], at: usize) -> Option<usize> {
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    (hashes > 0 && chars.get(at + 1 + hashes) == Some(&'"')).then_some(hashes)
}

fn raw_string(chars: &[char], quote: usize, hashes: usize) -> (String, usize) {
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let rest = &chars[quote + 1..];
    let length = rest.windows(end.len()).position(|part| part == end).unwrap_or(rest.len());
    (rest[..length].iter().collect(), (quote + 1 + length + end.len()).min(chars.len()))
}

fn plain_string(chars: &[char], quote: usize) -> (String, usize) {
    let (mut string, mut at) = (String::new(), quote + 1);
    while at < chars.len() && chars[at] != '"' {
        if chars[at] == '\\' {
            at += 1;
        }
        string.extend(chars.get(at));
        at += 1;
    }
    (string, at + 1)
}

fn chars_until(chars: &[char], from: usize, end: char) -> usize {
    let from = from.min(chars.len());
    chars[from..].iter().position(|c| *c == end).map_or(chars.len(), |length| from + length + 1)
}

#[derive(Debug, PartialEq)]
struct Token {
    word: String,
    indented: bool,
}

/// Words, `::`, braces and single characters.
fn tokens(code: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for line in code.lines() {
        let indented = line.starts_with([' ', '\t']);
        let chars: Vec<char> = line.chars().collect();
        let mut at = 0;
        while at < chars.len() {
            let length = match chars[at] {
                c if c.is_whitespace() => {
                    at += 1;
                    continue;
                }
                c if is_word(c) => chars[at..].iter().take_while(|c| is_word(**c)).count(),
                ':' if chars.get(at + 1) == Some(&':') => 2,
                _ => 1,
            };
            tokens.push(Token { word: chars[at..at + length].iter().collect(), indented });
            at += length;
        }
    }
    tokens
}

fn crate_paths(tokens: &[Token]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.word == "crate" && tokens.get(at + 1).is_some_and(|next| next.word == "::") {
            tree(tokens, at + 2, &mut Vec::new(), &mut found);
        }
    }
    found
}

/// Reads what follows a `::`; returns where it ends.
fn tree(tokens: &[Token], at: usize, before: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> usize {
    let word = |at: usize| tokens.get(at).map_or("", |token| token.word.as_str());
    match word(at) {
        "{" => {
            let mut at = at + 1;
            while at < tokens.len() && word(at) != "}" {
                let begun = at;
                at = tree(tokens, at, before, found);
                while !matches!(word(at), "," | "}" | "") {
                    at += 1;
                }
                at += usize::from(word(at) == ",");
                assert!(at > begun, "an import that cannot be read");
            }
            at + 1
        }
        name if name.starts_with(is_word) || name == "*" => {
            before.push(name.to_owned());
            let end = if word(at + 1) == "::" && word(at + 2) != "<" {
                tree(tokens, at + 2, before, found)
            } else {
                found.push(before.clone());
                at + 1
            };
            before.pop();
            end
        }
        _ => {
            found.push(before.clone());
            at
        }
    }
}

fn climbs(tokens: &[Token]) -> Vec<(usize, bool)> {
    let is_super = |at: usize| tokens.get(at).is_some_and(|token| token.word == "super");
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        let continues = at >= 2 && is_super(at - 2) && tokens[at - 1].word == "::";
        if is_super(at) && !continues {
            let count = (0..).take_while(|step| is_super(at + 2 * step)).count();
            found.push((count, tokens[at].indented));
        }
    }
    found
}

#[test]
fn a_source_is_taken_apart() {
    let text = "// use crate::a;\nuse crate::b::{self, c::{D, E as F}, g::*};\n/* crate::h /* nested */ */\n\
                fn f<'a>(c: char) { let s = \"crate::i // no \\\" comment\"; let r = r#\"a \"quoted\" text\"#; }\n\
                const Q: char = '\"'; const A: char = '\\''; pub(crate) fn k() { crate::l::m::<u8>() }\n\
                mod tests { \n    use super::super::n; }";
    let source = Source::rust("x/y.rs", text);
    let paths: Vec<String> = source.crate_paths.iter().map(|path| path.join("::")).collect();
    assert_eq!(paths, ["b::self", "b::c::D", "b::c::E", "b::g::*", "l::m"]);
    assert_eq!(source.strings, ["crate::i // no \" comment", "a \"quoted\" text"]);
    assert_eq!(source.climbs, [(2, true)]);
    assert!(source.code.contains("fn f<'a>(c: char)"));
    assert_eq!(source.home(), "x");
    assert_eq!(Source::rust("shop.rs", "").home(), "shop");
}

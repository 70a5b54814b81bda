//! What faults make of a list: shorter than it is, late, or in pages in the manner of Laravel.

use super::tree::Tree;
use super::{Fault, Struck};

/// What a list was asked for, and what the sandbox knows of its orders.
#[derive(Clone, Debug, Default)]
pub(in crate::sandbox) struct Asked {
    /// The list's own address, without its query.
    pub address: String,
    /// `?page=`, from 1.
    pub page: usize,
    /// `?cursor=`: how many rows come before.
    pub cursor: usize,
    /// The ids of orders that the list does not know yet or leaves out.
    pub hidden: Vec<u64>,
}

/// Spoils a list, in `data` of a whole answer. Says what was done; `None` if the fault is none of lists, or there is no
/// list.
pub(in crate::sandbox) fn spoil(answer: &mut Tree, struck: &Struck, asked: &Asked) -> Option<String> {
    let rows = answer.get_mut("data")?.listed_mut()?;
    match struck.fault() {
        Fault::OrdersNewestOnly => {
            rows.truncate(struck.injection.count());
            Some(format!("{} left", rows.len()))
        }
        Fault::OrdersLag | Fault::OrderOmitted => {
            let hidden = |row: &Tree| {
                let id = row.get("id").and_then(Tree::bare).and_then(|id| id.parse().ok());
                id.is_some_and(|id| asked.hidden.contains(&id))
            };
            rows.retain(|row| !hidden(row));
            Some(format!("without {:?}", asked.hidden))
        }
        Fault::ListPaged | Fault::PageRepeated => {
            // What comes in pages already is not put into others.
            if answer.get("data")?.get("data").is_some() || answer.get("meta").is_some() {
                return None;
            }
            let all = std::mem::take(answer.get_mut("data")?.listed_mut()?);
            let repeated = struck.fault() == Fault::PageRepeated;
            let size = struck.injection.count().max(1);
            let pages = Pages { all, size, asked, repeated };
            let kind = struck.injection.text("kind").to_owned();
            pages.put(answer, &kind);
            Some(kind)
        }
        _ => None,
    }
}

struct Pages<'a> {
    all: Vec<Tree>,
    size: usize,
    asked: &'a Asked,
    /// Whether the first page comes again for ever.
    repeated: bool,
}

impl Pages<'_> {
    fn last(&self) -> usize {
        self.all.len().div_ceil(self.size).max(1)
    }

    fn rows(&self, before: usize) -> Tree {
        let before = if self.repeated { 0 } else { before };
        Tree::List(self.all.iter().skip(before).take(self.size).cloned().collect())
    }

    fn address(&self, query: &str, value: usize) -> Tree {
        Tree::text(&format!("{}?{query}={value}", self.asked.address))
    }

    /// The page's neighbours, by their numbers.
    fn neighbours(&self) -> (Tree, Tree) {
        let page = self.asked.page;
        let previous = if page > 1 { self.address("page", page - 1) } else { Tree::null() };
        let more = self.repeated || page < self.last();
        (previous, if more { self.address("page", page + 1) } else { Tree::null() })
    }

    fn put(self, answer: &mut Tree, kind: &str) {
        let page = self.asked.page;
        let (previous, next) = self.neighbours();
        let last = if self.repeated { page + 1 } else { self.last() };
        let number = |number: usize| Tree::raw(number.to_string());
        let rows = self.rows((page - 1) * self.size);
        match kind {
            "cursor" => {
                let after = self.asked.cursor + self.size;
                let more = self.repeated || after < self.all.len();
                let next = if more { number(after) } else { Tree::null() };
                let next_address = if more { self.address("cursor", after) } else { Tree::null() };
                answer.set("data", self.rows(self.asked.cursor));
                answer.set(
                    "links",
                    object([
                        ("first", Tree::null()),
                        ("last", Tree::null()),
                        ("prev", Tree::null()),
                        ("next", next_address),
                    ]),
                );
                answer.set(
                    "meta",
                    object([
                        ("path", Tree::text(&self.asked.address)),
                        ("per_page", number(self.size)),
                        ("next_cursor", next),
                        ("prev_cursor", Tree::null()),
                    ]),
                );
            }
            "resource" => {
                answer.set("data", rows);
                answer.set(
                    "links",
                    object([
                        ("first", self.address("page", 1)),
                        ("last", self.address("page", last)),
                        ("prev", previous),
                        ("next", next),
                    ]),
                );
                answer.set(
                    "meta",
                    object([
                        ("current_page", number(page)),
                        ("last_page", number(last)),
                        ("path", Tree::text(&self.asked.address)),
                        ("per_page", number(self.size)),
                        ("total", number(self.all.len())),
                    ]),
                );
            }
            _ => answer.set(
                "data",
                object([
                    ("current_page", number(page)),
                    ("data", rows),
                    ("first_page_url", self.address("page", 1)),
                    ("last_page", number(last)),
                    ("last_page_url", self.address("page", last)),
                    ("next_page_url", next),
                    ("path", Tree::text(&self.asked.address)),
                    ("per_page", number(self.size)),
                    ("prev_page_url", previous),
                    ("total", number(self.all.len())),
                ]),
            ),
        }
    }
}

fn object<const N: usize>(pairs: [(&str, Tree); N]) -> Tree {
    Tree::Object(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

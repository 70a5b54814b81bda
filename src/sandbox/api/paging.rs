//! Lists in pages, in the two forms that Laravel has. The documents show plain lists; `--page-size` rehearses the
//! day on which they no longer are.

use axum::http::Uri;
use serde::Serialize;

use super::input::Input;
use crate::sandbox::settings::PageForm;

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    form: PageForm,
    size: usize,
    /// From 1.
    number: usize,
    total: usize,
}

#[derive(Serialize)]
struct Link {
    url: Option<String>,
    label: String,
    active: bool,
}

/// What stands beside the items of `paginate()`.
#[derive(Serialize)]
struct Paginator {
    first_page_url: String,
    from: Option<usize>,
    last_page: usize,
    last_page_url: String,
    links: Vec<Link>,
    next_page_url: Option<String>,
    path: String,
    per_page: usize,
    prev_page_url: Option<String>,
    to: Option<usize>,
    total: usize,
}

#[derive(Serialize)]
struct Links {
    first: String,
    last: String,
    prev: Option<String>,
    next: Option<String>,
}

#[derive(Serialize)]
struct Meta {
    current_page: usize,
    from: Option<usize>,
    last_page: usize,
    links: Vec<Link>,
    path: String,
    per_page: usize,
    to: Option<usize>,
    total: usize,
}

/// The texts around the items of a page.
pub(super) struct Around {
    pub head: String,
    pub tail: String,
}

impl Page {
    /// The page that a request asks for; an unreadable `page` is the first one, as in Laravel.
    pub(super) fn asked(input: &Input, form: PageForm, size: usize, total: usize) -> Self {
        let number = input.integer("page").and_then(|page| usize::try_from(page).ok()).unwrap_or(1).max(1);
        Self { form, size: size.max(1), number, total }
    }

    /// How many items come before it.
    pub(super) fn skipped(self) -> usize {
        (self.number - 1).saturating_mul(self.size)
    }

    /// How many items it has at most.
    pub(super) fn size(self) -> usize {
        self.size
    }

    fn last(self) -> usize {
        self.total.div_ceil(self.size).max(1)
    }

    fn from(self) -> Option<usize> {
        (self.skipped() < self.total).then(|| self.skipped() + 1)
    }

    fn to(self) -> Option<usize> {
        self.from().map(|from| (from + self.size - 1).min(self.total))
    }

    /// What is written before and after its items; `path` is the list's whole address without a query.
    pub(super) fn around(self, path: &str) -> Result<Around, serde_json::Error> {
        let url = |page: usize| format!("{path}?page={page}");
        let next = (self.number < self.last()).then(|| url(self.number + 1));
        let prev = (self.number > 1).then(|| url(self.number - 1));
        let envelope = r#"{"status":true,"message":"Success","data":"#;
        match self.form {
            PageForm::Paginator => {
                let beside = Paginator {
                    first_page_url: url(1),
                    from: self.from(),
                    last_page: self.last(),
                    last_page_url: url(self.last()),
                    links: self.links(&url),
                    next_page_url: next,
                    path: path.to_owned(),
                    per_page: self.size,
                    prev_page_url: prev,
                    to: self.to(),
                    total: self.total,
                };
                let beside = crate::sandbox::answers::php_json(&beside)?;
                let head = format!(r#"{envelope}{{"current_page":{},"data":["#, self.number);
                Ok(Around { head, tail: format!("],{}}}", &beside[1..]) })
            }
            PageForm::Resource => {
                let links = Links { first: url(1), last: url(self.last()), prev, next };
                let meta = Meta {
                    current_page: self.number,
                    from: self.from(),
                    last_page: self.last(),
                    links: self.links(&url),
                    path: path.to_owned(),
                    per_page: self.size,
                    to: self.to(),
                    total: self.total,
                };
                let (links, meta) =
                    (crate::sandbox::answers::php_json(&links)?, crate::sandbox::answers::php_json(&meta)?);
                let tail = format!(r#"],"links":{links},"meta":{meta}}}"#);
                Ok(Around { head: format!("{envelope}["), tail })
            }
        }
    }

    /// The numbered links; a person's page would draw them, and a client has to get over them.
    fn links(self, url: &dyn Fn(usize) -> String) -> Vec<Link> {
        let link = |page: usize, label: &str, active| Link {
            url: (1..=self.last()).contains(&page).then(|| url(page)),
            label: label.to_owned(),
            active,
        };
        let mut links = vec![link(self.number - 1, "&laquo; Previous", false)];
        let around = self.number.saturating_sub(3).max(1)..=(self.number + 3).min(self.last());
        links.extend(around.map(|page| link(page, &page.to_string(), page == self.number)));
        links.push(link(self.number + 1, "Next &raquo;", false));
        links
    }
}

/// The list's whole address without its query, as it was asked for.
pub(super) fn path(host: &str, uri: &Uri) -> String {
    format!("http://{host}{}", uri.path())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use serde_json::Value;

    use super::*;

    fn page(query: &'static str, form: PageForm) -> (Page, Value) {
        let input = Input::of(&query.parse().unwrap(), &HeaderMap::new(), b"");
        let page = Page::asked(&input, form, 10, 25);
        let around = page.around("http://a/orders").unwrap();
        (page, serde_json::from_str(&format!("{}{}", around.head, around.tail)).unwrap())
    }

    #[test]
    fn a_paginator_stands_in_the_data() {
        let (first, text) = page("/?page=1", PageForm::Paginator);
        assert_eq!(first.skipped(), 0);
        assert_eq!(text["data"]["next_page_url"], "http://a/orders?page=2");
        assert!(text["data"]["data"].is_array() && text["data"]["prev_page_url"].is_null());
        let (last, text) = page("/?page=3", PageForm::Paginator);
        assert_eq!(last.skipped(), 20);
        assert_eq!((&text["data"]["from"], &text["data"]["to"]), (&Value::from(21), &Value::from(25)));
        assert!(text["data"]["next_page_url"].is_null());
        assert_eq!(text["data"]["last_page"], 3);
    }

    #[test]
    fn a_resource_stands_beside_the_data() {
        let (_, text) = page("/?page=2", PageForm::Resource);
        assert!(text["data"].is_array());
        assert_eq!(
            (&text["meta"]["current_page"], &text["meta"]["total"]),
            (&Value::from(2), &Value::from(25))
        );
        assert_eq!(text["links"]["prev"], "http://a/orders?page=1");
    }

    #[test]
    fn beyond_the_end_there_is_nothing_and_what_is_no_page_is_the_first() {
        let (beyond, text) = page("/?page=9", PageForm::Paginator);
        assert_eq!(beyond.skipped(), 80);
        assert!(text["data"]["from"].is_null());
        for odd in ["/", "/?page=x", "/?page=0", "/?page=-4", "/?page[]=2"] {
            assert_eq!(page(odd, PageForm::Resource).0.number, 1, "{odd}");
        }
    }
}

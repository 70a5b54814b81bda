//! Where each material may be handled. clippy.toml forbids the wrong calls; this says in which file the right ones are.

use super::floors::contains;
use super::source::Source;

struct Material {
    /// Words of code that handle it.
    words: &'static [&'static str],
    /// Where they may stand. `*/` is any room; a `/` at the end, everything below.
    places: &'static [&'static str],
    /// What to do elsewhere.
    instead: &'static str,
}

const MATERIALS: [Material; 10] = [
    Material {
        words: &["axum"],
        places: &["*/web.rs", "*/web/", "web/", "backoffice/", "site/", "sandbox/", "plumbing/serve_http.rs"],
        instead: "answer requests in the room's web.rs and return a plain value here",
    },
    Material {
        words: &["askama"],
        places: &["*/web.rs", "*/web/", "*/mail.rs", "*/mail/", "web/", "backoffice/", "sandbox/"],
        instead: "draw pages in the room's web.rs and mails in its mail.rs",
    },
    Material {
        words: &[
            "sqlx::query",
            "query!",
            "query_as!",
            "query_scalar!",
            "query_file!",
            "query_file_as!",
            "query_file_scalar!",
            "raw_sql",
            "AssertSqlSafe",
            "migrate!",
        ],
        places: &["*/store.rs", "*/store/", "plumbing/"],
        instead: "write the statement in the store.rs of the room that owns the table",
    },
    Material {
        words: &["now_utc", "now_local", "SystemTime", "UtcDateTime::now"],
        places: &["ground/clock.rs", "sandbox/moment.rs"],
        instead: "take `now` as an argument, or ask the one `Clock`",
    },
    Material {
        words: &["rand", "getrandom", "new_v4", "now_v7"],
        places: &["ground/entropy.rs"],
        instead: "take an `Entropy`, which a test can seed",
    },
    Material {
        words: &[
            "reqwest::Client::builder",
            "reqwest::Client::new",
            "reqwest::ClientBuilder",
            "reqwest::get",
        ],
        places: &["plumbing/http.rs", "sandbox/webhooks.rs"],
        instead: "ask plumbing/http.rs, which sets deadlines, limits and follows no redirect",
    },
    Material {
        words: &["env::var", "env::var_os", "env::vars", "env::vars_os", "dotenvy"],
        places: &["config/"],
        instead: "read the variable in src/config/, which reports every mistake at once, and pass the value",
    },
    Material {
        words: &["println!", "print!"],
        places: &["cli/"],
        instead: "return the value to the command, or log it",
    },
    Material {
        words: &["lettre"],
        // config/ reads MAIL_FROM and SMTP_URL as the sender will.
        places: &["plumbing/mailer/", "config/"],
        instead: "queue a mail through plumbing/mailer, in the transaction that causes it",
    },
    Material { words: &["argon2"], places: &["staff/password.rs"], instead: "take a `Password`" },
];

fn stands_at(place: &str, path: &str) -> bool {
    let (place, path) = match place.strip_prefix("*/") {
        Some(inside) => (inside, path.split_once('/').map_or("", |(_, inside)| inside)),
        None => (place, path),
    };
    if place.ends_with('/') { path.starts_with(place) } else { path == place }
}

/// Materials outside their places.
pub fn misplaced(source: &Source) -> Vec<String> {
    let mut wrong = Vec::new();
    for material in &MATERIALS {
        let found = material.words.iter().find(|words| contains(&source.code, words));
        let allowed = material.places.iter().any(|place| stands_at(place, &source.path));
        if let Some(words) = found.filter(|_| !allowed) {
            wrong.push(format!("src/{} handles `{words}`; {}", source.path, material.instead));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_material_is_missed_at_its_place_and_found_elsewhere() {
        for material in &MATERIALS {
            for words in material.words {
                let code = format!("fn f() {{ {words} }}");
                let elsewhere = misplaced(&Source::rust("orders/order.rs", &code));
                assert!(
                    elsewhere.iter().any(|wrong| wrong.contains(material.instead)),
                    "{words}: {elsewhere:?}"
                );
                let place = material.places[0].replace("*/", "orders/");
                let file = if place.ends_with('/') { format!("{place}x.rs") } else { place };
                let there = misplaced(&Source::rust(&file, &code));
                assert!(
                    !there.iter().any(|wrong| wrong.contains(material.instead)),
                    "{words} in {file}: {there:?}"
                );
            }
        }
    }

    #[test]
    fn comments_texts_and_longer_words_are_no_material() {
        let code = "// axum\n/// rand\nfn f() { let operand = \"env::var\"; requery!(); }";
        assert_eq!(misplaced(&Source::rust("orders/order.rs", code)), Vec::<String>::new());
    }

    #[test]
    fn a_place_in_a_room_is_not_a_place_elsewhere() {
        assert!(stands_at("*/store/", "orders/store/reads.rs"));
        assert!(!stands_at("*/store.rs", "orders/store_front.rs"));
        assert!(!stands_at("*/web.rs", "web.rs"));
        assert!(!stands_at("site.rs", "orders/site.rs"));
    }
}

//! Pages that are ready to be sent: each is rendered and compressed once for what it shows, and thrown away with that.
//! What is kept depends on the address, the language and the encoding alone.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue};

use crate::ground::Language;

/// The most that is kept; beyond it, keeping begins anew.
const MOST_BYTES: usize = 8 << 20;
/// What a page costs besides its body: some fifteen headers, and its place in the table.
const OVERHEAD: usize = 4096;

/// How a body is compressed: one word for all the ways to ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Brotli.
    Brotli,
    /// Gzip.
    Gzip,
    /// As it is.
    Plain,
}

impl Encoding {
    /// The best of what a visitor takes (`Accept-Encoding`).
    pub fn best(accepted: Option<&str>) -> Self {
        let accepted = accepted.unwrap_or_default();
        let takes = |name: &str| {
            accepted.split(',').any(|one| {
                let (token, weight) = one.split_once(';').unwrap_or((one, ""));
                let refused = weight.trim().strip_prefix("q=").is_some_and(|weight| {
                    weight.trim().trim_start_matches('0').trim_matches(['.', '0']).is_empty()
                        && !weight.trim().starts_with('1')
                });
                token.trim().eq_ignore_ascii_case(name) && !refused
            })
        };
        match () {
            () if takes("br") => Self::Brotli,
            () if takes("gzip") => Self::Gzip,
            () => Self::Plain,
        }
    }

    /// What asks for exactly this.
    pub fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Plain => "identity",
        })
    }
}

/// Whose page, and in which form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The path without its language prefix.
    pub path: String,
    /// The language of the prefix.
    pub language: Language,
    /// The form.
    pub encoding: Encoding,
}

/// A whole answer: always a 200.
#[derive(Debug)]
pub struct Kept {
    /// Everything that was sent with it.
    pub headers: HeaderMap,
    /// Compressed as the headers say.
    pub body: Bytes,
}

/// So many pages may be made at once; of those that share a place, one after the other.
const PLACES: usize = 64;

/// The pages of one moment; a clone is the same ones.
#[derive(Clone, Debug, Default)]
pub struct Ready(Arc<Shelf>);

#[derive(Debug)]
struct Shelf {
    pages: Mutex<Pages>,
    making: [tokio::sync::Mutex<()>; PLACES],
}

impl Default for Shelf {
    fn default() -> Self {
        Self { pages: Mutex::default(), making: [const { tokio::sync::Mutex::const_new(()) }; PLACES] }
    }
}

#[derive(Debug, Default)]
struct Pages {
    kept: HashMap<Key, Arc<Kept>>,
    bytes: usize,
}

impl Ready {
    /// The answer, if it is ready.
    pub fn get(&self, key: &Key) -> Option<Arc<Kept>> {
        self.0.pages.lock().unwrap_or_else(PoisonError::into_inner).kept.get(key).cloned()
    }

    /// The turn to make a page. Whoever waited for it looks again whether the page is ready: right after a new catalog
    /// everybody asks for the same ones, and each is made once.
    pub async fn turn_to_make(&self, key: &Key) -> tokio::sync::MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let place = usize::try_from(hasher.finish() % PLACES as u64).unwrap_or_default();
        self.0.making[place].lock().await
    }

    /// Keeps an answer. Where too much is kept, all of it goes: what is asked for often is soon back.
    pub fn keep(&self, key: Key, page: Kept) {
        let size = page.body.len() + key.path.len() + OVERHEAD;
        if size > MOST_BYTES / 8 {
            return;
        }
        let mut pages = self.0.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.bytes + size > MOST_BYTES {
            *pages = Pages::default();
        }
        // Two may have made the same page at once.
        if pages.kept.insert(key, Arc::new(page)).is_none() {
            pages.bytes += size;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(path: &str) -> Key {
        Key { path: path.to_owned(), language: Language::En, encoding: Encoding::Gzip }
    }

    #[test]
    fn the_best_of_what_is_taken() {
        for (accepted, best) in [
            (None, Encoding::Plain),
            (Some("gzip, deflate, br, zstd"), Encoding::Brotli),
            (Some("br;q=0, GZIP;q=0.5"), Encoding::Gzip),
            (Some("br;q=0.001"), Encoding::Brotli),
            (Some("br; q=0.000, gzip;q=0"), Encoding::Plain),
            (Some("br;q=1.0"), Encoding::Brotli),
            (Some("brx, identity"), Encoding::Plain),
        ] {
            assert_eq!(Encoding::best(accepted), best, "{accepted:?}");
        }
    }

    #[tokio::test]
    async fn a_page_that_many_ask_for_at_once_is_made_once() {
        let ready = Ready::default();
        let (mut made, asked) = (0, std::sync::atomic::AtomicUsize::new(0));
        let making = ready.turn_to_make(&key("/")).await;
        let others = (0..50).map(|_| async {
            asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let _turn = ready.turn_to_make(&key("/")).await;
            ready.get(&key("/")).is_some()
        });
        let first = async {
            while asked.load(std::sync::atomic::Ordering::Relaxed) < 50 {
                tokio::task::yield_now().await;
            }
            made += 1;
            ready.keep(key("/"), Kept { headers: HeaderMap::new(), body: Bytes::from_static(b"x") });
            drop(making);
        };
        let (found, ()) = tokio::join!(futures_util::future::join_all(others), first);
        assert_eq!((made, found), (1, vec![true; 50]));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let ready = Ready::default();
        let page = |bytes: usize| Kept { headers: HeaderMap::new(), body: Bytes::from(vec![0; bytes]) };
        ready.keep(key("/"), page(10));
        assert_eq!(ready.get(&key("/")).unwrap().body.len(), 10);
        assert!(ready.get(&Key { encoding: Encoding::Plain, ..key("/") }).is_none());
        ready.keep(key("/huge"), page(MOST_BYTES));
        assert!(ready.get(&key("/huge")).is_none());
        for number in 0..4000 {
            ready.keep(key(&number.to_string()), page(100_000));
            assert!(ready.0.pages.lock().unwrap().bytes <= MOST_BYTES);
        }
        assert!(ready.get(&key("3999")).is_some() && ready.get(&key("/")).is_none());
    }
}

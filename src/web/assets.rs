//! The files of `static/`, kept in the program and named with their content's hash, so that a browser may keep them
//! for good. The style sheets come as bundles, one a page: a bundle is its parts in order, without their comments. What
//! is text is compressed once, as well as it can be: what compresses each answer by itself has no time for that.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

use super::Problem;
use super::address::PublicUrl;
use super::ready::Encoding;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Static;

/// The parts that every bundle starts with.
const FOUNDATION: [&str; 3] = ["css/tokens.css", "css/base.css", "css/components.css"];
/// Each bundle, and the folder whose files (by name) follow the foundation.
const BUNDLES: [(&str, &str); 2] = [("css/shop.css", "css/shop/"), ("css/admin.css", "css/admin/")];

struct Asset {
    hash: String,
    mime: String,
    body: Bytes,
    /// The same in Brotli, as soon as somebody asked for it; `None` for what it does not make smaller.
    small: OnceLock<Option<Bytes>>,
}

impl Asset {
    /// Takes some tenths of a second, once.
    fn small(&self) -> Option<Bytes> {
        self.small.get_or_init(|| brotli(&self.body).filter(|small| small.len() < self.body.len())).clone()
    }
}

/// Compressed as well as Brotli can; `None` where it fails.
fn brotli(body: &[u8]) -> Option<Bytes> {
    // A window of 128 kB is as large as any of our files, and takes far less memory than the usual one.
    let wanted = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 17,
        size_hint: body.len(),
        ..Default::default()
    };
    let mut small = Vec::with_capacity(body.len() / 4);
    brotli::BrotliCompress(&mut &*body, &mut small, &wanted).ok()?;
    Some(small.into())
}

static ASSETS: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    let parts = |path: &str| path.starts_with("css/");
    let files = Static::iter().filter(|path| !parts(path)).filter_map(|path| {
        let file = Static::get(&path)?;
        let mime = file.metadata.mimetype().to_owned();
        Some((path.into_owned(), asset(file.data, mime)))
    });
    let bundles = BUNDLES.into_iter().map(|(name, folder)| {
        let css = bundle(folder).into_bytes();
        (name.to_owned(), asset(Cow::Owned(css), "text/css".to_owned()))
    });
    files.chain(bundles).collect()
});

fn asset(body: Cow<'static, [u8]>, mime: String) -> Asset {
    let hash = hex::encode(Sha256::digest(&body)).chars().take(16).collect();
    let mime = if mime.starts_with("text/") { format!("{mime}; charset=utf-8") } else { mime };
    let body = match body {
        Cow::Borrowed(body) => Bytes::from_static(body),
        Cow::Owned(body) => body.into(),
    };
    Asset { hash, mime, body, small: OnceLock::new() }
}

fn bundle(folder: &str) -> String {
    let mut own: Vec<_> = Static::iter().filter(|path| path.starts_with(folder)).collect();
    own.sort();
    let parts = FOUNDATION.into_iter().map(Cow::Borrowed).chain(own);
    parts
        .filter_map(|path| Static::get(&path))
        .map(|file| slim(&String::from_utf8_lossy(&file.data)))
        .collect()
}

/// A style sheet without its comments, indentation and empty lines.
fn slim(css: &str) -> String {
    let mut bare = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, after)) = rest.split_once("/*") {
        bare.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    bare.push_str(rest);
    bare.lines().map(str::trim).filter(|line| !line.is_empty()).flat_map(|line| [line, "\n"]).collect()
}

/// The address of a file of `static/`, or of a bundle (`css/shop.css`). A file that is not there gets an address that
/// answers 404, which `tests/surfaces.rs` would have found.
pub fn url(path: &str) -> String {
    let hash = ASSETS.get(path).map_or("none", |asset| asset.hash.as_str());
    format!("/static/{hash}/{path}")
}

/// A file of `static/` as text; `None` for one that is not there, or is no text.
pub fn text(path: &str) -> Option<&'static str> {
    ASSETS.get(path).and_then(|asset| std::str::from_utf8(&asset.body).ok())
}

/// Compresses every file that nobody asked for yet, so that no visitor waits for it.
pub fn warm() {
    for asset in ASSETS.values() {
        let _kept = asset.small();
    }
}

/// The addresses of the files, of the icon that browsers ask for by themselves, and of `robots.txt`.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/static/{hash}/{*path}", get(serve))
        .route(
            "/favicon.ico",
            get(async |headers: HeaderMap| {
                serve(Path((hash_of("icon.svg"), "icon.svg".to_owned())), headers).await
            }),
        )
        .route("/robots.txt", get(robots))
}

fn hash_of(path: &str) -> String {
    ASSETS.get(path).map(|asset| asset.hash.clone()).unwrap_or_default()
}

async fn serve(Path((hash, path)): Path<(String, String)>, asked: HeaderMap) -> Result<Response, Problem> {
    let asset = ASSETS.get(&path).filter(|asset| asset.hash == hash).ok_or(Problem::NotFound)?;
    let mime = HeaderValue::from_str(&asset.mime).map_err(|error| Problem::Fault(error.into()))?;
    let headers = [
        (header::CONTENT_TYPE, mime),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    let accepted = asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    if Encoding::best(accepted) == Encoding::Brotli {
        let small = match asset.small.get() {
            Some(small) => small.clone(),
            None => tokio::task::spawn_blocking(|| asset.small()).await.ok().flatten(),
        };
        if let Some(small) = small {
            let encoding = Encoding::Brotli.header();
            let said = [(header::CONTENT_ENCODING, encoding), (header::VARY, header::ACCEPT_ENCODING.into())];
            return Ok((headers, said, small).into_response());
        }
    }
    Ok((headers, asset.body.clone()).into_response())
}

/// What search engines may read: the window, and nothing that belongs to one visitor.
async fn robots(public_url: Option<axum::Extension<PublicUrl>>) -> Response {
    let private = ["/admin", "/cart", "/checkout", "/pay", "/orders", "/account", "/search"];
    let mut text = "User-agent: *\n".to_owned();
    for path in private {
        text.push_str(&format!("Disallow: {path}\nDisallow: /*{path}\n"));
    }
    if let Some(axum::Extension(url)) = public_url {
        text.push_str(&format!("Sitemap: {}/sitemap.xml\n", url.as_str()));
    }
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_its_parts_without_comments() {
        assert_eq!(
            slim("/* why */\na {\n  color: red;\n}\n\n/* b */ b { top: 0; }"),
            "a {\ncolor: red;\n}\nb { top: 0; }\n"
        );
        let shop = String::from_utf8(ASSETS["css/shop.css"].body.to_vec()).unwrap();
        assert!(shop.contains("--ink") && !shop.contains("/*"));
    }

    #[test]
    fn addresses_change_with_the_content_and_only_then() {
        assert_eq!(url("css/shop.css"), url("css/shop.css"));
        assert!(url("css/shop.css") != url("css/admin.css"));
        assert_eq!(url("no-such-file"), "/static/none/no-such-file");
    }

    async fn served(hash: &str, path: &str, accepted: &'static str) -> Result<Response, Problem> {
        let asked = [(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted))].into_iter().collect();
        serve(Path((hash.to_owned(), path.to_owned())), asked).await
    }

    #[tokio::test]
    async fn another_hash_is_another_file() {
        let found = served(&hash_of("icon.svg"), "icon.svg", "").await.unwrap();
        assert_eq!(found.headers()[header::CONTENT_TYPE], "image/svg+xml");
        assert!(served("none", "icon.svg", "").await.is_err());
        assert!(served(&hash_of("icon.svg"), "../Cargo.toml", "").await.is_err());
    }

    #[tokio::test]
    async fn text_is_sent_as_small_as_brotli_makes_it_and_gives_the_same_bytes() {
        for path in ["css/shop.css", "flags.svg"] {
            let found = served(&hash_of(path), path, "gzip, br").await.unwrap();
            assert_eq!(found.headers()[header::CONTENT_ENCODING], "br");
            assert_eq!(found.headers()[header::VARY], "accept-encoding");
            let small = axum::body::to_bytes(found.into_body(), 1 << 20).await.unwrap();
            assert!(small.len() * 5 < ASSETS[path].body.len(), "{path}: {}", small.len());
            let mut whole = Vec::new();
            brotli::BrotliDecompress(&mut &*small, &mut whole).unwrap();
            assert_eq!(whole, ASSETS[path].body, "{path}");
            let plain = served(&hash_of(path), path, "gzip, br;q=0").await.unwrap();
            assert!(!plain.headers().contains_key(header::CONTENT_ENCODING), "that is the next layer's work");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_smaller_is_sent_as_it_is() {
        let found = served(&hash_of("share.png"), "share.png", "br").await.unwrap();
        let whole = axum::body::to_bytes(found.into_body(), 1 << 20).await.unwrap();
        assert!(whole.len() <= ASSETS["share.png"].body.len() && !whole.is_empty());
    }
}

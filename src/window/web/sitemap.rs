//! `/sitemap.xml`: every page of the window that stands for a place, in every language.

use axum::Extension;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use super::super::Window;
use crate::ground::Language;
use crate::web::Visit;

/// Plans are left out: they come and go, and search engines find them from their places.
pub async fn show(visit: Visit, Extension(window): Extension<Window>) -> Response {
    let snapshot = window.now();
    let countries = snapshot.countries().map(|place| format!("/destinations/{}", place.slug));
    let regions = snapshot.regions().map(|place| format!("/regions/{}", place.slug));
    let fixed = ["/", "/destinations"].map(str::to_owned).into_iter();
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                   <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n"
        .to_owned();
    for path in fixed.chain(countries).chain(regions) {
        for language in Language::ALL {
            // Slugs are letters, digits and hyphens, and the shop's address was checked: nothing needs escaping.
            xml.push_str(&format!("<url><loc>{}</loc></url>\n", visit.whole(language, &path)));
        }
    }
    xml.push_str("</urlset>\n");
    let headers = [
        (header::CONTENT_TYPE, "application/xml; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, xml).into_response()
}

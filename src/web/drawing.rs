//! A QR code inside a page, for what must have no address of its own.

use std::fmt;

use crate::plumbing::qr;

/// The code's SVG.
pub struct QrDrawing(String);

impl QrDrawing {
    /// Draws a text.
    ///
    /// # Errors
    /// Where the text is too long for a QR code.
    pub fn of(text: &str) -> anyhow::Result<Self> {
        Ok(Self(qr::svg(text)?))
    }
}

impl fmt::Display for QrDrawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Markup of our own making: a path of squares. Nothing of the text stands in it as text.
impl askama::filters::HtmlSafe for QrDrawing {}

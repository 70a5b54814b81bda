//! The QR code, drawn from the exact text: level M, a quiet zone of four modules, always dark on white.

use std::fmt::Write as _;

use anyhow::Context as _;
use qrcodegen::{QrCode, QrCodeEcc, QrSegment};

/// White around the code, in modules: phones need it.
const QUIET: i32 = 4;

fn encode(text: &str) -> anyhow::Result<QrCode> {
    // Byte mode, as every reader of activation codes expects.
    let segments = [QrSegment::make_bytes(text.as_bytes())];
    QrCode::encode_segments(&segments, QrCodeEcc::Medium).context("the text is too long for a QR code")
}

/// The code as one SVG path, without any style that a strict policy would refuse.
///
/// # Errors
/// Where the text is too long for a QR code.
pub fn svg(text: &str) -> anyhow::Result<String> {
    let code = encode(text)?;
    let size = code.size() + 2 * QUIET;
    let mut path = String::new();
    for (x, y) in dark_modules(&code) {
        write!(path, "M{} {}h1v1h-1z", x + QUIET, y + QUIET)?;
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{size}v{size}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

/// The code as a PNG in shades of grey, `scale` pixels a module.
///
/// # Errors
/// Where the text is too long for a QR code.
pub fn png(text: &str, scale: u32) -> anyhow::Result<Vec<u8>> {
    let code = encode(text)?;
    let modules = u32::try_from(code.size() + 2 * QUIET)?;
    let side = modules * scale;
    let mut pixels = vec![255_u8; usize::try_from(side * side)?];
    for (x, y) in dark_modules(&code) {
        let (left, top) = (u32::try_from(x + QUIET)? * scale, u32::try_from(y + QUIET)? * scale);
        for row in top..top + scale {
            let start = usize::try_from(row * side + left)?;
            pixels[start..start + usize::try_from(scale)?].fill(0);
        }
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(file)
}

fn dark_modules(code: &QrCode) -> impl Iterator<Item = (i32, i32)> {
    let size = code.size();
    (0..size).flat_map(move |y| (0..size).map(move |x| (x, y))).filter(|(x, y)| code.get_module(*x, *y))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_back(file: &[u8]) -> String {
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let (width, height) = (usize::try_from(info.width).unwrap(), usize::try_from(info.height).unwrap());
        let mut image =
            rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
        image.detect_grids()[0].decode().unwrap().1
    }

    #[test]
    fn a_picture_reads_back_to_the_exact_text() {
        for text in ["LPA:1$example.com$CODE", "LPA:1$smdp.example.com$aB-9$1.3.6.1.4.1$1"] {
            assert_eq!(read_back(&png(text, 6).unwrap()), text);
        }
        assert!(svg("LPA:1$example.com$CODE").unwrap().contains("viewBox=\"0 0 33 33\""));
        assert!(png(&"x".repeat(5000), 1).is_err());
    }
}

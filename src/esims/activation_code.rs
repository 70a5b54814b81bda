//! The activation code (GSMA SGP.22 section 4.1): `LPA:1$host$matching-id`, then perhaps `$OID` and `$1`.
//!
//! It is a secret: whoever installs it owns the line. Its `Debug` shows nothing.

use std::fmt;

/// Parsers on phones cap the code here.
const LONGEST: usize = 255;

/// A code that a phone can read.
#[derive(Clone, PartialEq, Eq)]
pub struct ActivationCode {
    text: String,
    host: (usize, usize),
    matching_id: (usize, usize),
}

/// Why a text is no activation code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an activation code")]
pub struct BadCode;

impl ActivationCode {
    /// Reads the upstream's text; `LPA:` is added where only that is missing, nothing else is changed.
    ///
    /// # Errors
    /// [`BadCode`] for anything that a phone would not understand, or that is not of a safe shape.
    pub fn parse(text: &str) -> Result<Self, BadCode> {
        let whole = if text.starts_with("1$") { format!("LPA:{text}") } else { text.to_owned() };
        let rest = whole.strip_prefix("LPA:1$").filter(|_| whole.len() <= LONGEST).ok_or(BadCode)?;
        let mut fields = rest.split('$');
        let (host, matching_id) = (fields.next().unwrap_or_default(), fields.next().ok_or(BadCode)?);
        let extra_ok =
            fields.all(|field| field.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:".contains(&b)));
        let id_ok = matching_id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !is_host(host) || !id_ok || !extra_ok {
            return Err(BadCode);
        }
        let start = "LPA:1$".len();
        let host = (start, start + host.len());
        let matching_id = (host.1 + 1, host.1 + 1 + matching_id.len());
        Ok(Self { text: whole, host, matching_id })
    }

    /// The code as it goes into the QR and onto the page.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// "SM-DP+ address" on the phone's screen for typing it in.
    pub fn smdp_address(&self) -> &str {
        &self.text[self.host.0..self.host.1]
    }

    /// "Activation code" on that screen; some phones want the whole string there.
    pub fn matching_id(&self) -> &str {
        &self.text[self.matching_id.0..self.matching_id.1]
    }

    /// Opens the installation on the iPhone that shows it (iOS 17.4 and newer). Apple's and the field's examples leave
    /// `:` and `$` bare, and one maker reports that encoded ones are not understood.
    pub fn apple_link(&self) -> String {
        format!("https://esimsetup.apple.com/esim_qrcode_provisioning?carddata={}", self.text)
    }

    /// The same for newer Android phones; offered as a try beside the QR.
    pub fn android_link(&self) -> String {
        format!("https://esimsetup.android.com/esim_qrcode_provisioning?carddata={}", self.text)
    }
}

impl fmt::Debug for ActivationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ActivationCode(…)")
    }
}

/// A DNS name: no scheme, no path, no address.
fn is_host(host: &str) -> bool {
    host.len() <= 253
        && host.contains('.')
        && host.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_phones_read() {
        let code = ActivationCode::parse("LPA:1$smdp.example.com$ABC-123").unwrap();
        assert_eq!((code.smdp_address(), code.matching_id()), ("smdp.example.com", "ABC-123"));
        assert_eq!(code.as_str(), "LPA:1$smdp.example.com$ABC-123");
        for good in ["LPA:1$h.example$", "LPA:1$h.example$x$1.3.6.1", "LPA:1$h.example$x$$1", "1$h.example$x"]
        {
            assert!(ActivationCode::parse(good).is_ok(), "{good}");
        }
        assert!(ActivationCode::parse("1$h.example$x").unwrap().as_str().starts_with("LPA:1$"));
    }

    #[test]
    fn texts_that_are_none() {
        let long = format!("LPA:1$h.example${}", "A".repeat(300));
        let bad = [
            "",
            "LPA:1$",
            "LPA:1$host",
            "LPA:2$h.example$x",
            "https://h.example/qr.png",
            "LPA:1$h.example$x\"",
            "LPA:1$h.example$x\n",
            "LPA:1$http://h.example$x",
            "LPA:1$-h.example$x",
            " LPA:1$h.example$x",
            &long,
        ];
        for text in bad {
            assert_eq!(ActivationCode::parse(text), Err(BadCode), "{text}");
        }
    }
}

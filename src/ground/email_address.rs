//! An e-mail address that can be written to.

use std::fmt;

/// A checked address. Its `Debug` shows only the domain, because addresses do not belong in logs.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Reads what a person typed: trimmed, at most 254 characters, one `@`, a dotted domain, nothing that could
    /// break out of a mail header. The domain is lower-cased; the part before it is kept as typed.
    pub fn parse(typed: &str) -> Option<Self> {
        let typed = typed.trim();
        let (local, domain) = typed.rsplit_once('@')?;
        let clean = |c: char| !c.is_whitespace() && !c.is_control() && !"<>()[],;:\\\"@".contains(c);
        let labels_ok = domain.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        });
        let dots_ok = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
        let ok = typed.len() <= 254
            && !local.is_empty()
            && local.len() <= 64
            && local.chars().all(clean)
            && dots_ok
            && domain.contains('.')
            && labels_ok;
        ok.then(|| Self(format!("{local}@{}", domain.to_lowercase())))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress(…@{})", self.0.rsplit('@').next().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_people_type() {
        for good in
            ["ada@example.com", " Ada.Lovelace+sim@Example.CO.uk ", "o'neil@exa-mple.com", "ü@exämple.de"]
        {
            assert!(EmailAddress::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@example",
            "a b@example.com",
            "a@b@example.com",
            "a\nBcc: x@example.com",
            "a@example..com",
            "a@-example.com",
            ".a@example.com",
            "a@exa mple.com",
        ] {
            assert!(EmailAddress::parse(bad).is_none(), "{bad}");
        }
        assert_eq!(EmailAddress::parse("A@EXAMPLE.com").unwrap().as_str(), "A@example.com");
    }
}

//! What a list of packages or prices may be narrowed to: the documented query of `GET /packages` and `GET /pricing`.

/// The documented types of packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageType {
    /// `DATA`
    Data,
    /// `VOICE`
    Voice,
    /// `SMS`
    Sms,
    /// `DATA_VOICE_SMS`
    DataVoiceSms,
}

impl PackageType {
    fn word(self) -> &'static str {
        match self {
            Self::Data => "DATA",
            Self::Voice => "VOICE",
            Self::Sms => "SMS",
            Self::DataVoiceSms => "DATA_VOICE_SMS",
        }
    }
}

/// A filter; what is not set does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// `package_type`
    pub package_type: Option<PackageType>,
    /// `country_code`, such as `fr`
    pub country_code: Option<String>,
    /// `country_slug`, such as `france`
    pub country_slug: Option<String>,
    /// `region_slug`, such as `europe`
    pub region_slug: Option<String>,
    /// `search`, such as `5 GB`
    pub search: Option<String>,
}

impl Filter {
    /// `path` with this filter as its query.
    pub(super) fn on(&self, path: &str) -> String {
        let parts = [
            ("package_type", self.package_type.map(PackageType::word)),
            ("country_code", self.country_code.as_deref()),
            ("country_slug", self.country_slug.as_deref()),
            ("region_slug", self.region_slug.as_deref()),
            ("search", self.search.as_deref()),
        ];
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parts.into_iter().filter_map(|(name, value)| Some((name, value?))));
        match query.finish() {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_set_is_asked_and_nothing_breaks_out_of_the_query() {
        assert_eq!(Filter::default().on("/packages"), "/packages");
        let filter = Filter {
            package_type: Some(PackageType::DataVoiceSms),
            search: Some("5 GB&page=7#x".to_owned()),
            ..Filter::default()
        };
        assert_eq!(filter.on("/pricing"), "/pricing?package_type=DATA_VOICE_SMS&search=5+GB%26page%3D7%23x");
    }
}

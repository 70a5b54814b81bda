//! The languages that the shop speaks.

/// A language of the public pages. The first is the default: its addresses have no prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Italian.
    It,
}

impl Language {
    /// Every language, the default first.
    pub const ALL: [Self; 2] = [Self::En, Self::It];

    /// The BCP 47 tag: in `lang`, in `hreflang`, and in the database.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::It => "it",
        }
    }

    /// Language and territory, as Open Graph wants them.
    pub fn locale(self) -> &'static str {
        match self {
            Self::En => "en_US",
            Self::It => "it_IT",
        }
    }

    /// What the language calls itself.
    pub fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::It => "Italiano",
        }
    }

    /// Reads a tag; `None` for a language that the shop does not speak.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// What stands before a public path: nothing for the default language, else `/it`.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::En => "",
            Self::It => "/it",
        }
    }
}

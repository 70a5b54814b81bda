//! Where customers live: the countries of ISO 3166-1 where anybody does, and `xk`, which is usual for Kosovo.

use std::fmt;

use crate::ground::Language;
use crate::web::words;

/// A country.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Country {
    /// ISO 3166-1 alpha-2, lower case.
    pub code: &'static str,
    english: &'static str,
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

impl Country {
    /// Reads a code in either case.
    pub fn parse(code: &str) -> Option<Self> {
        let code = code.trim().to_ascii_lowercase();
        COUNTRIES
            .binary_search_by(|country| country.code.cmp(&code))
            .ok()
            .and_then(|at| COUNTRIES.get(at))
            .copied()
    }

    /// Its name in a language.
    pub fn name(self, language: Language) -> String {
        let key = format!("country-{}", self.code);
        let own = (language != Language::default()).then(|| words::find(language, &key, &[])).flatten();
        own.unwrap_or_else(|| self.english.to_owned())
    }

    /// All of them with their names, in the order of a list in that language.
    pub fn all(language: Language) -> Vec<(Self, String)> {
        let mut all: Vec<_> = COUNTRIES.iter().map(|country| (*country, country.name(language))).collect();
        all.sort_by_cached_key(|(_, name)| plain(name));
        all
    }
}

/// Letters without the marks that names of countries have.
fn plain(name: &str) -> String {
    let letter = |letter: char| match letter {
        'Å' | 'å' => 'a',
        'ç' => 'c',
        'é' | 'É' => 'e',
        'ã' | 'á' => 'a',
        'í' => 'i',
        'ô' => 'o',
        'ü' => 'u',
        other => other.to_ascii_lowercase(),
    };
    name.chars().map(letter).collect()
}

const fn c(code: &'static str, english: &'static str) -> Country {
    Country { code, english }
}

/// By code.
static COUNTRIES: [Country; 243] = [
    c("ad", "Andorra"),
    c("ae", "United Arab Emirates"),
    c("af", "Afghanistan"),
    c("ag", "Antigua and Barbuda"),
    c("ai", "Anguilla"),
    c("al", "Albania"),
    c("am", "Armenia"),
    c("ao", "Angola"),
    c("aq", "Antarctica"),
    c("ar", "Argentina"),
    c("as", "American Samoa"),
    c("at", "Austria"),
    c("au", "Australia"),
    c("aw", "Aruba"),
    c("ax", "Åland Islands"),
    c("az", "Azerbaijan"),
    c("ba", "Bosnia and Herzegovina"),
    c("bb", "Barbados"),
    c("bd", "Bangladesh"),
    c("be", "Belgium"),
    c("bf", "Burkina Faso"),
    c("bg", "Bulgaria"),
    c("bh", "Bahrain"),
    c("bi", "Burundi"),
    c("bj", "Benin"),
    c("bl", "Saint Barthélemy"),
    c("bm", "Bermuda"),
    c("bn", "Brunei"),
    c("bo", "Bolivia"),
    c("bq", "Caribbean Netherlands"),
    c("br", "Brazil"),
    c("bs", "Bahamas"),
    c("bt", "Bhutan"),
    c("bw", "Botswana"),
    c("by", "Belarus"),
    c("bz", "Belize"),
    c("ca", "Canada"),
    c("cc", "Cocos (Keeling) Islands"),
    c("cd", "DR Congo"),
    c("cf", "Central African Republic"),
    c("cg", "Congo"),
    c("ch", "Switzerland"),
    c("ci", "Ivory Coast"),
    c("ck", "Cook Islands"),
    c("cl", "Chile"),
    c("cm", "Cameroon"),
    c("cn", "China"),
    c("co", "Colombia"),
    c("cr", "Costa Rica"),
    c("cu", "Cuba"),
    c("cv", "Cabo Verde"),
    c("cw", "Curaçao"),
    c("cx", "Christmas Island"),
    c("cy", "Cyprus"),
    c("cz", "Czechia"),
    c("de", "Germany"),
    c("dj", "Djibouti"),
    c("dk", "Denmark"),
    c("dm", "Dominica"),
    c("do", "Dominican Republic"),
    c("dz", "Algeria"),
    c("ec", "Ecuador"),
    c("ee", "Estonia"),
    c("eg", "Egypt"),
    c("eh", "Western Sahara"),
    c("er", "Eritrea"),
    c("es", "Spain"),
    c("et", "Ethiopia"),
    c("fi", "Finland"),
    c("fj", "Fiji"),
    c("fk", "Falkland Islands"),
    c("fm", "Micronesia"),
    c("fo", "Faroe Islands"),
    c("fr", "France"),
    c("ga", "Gabon"),
    c("gb", "United Kingdom"),
    c("gd", "Grenada"),
    c("ge", "Georgia"),
    c("gf", "French Guiana"),
    c("gg", "Guernsey"),
    c("gh", "Ghana"),
    c("gi", "Gibraltar"),
    c("gl", "Greenland"),
    c("gm", "Gambia"),
    c("gn", "Guinea"),
    c("gp", "Guadeloupe"),
    c("gq", "Equatorial Guinea"),
    c("gr", "Greece"),
    c("gt", "Guatemala"),
    c("gu", "Guam"),
    c("gw", "Guinea-Bissau"),
    c("gy", "Guyana"),
    c("hk", "Hong Kong"),
    c("hn", "Honduras"),
    c("hr", "Croatia"),
    c("ht", "Haiti"),
    c("hu", "Hungary"),
    c("id", "Indonesia"),
    c("ie", "Ireland"),
    c("il", "Israel"),
    c("im", "Isle of Man"),
    c("in", "India"),
    c("iq", "Iraq"),
    c("ir", "Iran"),
    c("is", "Iceland"),
    c("it", "Italy"),
    c("je", "Jersey"),
    c("jm", "Jamaica"),
    c("jo", "Jordan"),
    c("jp", "Japan"),
    c("ke", "Kenya"),
    c("kg", "Kyrgyzstan"),
    c("kh", "Cambodia"),
    c("ki", "Kiribati"),
    c("km", "Comoros"),
    c("kn", "Saint Kitts and Nevis"),
    c("kp", "North Korea"),
    c("kr", "South Korea"),
    c("kw", "Kuwait"),
    c("ky", "Cayman Islands"),
    c("kz", "Kazakhstan"),
    c("la", "Laos"),
    c("lb", "Lebanon"),
    c("lc", "Saint Lucia"),
    c("li", "Liechtenstein"),
    c("lk", "Sri Lanka"),
    c("lr", "Liberia"),
    c("ls", "Lesotho"),
    c("lt", "Lithuania"),
    c("lu", "Luxembourg"),
    c("lv", "Latvia"),
    c("ly", "Libya"),
    c("ma", "Morocco"),
    c("mc", "Monaco"),
    c("md", "Moldova"),
    c("me", "Montenegro"),
    c("mf", "Saint Martin"),
    c("mg", "Madagascar"),
    c("mh", "Marshall Islands"),
    c("mk", "North Macedonia"),
    c("ml", "Mali"),
    c("mm", "Myanmar"),
    c("mn", "Mongolia"),
    c("mo", "Macao"),
    c("mp", "Northern Mariana Islands"),
    c("mq", "Martinique"),
    c("mr", "Mauritania"),
    c("ms", "Montserrat"),
    c("mt", "Malta"),
    c("mu", "Mauritius"),
    c("mv", "Maldives"),
    c("mw", "Malawi"),
    c("mx", "Mexico"),
    c("my", "Malaysia"),
    c("mz", "Mozambique"),
    c("na", "Namibia"),
    c("nc", "New Caledonia"),
    c("ne", "Niger"),
    c("nf", "Norfolk Island"),
    c("ng", "Nigeria"),
    c("ni", "Nicaragua"),
    c("nl", "Netherlands"),
    c("no", "Norway"),
    c("np", "Nepal"),
    c("nr", "Nauru"),
    c("nu", "Niue"),
    c("nz", "New Zealand"),
    c("om", "Oman"),
    c("pa", "Panama"),
    c("pe", "Peru"),
    c("pf", "French Polynesia"),
    c("pg", "Papua New Guinea"),
    c("ph", "Philippines"),
    c("pk", "Pakistan"),
    c("pl", "Poland"),
    c("pm", "Saint Pierre and Miquelon"),
    c("pr", "Puerto Rico"),
    c("ps", "Palestine"),
    c("pt", "Portugal"),
    c("pw", "Palau"),
    c("py", "Paraguay"),
    c("qa", "Qatar"),
    c("re", "Réunion"),
    c("ro", "Romania"),
    c("rs", "Serbia"),
    c("ru", "Russia"),
    c("rw", "Rwanda"),
    c("sa", "Saudi Arabia"),
    c("sb", "Solomon Islands"),
    c("sc", "Seychelles"),
    c("sd", "Sudan"),
    c("se", "Sweden"),
    c("sg", "Singapore"),
    c("sh", "Saint Helena"),
    c("si", "Slovenia"),
    c("sj", "Svalbard and Jan Mayen"),
    c("sk", "Slovakia"),
    c("sl", "Sierra Leone"),
    c("sm", "San Marino"),
    c("sn", "Senegal"),
    c("so", "Somalia"),
    c("sr", "Suriname"),
    c("ss", "South Sudan"),
    c("st", "Sao Tome and Principe"),
    c("sv", "El Salvador"),
    c("sx", "Sint Maarten"),
    c("sy", "Syria"),
    c("sz", "Eswatini"),
    c("tc", "Turks and Caicos Islands"),
    c("td", "Chad"),
    c("tg", "Togo"),
    c("th", "Thailand"),
    c("tj", "Tajikistan"),
    c("tk", "Tokelau"),
    c("tl", "Timor-Leste"),
    c("tm", "Turkmenistan"),
    c("tn", "Tunisia"),
    c("to", "Tonga"),
    c("tr", "Türkiye"),
    c("tt", "Trinidad and Tobago"),
    c("tv", "Tuvalu"),
    c("tw", "Taiwan"),
    c("tz", "Tanzania"),
    c("ua", "Ukraine"),
    c("ug", "Uganda"),
    c("us", "United States"),
    c("uy", "Uruguay"),
    c("uz", "Uzbekistan"),
    c("va", "Vatican City"),
    c("vc", "Saint Vincent and the Grenadines"),
    c("ve", "Venezuela"),
    c("vg", "British Virgin Islands"),
    c("vi", "US Virgin Islands"),
    c("vn", "Vietnam"),
    c("vu", "Vanuatu"),
    c("wf", "Wallis and Futuna"),
    c("ws", "Samoa"),
    c("xk", "Kosovo"),
    c("ye", "Yemen"),
    c("yt", "Mayotte"),
    c("za", "South Africa"),
    c("zm", "Zambia"),
    c("zw", "Zimbabwe"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_read_by_code_and_listed_by_name() {
        assert!(COUNTRIES.is_sorted_by_key(|country| country.code));
        assert_eq!(Country::parse(" IT ").map(|country| country.code), Some("it"));
        for none in ["", "i", "ita", "zz", "uk", "İT", "it\0"] {
            assert_eq!(Country::parse(none), None, "{none}");
        }
        let italian: Vec<String> = Country::all(Language::It).into_iter().map(|(_, name)| name).collect();
        assert_eq!(italian.len(), COUNTRIES.len());
        let place = |name: &str| italian.iter().position(|one| one == name).unwrap();
        assert!(place("Germania") < place("Italia") && place("Italia") < place("Stati Uniti"));
        let english = Country::all(Language::En);
        assert_eq!(english.first().map(|(_, name)| name.as_str()), Some("Afghanistan"));
        assert!(english.iter().all(|(country, name)| *name == country.english));
    }
}

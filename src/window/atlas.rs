//! What every atlas has of a country: its two codes, where its middle lies, its capital, and what people call it
//! besides its name. Codes are those of ISO 3166-1 (and the `xk` that is usual for Kosovo); places are the geographic
//! coordinates of the CIA World Factbook (public domain), in whole degrees.

/// One country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// ISO 3166-1 alpha-2, lower case.
    pub code: &'static str,
    /// ISO 3166-1 alpha-3, lower case.
    pub long_code: &'static str,
    /// Degrees north of the equator, negative to the south.
    pub north: i16,
    /// Degrees east of Greenwich, negative to the west.
    pub east: i16,
    /// Its capital and other names, folded to lower case without accents, with `;` between them.
    names: &'static str,
}

impl Sheet {
    /// The country with this two-letter code.
    pub fn of(code: &str) -> Option<&'static Self> {
        ATLAS.binary_search_by(|sheet| sheet.code.cmp(code)).ok().and_then(|at| ATLAS.get(at))
    }

    /// Its capital and other names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.names.split(';').filter(|name| !name.is_empty())
    }

    /// Every country.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        ATLAS.iter()
    }
}

const fn c(code: &'static str, long_code: &'static str, north: i16, east: i16, names: &'static str) -> Sheet {
    Sheet { code, long_code, north, east, names }
}

/// By code.
static ATLAS: [Sheet; 250] = [
    c("ad", "and", 42, 1, "andorra la vella"),
    c("ae", "are", 24, 54, "abu dhabi;uae;emirates;dubai;emirati;eau;sharjah"),
    c("af", "afg", 33, 65, "kabul"),
    c("ag", "atg", 17, -62, "saint johns"),
    c("ai", "aia", 18, -63, "the valley"),
    c("al", "alb", 41, 20, "tirana;shqiperia"),
    c("am", "arm", 40, 45, "yerevan;erevan"),
    c("ao", "ago", -12, 18, "luanda"),
    c("aq", "ata", -80, 0, ""),
    c("ar", "arg", -34, -64, "buenos aires"),
    c("as", "asm", -14, -170, "pago pago"),
    c("at", "aut", 47, 13, "vienna;wien;osterreich"),
    c("au", "aus", -25, 135, "canberra;sydney;melbourne"),
    c("aw", "abw", 12, -70, "oranjestad"),
    c("ax", "ala", 60, 20, "mariehamn;aland"),
    c("az", "aze", 40, 48, "baku;azerbaijan"),
    c("ba", "bih", 44, 18, "sarajevo;bosnia"),
    c("bb", "brb", 13, -59, "bridgetown"),
    c("bd", "bgd", 24, 90, "dhaka;dacca"),
    c("be", "bel", 51, 4, "brussels;bruxelles;belgie;belgique"),
    c("bf", "bfa", 13, -2, "ouagadougou"),
    c("bg", "bgr", 43, 25, "sofia"),
    c("bh", "bhr", 26, 51, "manama"),
    c("bi", "bdi", -3, 30, "gitega;bujumbura"),
    c("bj", "ben", 9, 2, "porto novo;cotonou"),
    c("bl", "blm", 18, -63, "gustavia;st barts;saint barth"),
    c("bm", "bmu", 32, -65, "hamilton"),
    c("bn", "brn", 4, 114, "bandar seri begawan;brunei darussalam"),
    c("bo", "bol", -17, -65, "la paz;sucre"),
    c("bq", "bes", 12, -68, "kralendijk;bonaire;caribbean netherlands;saba;sint eustatius"),
    c("br", "bra", -10, -55, "brasilia;brasil;rio de janeiro;sao paulo;san paolo"),
    c("bs", "bhs", 24, -76, "nassau"),
    c("bt", "btn", 27, 90, "thimphu"),
    c("bv", "bvt", -54, 3, ""),
    c("bw", "bwa", -22, 24, "gaborone"),
    c("by", "blr", 53, 28, "minsk;belarus"),
    c("bz", "blz", 17, -88, "belmopan"),
    c("ca", "can", 60, -95, "ottawa;toronto;vancouver;montreal"),
    c("cc", "cck", -12, 97, "keeling islands"),
    c("cd", "cod", 0, 25, "kinshasa;democratic republic of the congo;zaire;drc"),
    c("cf", "caf", 7, 21, "bangui"),
    c("cg", "cog", -1, 15, "brazzaville;republic of the congo"),
    c("ch", "che", 47, 8, "bern;berna;swiss;helvetia;schweiz;suisse;zurich;zurigo;geneva;ginevra"),
    c("ci", "civ", 8, -5, "yamoussoukro;abidjan;cote divoire"),
    c("ck", "cok", -21, -160, "avarua;rarotonga"),
    c("cl", "chl", -30, -71, "santiago"),
    c("cm", "cmr", 6, 12, "yaounde;douala"),
    c("cn", "chn", 35, 105, "beijing;pechino;peking;shanghai;prc"),
    c("co", "col", 4, -72, "bogota"),
    c("cr", "cri", 10, -84, "san jose"),
    c("cu", "cub", 22, -80, "havana;lavana"),
    c("cv", "cpv", 16, -24, "praia;cabo verde;cape verde"),
    c("cw", "cuw", 12, -69, "willemstad"),
    c("cx", "cxr", -11, 106, "flying fish cove"),
    c("cy", "cyp", 35, 33, "nicosia;kypros"),
    c("cz", "cze", 50, 15, "prague;praga;praha;czech republic;repubblica ceca"),
    c("de", "deu", 51, 9, "berlin;berlino;deutschland;munich;frankfurt"),
    c("dj", "dji", 12, 43, "djibouti city"),
    c("dk", "dnk", 56, 10, "copenhagen;copenaghen;danmark"),
    c("dm", "dma", 15, -61, "roseau"),
    c("do", "dom", 19, -71, "santo domingo;punta cana"),
    c("dz", "dza", 28, 3, "algiers;algeri"),
    c("ec", "ecu", -2, -78, "quito;galapagos"),
    c("ee", "est", 59, 26, "tallinn;eesti"),
    c("eg", "egy", 27, 30, "cairo;sharm el sheikh"),
    c("eh", "esh", 25, -13, "el aaiun"),
    c("er", "eri", 15, 39, "asmara"),
    c(
        "es",
        "esp",
        40,
        -4,
        "madrid;espana;canary islands;balearic islands;isole canarie;canarie;canaries;isole baleari;baleari;mallorca;tenerife;ibiza;\
         barcelona",
    ),
    c("et", "eth", 8, 38, "addis ababa;addis abeba"),
    c("fi", "fin", 64, 26, "helsinki;suomi"),
    c("fj", "fji", -18, 175, "suva"),
    c("fk", "flk", -52, -59, "stanley;malvinas"),
    c("fm", "fsm", 7, 158, "palikir"),
    c("fo", "fro", 62, -7, "torshavn;faroe"),
    c("fr", "fra", 46, 2, "paris;parigi;corsica"),
    c("ga", "gab", -1, 12, "libreville"),
    c(
        "gb",
        "gbr",
        54,
        -2,
        "london;londra;uk;great britain;britain;england;scotland;wales;northern ireland;inghilterra;scozia;galles;\
         gran bretagna;edinburgh",
    ),
    c("gd", "grd", 12, -62, "saint georges"),
    c("ge", "geo", 42, 43, "tbilisi;sakartvelo"),
    c("gf", "guf", 4, -53, "cayenne;guyane"),
    c("gg", "ggy", 49, -3, "saint peter port"),
    c("gh", "gha", 8, -2, "accra"),
    c("gi", "gib", 36, -5, ""),
    c("gl", "grl", 72, -40, "nuuk"),
    c("gm", "gmb", 13, -16, "banjul"),
    c("gn", "gin", 11, -10, "conakry"),
    c("gp", "glp", 16, -62, "basse terre"),
    c("gq", "gnq", 2, 10, "malabo"),
    c("gr", "grc", 39, 22, "athens;atene;hellas;crete;creta;rhodes;rodi;santorini"),
    c("gs", "sgs", -54, -37, ""),
    c("gt", "gtm", 15, -90, "guatemala city"),
    c("gu", "gum", 13, 145, "hagatna"),
    c("gw", "gnb", 12, -15, "bissau"),
    c("gy", "guy", 5, -59, "georgetown"),
    c("hk", "hkg", 22, 114, "hongkong"),
    c("hm", "hmd", -53, 73, ""),
    c("hn", "hnd", 15, -86, "tegucigalpa"),
    c("hr", "hrv", 45, 15, "zagreb;zagabria;hrvatska;dubrovnik"),
    c("ht", "hti", 19, -72, "port au prince"),
    c("hu", "hun", 47, 20, "budapest;magyarorszag"),
    c("id", "idn", -5, 120, "jakarta;giacarta;bali;lombok"),
    c("ie", "irl", 53, -8, "dublin;dublino;eire;republic of ireland"),
    c("il", "isr", 31, 35, "jerusalem;gerusalemme;tel aviv"),
    c("im", "imn", 54, -5, "douglas"),
    c("in", "ind", 20, 77, "new delhi;nuova delhi;bharat;mumbai"),
    c("io", "iot", -6, 72, "diego garcia"),
    c("iq", "irq", 33, 44, "baghdad;iraq"),
    c("ir", "irn", 32, 53, "tehran;teheran;persia"),
    c("is", "isl", 65, -18, "reykjavik;island"),
    c("it", "ita", 43, 13, "rome;roma;milan;milano;sardinia;sicily;sardegna;sicilia;venice;florence"),
    c("je", "jey", 49, -2, "saint helier"),
    c("jm", "jam", 18, -77, "kingston"),
    c("jo", "jor", 31, 36, "amman;petra"),
    c("jp", "jpn", 36, 138, "tokyo;tokio;nippon;osaka;kyoto"),
    c("ke", "ken", 1, 38, "nairobi"),
    c("kg", "kgz", 41, 75, "bishkek;kirgizstan"),
    c("kh", "khm", 13, 105, "phnom penh;kampuchea"),
    c("ki", "kir", 1, 173, "tarawa"),
    c("km", "com", -12, 44, "moroni"),
    c("kn", "kna", 17, -63, "basseterre;st kitts"),
    c("kp", "prk", 40, 127, "pyongyang"),
    c("kr", "kor", 37, 127, "seoul;seul;korea;corea;republic of korea"),
    c("kw", "kwt", 29, 47, "kuwait city"),
    c("ky", "cym", 19, -80, "george town"),
    c("kz", "kaz", 48, 68, "astana;almaty"),
    c("la", "lao", 18, 105, "vientiane"),
    c("lb", "lbn", 34, 36, "beirut"),
    c("lc", "lca", 14, -61, "castries;st lucia"),
    c("li", "lie", 47, 9, "vaduz"),
    c("lk", "lka", 7, 81, "colombo;ceylon"),
    c("lr", "lbr", 6, -9, "monrovia"),
    c("ls", "lso", -29, 28, "maseru"),
    c("lt", "ltu", 55, 24, "vilnius;lietuva"),
    c("lu", "lux", 50, 6, "luxemburg"),
    c("lv", "lva", 57, 25, "riga;latvija"),
    c("ly", "lby", 25, 17, "tripoli"),
    c("ma", "mar", 32, -5, "rabat;marrakech;marrakesh;casablanca;maroc"),
    c("mc", "mco", 44, 7, "monte carlo"),
    c("md", "mda", 47, 29, "chisinau"),
    c("me", "mne", 42, 19, "podgorica;crna gora"),
    c("mf", "maf", 18, -63, "marigot;st martin"),
    c("mg", "mdg", -20, 47, "antananarivo"),
    c("mh", "mhl", 9, 168, "majuro"),
    c("mk", "mkd", 42, 22, "skopje;macedonia"),
    c("ml", "mli", 17, -4, "bamako"),
    c("mm", "mmr", 22, 98, "naypyidaw;burma;birmania;yangon"),
    c("mn", "mng", 46, 105, "ulaanbaatar"),
    c("mo", "mac", 22, 113, "macau"),
    c("mp", "mnp", 15, 146, "saipan"),
    c("mq", "mtq", 15, -61, "fort de france"),
    c("mr", "mrt", 20, -12, "nouakchott"),
    c("ms", "msr", 17, -62, "plymouth"),
    c("mt", "mlt", 36, 14, "valletta"),
    c("mu", "mus", -20, 58, "port louis"),
    c("mv", "mdv", 3, 73, "male"),
    c("mw", "mwi", -13, 34, "lilongwe"),
    c("mx", "mex", 23, -102, "mexico city;citta del messico;cancun"),
    c("my", "mys", 3, 112, "kuala lumpur;borneo"),
    c("mz", "moz", -18, 35, "maputo"),
    c("na", "nam", -22, 17, "windhoek"),
    c("nc", "ncl", -21, 165, "noumea"),
    c("ne", "ner", 16, 8, "niamey"),
    c("nf", "nfk", -29, 168, ""),
    c("ng", "nga", 10, 8, "abuja;lagos"),
    c("ni", "nic", 13, -85, "managua"),
    c("nl", "nld", 52, 5, "amsterdam;holland;olanda;nederland;the hague"),
    c("no", "nor", 62, 10, "oslo;norge"),
    c("np", "npl", 28, 84, "kathmandu"),
    c("nr", "nru", -1, 167, "yaren"),
    c("nu", "niu", -19, -170, "alofi"),
    c("nz", "nzl", -41, 174, "wellington;auckland;aotearoa"),
    c("om", "omn", 21, 57, "muscat;mascate"),
    c("pa", "pan", 9, -80, "panama city"),
    c("pe", "per", -10, -76, "lima;cusco;machu picchu"),
    c("pf", "pyf", -15, -140, "papeete;tahiti;bora bora"),
    c("pg", "png", -6, 147, "port moresby"),
    c("ph", "phl", 13, 122, "manila;pilipinas"),
    c("pk", "pak", 30, 70, "islamabad;karachi;lahore"),
    c("pl", "pol", 52, 20, "warsaw;varsavia;polska;krakow;cracovia"),
    c("pm", "spm", 47, -56, ""),
    c("pn", "pcn", -25, -130, "adamstown"),
    c("pr", "pri", 18, -66, "san juan"),
    c("ps", "pse", 32, 35, "ramallah;gaza;west bank"),
    c("pt", "prt", 39, -8, "lisbon;lisbona;lisboa;porto;madeira;azores;azzorre"),
    c("pw", "plw", 7, 134, "ngerulmud"),
    c("py", "pry", -23, -58, "asuncion"),
    c("qa", "qat", 25, 51, "doha"),
    c("re", "reu", -21, 56, "saint denis"),
    c("ro", "rou", 46, 25, "bucharest;bucarest"),
    c("rs", "srb", 44, 21, "belgrade;belgrado;srbija"),
    c("ru", "rus", 60, 100, "moscow;mosca;russian federation"),
    c("rw", "rwa", -2, 30, "kigali"),
    c("sa", "sau", 25, 45, "riyadh;riad;ksa;mecca;jeddah;medina"),
    c("sb", "slb", -8, 159, "honiara"),
    c("sc", "syc", -5, 56, "victoria;mahe"),
    c("sd", "sdn", 15, 30, "khartoum"),
    c("se", "swe", 62, 15, "stockholm;stoccolma;sverige"),
    c("sg", "sgp", 1, 104, ""),
    c("sh", "shn", -16, -6, "jamestown"),
    c("si", "svn", 46, 15, "ljubljana;lubiana;slovenija"),
    c("sj", "sjm", 78, 20, "longyearbyen;spitsbergen"),
    c("sk", "svk", 49, 20, "bratislava;slovensko"),
    c("sl", "sle", 8, -12, "freetown"),
    c("sm", "smr", 44, 12, ""),
    c("sn", "sen", 14, -14, "dakar"),
    c("so", "som", 6, 48, "mogadishu;mogadiscio"),
    c("sr", "sur", 4, -56, "paramaribo"),
    c("ss", "ssd", 8, 30, "juba"),
    c("st", "stp", 1, 7, ""),
    c("sv", "slv", 14, -89, "san salvador"),
    c("sx", "sxm", 18, -63, "philipsburg"),
    c("sy", "syr", 35, 38, "damascus;damasco"),
    c("sz", "swz", -26, 31, "mbabane;swaziland"),
    c("tc", "tca", 22, -72, "cockburn town;providenciales"),
    c("td", "tcd", 15, 19, "ndjamena"),
    c("tf", "atf", -49, 69, ""),
    c("tg", "tgo", 8, 1, "lome"),
    c("th", "tha", 15, 100, "bangkok;siam;phuket;koh samui"),
    c("tj", "tjk", 39, 71, "dushanbe"),
    c("tk", "tkl", -9, -172, ""),
    c("tl", "tls", -9, 126, "dili;east timor"),
    c("tm", "tkm", 40, 60, "ashgabat"),
    c("tn", "tun", 34, 9, "tunis;tunisi;djerba"),
    c("to", "ton", -20, -175, "nukualofa"),
    c("tr", "tur", 39, 35, "ankara;turkey;turkiye;istanbul;antalya"),
    c("tt", "tto", 11, -61, "port of spain"),
    c("tv", "tuv", -8, 178, "funafuti"),
    c("tw", "twn", 23, 121, "taipei"),
    c("tz", "tza", -6, 35, "dodoma;dar es salaam;zanzibar"),
    c("ua", "ukr", 49, 32, "kyiv;kiev"),
    c("ug", "uga", 1, 32, "kampala"),
    c("um", "umi", 19, 166, ""),
    c(
        "us",
        "usa",
        38,
        -97,
        "washington;united states of america;america;stati uniti damerica;new york;california;florida;hawaii;\
         los angeles;miami;las vegas",
    ),
    c("uy", "ury", -33, -56, "montevideo"),
    c("uz", "uzb", 41, 64, "tashkent;samarkand"),
    c("va", "vat", 42, 12, "vatican;holy see;vaticano;santa sede"),
    c("vc", "vct", 13, -61, "kingstown"),
    c("ve", "ven", 8, -66, "caracas"),
    c("vg", "vgb", 18, -65, "road town;tortola"),
    c("vi", "vir", 18, -65, "charlotte amalie;saint thomas"),
    c("vn", "vnm", 16, 108, "hanoi;viet nam;ho chi minh;saigon"),
    c("vu", "vut", -16, 167, "port vila"),
    c("wf", "wlf", -13, -176, "mata utu"),
    c("ws", "wsm", -14, -172, "apia"),
    c("xk", "xkx", 42, 21, "pristina"),
    c("ye", "yem", 15, 48, "sanaa"),
    c("yt", "myt", -13, 45, "mamoudzou"),
    c("za", "zaf", -29, 24, "pretoria;cape town;johannesburg;citta del capo;rsa"),
    c("zm", "zmb", -15, 30, "lusaka"),
    c("zw", "zwe", -20, 30, "harare"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::search::folded_words;
    use std::collections::BTreeSet;

    #[test]
    fn the_atlas_is_in_order_and_no_two_countries_share_a_code() {
        assert!(ATLAS.is_sorted_by(|one, other| one.code < other.code));
        let long: BTreeSet<_> = ATLAS.iter().map(|sheet| sheet.long_code).collect();
        assert_eq!(long.len(), ATLAS.len());
        for sheet in &ATLAS {
            assert!(sheet.code.len() == 2 && sheet.long_code.len() == 3, "{sheet:?}");
            assert!((-90..=90).contains(&sheet.north) && (-180..=180).contains(&sheet.east), "{sheet:?}");
            for name in sheet.names() {
                assert_eq!(folded_words(name).join(" "), name, "{}", sheet.code);
            }
        }
        assert_eq!(Sheet::of("fr").unwrap().long_code, "fra");
        assert!(Sheet::of("zz").is_none());
    }
}

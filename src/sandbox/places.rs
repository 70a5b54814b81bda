//! The regions that are sold as one, and where a package works. The ids are invented, but for those that the
//! documents show.

use std::sync::LazyLock;

use serde::Serialize;
use serde_json::value::RawValue;

use super::answers::php_json;
use super::countries::{COUNTRIES, Country};

/// A group of countries that is sold as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region {
    /// The upstream's id; Europe has the 4 of the documents.
    pub id: u64,
    pub name: &'static str,
    pub slug: &'static str,
    /// Country codes, separated by spaces.
    codes: &'static str,
}

/// Where a package works: one country, or one region with all of its countries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Area {
    /// A place in [`COUNTRIES`].
    Local(usize),
    /// A place in [`REGIONS`].
    Regional(usize),
}

impl Area {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Local(at) => COUNTRIES[at].name,
            Self::Regional(at) => REGIONS[at].name,
        }
    }

    pub(super) fn slug(self) -> &'static str {
        match self {
            Self::Local(at) => COUNTRIES[at].slug,
            Self::Regional(at) => REGIONS[at].slug,
        }
    }

    /// How a provider's own plan ids name it.
    pub(super) fn code(self) -> String {
        match self {
            Self::Local(at) => COUNTRIES[at].code.to_uppercase(),
            Self::Regional(at) => REGIONS[at].slug.to_uppercase(),
        }
    }

    /// The upstream's word: `Local`, `Regional` or `Global`.
    pub(super) fn coverage(self) -> &'static str {
        match self {
            Self::Local(_) => "Local",
            Self::Regional(0) => "Global",
            Self::Regional(_) => "Regional",
        }
    }

    pub(super) fn region(self) -> Option<&'static Region> {
        match self {
            Self::Local(_) => None,
            Self::Regional(at) => Some(&REGIONS[at]),
        }
    }

    /// The countries, as places in [`COUNTRIES`].
    pub(super) fn countries(self) -> Vec<usize> {
        match self {
            Self::Local(at) => vec![at],
            Self::Regional(at) => MEMBERS[at].clone(),
        }
    }

    pub(super) fn covers(self, country: usize) -> bool {
        match self {
            Self::Local(at) => at == country,
            Self::Regional(at) => MEMBERS[at].contains(&country),
        }
    }

    /// The countries as the API lists them, written once: a big catalog names each region's many countries
    /// thousands of times.
    pub(super) fn countries_json(self) -> Option<&'static RawValue> {
        match self {
            Self::Local(at) => LOCAL_JSON[at].as_deref(),
            Self::Regional(at) => REGIONAL_JSON[at].as_deref(),
        }
    }
}

impl Serialize for Area {
    /// Three keys, to be flattened into a package: coverage, region, country codes.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Flat {
            area_coverage: &'static str,
            region: Option<&'static str>,
            countries: Vec<&'static str>,
        }
        Flat {
            area_coverage: self.coverage(),
            region: self.region().map(|region| region.slug),
            countries: self.countries().into_iter().map(|at| COUNTRIES[at].code).collect(),
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
struct CountryView {
    id: u64,
    name: &'static str,
    code: &'static str,
    slug: &'static str,
}

static MEMBERS: LazyLock<Vec<Vec<usize>>> = LazyLock::new(|| {
    REGIONS.iter().map(|region| region.codes.split(' ').filter_map(Country::by_code).collect()).collect()
});

static LOCAL_JSON: LazyLock<Vec<Option<Box<RawValue>>>> =
    LazyLock::new(|| (0..COUNTRIES.len()).map(|at| written(&[at])).collect());

static REGIONAL_JSON: LazyLock<Vec<Option<Box<RawValue>>>> =
    LazyLock::new(|| MEMBERS.iter().map(|members| written(members)).collect());

fn written(places: &[usize]) -> Option<Box<RawValue>> {
    let views: Vec<CountryView> = places
        .iter()
        .filter_map(|at| COUNTRIES.get(*at).map(|country| (*at, country)))
        .map(|(at, c)| CountryView { id: id(at), name: c.name, code: c.code, slug: c.slug })
        .collect();
    RawValue::from_string(php_json(&views).ok()?).ok()
}

/// The upstream's id of a country: its place, shifted so that France has the 75 of the documents.
fn id(at: usize) -> u64 {
    u64::try_from(at).unwrap_or(0) + FIRST_COUNTRY_ID
}

const FIRST_COUNTRY_ID: u64 = 5;

/// Global first, for its plans are the ones that every shop shows.
pub(super) static REGIONS: &[Region] = &[
    Region {
        id: 1,
        name: "Global",
        slug: "global",
        codes: "al dz ad ao ai ag ar am aw au at az bs bh bd bb be bz bj bm bo bq ba bw br vg bn bg bf kh \
                cm ca cv ky cl cn co cg cr hr cw cy cz cd dk dm do ec eg sv ee sz et fo fj fi fr gf pf ga \
                gm ge de gh gi gr gl gd gp gu gt gg gy ht hn hk hu is in id iq ie im il it ci jm jp je jo \
                kz ke xk kw kg la lv lb ls li lt lu mo mg mw my mv ml mt mq mr mu mx md mc mn me ms ma mz \
                mm na np nl nc nz ni ng mk no om pk ps pa pg py pe ph pl pt pr qa ro rw re kn lc mf vc ws \
                sm sa sn rs sc sg sx sk si za kr es lk sr se ch tw tj tz th tg to tt tn tr tc vi ug ua ae \
                gb us uy uz vu va ve vn zm zw",
    },
    Region {
        id: 4,
        name: "Europe",
        slug: "europe",
        codes: "ad al at ax ba be bg by ch cy cz de dk ee es fi fo fr gb gg gi gr hr hu ie im is it je li \
                lt lu lv mc md me mk mt nl no pl pt ro rs ru se si sk sm tr ua va xk",
    },
    Region { id: 2, name: "Balkans", slug: "balkans", codes: "al ba bg gr hr me mk ro rs si tr xk" },
    Region { id: 3, name: "Nordics", slug: "nordics", codes: "ax dk fi fo gl is no se" },
    Region {
        id: 5,
        name: "Asia",
        slug: "asia",
        codes: "ae af am az bd bh bn bt cn ge hk id il in iq ir jo jp kg kh kr kw kz la lb lk mm mn mo mv my \
                np om ph pk ps qa sa sg sy th tj tl tm tr tw uz vn ye",
    },
    Region {
        id: 6,
        name: "South-East Asia",
        slug: "south-east-asia",
        codes: "bn id kh la mm my ph sg th tl vn",
    },
    Region {
        id: 7,
        name: "Central Asia and Caucasus",
        slug: "central-asia",
        codes: "am az ge kg kz mn tj tm uz",
    },
    Region {
        id: 8,
        name: "Middle East",
        slug: "middle-east",
        codes: "ae bh cy eg il iq ir jo kw lb om ps qa sa sy tr ye",
    },
    Region { id: 9, name: "Gulf States", slug: "gulf", codes: "ae bh kw om qa sa" },
    Region {
        id: 10,
        name: "Africa",
        slug: "africa",
        codes: "ao bf bi bj bw cd cf cg ci cm cv dj dz eg er et ga gh gm gn gq gw ke km lr ls ly ma mg ml \
                mr mu mw mz na ne ng re rw sc sd sl sn so ss st sz td tg tn tz ug yt za zm zw",
    },
    Region { id: 11, name: "North America", slug: "north-america", codes: "bm ca gl mx pm us" },
    Region {
        id: 12,
        name: "Latin America",
        slug: "latin-america",
        codes: "ar bo br bz cl co cr do ec fk gf gt gy hn mx ni pa pe py sr sv uy ve",
    },
    Region {
        id: 13,
        name: "Caribbean",
        slug: "caribbean",
        codes: "ag ai aw bb bl bm bq bs cu cw dm do gd gp ht jm kn ky lc mf mq ms pr sx tc tt vc vg vi",
    },
    Region {
        id: 14,
        name: "Oceania",
        slug: "oceania",
        codes: "as au ck fj fm gu ki mh mp nc nr nu nz pf pg pw sb tk to tv vu wf ws",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn france_and_europe_have_the_ids_of_the_documents() {
        let france = Area::Local(Country::by_code("FR").unwrap());
        let json = france.countries_json().unwrap().get();
        assert_eq!(json, r#"[{"id":75,"name":"France","code":"fr","slug":"france"}]"#);
        assert_eq!(REGIONS.iter().find(|region| region.slug == "europe").unwrap().id, 4);
    }

    #[test]
    fn every_region_names_countries_that_exist_and_several_name_more_than_twenty() {
        for (at, region) in REGIONS.iter().enumerate() {
            let named = region.codes.split(' ').count();
            assert_eq!(Area::Regional(at).countries().len(), named, "{}", region.name);
            assert!(Area::Regional(at).countries().iter().all(|country| Area::Regional(at).covers(*country)));
        }
        let wide = MEMBERS.iter().filter(|members| members.len() > 20).count();
        assert!(wide >= 5, "{wide}");
        assert_eq!(REGIONS[0].slug, "global");
    }
}

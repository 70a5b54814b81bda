//! What a visitor wants to see of a place's plans, as it stands in the address. Whatever makes no sense there is left
//! out: an address never leads to an error.

use rust_decimal::Decimal;
use url::form_urlencoded;

use super::plan::Plan;
use super::typed_price;
use super::value::{self, GIGABYTE};
use crate::catalog::{Coverage, Data};
use crate::ground::Language;
use crate::web::amounts;

/// The amounts that can be asked for, in gigabytes.
pub const GIGABYTES: [u32; 6] = [1, 3, 5, 10, 20, 50];
/// The days that can be asked for.
pub const DAYS: [u32; 5] = [3, 7, 15, 30, 90];
/// How many plans a page of one kind shows.
const PAGE: usize = 48;

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Sort {
    /// What the shop features first, then the cheapest.
    #[default]
    Usual,
    /// The cheapest first, featured or not.
    Price,
    /// The cheapest gigabyte first; plans that cannot be compared last.
    Gigabyte,
    /// The longest first.
    Days,
}

impl Sort {
    /// Every order, the usual one first.
    pub const ALL: [Self; 4] = [Self::Usual, Self::Price, Self::Gigabyte, Self::Days];

    /// The word in the address.
    pub fn word(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Price => "price",
            Self::Gigabyte => "gb",
            Self::Days => "days",
        }
    }
}

/// How fast at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speed {
    /// 4G or LTE, or faster.
    Four,
    /// 5G.
    Five,
}

impl Speed {
    /// The word in the address.
    pub fn word(self) -> &'static str {
        match self {
            Self::Four => "4g",
            Self::Five => "5g",
        }
    }

    /// Whether a network that the upstream calls so is as fast; one that it does not name is not known to be.
    fn is_met_by(self, named: &str) -> bool {
        let named = named.to_ascii_uppercase();
        let five = named.contains("5G");
        match self {
            Self::Four => five || named.contains("4G") || named.contains("LTE"),
            Self::Five => five,
        }
    }
}

/// What of a place's plans is shown, and in which order.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Sift {
    /// At least so many gigabytes: one of [`GIGABYTES`].
    pub gigabytes: Option<u32>,
    /// For at least so many days: one of [`DAYS`].
    pub days: Option<u32>,
    /// At most this price, in whole units of the shop's currency.
    pub most: Option<Decimal>,
    /// With calls or text messages.
    pub calls: bool,
    /// With unlimited data.
    pub unlimited: bool,
    /// On a network at least so fast.
    pub speed: Option<Speed>,
    /// In which order.
    pub sort: Sort,
    /// One kind of plans alone, page by page.
    pub only: Option<Coverage>,
    /// Which page of it, from 1.
    pub page: usize,
}

impl Sift {
    /// Reads the address's query; of a field that comes twice the last one that makes sense counts. A price is read as the
    /// page's language writes numbers.
    pub fn read(query: &str, language: Language) -> Self {
        let mut sift = Self { page: 1, ..Self::default() };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.trim();
            let number = |known: &[u32]| value.parse().ok().filter(|number| known.contains(number));
            match name.as_ref() {
                "data" => sift.gigabytes = number(&GIGABYTES).or(sift.gigabytes),
                "days" => sift.days = number(&DAYS).or(sift.days),
                "price" => sift.most = typed_price::read(value, language).or(sift.most),
                "calls" => sift.calls |= value == "1",
                "unlimited" => sift.unlimited |= value == "1",
                "speed" => {
                    let named = [Speed::Four, Speed::Five].into_iter().find(|speed| speed.word() == value);
                    sift.speed = named.or(sift.speed);
                }
                "sort" => {
                    let named = Sort::ALL.into_iter().find(|sort| sort.word() == value);
                    sift.sort = named.unwrap_or(sift.sort);
                }
                "only" => sift.only = Coverage::from_word(value).or(sift.only),
                "page" => {
                    let page = value.parse().ok().filter(|page| *page > 0);
                    sift.page = page.unwrap_or(sift.page);
                }
                _ => {}
            }
        }
        sift
    }

    /// The most that is paid, as the page's language writes it; nothing where it was not said.
    pub fn most_in(&self, language: Language) -> String {
        self.most.map(|most| amounts::decimal(language, &most.to_string())).unwrap_or_default()
    }

    /// Whether it is the plain page, with everything as it comes.
    pub fn is_plain(&self) -> bool {
        self.query().is_empty()
    }

    /// Whether it leaves plans out.
    pub fn narrows(&self) -> bool {
        let plain = Self { sort: self.sort, only: self.only, page: self.page, ..Self::default() };
        *self != plain
    }

    /// The query that leads here: `?data=5&sort=gb`, or nothing for the plain page.
    pub fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let fields = [
            ("data", self.gigabytes.map(|number| number.to_string())),
            ("days", self.days.map(|number| number.to_string())),
            ("price", self.most.map(typed_price::in_address)),
            ("calls", self.calls.then(|| "1".to_owned())),
            ("unlimited", self.unlimited.then(|| "1".to_owned())),
            ("speed", self.speed.map(|speed| speed.word().to_owned())),
            ("sort", (self.sort != Sort::default()).then(|| self.sort.word().to_owned())),
            ("only", self.only.map(|only| only.word().to_owned())),
            ("page", (self.only.is_some() && self.page > 1).then(|| self.page.to_string())),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                query.append_pair(name, &value);
            }
        }
        let query = query.finish();
        if query.is_empty() { query } else { format!("?{query}") }
    }

    /// The plans that are wanted, in the wanted order; they come in the order of lists.
    pub fn apply<'a>(&self, plans: impl Iterator<Item = &'a Plan>) -> Vec<&'a Plan> {
        let mut wanted: Vec<&Plan> = plans.filter(|plan| self.wants(plan)).collect();
        // Who chose an order gets that one alone: what is featured stands first in the usual order only.
        if self.sort != Sort::Usual {
            wanted.sort_by_key(|plan| plan.by_price());
        }
        // Stable: equals stay in the order of their prices.
        match self.sort {
            Sort::Usual | Sort::Price => {}
            Sort::Gigabyte => wanted
                .sort_by_cached_key(|plan| value::per_gigabyte(plan).map_or(i64::MAX, |price| price.minor)),
            Sort::Days => {
                wanted.sort_by_key(|plan| (plan.price.is_none(), std::cmp::Reverse(plan.validity_days)));
            }
        }
        wanted
    }

    fn wants(&self, plan: &Plan) -> bool {
        let enough = |gigabytes: u32| match plan.data {
            Data::Bytes(bytes) => bytes >= u64::from(gigabytes) * GIGABYTE,
            Data::Unlimited => true,
            Data::NotStated => false,
        };
        let fast = |speed: Speed| plan.network_speed.as_deref().is_some_and(|named| speed.is_met_by(named));
        self.gigabytes.is_none_or(enough)
            && self.days.is_none_or(|days| plan.validity_days.is_some_and(|valid| valid >= days))
            && self.most.is_none_or(|most| plan.price.is_some_and(|price| price.amount() <= most))
            && (!self.calls || plan.minutes().is_some() || plan.texts().is_some())
            && (!self.unlimited || plan.data == Data::Unlimited)
            && self.speed.is_none_or(fast)
    }

    /// How much of a list of so many plans is shown where each kind begins with `first` of them: where it begins, and
    /// how many. A page beyond the end is the last one.
    pub fn slice(&self, kind: Coverage, plans: usize, first: usize) -> (usize, usize) {
        match self.only {
            Some(only) if only == kind => {
                let page = self.page.min(self.pages(plans));
                ((page - 1) * PAGE, PAGE)
            }
            Some(_) => (0, 0),
            None => (0, first),
        }
    }

    /// How many pages a list of so many plans has; at least one.
    pub fn pages(&self, plans: usize) -> usize {
        plans.div_ceil(PAGE).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::snapshot::Snapshot;
    use super::super::snapshot::tests::{contents, rules, snapshot};
    use super::*;
    use proptest::prelude::*;

    fn shown(query: &str) -> Vec<i64> {
        let snapshot = snapshot();
        let france = snapshot.country("france").unwrap();
        let sift = Sift::read(query, Language::En);
        sift.apply(snapshot.plans_of(france)).iter().map(|plan| plan.id).collect()
    }

    #[test]
    fn plans_are_sifted_and_sorted() {
        for (query, ids) in [
            ("", vec![2, 1, 3, 4]),
            ("data=5", vec![2, 1, 3, 4]),
            ("data=10", vec![]),
            ("days=30", vec![2, 1, 3, 4]),
            ("days=90", vec![]),
            ("price=5.25", vec![2, 1]),
            ("price=5,24", vec![2]),
            ("speed=5g", vec![2, 1, 3, 4]),
            ("speed=4g", vec![2, 1, 3, 4]),
            ("calls=1", vec![]),
            ("unlimited=1", vec![]),
            ("sort=gb", vec![2, 1, 3, 4]),
            ("sort=days&price=10", vec![2, 1, 3]),
        ] {
            assert_eq!(shown(query), ids, "{query}");
        }
    }

    #[test]
    fn featured_plans_stand_first_in_the_usual_order_alone() {
        let mut contents = contents();
        contents.featured = [4].into();
        let snapshot = Snapshot::build(contents, &rules("USD"));
        let france = snapshot.country("france").unwrap();
        let shown = |query: &str| -> Vec<i64> {
            Sift::read(query, Language::En)
                .apply(snapshot.plans_of(france))
                .iter()
                .map(|plan| plan.id)
                .collect()
        };
        assert_eq!(shown(""), [4, 2, 1, 3]);
        assert_eq!(shown("sort=usual&data=5"), [4, 2, 1, 3]);
        for chosen in ["sort=price", "sort=gb", "sort=days"] {
            assert_eq!(shown(chosen), [2, 1, 3, 4], "{chosen}");
        }
    }

    #[test]
    fn nonsense_falls_back_to_the_plain_page() {
        for query in [
            "data=-1&days=1e9&price=NaN&price=-3&price=0&price=99999999999&sort=up&speed=9g&only=x&page=0",
            "data[]=5&data=&days=%ff&price=1_0&calls=yes&unlimited=true&page=-1&page=99999999999999999999",
            "&&&===%%%",
            "page=7",
        ] {
            let sift = Sift::read(query, Language::En);
            assert!(sift.is_plain() && !sift.narrows(), "{query}: {sift:?}");
        }
        assert_eq!(Sift::read("data=5&data=x", Language::It).gigabytes, Some(5));
    }

    #[test]
    fn pages_end_where_the_plans_do() {
        let sift = |query: &str| Sift::read(query, Language::En);
        assert_eq!(sift("").slice(Coverage::Local, 500, 12), (0, 12));
        assert_eq!(sift("only=local&page=2").slice(Coverage::Local, 500, 12), (48, 48));
        assert_eq!(sift("only=local&page=2").slice(Coverage::Global, 500, 12), (0, 0));
        assert_eq!(sift("only=local&page=99").slice(Coverage::Local, 50, 12), (48, 48));
        assert_eq!(sift("only=local&page=99").slice(Coverage::Local, 0, 12), (0, 48));
    }

    proptest! {
        #[test]
        fn an_address_says_all_that_it_means(query in "(data|days|price|calls|speed|sort|only|page|x)=[0-9a-z.,%&=]{0,9}(&(data|days|unlimited|sort|only|page)=(5|7|1|gb|local|2)){0,4}") {
            for (language, other) in [(Language::En, Language::It), (Language::It, Language::En)] {
                let sift = Sift::read(&query, language);
                let again = Sift::read(sift.query().trim_start_matches('?'), other);
                prop_assert_eq!(again.query(), sift.query());
                prop_assert_eq!(again.narrows(), sift.narrows());
            }
        }
    }
}

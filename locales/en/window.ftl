# The public catalog pages.

home-title = Land connected
home-lead = Mobile data for your trip, as an eSIM. Pay, scan a QR code, and you are online.
home-lead-countries = Mobile data for your trip, as an eSIM, in { $count ->
    [one] { $count } country
   *[other] { $count } countries
  }. Pay, scan a QR code, and you are online.
promise-account = No account needed
promise-code = QR code right after payment
promise-refund = Money back if not delivered
home-popular = Popular destinations
home-regions = Regions
home-how = How it works
how-1-title = Choose a plan
how-1-text = One country, a region or the whole world: data and days are on the ticket.
how-2-title = Pay
how-2-text = You need an e-mail address and no account. The price you see is the price you pay.
how-3-title = Scan the QR code
how-3-text = It appears on your order page. Your phone adds the eSIM in a minute; your own SIM stays in.
catalog-fetching = The catalog is being fetched. Look again in a minute.

destinations-description = Every country with a travel eSIM, from A to Z, with the lowest price.
letters-label = Countries by letter
global-name = Global
place-title = eSIM for { $place }
place-description = Travel eSIMs for { $place }: { $count ->
    [one] one plan
   *[other] { $count } plans
  } to compare by data, days and price.
place-countries = { $count ->
    [one] { $count } country
   *[other] { $count } countries
  }
place-countries-text = Each plan names its own countries on its page; not every plan works in all of these.
place-matching = { $count } of { $all } plans match.
filter-open = Filter
filter-any = Any
filter-at-least = From { $amount }
filter-price = Up to ({ $currency })
filter-calls = With calls or texts
filter-unlimited = Unlimited data
filter-show = Show plans
filter-clear = Clear the filters
filter-none = No plan here is like that. Fewer filters show more.
speed-4g = 4G or faster
speed-5g = 5G
sort-label = Sort by
featured = Featured
featured-first = Featured plans stand first, then the cheapest.
sort-price = Price
sort-gb = Price per GB
sort-days = Days
best-value = Best value
best-value-why = “Best value” is the lowest price per GB in its list. Unlimited plans and plans under 1 GB are not compared.
group-more = Show all { $count }
group-all-kinds = All kinds of plans
pages-label = Pages
page-of = Page { $page } of { $pages }
page-before = Previous
page-after = Next
place-no-plans = There is no plan for this destination at the moment. Look at the other destinations, or come back later.
place-gone-title = no plans at the moment
place-near = Destinations nearby
groups-label = Kinds of plans
group-local = { $country } only
group-regional = Regional plans, { $country } included
group-global = Worldwide plans
group-region = Plans for { $region }
plans-count = { $count ->
    [one] { $count } plan
   *[other] { $count } plans
  }
from-price = from { $price }

ticket-kind = Travel eSIM
plan-description = { $place }, { $amount }, { $days }: { $price }. An eSIM to scan right after payment.
plan-buy = Buy this eSIM
plan-next = Next: your e-mail address and how to pay. The QR code comes right after.
plan-refund = If it cannot be delivered, your money goes back by itself.
plan-no-price = Not on sale yet
plan-no-price-text = This plan has no price at the moment. Come back later, or choose another one.
plan-per-gb = { $price } per GB
plan-per-day = { $price } per day
plan-facts = About this plan
fact-data = Data
fact-validity = Valid for
fact-speed = Network
fact-voice = Calls
fact-sms = Text messages
fact-fair-use = Fair use
fact-fair-use-hint = Networks may slow unlimited plans down after heavy use. How much that is was not told to us.
fair-use-short = fair use not stated
fact-amount-for = The amount is for
fact-amount-for-hint = Count on it once for all the days, not for each day.
fact-start = Validity begins
fact-start-hint = To lose no day, install it on the day you travel.
fact-install-by = Install it by
fact-install-by-hint = Operators may take back eSIMs that nobody installs. Better not buy one months ahead.
fact-operators = Operators
fact-exit = Internet traffic leaves from
fact-exit-hint = If that is another country, websites take you to be there: a bank or a streaming service may refuse you.
fact-hotspot = Sharing with other devices
fact-top-up = Top-up
fact-top-up-none = No
fact-top-up-hint = When it is used up, buy another one: it is a new eSIM with a new code.
fact-per-gb = Price per GB
fact-per-day = Price per day
fact-name = Listed as
not-stated = Not stated
none-included = None included
works-in = { $count ->
    [one] Works in { $count } country
   *[other] Works in { $count } countries
  }
countries-count = { $count ->
    [one] { $count } country
   *[other] { $count } countries
  }
data-unlimited = Unlimited
data-none = No data
data-not-stated = Data not stated
days-not-stated = Days not stated
voice-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
  }
sms-count = { $count ->
    [one] { $count } text
   *[other] { $count } texts
  }

device-title = Will it work on my phone?
device-esim = Can my phone hold an eSIM?
device-esim-dial = Open the phone’s dialler and type
device-esim-eid = If a number called EID appears, the phone can hold an eSIM. If none does, it cannot.
device-esim-settings = Or look in the settings: “Add eSIM” stands under Mobile Service on an iPhone, and under Network or Connections and SIM on Android.
device-esim-regions = Models differ by where they were sold: iPhones that were made for mainland China have no eSIM, and neither have some phones for Hong Kong and some Samsung models for South Korea. If yours comes from there, trust the EID alone.
device-lock = Is my phone unlocked?
device-lock-iphone = iPhone: Settings, General, About. “Carrier Lock” must say “No SIM restrictions”.
device-lock-android = Android: Settings, Network or Connections, SIM or Mobile networks, Network operators. If it can search for other operators, it is unlocked; some makers write “SIM lock” under About phone.
device-lock-then = A locked phone takes only the eSIMs of the company that sold it: this one would not install, or would find no network. Have the phone unlocked before you buy. That company can do it, often for free.

gone-title = This plan is no longer sold
gone-text = If you have bought it, it keeps working. It cannot be bought any more.
gone-near = Similar plans for { $place }
gone-near-anywhere = Similar plans
gone-place = All plans for { $place }

search-title = Search
search-title-for = Results for “{ $query }”
search-nothing = Nothing was found.
search-help = Check the spelling, try the English or the Italian name of the country, or its two-letter code.
search-countries = Countries
search-regions = Regions
search-plans = Plans
search-said = { $count ->
    [0] No suggestions
    [one] { $count } suggestion
   *[other] { $count } suggestions
  }

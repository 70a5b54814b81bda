# The public catalog pages.

home-title = Land connected
home-lead = Mobile data for your trip, as an eSIM. Pay, scan a QR code, and you are online.
home-lead-countries = Mobile data for your trip, as an eSIM, in { $count ->
    [one] { $count } country
   *[other] { $count } countries
  }. Pay, scan a QR code, and you are online.
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
place-no-plans = There is no plan for this destination at the moment. Look at the other destinations, or come back later.
groups-label = Kinds of plans
group-local = Only { $country }
group-regional = Regions with { $country }
group-global = Worldwide
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
plan-no-price = Not on sale yet
plan-no-price-text = This plan has no price at the moment. Come back later, or choose another one.
plan-per-gb = { $price } per GB
plan-facts = About this plan
fact-data = Data
fact-validity = Valid for
fact-speed = Network
fact-voice = Calls
fact-sms = Text messages
fact-top-up = Can be topped up
fact-name = Listed as
not-stated = Not stated
none-included = None included
yes = Yes
no = No
works-in = { $count ->
    [one] Works in { $count } country
   *[other] Works in { $count } countries
  }
countries-count = { $count ->
    [one] { $count } country
   *[other] { $count } countries
  }
data-unlimited = Unlimited
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

gone-title = This plan is no longer sold
gone-text = If you have bought it, it keeps working. Search for your destination to see what is sold now.

search-title = Search
search-title-for = Results for “{ $query }”
search-nothing = Nothing was found.
search-help = Check the spelling, try the English or the Italian name of the country, or its two-letter code.
search-countries = Countries
search-regions = Regions
search-plans = Plans

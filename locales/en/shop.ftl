# The shell of every page, and the public catalog pages. One key a line, named after the page and the place.

shop-name = simfront
shop-title = Travel eSIMs
shop-description = Mobile data for your trip as an eSIM: choose a country, pay, scan a QR code.
share-alt = A travel eSIM as a ticket with its QR code
skip-to-content = Skip to the content
nav-label = Main
nav-destinations = Destinations
footer-promise = Mobile data for travellers, ready to scan.
field-optional = (optional)

# Problems
problem-not-found-title = We cannot find this page
problem-not-found-text = The address may be mistyped, or the page has moved. Search for your destination instead.
problem-gone-title = This is no longer here
problem-gone-text = It was here once and is not offered any more. Search for your destination instead.
problem-bad-request-title = We did not understand that
problem-bad-request-text = Something in the request is missing or wrong. Go back, check what you entered and try again.
problem-forbidden-title = This is not allowed
problem-forbidden-text = The request came from another site or you may not see this page. Open the shop and try again from there.
problem-method-title = This does not work here
problem-method-text = The page exists, but not for this kind of request. Open it from the shop.
problem-too-large-title = That is too much at once
problem-too-large-text = What was sent is larger than we accept. Make it smaller and try again.
problem-too-many-title = One moment, please
problem-too-many-text = There were many requests from your connection. Wait a little and try again.
problem-unavailable-title = We will be back in a moment
problem-unavailable-text = The shop cannot do this right now. Wait a little and try again; nothing was charged by this request.
problem-fault-title = Something went wrong on our side
problem-fault-text = We have noted it. Try again in a moment; if it stays, write to us with this number.
problem-incident = Incident

# Search
search-label = Where are you going?
search-placeholder = Italy, Asia…
search-button = Search
search-suggestions = Suggestions
all-destinations = All destinations

# Counts
days = { $count ->
    [one] { $count } day
   *[other] { $count } days
}

# Every text that a customer sees, in English. One key a line, named after the page and the place.
error-not-found-title = We cannot find this page

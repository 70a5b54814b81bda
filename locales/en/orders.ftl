# The customer's order page.

order-number = Order
order-awaiting-title = Waiting for your payment
order-awaiting-text = Nothing was charged so far. We keep this order for you until { $time }; the QR code comes right after the payment.
order-declined-title = The payment was declined
order-declined-text = No money was taken. You can try again, with the same or another card, until { $time }.
order-pay = Pay { $amount }
order-pay-again = Try again: pay { $amount }
order-processing-title = Your eSIM is being prepared
order-processing-text = Your payment has arrived. The QR code usually appears here within a minute, and we mail it to you as well: you may close this page.
order-late-title = This takes longer than usual
order-late-text = We keep trying by ourselves and mail you as soon as it is ready. What cannot be delivered by { $time } is not delivered any more, and its money goes back by itself.
order-person-text = Somebody on our side is looking at it. You will hear from us by mail: either your eSIM comes, or your money goes back.
order-ready-title = { $count ->
    [one] Your eSIM is ready
   *[other] Your { $count } eSIMs are ready
  }
order-ready-text = Install it while you have Wi-Fi, best before you leave. It is in your mail too.
order-partly-text = { $count ->
    [one] One eSIM could not be delivered; its price is on its way back to you.
   *[other] { $count } eSIMs could not be delivered; their price is on its way back to you.
  }
order-partly-refunded = { $count ->
    [one] One eSIM could not be delivered; its price went back to you.
   *[other] { $count } eSIMs could not be delivered; their price went back to you.
  }
order-failed-title = We could not deliver this order
order-failed-text = We are sorry. All of your money is on its way back to you; you need not do anything.
order-failed-refunded = We are sorry. All of your money went back to you.
order-gift-failed = We are sorry: this replacement could not be delivered. You paid nothing for it. Our staff know of it and will write to you.
order-replaced = You were given a replacement for an eSIM of this order:
order-cancelled-title = This order was cancelled
order-cancelled-text = No payment arrived in time, so the order ended. Should one still arrive, it buys the plan if this price still holds, and else goes back in full. You can order again at any time.
order-cancelled-refunded = Your payment arrived after the order had ended, so it went back to you in full.
order-address-stays = This page stays here. Whoever has its address can see this order.
order-keep-address = This page stays here: keep its address, and share it with nobody who should not have your eSIM.

progress-label = Progress of the order
step-ordered = Ordered
step-payment = Payment
step-paid = Paid
step-preparing = In preparation
step-prepared = Prepared
step-ready = Ready
step-not-delivered = Not delivered
step-cancelled = Cancelled
step-now = now

pass-kind = Travel eSIM
pass-phone = Phone number
pass-expires = To be used by
qr-alt = QR code that installs the eSIM { $name }
qr-caption = Scan it with the phone that will use it.
install-here = On this phone
install-iphone = Install on iPhone
install-android = Install on Android
install-links-note = For iPhones with iOS 17.4 or newer, and for newer Android phones. If nothing opens, use the QR code or the codes below.
manual-title = Type the codes instead
manual-text = Some phones ask for two values, some for the whole code.
code-smdp = SM-DP+ address
code-matching = Activation code
code-whole = Whole code
copy = Copy
copied = Copied

keep-title = Do not delete the eSIM from your phone.
keep-text = A code works once. A deleted eSIM usually cannot be installed again.
guides-label = How to install it
guide-iphone = iPhone
iphone-1 = Open Settings, Mobile Service, Add eSIM.
iphone-2 = Choose “Use QR Code” and scan the code above.
iphone-3 = Name the line “Travel” and keep your own number for calls.
guide-android = Android
android-1 = Open Settings, Network and internet, SIMs.
android-2 = Choose “Add eSIM” and scan the code above.
android-3 = Turn the new line on when you arrive.
guide-arrival = On arrival
arrival-1 = Turn the travel line on.
arrival-2 = Choose it for mobile data.
arrival-3 = Turn data roaming on for it, and off for your own line.

esims-count = { $count ->
    [one] { $count } eSIM
   *[other] { $count } eSIMs
  }
unit-unpaid = Not paid yet
unit-cancelled = Cancelled
unit-failed = Not delivered
unit-failed-note = Its price goes back the way it was paid.
unit-refunded-note = Its price went back the way it was paid.
unit-held = Takes longer
unit-preparing = In preparation
sum-total = Total
tax-included = Includes { $percent } % VAT: { $amount }
sum-mail = Mail to

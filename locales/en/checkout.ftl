# Checkout.

checkout-title = Checkout
checkout-title-wrong = Please check your details
checkout-choose = Nothing is chosen yet. Search for your destination and pick a plan; you come back here with it.
checkout-quantity = How many eSIMs?
checkout-update = Update
checkout-each = Each eSIM
checkout-total = Total
checkout-where = Where should it go?
checkout-email = E-mail address
checkout-email-hint = Your eSIM and the link to your order go to this address.
checkout-device = Add your device’s IMEI
checkout-imei = IMEI
checkout-imei-hint = 15 digits; dial *#06# to see them. We check only that the number is well formed: it does not tell us whether your device takes eSIMs. It goes to the eSIM’s provider with your order and is erased here once the order is done.
checkout-coupon = Coupon
checkout-pay-how = How do you want to pay?
checkout-method-stripe = Card or wallet
checkout-method-stripe-hint = You pay on Stripe’s page: cards, Apple Pay, Google Pay and more. We never see your card number.
checkout-method-test = Test payment
checkout-method-test-hint = No money moves: you choose how the payment ends.
checkout-terms = I have checked the destination and that my device takes eSIMs, and I want my eSIM to be delivered right after payment.
checkout-pay = Pay { $amount }
checkout-next = You confirm the payment on the next page. The QR code appears right after it.
checkout-mistakes = { $count ->
    [one] One thing needs your attention
   *[other] { $count } things need your attention
  }
checkout-error-plan = No plan is chosen. Pick one from your destination.
checkout-error-quantity = Choose a whole number that the list has.
checkout-error-sum = This way to pay does not take this amount: it is too small, or too exact. Choose another way to pay, or more eSIMs.
checkout-error-email = Enter an e-mail address like name@example.com.
checkout-error-imei = An IMEI has 15 digits, and these do not fit together. Check them, or leave the field empty.
checkout-error-coupon = There is no such code. Check it, or leave the field empty.
checkout-error-method = Choose one of the ways to pay.
checkout-error-terms = Tick the box to go on.
checkout-error-form-key = This form could not be matched. Check your details and send it once more.
checkout-price-moved = The price has changed since you opened this page: each eSIM costs { $price } now. Nothing was ordered, and what you typed is still here. If the new total suits you, pay it.
checkout-plan-changed = This plan is not what it was when you opened this page, so nothing was ordered. Look at it again; if it still suits you, pay it.
checkout-repriced = The price of this plan has just changed and we are waiting for the new one. Nothing was ordered. Try again in a few minutes.
checkout-recounted = The quantity is another one now. Look at the new total, then pay.
checkout-gone = This plan is no longer sold, and nothing was ordered. Choose another one for your destination.
checkout-not-open = The shop is not open for orders of this plan yet.
checkout-no-funds = Right now we could not be sure to deliver this order, so we do not take it. Nothing was ordered or charged. Please try again in a few minutes.
checkout-later = We cannot confirm this plan right now, so nothing was ordered. Wait a minute and send the form again.
checkout-key-used = This page had already made an order of something else. If you want this one too, send the form once more.
checkout-closed-title = It cannot be ordered now
checkout-closed-text = You can look at every plan and its price in the meantime.
checkout-unreadable = The address of this page cannot be read. Choose a plan again.
checkout-repeated = A field came twice, so we cannot tell which value you meant. Go back and send the form again.
checkout-method-transfer = Bank transfer
checkout-method-transfer-hint = You get our account and a reference. The eSIM comes once the money has arrived, which takes a day or two.
checkout-error-unpaid = Several orders for this address are not paid yet. Pay one of them, or wait until they expire, and order again.
checkout-error-spent = Orders for this address have reached what we take in one day. Please order again tomorrow, or write to us.
checkout-too-often = Many orders were sent from your network in a short time, so this one was not taken. Nothing was charged. Wait a moment and send it once more.
checkout-unpaid-here = Many orders from your network are not paid yet, so this one was not taken. Nothing was charged. Pay one of yours, or try again later.
checkout-declined-often = Too many payments were declined, so we take no new order for a while. Nothing was charged. Try again later, with another way to pay.

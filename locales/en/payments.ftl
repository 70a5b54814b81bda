# The test payment page.

test-pay-title = Test payment
test-pay-note = This is a test. No money moves, and no card is asked for.
test-pay-for = Order
test-pay-amount = Amount
test-pay-shop = To
test-pay-pay = Pay { $amount }
test-pay-decline = Decline the payment
test-pay-unusual = Unusual cases
test-pay-unusual-text = What a real bank does now and then, for trying out the shop.
test-pay-late = Pay after the order has ended
test-pay-twice = Pay twice
test-pay-back = Back to the order

# How to pay by bank transfer.
transfer-title = Transfer the money to finish your order
transfer-rest-title = A part has arrived: transfer the rest
transfer-text = Please transfer exactly this amount and give the reference, so that we know whose it is. We keep your order and its price until { $time }. A person confirms the receipt; the QR code comes right after.
transfer-amount = Amount
transfer-reference = Reference
transfer-account = To

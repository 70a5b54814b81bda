# Mails.

mail-received-subject = Your payment has arrived: order { $number }
mail-received-title = Your payment has arrived
mail-received-text = We are preparing your order. The QR code comes in a second mail, usually within a minute.
mail-replacement-subject = A replacement for you: order { $number }
mail-replacement-title = A replacement is on its way
mail-replacement-text = You get another eSIM in place of one of order { $number }. You pay nothing. The QR code comes in a second mail, usually within a minute.
mail-delivered-subject = { $count ->
    [one] Your eSIM is ready: order { $number }
   *[other] Your { $count } eSIMs are ready: order { $number }
  }
mail-delivered-title = { $count ->
    [one] Your eSIM is ready
   *[other] Your { $count } eSIMs are ready
  }
mail-delivered-text = Scan the QR code with the phone that will use it, while you have Wi-Fi.
mail-missing = { $count ->
    [one] One eSIM could not be delivered; its price goes back to you.
   *[other] { $count } eSIMs could not be delivered; their price goes back to you.
  }
mail-failed-subject = We could not deliver order { $number }: your money is on its way back
mail-failed-title = We could not deliver your order
mail-failed-text = We are sorry. All of your money is on its way back, the way you paid; you need not do anything. We write again when it has been paid back.
mail-refund-subject = A refund is on its way: order { $number }
mail-refund-title = A refund is on its way
mail-refund-text = { $amount } is on its way back to you, the way you paid. We write again when it has been paid back.
mail-refund-tax = Of this, { $amount } is VAT ({ $percent } %).
mail-refunded-subject = Your money was paid back: order { $number }
mail-refunded-title = Your money was paid back
mail-refunded-text = { $amount } went back the way you paid. Your bank may take some days to show it.
mail-payment-failed-subject = Your payment did not arrive: order { $number }
mail-payment-failed-title = Your payment did not arrive
mail-payment-failed-text = Your bank or way of payment told us that the money will not come. Your order still waits until { $time }: open its page to pay it another way.
mail-open-order = Open the order page
mail-secret = Whoever has this link or a code can use your eSIM: keep it to yourself.
mail-transfer-subject = How to pay for order { $number }
mail-transfer-reminder-subject = Your payment has not arrived yet: order { $number }
mail-transfer-reminder-title = Your payment has not arrived yet
mail-transfer-rest-subject = A part of your payment is missing: order { $number }

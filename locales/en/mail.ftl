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
mail-refunded-subject = Your money goes back: order { $number }
mail-refunded-title = We could not deliver your order
mail-refunded-text = We are sorry. All of your money goes back the way you paid; you need not do anything.
mail-open-order = Open the order page
mail-secret = Whoever has this link or a code can use your eSIM: keep it to yourself.
mail-transfer-subject = How to pay for order { $number }
mail-transfer-reminder-subject = Your payment has not arrived yet: order { $number }
mail-transfer-reminder-title = Your payment has not arrived yet
mail-transfer-rest-subject = A part of your payment is missing: order { $number }

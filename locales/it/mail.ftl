# Le e-mail.

mail-received-subject = Il pagamento è arrivato: ordine { $number }
mail-received-title = Il pagamento è arrivato
mail-received-text = Stiamo preparando il tuo ordine. Il codice QR arriva con una seconda e-mail, di solito entro un minuto.
mail-replacement-subject = Una sostituzione per te: ordine { $number }
mail-replacement-title = Una sostituzione è in arrivo
mail-replacement-text = Ricevi un’altra eSIM al posto di una dell’ordine { $number }. Non paghi nulla. Il codice QR arriva con una seconda e-mail, di solito entro un minuto.
mail-delivered-subject = { $count ->
    [one] La tua eSIM è pronta: ordine { $number }
   *[other] Le tue { $count } eSIM sono pronte: ordine { $number }
  }
mail-delivered-title = { $count ->
    [one] La tua eSIM è pronta
   *[other] Le tue { $count } eSIM sono pronte
  }
mail-delivered-text = Inquadra il codice QR con il telefono che userà la eSIM, mentre hai il Wi-Fi.
mail-missing = { $count ->
    [one] Una eSIM non si è potuta consegnare; il suo prezzo torna a te.
   *[other] { $count } eSIM non si sono potute consegnare; il loro prezzo torna a te.
  }
mail-failed-subject = Non siamo riusciti a consegnare l’ordine { $number }: il tuo denaro sta tornando
mail-failed-title = Non siamo riusciti a consegnare il tuo ordine
mail-failed-text = Ci dispiace. Tutto il tuo denaro sta tornando da dove è arrivato; non devi fare nulla. Ti scriviamo di nuovo quando sarà stato restituito.
mail-refund-subject = Un rimborso è in arrivo: ordine { $number }
mail-refund-title = Un rimborso è in arrivo
mail-refund-text = { $amount } stanno tornando da dove sono arrivati. Ti scriviamo di nuovo quando saranno stati restituiti.
mail-refund-tax = Di questi, { $amount } sono IVA ({ $percent } %).
mail-refunded-subject = Il tuo denaro è stato restituito: ordine { $number }
mail-refunded-title = Il tuo denaro è stato restituito
mail-refunded-text = { $amount } sono tornati da dove erano arrivati. La tua banca può metterci qualche giorno a mostrarlo.
mail-payment-failed-subject = Il tuo pagamento non è arrivato: ordine { $number }
mail-payment-failed-title = Il tuo pagamento non è arrivato
mail-payment-failed-text = La tua banca o il metodo di pagamento ci dice che il denaro non arriverà. Il tuo ordine aspetta ancora fino a { $time }: apri la sua pagina per pagarlo in un altro modo.
mail-open-order = Apri la pagina dell’ordine
mail-secret = Chi ha questo link o un codice può usare la tua eSIM: tienili per te.
mail-transfer-subject = Come pagare l’ordine { $number }
mail-transfer-reminder-subject = Il tuo pagamento non è ancora arrivato: ordine { $number }
mail-transfer-reminder-title = Il tuo pagamento non è ancora arrivato
mail-transfer-rest-subject = Manca una parte del pagamento: ordine { $number }

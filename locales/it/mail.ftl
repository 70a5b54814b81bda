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
mail-refunded-subject = Il tuo denaro torna indietro: ordine { $number }
mail-refunded-title = Non siamo riusciti a consegnare il tuo ordine
mail-refunded-text = Ci dispiace. Tutto il tuo denaro torna da dove è arrivato; non devi fare nulla.
mail-open-order = Apri la pagina dell’ordine
mail-secret = Chi ha questo link o un codice può usare la tua eSIM: tienili per te.
mail-transfer-subject = Come pagare l’ordine { $number }
mail-transfer-reminder-subject = Il tuo pagamento non è ancora arrivato: ordine { $number }
mail-transfer-reminder-title = Il tuo pagamento non è ancora arrivato
mail-transfer-rest-subject = Manca una parte del pagamento: ordine { $number }

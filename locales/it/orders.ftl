# La pagina dell’ordine, per chi ha comprato.

order-number = Ordine
order-awaiting-title = In attesa del pagamento
order-awaiting-text = Finora non è stato addebitato nulla. Teniamo l’ordine per te fino al { $time }; il codice QR arriva subito dopo il pagamento.
order-declined-title = Il pagamento è stato rifiutato
order-declined-text = Non è stato prelevato denaro. Puoi riprovare, con la stessa carta o un’altra, fino al { $time }.
order-pay = Paga { $amount }
order-pay-again = Riprova: paga { $amount }
order-processing-title = Stiamo preparando la tua eSIM
order-processing-text = Il pagamento è arrivato. Di solito il codice QR appare qui entro un minuto e lo mandiamo anche per e-mail: puoi chiudere questa pagina.
order-late-title = Ci vuole più del solito
order-late-text = Continuiamo a provare da soli e ti scriviamo appena è pronta. Ciò che non si può consegnare entro il { $time } non viene più consegnato, e il denaro torna indietro da solo.
order-person-text = Una persona se ne sta occupando. Ti scriveremo per e-mail: o arriva la tua eSIM, o il denaro torna indietro.
order-ready-title = { $count ->
    [one] La tua eSIM è pronta
   *[other] Le tue { $count } eSIM sono pronte
  }
order-ready-text = Installala mentre hai il Wi-Fi, meglio prima di partire. La trovi anche nella tua posta.
order-partly-text = { $count ->
    [one] Una eSIM non si è potuta consegnare; il suo prezzo sta tornando a te.
   *[other] { $count } eSIM non si sono potute consegnare; il loro prezzo sta tornando a te.
  }
order-partly-refunded = { $count ->
    [one] Una eSIM non si è potuta consegnare; il suo prezzo ti è stato restituito.
   *[other] { $count } eSIM non si sono potute consegnare; il loro prezzo ti è stato restituito.
  }
order-failed-title = Non siamo riusciti a consegnare questo ordine
order-failed-text = Ci dispiace. Tutto il tuo denaro sta tornando a te; non devi fare nulla.
order-failed-refunded = Ci dispiace. Tutto il tuo denaro ti è stato restituito.
order-gift-failed = Ci dispiace: questa sostituzione non si è potuta consegnare. Non hai pagato nulla. Il nostro personale ne è informato e ti scriverà.
order-replaced = Hai ricevuto una sostituzione per una eSIM di questo ordine:
order-cancelled-title = Questo ordine è stato annullato
order-cancelled-text = Il pagamento non è arrivato in tempo, quindi l’ordine è finito. Se arrivasse ancora, compra il piano se questo prezzo vale ancora, altrimenti torna indietro per intero. Puoi ordinare di nuovo quando vuoi.
order-cancelled-refunded = Il tuo pagamento è arrivato dopo la fine dell’ordine, quindi ti è stato restituito per intero.
order-address-stays = Questa pagina resta qui. Chi ha il suo indirizzo può vedere questo ordine.
order-keep-address = Questa pagina resta qui: conserva l’indirizzo e non darlo a chi non deve avere la tua eSIM.

progress-label = Avanzamento dell’ordine
step-ordered = Ordinato
step-payment = Pagamento
step-paid = Pagato
step-preparing = In preparazione
step-prepared = Preparato
step-ready = Pronto
step-not-delivered = Non consegnato
step-cancelled = Annullato
step-now = adesso

pass-kind = eSIM da viaggio
pass-phone = Numero di telefono
pass-expires = Da usare entro il
qr-alt = Codice QR che installa la eSIM { $name }
qr-caption = Inquadralo con il telefono che la userà.
install-here = Su questo telefono
install-iphone = Installa su iPhone
install-android = Installa su Android
install-links-note = Per iPhone con iOS 17.4 o più recente e per i telefoni Android più nuovi. Se non si apre nulla, usa il codice QR o i codici qui sotto.
manual-title = Scrivi i codici a mano
manual-text = Alcuni telefoni chiedono due valori, altri il codice intero.
code-smdp = Indirizzo SM-DP+
code-matching = Codice di attivazione
code-whole = Codice intero
copy = Copia
copied = Copiato

keep-title = Non cancellare la eSIM dal telefono.
keep-text = Un codice funziona una volta sola. Una eSIM cancellata di solito non si può reinstallare.
guides-label = Come si installa
guide-iphone = Su iPhone
iphone-1 = Apri Impostazioni, Cellulare, Aggiungi eSIM.
iphone-2 = Scegli “Usa codice QR” e inquadra il codice qui sopra.
iphone-3 = Chiama la linea “Viaggio” e tieni il tuo numero per le chiamate.
guide-android = Su Android
android-1 = Apri Impostazioni, Rete e Internet, SIM.
android-2 = Scegli “Aggiungi eSIM” e inquadra il codice qui sopra.
android-3 = Attiva la nuova linea quando arrivi.
guide-arrival = All’arrivo
arrival-1 = Attiva la linea di viaggio.
arrival-2 = Sceglila per i dati mobili.
arrival-3 = Attiva il roaming dati per quella linea e spegnilo per la tua.

esims-count = { $count ->
    [one] una eSIM
   *[other] { $count } eSIM
  }
unit-unpaid = Non ancora pagata
unit-cancelled = Annullata
unit-failed = Non consegnata
unit-failed-note = Il suo prezzo torna da dove è arrivato.
unit-refunded-note = Il suo prezzo è tornato da dove era arrivato.
unit-held = Ci vuole di più
unit-preparing = Si prepara
sum-total = Totale
tax-included = Include IVA al { $percent } %: { $amount }
sum-mail = E-mail a

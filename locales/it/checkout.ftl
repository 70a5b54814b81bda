# Il pagamento di un ordine.

checkout-title = Cassa
checkout-title-wrong = Controlla i tuoi dati
checkout-choose = Non hai ancora scelto nulla. Cerca la tua destinazione e scegli un piano: torni qui con quello.
checkout-quantity = Quante eSIM?
checkout-update = Aggiorna
checkout-each = Ogni eSIM
checkout-total = Totale
checkout-where = Dove la mandiamo?
checkout-email = Indirizzo e-mail
checkout-email-hint = La eSIM e il link al tuo ordine arrivano a questo indirizzo.
checkout-device = Aggiungi l’IMEI del dispositivo
checkout-imei = Codice IMEI
checkout-imei-hint = 15 cifre; le vedi digitando *#06#. Controlliamo solo che il numero sia ben formato: non ci dice se il dispositivo accetta le eSIM. Va al fornitore della eSIM con il tuo ordine e qui viene cancellato a ordine concluso.
checkout-coupon = Codice sconto
checkout-pay-how = Come vuoi pagare?
checkout-method-stripe = Carta o portafoglio digitale
checkout-method-stripe-hint = Paghi sulla pagina di Stripe: carte, Apple Pay, Google Pay e altro. Non vediamo mai il numero della tua carta.
checkout-method-test = Pagamento di prova
checkout-method-test-hint = Non si muove denaro: scegli tu come finisce il pagamento.
checkout-terms = Ho controllato la destinazione e che il mio dispositivo accetti le eSIM, e voglio ricevere la eSIM subito dopo il pagamento.
checkout-pay = Paga { $amount }
checkout-next = Confermi il pagamento nella pagina successiva. Il codice QR compare subito dopo.
checkout-mistakes = { $count ->
    [one] C’è una cosa da sistemare
   *[other] Ci sono { $count } cose da sistemare
  }
checkout-error-plan = Nessun piano è scelto. Scegline uno per la tua destinazione.
checkout-error-quantity = Scegli un numero intero tra quelli dell’elenco.
checkout-error-sum = Questo modo di pagare non accetta questo importo: è troppo piccolo o troppo preciso. Scegli un altro modo di pagare, o più eSIM.
checkout-error-email = Inserisci un indirizzo e-mail come nome@esempio.it.
checkout-error-imei = Un IMEI ha 15 cifre, e queste non tornano. Controllale o lascia vuoto il campo.
checkout-error-coupon = Questo codice non esiste. Controllalo o lascia vuoto il campo.
checkout-error-method = Scegli uno dei modi di pagare.
checkout-error-terms = Spunta la casella per continuare.
checkout-error-form-key = Non siamo riusciti a riconoscere questo modulo. Controlla i dati e invialo di nuovo.
checkout-price-moved = Il prezzo è cambiato da quando hai aperto questa pagina: ogni eSIM costa ora { $price }. Non è stato ordinato nulla e quello che hai scritto è ancora qui. Se il nuovo totale ti va bene, pagalo.
checkout-plan-changed = Questo piano non è più quello che era quando hai aperto questa pagina, quindi non è stato ordinato nulla. Guardalo di nuovo; se ti va ancora bene, pagalo.
checkout-repriced = Il prezzo di questo piano è appena cambiato e aspettiamo quello nuovo. Non è stato ordinato nulla. Riprova tra qualche minuto.
checkout-recounted = La quantità è cambiata. Controlla il nuovo totale, poi paga.
checkout-gone = Questo piano non è più in vendita, e non è stato ordinato nulla. Scegline un altro per la tua destinazione.
checkout-not-open = Il negozio non accetta ancora ordini per questo piano.
checkout-no-funds = In questo momento non saremmo sicuri di poter consegnare questo ordine, quindi non lo accettiamo. Non è stato ordinato né addebitato nulla. Riprova tra qualche minuto.
checkout-later = Ora non possiamo confermare questo piano, quindi non è stato ordinato nulla. Aspetta un minuto e invia di nuovo il modulo.
checkout-key-used = Questa pagina aveva già fatto un ordine diverso. Se vuoi anche questo, invia il modulo ancora una volta.
checkout-closed-title = Ora non si può ordinare
checkout-closed-text = Intanto puoi guardare tutti i piani e i loro prezzi.
checkout-unreadable = L’indirizzo di questa pagina non si legge. Scegli di nuovo un piano.
checkout-repeated = Un campo è arrivato due volte e non sappiamo quale valore intendevi. Torna indietro e invia di nuovo il modulo.
checkout-method-transfer = Bonifico bancario
checkout-method-transfer-hint = Ricevi il nostro conto e una causale. La eSIM arriva quando il denaro è arrivato, cioè dopo uno o due giorni.
checkout-error-unpaid = Più ordini per questo indirizzo non sono ancora pagati. Pagane uno, o aspetta che scadano, e ordina di nuovo.
checkout-error-spent = Gli ordini per questo indirizzo hanno raggiunto quanto accettiamo in un giorno. Ordina di nuovo domani, o scrivici.
checkout-too-often = Dalla tua rete sono arrivati molti ordini in poco tempo, perciò questo non è stato preso. Non è stato addebitato nulla. Aspetta un momento e invialo ancora una volta.
checkout-unpaid-here = Molti ordini dalla tua rete non sono ancora pagati, perciò questo non è stato preso. Non è stato addebitato nulla. Paga uno dei tuoi, o riprova più tardi.
checkout-declined-often = Troppi pagamenti sono stati rifiutati, perciò per un po’ non prendiamo nuovi ordini. Non è stato addebitato nulla. Riprova più tardi, con un altro modo di pagare.

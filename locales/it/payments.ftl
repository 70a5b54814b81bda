# La pagina del pagamento di prova.

test-pay-title = Pagamento di prova
test-pay-note = È una prova. Non si muove denaro e non si chiede nessuna carta.
test-pay-for = Ordine
test-pay-amount = Importo
test-pay-shop = A favore di
test-pay-pay = Paga { $amount }
test-pay-decline = Rifiuta il pagamento
test-pay-unusual = Casi insoliti
test-pay-unusual-text = Ciò che una vera banca fa ogni tanto, per provare il negozio.
test-pay-late = Paga dopo la fine dell’ordine
test-pay-twice = Paga due volte
test-pay-back = Torna all’ordine

# Come pagare con bonifico.
transfer-title = Fai il bonifico per completare l’ordine
transfer-rest-title = Una parte è arrivata: versa il resto
transfer-text = Versa esattamente questo importo e indica la causale, così sappiamo di chi è. Teniamo il tuo ordine e il suo prezzo fino al { $time }. Una persona conferma l’arrivo; il codice QR arriva subito dopo.
transfer-amount = Importo
transfer-reference = Causale
transfer-account = A favore di

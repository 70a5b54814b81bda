# La cornice di ogni pagina e le pagine pubbliche del catalogo.

shop-name = simfront
shop-title = eSIM da viaggio
shop-description = Internet mobile per il viaggio con una eSIM: scegli un Paese, paga, inquadra un codice QR.
share-alt = Una eSIM da viaggio come un biglietto con il suo codice QR
skip-to-content = Vai al contenuto
nav-label = Principale
nav-destinations = Destinazioni
footer-promise = Internet mobile per chi viaggia, pronto da inquadrare.
field-optional = (facoltativo)

# Problemi
problem-not-found-title = Questa pagina non c’è
problem-not-found-text = L’indirizzo può contenere un errore, o la pagina si è spostata. Cerca la tua destinazione.
problem-gone-title = Questo non c’è più
problem-gone-text = Una volta era qui, ora non è più in vendita. Cerca la tua destinazione.
problem-bad-request-title = Non abbiamo capito
problem-bad-request-text = Nella richiesta manca qualcosa o c’è un errore. Torna indietro, controlla i dati e riprova.
problem-forbidden-title = Questo non è permesso
problem-forbidden-text = La richiesta viene da un altro sito oppure non puoi vedere questa pagina. Apri il negozio e riprova da lì.
problem-method-title = Qui non funziona
problem-method-text = La pagina esiste, ma non per questo tipo di richiesta. Aprila dal negozio.
problem-too-large-title = È troppo in una volta
problem-too-large-text = Quello che hai inviato supera il limite. Riducilo e riprova.
problem-too-many-title = Un momento, per favore
problem-too-many-text = Dalla tua connessione sono arrivate molte richieste. Aspetta un po’ e riprova.
problem-unavailable-title = Torniamo tra un momento
problem-unavailable-text = Ora il negozio non può farlo. Aspetta un po’ e riprova; questa richiesta non ti ha addebitato nulla.
problem-fault-title = Qualcosa è andato storto da noi
problem-fault-text = Ne abbiamo preso nota. Riprova tra un momento; se continua, scrivici indicando questo numero.
problem-incident = Incidente

# Ricerca
search-label = Dove vai?
search-placeholder = Grecia, Asia…
search-button = Cerca
search-suggestions = Suggerimenti
all-destinations = Tutte le destinazioni

# Quantità
days = { $count ->
    [one] { $count } giorno
   *[other] { $count } giorni
}

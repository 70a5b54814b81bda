# Le pagine pubbliche del catalogo.

home-title = Atterra già connesso
home-lead = Internet mobile per il viaggio, con una eSIM. Paghi, inquadri un codice QR e sei online.
home-lead-countries = Internet mobile per il viaggio, con una eSIM, in { $count ->
    [one] { $count } Paese
   *[other] { $count } Paesi
  }. Paghi, inquadri un codice QR e sei online.
home-popular = Destinazioni più visitate
home-regions = Regioni
home-how = Come funziona
how-1-title = Scegli un piano
how-1-text = Un Paese, una regione o tutto il mondo: dati e giorni sono sul biglietto.
how-2-title = Paga
how-2-text = Serve un indirizzo e-mail, nessun account. Il prezzo che vedi è quello che paghi.
how-3-title = Inquadra il codice QR
how-3-text = Compare sulla pagina dell’ordine. Il telefono aggiunge la eSIM in un minuto; la tua SIM resta dov’è.
catalog-fetching = Stiamo caricando il catalogo. Torna a guardare tra un minuto.

destinations-description = Tutti i Paesi con una eSIM da viaggio, dalla A alla Z, con il prezzo più basso.
letters-label = Paesi per lettera
global-name = Tutto il mondo
place-title = eSIM per { $place }
place-description = eSIM da viaggio per { $place }: { $count ->
    [one] un piano
   *[other] { $count } piani
  } da confrontare per dati, giorni e prezzo.
place-no-plans = Al momento non c’è un piano per questa destinazione. Guarda le altre destinazioni o torna più tardi.
groups-label = Tipi di piano
group-local = Solo { $country }
group-regional = Regioni con { $country }
group-global = In tutto il mondo
group-region = Piani per { $region }
plans-count = { $count ->
    [one] { $count } piano
   *[other] { $count } piani
  }
from-price = da { $price }

ticket-kind = eSIM da viaggio
plan-description = { $place }, { $amount }, { $days }: { $price }. Una eSIM da inquadrare subito dopo il pagamento.
plan-buy = Compra questa eSIM
plan-next = Poi: il tuo indirizzo e-mail e come pagare. Il codice QR arriva subito dopo.
plan-no-price = Non ancora in vendita
plan-no-price-text = Al momento questo piano non ha un prezzo. Torna più tardi o scegline un altro.
plan-per-gb = { $price } al GB
plan-facts = Il piano in dettaglio
fact-data = Dati
fact-validity = Vale per
fact-speed = Rete
fact-voice = Chiamate
fact-sms = SMS
fact-top-up = Si può ricaricare
fact-name = Nome in catalogo
not-stated = Non indicato
none-included = Non comprese
yes = Sì
no = No
works-in = { $count ->
    [one] Funziona in { $count } Paese
   *[other] Funziona in { $count } Paesi
  }
countries-count = { $count ->
    [one] { $count } Paese
   *[other] { $count } Paesi
  }
data-unlimited = Illimitati
data-not-stated = Dati non indicati
days-not-stated = Giorni non indicati
voice-minutes = { $count ->
    [one] { $count } minuto
   *[other] { $count } minuti
  }
sms-count = { $count ->
    [one] { $count } SMS
   *[other] { $count } SMS
  }

gone-title = Questo piano non è più in vendita
gone-text = Se lo hai comprato, continua a funzionare. Cerca la tua destinazione per vedere che cosa si vende ora.

search-title = Ricerca
search-title-for = Risultati per «{ $query }»
search-nothing = Non abbiamo trovato nulla.
search-help = Controlla come è scritto, prova il nome del Paese in italiano o in inglese, o la sua sigla di due lettere.
search-countries = Paesi
search-regions = Regioni
search-plans = Piani

# Le pagine pubbliche del catalogo.

home-title = Atterra già connesso
home-lead = Internet mobile per il viaggio, con una eSIM. Paghi, inquadri un codice QR e sei online.
home-lead-countries = Internet mobile per il viaggio, con una eSIM, in { $count ->
    [one] { $count } Paese
   *[other] { $count } Paesi
  }. Paghi, inquadri un codice QR e sei online.
promise-account = Nessun account
promise-code = Codice QR subito dopo il pagamento
promise-refund = Rimborso se non si può consegnare
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
place-countries = { $count ->
    [one] { $count } Paese
   *[other] { $count } Paesi
  }
place-countries-text = Ogni piano elenca i suoi Paesi nella propria pagina; non tutti i piani funzionano in tutti questi.
place-matching = { $count } piani su { $all }.
filter-open = Filtra
filter-any = Tutti
filter-at-least = Da { $amount }
filter-price = Fino a ({ $currency })
filter-calls = Con chiamate o SMS
filter-unlimited = Dati illimitati
filter-show = Mostra i piani
filter-clear = Togli i filtri
filter-none = Qui non c’è un piano così. Con meno filtri se ne vedono di più.
speed-4g = 4G o più veloce
speed-5g = Solo 5G
sort-label = Ordina per
featured = In evidenza
featured-first = Prima i piani in evidenza, poi i più economici.
sort-price = Prezzo
sort-gb = Prezzo al GB
sort-days = Giorni
best-value = Più conveniente
best-value-why = “Più conveniente” è il prezzo al GB più basso del suo elenco. I piani illimitati e quelli sotto 1 GB non si confrontano.
group-more = Mostra tutti: { $count }
group-all-kinds = Tutti i tipi di piano
pages-label = Pagine
page-of = Pagina { $page } di { $pages }
page-before = Precedente
page-after = Successiva
place-no-plans = Al momento non c’è un piano per questa destinazione. Guarda le altre destinazioni o torna più tardi.
place-gone-title = nessun piano al momento
place-near = Destinazioni vicine
groups-label = Tipi di piano
group-local = Solo { $country }
group-regional = Piani regionali anche per { $country }
group-global = Piani per tutto il mondo
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
plan-refund = Se non si può consegnare, il denaro torna indietro da solo.
plan-no-price = Non ancora in vendita
plan-no-price-text = Al momento questo piano non ha un prezzo. Torna più tardi o scegline un altro.
plan-per-gb = { $price } al GB
plan-per-day = { $price }/giorno
plan-facts = Il piano in dettaglio
fact-data = Dati
fact-validity = Vale per
fact-speed = Rete
fact-voice = Chiamate
fact-sms = SMS
fact-fair-use = Uso corretto
fact-fair-use-hint = Le reti possono rallentare i piani illimitati dopo un uso intenso. Da quanto in poi, non ci è stato detto.
fair-use-short = uso corretto non indicato
fact-amount-for = La quantità è per
fact-amount-for-hint = Contaci una volta per tutti i giorni, non per ogni giorno.
fact-start = La validità inizia
fact-start-hint = Per non perdere giorni, installala il giorno in cui parti.
fact-install-by = Da installare entro
fact-install-by-hint = Gli operatori possono ritirare le eSIM che nessuno installa. Meglio non comprarne una con mesi d’anticipo.
fact-operators = Operatori
fact-exit = Il traffico esce su internet da
fact-exit-hint = Se è un altro Paese, i siti ti credono lì: una banca o un servizio di streaming può rifiutarti.
fact-hotspot = Condivisione con altri dispositivi
fact-top-up = Ricarica
fact-top-up-none = Non disponibile
fact-top-up-hint = Quando è finita, comprane un’altra: è una eSIM nuova con un codice nuovo.
fact-per-gb = Prezzo al GB
fact-per-day = Prezzo al giorno
fact-name = Nome in catalogo
not-stated = Non indicato
none-included = Non comprese
works-in = { $count ->
    [one] Funziona in { $count } Paese
   *[other] Funziona in { $count } Paesi
  }
countries-count = { $count ->
    [one] { $count } Paese
   *[other] { $count } Paesi
  }
data-unlimited = Illimitati
data-none = Senza dati
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

device-title = Funzionerà sul mio telefono?
device-esim = Il mio telefono accetta una eSIM?
device-esim-dial = Apri il tastierino del telefono e scrivi
device-esim-eid = Se compare un numero chiamato EID, il telefono accetta una eSIM. Se non compare, no.
device-esim-settings = Oppure guarda nelle impostazioni: “Aggiungi eSIM” è sotto Cellulare su iPhone, e sotto Rete o Connessioni e SIM su Android.
device-esim-regions = I modelli cambiano secondo dove sono stati venduti: gli iPhone prodotti per la Cina continentale non hanno la eSIM, e nemmeno alcuni telefoni per Hong Kong e alcuni modelli Samsung per la Corea del Sud. Se il tuo viene da lì, fidati solo dell’EID.
device-lock = Il mio telefono è sbloccato?
device-lock-iphone = iPhone: Impostazioni, Generali, Info. Accanto a “Blocco operatore” deve esserci “Nessuna restrizione SIM”.
device-lock-android = Android: Impostazioni, Rete o Connessioni, SIM o Reti mobili, Operatori di rete. Se può cercare altri operatori, è sbloccato; alcuni produttori scrivono “Blocco SIM” in Info sul telefono.
device-lock-then = Un telefono bloccato accetta solo le eSIM della società che lo ha venduto: questa non si installerebbe, o non troverebbe rete. Fallo sbloccare prima di comprare. Quella società può farlo, spesso gratis.

gone-title = Questo piano non è più in vendita
gone-text = Se lo hai comprato, continua a funzionare. Non si può più comprare.
gone-near = Piani simili per { $place }
gone-near-anywhere = Piani simili
gone-place = Tutti i piani per { $place }

search-title = Ricerca
search-title-for = Risultati per «{ $query }»
search-nothing = Non abbiamo trovato nulla.
search-help = Controlla come è scritto, prova il nome del Paese in italiano o in inglese, o la sua sigla di due lettere.
search-countries = Paesi
search-regions = Regioni
search-plans = Piani
search-said = { $count ->
    [0] Nessun suggerimento
    [one] { $count } suggerimento
   *[other] { $count } suggerimenti
  }

# Ogni testo che un cliente vede, in italiano.
error-not-found-title = Questa pagina non c'è

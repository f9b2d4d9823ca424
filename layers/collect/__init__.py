"""Day and night, other people's rows come in: pushed, dropped into a folder, polled, or subscribed to.

``intake`` is the one door: good rows into their layer, bad ones into the quarantine, and the
source's status, all in one transaction. ``push`` opens it over HTTP; ``connectors`` lists what
``huegis collect run`` collects from, a small module each (``folder``, ``http``, ``mqtt``) behind
the seam of ``base``, and ``collector`` runs them under one scheduler, also beside the running
service (``service``). ``replay`` gives quarantined rows another try.
"""

"""Day and night, other people's rows come in: pushed, dropped into a folder, or fetched.

``intake`` is the one door: good rows into their layer, bad ones into the quarantine, and the
source's status, all in one transaction. ``push`` opens it over HTTP; ``connectors`` lists what
``huegis collect run`` polls, one small module each behind the seam of ``base``. ``replay``
gives quarantined rows another try.
"""

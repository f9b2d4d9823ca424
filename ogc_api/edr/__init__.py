"""OGC API - Environmental Data Retrieval: what is known at places, over areas and along ways."""

"""The pages for people: a portal and maps of fire, traffic, flood and everything."""

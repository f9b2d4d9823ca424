-- The first and the last instant that stations observed, each found at the end of its index.
SELECT min(first_at) AS first_at, max(last_at) AS last_at
FROM unnest(CAST(:codes AS text[])) AS station (code)
CROSS JOIN unnest(CAST(:properties AS text[])) AS property (name)
CROSS JOIN LATERAL (
    SELECT observed_at AS first_at FROM gis.observations
    WHERE station_code = station.code AND observed_property = property.name
    ORDER BY observed_at LIMIT 1
) AS earliest
CROSS JOIN LATERAL (
    SELECT observed_at AS last_at FROM gis.observations
    WHERE station_code = station.code AND observed_property = property.name
    ORDER BY observed_at DESC LIMIT 1
) AS latest;

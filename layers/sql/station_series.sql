-- What stations observed, one row for each station and property, its values in the order of time.
-- One value more than may be answered with is enough to know that there are too many.
SELECT station_code, observed_property,
       array_agg(CAST(extract(epoch FROM observed_at) AS float) ORDER BY observed_at) AS moments_s,
       array_agg(value ORDER BY observed_at) AS observed, bool_or(simulated) AS simulated
FROM (
    SELECT station_code, observed_property, observed_at, value, simulated
    FROM gis.observations
    WHERE station_code = ANY(CAST(:codes AS text[]))
      AND observed_property = ANY(CAST(:properties AS text[]))
      AND observed_at >= coalesce(CAST(:first AS timestamptz), '-infinity')
      AND observed_at <= coalesce(CAST(:last AS timestamptz), 'infinity')
      AND (CAST(:last_included AS boolean) OR observed_at < coalesce(CAST(:last AS timestamptz), 'infinity'))
    LIMIT :most + 1
) AS found
GROUP BY station_code, observed_property;

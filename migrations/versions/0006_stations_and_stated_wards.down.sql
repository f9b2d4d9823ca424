-- Back to 0005: the stations of these kinds and the stated wards are lost.

ALTER TABLE gis.cameras DROP COLUMN stated_ward;

ALTER TABLE gis.observations DROP CONSTRAINT ck_observations_observed_property;

ALTER TABLE gis.observations
    ADD CONSTRAINT ck_observations_observed_property CHECK (observed_property IN ('rain_1h_mm', 'stage_m'));

COMMENT ON COLUMN gis.observations.observed_at IS 'Time of observation (UTC); rain is that of the hour before it';
COMMENT ON COLUMN gis.observations.observed_property IS 'Property: rain in one hour (mm) or stage (m)';

DROP TABLE gis.climate_stations, gis.count_stations;

-- Events and danger are computed again; the hourly weather of stations is lost.

DROP TABLE gis.fire_danger, gis.fire_event_members, gis.fire_events;

DELETE FROM gis.observations
WHERE observed_property IN ('air_temperature_c', 'relative_humidity_pct', 'wind_speed_m_s');

ALTER TABLE gis.observations DROP CONSTRAINT ck_observations_observed_property;

ALTER TABLE gis.observations
    ADD CONSTRAINT ck_observations_observed_property CHECK (observed_property IN ('rain_1h_mm', 'stage_m', 'vehicles_15min', 'rain_month_mm', 'temperature_month_c', 'temperature_max_month_c', 'temperature_min_month_c', 'vapour_pressure_month_hpa', 'relative_humidity_month_pct', 'sunshine_month_h'));

-- Two more kinds of stations and what they observe; changes of gis.observations reach its partitions too.

CREATE TABLE gis.climate_stations (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    elevation_m FLOAT,
    geom geometry(POINT,4326) NOT NULL,
    origin TEXT NOT NULL,
    simulated BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT pk_climate_stations PRIMARY KEY (code)
);

CREATE INDEX idx_climate_stations_geom ON gis.climate_stations USING gist (geom);

COMMENT ON COLUMN gis.climate_stations.code IS 'Station code';
COMMENT ON COLUMN gis.climate_stations.name IS 'Station name; the code where it has none';
COMMENT ON COLUMN gis.climate_stations.elevation_m IS 'Ground elevation';
COMMENT ON COLUMN gis.climate_stations.geom IS 'Geometry (EPSG:4326)';
COMMENT ON COLUMN gis.climate_stations.origin IS 'Where the row came from';
COMMENT ON COLUMN gis.climate_stations.simulated IS 'Simulated, not observed';

CREATE TABLE gis.count_stations (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    method VARCHAR(40) DEFAULT 'loop' NOT NULL,
    road_segment_code TEXT,
    geom geometry(POINT,4326) NOT NULL,
    origin TEXT NOT NULL,
    simulated BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT pk_count_stations PRIMARY KEY (code),
    CONSTRAINT ck_count_stations_method CHECK (method IN ('loop', 'tube', 'radar', 'camera', 'manual'))
);

CREATE INDEX idx_count_stations_geom ON gis.count_stations USING gist (geom);

COMMENT ON COLUMN gis.count_stations.code IS 'Station code';
COMMENT ON COLUMN gis.count_stations.name IS 'Station name; the code where it has none';
COMMENT ON COLUMN gis.count_stations.method IS 'How it counts';
COMMENT ON COLUMN gis.count_stations.road_segment_code IS 'Code of the road segment it counts on';
COMMENT ON COLUMN gis.count_stations.geom IS 'Geometry (EPSG:4326)';
COMMENT ON COLUMN gis.count_stations.origin IS 'Where the row came from';
COMMENT ON COLUMN gis.count_stations.simulated IS 'Simulated, not observed';

ALTER TABLE gis.observations DROP CONSTRAINT ck_observations_observed_property;

ALTER TABLE gis.observations
    ADD CONSTRAINT ck_observations_observed_property CHECK (observed_property IN ('rain_1h_mm', 'stage_m', 'vehicles_15min', 'rain_month_mm', 'temperature_month_c', 'temperature_max_month_c', 'temperature_min_month_c', 'vapour_pressure_month_hpa', 'relative_humidity_month_pct', 'sunshine_month_h'));

COMMENT ON COLUMN gis.observations.observed_at IS 'Time of observation (UTC): rain is that of the hour before it, a count of vehicles that of the 15 minutes after it, and a month''s value stands at the month''s first midnight in Huế';
COMMENT ON COLUMN gis.observations.observed_property IS 'Observed property';

ALTER TABLE gis.cameras ADD COLUMN stated_ward TEXT;

COMMENT ON COLUMN gis.cameras.stated_ward IS 'Ward or commune that the agency''s inventory says it stands in (code or name)';

-- Fire events and their detections, the danger of each forest zone, and the weather that it is computed from.

CREATE TABLE gis.fire_events (
    code TEXT NOT NULL,
    status VARCHAR(40) NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    detection_count INTEGER NOT NULL,
    sources TEXT[] NOT NULL,
    area_ha FLOAT NOT NULL,
    growth_ha_per_h FLOAT,
    detections_per_h FLOAT,
    max_confidence FLOAT,
    frp_mw FLOAT,
    straw_share FLOAT NOT NULL,
    forest_zone_code TEXT,
    ward_code TEXT,
    merged_into TEXT,
    split_from TEXT,
    fire_probability FLOAT,
    reasons_vi TEXT,
    reasons_en TEXT,
    built_at TIMESTAMP WITH TIME ZONE NOT NULL,
    geom geometry(MULTIPOLYGON,4326) NOT NULL,
    origin TEXT NOT NULL,
    simulated BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT pk_fire_events PRIMARY KEY (code),
    CONSTRAINT ck_fire_events_status CHECK (status IN ('suspected', 'verified', 'false'))
);

CREATE INDEX idx_fire_events_geom ON gis.fire_events USING gist (geom);
CREATE INDEX ix_fire_events_last_seen_at ON gis.fire_events (last_seen_at);

COMMENT ON COLUMN gis.fire_events.code IS 'Event code';
COMMENT ON COLUMN gis.fire_events.status IS 'Status: suspected, verified, or no forest fire (false)';
COMMENT ON COLUMN gis.fire_events.started_at IS 'First seen (UTC)';
COMMENT ON COLUMN gis.fire_events.last_seen_at IS 'Last seen (UTC)';
COMMENT ON COLUMN gis.fire_events.detection_count IS 'Number of detections';
COMMENT ON COLUMN gis.fire_events.sources IS 'Sources: camera codes, or satellite';
COMMENT ON COLUMN gis.fire_events.area_ha IS 'Area of the extent of its detections (EPSG:9214)';
COMMENT ON COLUMN gis.fire_events.growth_ha_per_h IS 'Growth of the area from first to last seen';
COMMENT ON COLUMN gis.fire_events.detections_per_h IS 'Detections per hour from first to last seen';
COMMENT ON COLUMN gis.fire_events.max_confidence IS 'Highest confidence';
COMMENT ON COLUMN gis.fire_events.frp_mw IS 'Highest fire radiative power';
COMMENT ON COLUMN gis.fire_events.straw_share IS 'Share of detections that were reported as straw burning';
COMMENT ON COLUMN gis.fire_events.forest_zone_code IS 'Code of the forest zone with most detections';
COMMENT ON COLUMN gis.fire_events.ward_code IS 'Code of the ward with most detections';
COMMENT ON COLUMN gis.fire_events.merged_into IS 'Code of the event that it merged into';
COMMENT ON COLUMN gis.fire_events.split_from IS 'Code of the event that it split from';
COMMENT ON COLUMN gis.fire_events.fire_probability IS 'Probability of a forest fire; none where too few events were verified to calibrate it';
COMMENT ON COLUMN gis.fire_events.reasons_vi IS 'Reasons for the probability, in Vietnamese';
COMMENT ON COLUMN gis.fire_events.reasons_en IS 'Reasons for the probability, in English';
COMMENT ON COLUMN gis.fire_events.built_at IS 'When it was computed (UTC)';
COMMENT ON COLUMN gis.fire_events.geom IS 'Geometry (EPSG:4326)';
COMMENT ON COLUMN gis.fire_events.origin IS 'Where the row came from';
COMMENT ON COLUMN gis.fire_events.simulated IS 'Simulated, not observed';

CREATE TABLE gis.fire_event_members (
    detection_id UUID NOT NULL,
    event_code TEXT NOT NULL,
    CONSTRAINT pk_fire_event_members PRIMARY KEY (detection_id),
    CONSTRAINT fk_fire_event_members_event_code FOREIGN KEY(event_code) REFERENCES gis.fire_events (code) ON DELETE CASCADE
);

CREATE INDEX ix_fire_event_members_event_code ON gis.fire_event_members (event_code);

COMMENT ON COLUMN gis.fire_event_members.detection_id IS 'Detection';
COMMENT ON COLUMN gis.fire_event_members.event_code IS 'Event code';

CREATE TABLE gis.fire_danger (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    valid_at TIMESTAMP WITH TIME ZONE NOT NULL,
    level VARCHAR(40),
    nesterov_index FLOAT,
    dry_days INTEGER,
    since_rain BOOLEAN,
    temperature_c FLOAT,
    saturation_deficit_hpa FLOAT,
    fwi FLOAT,
    station_codes TEXT[] NOT NULL,
    built_at TIMESTAMP WITH TIME ZONE NOT NULL,
    geom geometry(MULTIPOLYGON,4326) NOT NULL,
    origin TEXT NOT NULL,
    simulated BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT pk_fire_danger PRIMARY KEY (code),
    CONSTRAINT ck_fire_danger_level CHECK (level IN ('I', 'II', 'III', 'IV', 'V'))
);

CREATE INDEX idx_fire_danger_geom ON gis.fire_danger USING gist (geom);

COMMENT ON COLUMN gis.fire_danger.code IS 'Forest zone code';
COMMENT ON COLUMN gis.fire_danger.name IS 'Forest zone name';
COMMENT ON COLUMN gis.fire_danger.valid_at IS '13 h Huế time of the day that it is of (UTC)';
COMMENT ON COLUMN gis.fire_danger.level IS 'Danger level I–V; none where the weather was not observed';
COMMENT ON COLUMN gis.fire_danger.nesterov_index IS 'Modified Nesterov index P';
COMMENT ON COLUMN gis.fire_danger.dry_days IS 'Days since rain ended the dry spell before';
COMMENT ON COLUMN gis.fire_danger.since_rain IS 'The dry spell began with rain; false where the record begins within it, and P is a lower bound';
COMMENT ON COLUMN gis.fire_danger.temperature_c IS 'Air temperature at 13 h';
COMMENT ON COLUMN gis.fire_danger.saturation_deficit_hpa IS 'Saturation deficit at 13 h';
COMMENT ON COLUMN gis.fire_danger.fwi IS 'Canadian Fire Weather Index';
COMMENT ON COLUMN gis.fire_danger.station_codes IS 'Codes of the stations that were used';
COMMENT ON COLUMN gis.fire_danger.built_at IS 'When it was computed (UTC)';
COMMENT ON COLUMN gis.fire_danger.geom IS 'Geometry (EPSG:4326)';
COMMENT ON COLUMN gis.fire_danger.origin IS 'Where the row came from';
COMMENT ON COLUMN gis.fire_danger.simulated IS 'Simulated, not observed';

ALTER TABLE gis.observations DROP CONSTRAINT ck_observations_observed_property;

ALTER TABLE gis.observations
    ADD CONSTRAINT ck_observations_observed_property CHECK (observed_property IN ('rain_1h_mm', 'stage_m', 'vehicles_15min', 'rain_month_mm', 'temperature_month_c', 'temperature_max_month_c', 'temperature_min_month_c', 'vapour_pressure_month_hpa', 'relative_humidity_month_pct', 'sunshine_month_h', 'air_temperature_c', 'relative_humidity_pct', 'wind_speed_m_s'));

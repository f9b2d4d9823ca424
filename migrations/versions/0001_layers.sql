-- The tables as they were first made. A later change is a later migration, never an edit here.

CREATE TABLE gis.cameras (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    owner_agency TEXT NOT NULL,
    purpose VARCHAR(40) NOT NULL,
    mast_height_m FLOAT NOT NULL,
    azimuth_deg FLOAT NOT NULL,
    tilt_deg FLOAT NOT NULL,
    field_of_view_deg FLOAT NOT NULL,
    range_m FLOAT NOT NULL,
    frame_interval_s FLOAT NOT NULL,
    ai_solutions TEXT[] NOT NULL,
    status VARCHAR(40) NOT NULL,
    road_segment_code TEXT,
    view_cone geometry(POLYGON,4326) NOT NULL,
    geom geometry(POINT,4326) NOT NULL,
    origin TEXT NOT NULL,
    simulated BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT pk_cameras PRIMARY KEY (code),
    CONSTRAINT ck_cameras_purpose CHECK (purpose IN ('traffic', 'forest', 'flood', 'environment', 'security')),
    CONSTRAINT ck_cameras_status CHECK (status IN ('active', 'maintenance', 'offline'))
);

CREATE INDEX idx_cameras_geom ON gis.cameras USING gist (geom);

COMMENT ON COLUMN gis.cameras.code IS 'Camera code';
COMMENT ON COLUMN gis.cameras.name IS 'Name';
COMMENT ON COLUMN gis.cameras.owner_agency IS 'Owner agency';
COMMENT ON COLUMN gis.cameras.purpose IS 'Main purpose';
COMMENT ON COLUMN gis.cameras.mast_height_m IS 'Height of the lens above ground';
COMMENT ON COLUMN gis.cameras.azimuth_deg IS 'Heading, clockwise from north';
COMMENT ON COLUMN gis.cameras.tilt_deg IS 'Tilt below the horizon';
COMMENT ON COLUMN gis.cameras.field_of_view_deg IS 'Horizontal field of view';
COMMENT ON COLUMN gis.cameras.range_m IS 'Useful range';
COMMENT ON COLUMN gis.cameras.frame_interval_s IS 'Time between two analysed frames';
COMMENT ON COLUMN gis.cameras.ai_solutions IS 'AI solutions that run on it';
COMMENT ON COLUMN gis.cameras.status IS 'Status';
COMMENT ON COLUMN gis.cameras.road_segment_code IS 'Code of the road segment it watches';
COMMENT ON COLUMN gis.cameras.view_cone IS 'Flat view cone of the camera';
COMMENT ON COLUMN gis.cameras.geom IS 'Geometry (EPSG:4326)';
COMMENT ON COLUMN gis.cameras.origin IS 'Where the row came from';
COMMENT ON COLUMN gis.cameras.simulated IS 'Simulated, not observed';

CREATE TABLE gis.detections (
    id UUID NOT NULL,
    detected_at TIMESTAMP WITH TIME ZONE NOT NULL,
    camera_code TEXT,
    subject VARCHAR(40) NOT NULL,
    class_name TEXT NOT NULL,
    confidence FLOAT,
    status VARCHAR(40) DEFAULT 'observed' NOT NULL,
    steward_agency TEXT NOT NULL,
    frp_mw FLOAT,
    water_depth_m FLOAT,
    cov_xx_m2 FLOAT,
    cov_xy_m2 FLOAT,
    cov_yy_m2 FLOAT,
    origin_key TEXT NOT NULL,
    geom geometry(POINT,4326) NOT NULL,
    origin TEXT NOT NULL,
    simulated BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT pk_detections PRIMARY KEY (id, detected_at),
    CONSTRAINT ck_detections_subject CHECK (subject IN ('vehicle', 'forest_fire', 'straw_burning', 'flooding')),
    CONSTRAINT ck_detections_status CHECK (status IN ('observed', 'suspected', 'verified', 'refuted'))
)
 PARTITION BY RANGE (detected_at);

CREATE INDEX idx_detections_geom ON gis.detections USING gist (geom);

CREATE INDEX ix_detections_camera_code_detected_at ON gis.detections (camera_code, detected_at);

CREATE INDEX ix_detections_subject_detected_at ON gis.detections (subject, detected_at);

COMMENT ON COLUMN gis.detections.id IS 'Identifier, sorts by time';
COMMENT ON COLUMN gis.detections.detected_at IS 'Time of detection (UTC)';
COMMENT ON COLUMN gis.detections.camera_code IS 'Camera code';
COMMENT ON COLUMN gis.detections.subject IS 'Subject';
COMMENT ON COLUMN gis.detections.class_name IS 'Class that the detector gave';
COMMENT ON COLUMN gis.detections.confidence IS 'Confidence';
COMMENT ON COLUMN gis.detections.status IS 'Verification status';
COMMENT ON COLUMN gis.detections.steward_agency IS 'Steward agency';
COMMENT ON COLUMN gis.detections.frp_mw IS 'Fire radiative power';
COMMENT ON COLUMN gis.detections.water_depth_m IS 'Estimated depth of water';
COMMENT ON COLUMN gis.detections.cov_xx_m2 IS 'Variance of easting (EPSG:9214)';
COMMENT ON COLUMN gis.detections.cov_xy_m2 IS 'Covariance of easting and northing (EPSG:9214)';
COMMENT ON COLUMN gis.detections.cov_yy_m2 IS 'Variance of northing (EPSG:9214)';
COMMENT ON COLUMN gis.detections.origin_key IS 'What the source calls the event';
COMMENT ON COLUMN gis.detections.geom IS 'Geometry (EPSG:4326)';
COMMENT ON COLUMN gis.detections.origin IS 'Where the row came from';
COMMENT ON COLUMN gis.detections.simulated IS 'Simulated, not observed';

CREATE TABLE gis.flood_spots (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    camera_code TEXT,
    ground_elevation_m FLOAT,
    geom geometry(POINT,4326) NOT NULL,
    origin TEXT NOT NULL,
    simulated BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT pk_flood_spots PRIMARY KEY (code)
);

CREATE INDEX idx_flood_spots_geom ON gis.flood_spots USING gist (geom);

COMMENT ON COLUMN gis.flood_spots.code IS 'Spot code';
COMMENT ON COLUMN gis.flood_spots.name IS 'Spot name';
COMMENT ON COLUMN gis.flood_spots.camera_code IS 'Code of the watching camera';
COMMENT ON COLUMN gis.flood_spots.ground_elevation_m IS 'Ground elevation';
COMMENT ON COLUMN gis.flood_spots.geom IS 'Geometry (EPSG:4326)';
COMMENT ON COLUMN gis.flood_spots.origin IS 'Where the row came from';
COMMENT ON COLUMN gis.flood_spots.simulated IS 'Simulated, not observed';

CREATE TABLE gis.forest_zones (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    category VARCHAR(40) NOT NULL,
    manager TEXT,
    geom geometry(MULTIPOLYGON,4326) NOT NULL,
    origin TEXT NOT NULL,
    simulated BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT pk_forest_zones PRIMARY KEY (code),
    CONSTRAINT ck_forest_zones_category CHECK (category IN ('special_use', 'protection', 'production'))
);

CREATE INDEX idx_forest_zones_geom ON gis.forest_zones USING gist (geom);

COMMENT ON COLUMN gis.forest_zones.code IS 'Zone code';
COMMENT ON COLUMN gis.forest_zones.name IS 'Zone name';
COMMENT ON COLUMN gis.forest_zones.category IS 'Forest category';
COMMENT ON COLUMN gis.forest_zones.manager IS 'Managing unit';
COMMENT ON COLUMN gis.forest_zones.geom IS 'Geometry (EPSG:4326)';
COMMENT ON COLUMN gis.forest_zones.origin IS 'Where the row came from';
COMMENT ON COLUMN gis.forest_zones.simulated IS 'Simulated, not observed';

CREATE TABLE gis.load_journal (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    loaded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    source TEXT NOT NULL,
    layer TEXT NOT NULL,
    inserted BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    CONSTRAINT pk_load_journal PRIMARY KEY (id)
);

CREATE INDEX ix_load_journal_source ON gis.load_journal (source);

COMMENT ON COLUMN gis.load_journal.loaded_at IS 'When the load was committed';
COMMENT ON COLUMN gis.load_journal.source IS 'File or generator that the rows came from';
COMMENT ON COLUMN gis.load_journal.layer IS 'Layer that they went into';
COMMENT ON COLUMN gis.load_journal.inserted IS 'Rows that were new';
COMMENT ON COLUMN gis.load_journal.updated IS 'Rows that changed';
COMMENT ON COLUMN gis.load_journal.unchanged IS 'Rows that were there already';

CREATE TABLE gis.observations (
    id UUID NOT NULL,
    observed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    station_code TEXT NOT NULL,
    observed_property VARCHAR(40) NOT NULL,
    value FLOAT NOT NULL,
    origin_key TEXT NOT NULL,
    geom geometry(POINT,4326) NOT NULL,
    origin TEXT NOT NULL,
    simulated BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT pk_observations PRIMARY KEY (id, observed_at),
    CONSTRAINT ck_observations_observed_property CHECK (observed_property IN ('rain_1h_mm', 'stage_m'))
)
 PARTITION BY RANGE (observed_at);

CREATE INDEX idx_observations_geom ON gis.observations USING gist (geom);

CREATE INDEX ix_observations_station_property_at ON gis.observations (station_code, observed_property, observed_at);

COMMENT ON COLUMN gis.observations.id IS 'Identifier, sorts by time';
COMMENT ON COLUMN gis.observations.observed_at IS 'Time of observation (UTC); rain is that of the hour before it';
COMMENT ON COLUMN gis.observations.station_code IS 'Station code';
COMMENT ON COLUMN gis.observations.observed_property IS 'Property: rain in one hour (mm) or stage (m)';
COMMENT ON COLUMN gis.observations.value IS 'Value, in the unit of the property';
COMMENT ON COLUMN gis.observations.origin_key IS 'What the source calls the event';
COMMENT ON COLUMN gis.observations.geom IS 'Geometry (EPSG:4326)';
COMMENT ON COLUMN gis.observations.origin IS 'Where the row came from';
COMMENT ON COLUMN gis.observations.simulated IS 'Simulated, not observed';

CREATE TABLE gis.rain_stations (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    elevation_m FLOAT,
    status VARCHAR(40) DEFAULT 'active' NOT NULL,
    geom geometry(POINT,4326) NOT NULL,
    origin TEXT NOT NULL,
    simulated BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT pk_rain_stations PRIMARY KEY (code),
    CONSTRAINT ck_rain_stations_status CHECK (status IN ('active', 'maintenance', 'offline'))
);

CREATE INDEX idx_rain_stations_geom ON gis.rain_stations USING gist (geom);

COMMENT ON COLUMN gis.rain_stations.code IS 'Station code';
COMMENT ON COLUMN gis.rain_stations.name IS 'Station name';
COMMENT ON COLUMN gis.rain_stations.elevation_m IS 'Ground elevation';
COMMENT ON COLUMN gis.rain_stations.status IS 'Status';
COMMENT ON COLUMN gis.rain_stations.geom IS 'Geometry (EPSG:4326)';
COMMENT ON COLUMN gis.rain_stations.origin IS 'Where the row came from';
COMMENT ON COLUMN gis.rain_stations.simulated IS 'Simulated, not observed';

CREATE TABLE gis.river_gauges (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    river TEXT NOT NULL,
    datum TEXT NOT NULL,
    zero_elevation_m FLOAT DEFAULT '0' NOT NULL,
    alarm_1_m FLOAT,
    alarm_2_m FLOAT,
    alarm_3_m FLOAT,
    geom geometry(POINT,4326) NOT NULL,
    origin TEXT NOT NULL,
    simulated BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT pk_river_gauges PRIMARY KEY (code)
);

CREATE INDEX idx_river_gauges_geom ON gis.river_gauges USING gist (geom);

COMMENT ON COLUMN gis.river_gauges.code IS 'Gauge code';
COMMENT ON COLUMN gis.river_gauges.name IS 'Gauge name';
COMMENT ON COLUMN gis.river_gauges.river IS 'River';
COMMENT ON COLUMN gis.river_gauges.datum IS 'Datum of the staff';
COMMENT ON COLUMN gis.river_gauges.zero_elevation_m IS 'Elevation of the staff''s zero above the datum';
COMMENT ON COLUMN gis.river_gauges.alarm_1_m IS 'Stage of alarm level I';
COMMENT ON COLUMN gis.river_gauges.alarm_2_m IS 'Stage of alarm level II';
COMMENT ON COLUMN gis.river_gauges.alarm_3_m IS 'Stage of alarm level III';
COMMENT ON COLUMN gis.river_gauges.geom IS 'Geometry (EPSG:4326)';
COMMENT ON COLUMN gis.river_gauges.origin IS 'Where the row came from';
COMMENT ON COLUMN gis.river_gauges.simulated IS 'Simulated, not observed';

CREATE TABLE gis.rivers (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    flows_into TEXT,
    width_m FLOAT,
    geom geometry(LINESTRING,4326) NOT NULL,
    origin TEXT NOT NULL,
    simulated BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT pk_rivers PRIMARY KEY (code)
);

CREATE INDEX idx_rivers_geom ON gis.rivers USING gist (geom);

COMMENT ON COLUMN gis.rivers.code IS 'River code';
COMMENT ON COLUMN gis.rivers.name IS 'River name';
COMMENT ON COLUMN gis.rivers.flows_into IS 'Flows into';
COMMENT ON COLUMN gis.rivers.width_m IS 'Mean width';
COMMENT ON COLUMN gis.rivers.geom IS 'Geometry (EPSG:4326)';
COMMENT ON COLUMN gis.rivers.origin IS 'Where the row came from';
COMMENT ON COLUMN gis.rivers.simulated IS 'Simulated, not observed';

CREATE TABLE gis.road_segments (
    code TEXT NOT NULL,
    name TEXT,
    ref TEXT,
    road_class VARCHAR(40) NOT NULL,
    lanes SMALLINT,
    design_speed_kmh FLOAT,
    one_way BOOLEAN DEFAULT 'false' NOT NULL,
    corridor TEXT,
    gateway BOOLEAN DEFAULT 'false' NOT NULL,
    length_m FLOAT NOT NULL,
    geom geometry(LINESTRING,4326) NOT NULL,
    origin TEXT NOT NULL,
    simulated BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT pk_road_segments PRIMARY KEY (code),
    CONSTRAINT ck_road_segments_road_class CHECK (road_class IN ('motorway', 'trunk', 'primary', 'secondary', 'tertiary', 'residential', 'unclassified', 'service', 'other'))
);

CREATE INDEX idx_road_segments_geom ON gis.road_segments USING gist (geom);

COMMENT ON COLUMN gis.road_segments.code IS 'Segment code';
COMMENT ON COLUMN gis.road_segments.name IS 'Road name';
COMMENT ON COLUMN gis.road_segments.ref IS 'Road number';
COMMENT ON COLUMN gis.road_segments.road_class IS 'Road class';
COMMENT ON COLUMN gis.road_segments.lanes IS 'Lanes in both directions';
COMMENT ON COLUMN gis.road_segments.design_speed_kmh IS 'Design speed';
COMMENT ON COLUMN gis.road_segments.one_way IS 'One-way';
COMMENT ON COLUMN gis.road_segments.corridor IS 'Corridor that it is part of';
COMMENT ON COLUMN gis.road_segments.gateway IS 'Gateway of the city';
COMMENT ON COLUMN gis.road_segments.length_m IS 'Length (EPSG:9214)';
COMMENT ON COLUMN gis.road_segments.geom IS 'Geometry (EPSG:4326)';
COMMENT ON COLUMN gis.road_segments.origin IS 'Where the row came from';
COMMENT ON COLUMN gis.road_segments.simulated IS 'Simulated, not observed';

CREATE TABLE gis.wards (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind VARCHAR(40) NOT NULL,
    area_km2 FLOAT NOT NULL,
    geom geometry(MULTIPOLYGON,4326) NOT NULL,
    origin TEXT NOT NULL,
    simulated BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT pk_wards PRIMARY KEY (code),
    CONSTRAINT ck_wards_kind CHECK (kind IN ('ward', 'commune'))
);

CREATE INDEX idx_wards_geom ON gis.wards USING gist (geom);

COMMENT ON COLUMN gis.wards.code IS 'Administrative code';
COMMENT ON COLUMN gis.wards.name IS 'Name';
COMMENT ON COLUMN gis.wards.kind IS 'Ward or commune';
COMMENT ON COLUMN gis.wards.area_km2 IS 'Area (EPSG:9214)';
COMMENT ON COLUMN gis.wards.geom IS 'Geometry (EPSG:4326)';
COMMENT ON COLUMN gis.wards.origin IS 'Where the row came from';
COMMENT ON COLUMN gis.wards.simulated IS 'Simulated, not observed';

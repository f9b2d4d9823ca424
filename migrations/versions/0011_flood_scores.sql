-- How well simulated floods agreed with what was seen.

CREATE TABLE gis.flood_scores (
    code TEXT NOT NULL,
    event TEXT NOT NULL,
    method TEXT NOT NULL,
    reference TEXT NOT NULL,
    flood_at TIMESTAMP WITH TIME ZONE NOT NULL,
    threshold_m FLOAT NOT NULL,
    hits INTEGER NOT NULL,
    misses INTEGER NOT NULL,
    false_alarms INTEGER NOT NULL,
    correct_negatives INTEGER NOT NULL,
    csi FLOAT,
    pod FLOAT,
    far FLOAT,
    brier FLOAT,
    edge_distance_m FLOAT,
    terrain_sha256 TEXT NOT NULL,
    version TEXT NOT NULL,
    geom geometry(POLYGON,4326) NOT NULL,
    origin TEXT NOT NULL,
    simulated BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT pk_flood_scores PRIMARY KEY (code)
);

CREATE INDEX idx_flood_scores_geom ON gis.flood_scores USING gist (geom);

COMMENT ON COLUMN gis.flood_scores.code IS 'Code: event, method, reference';
COMMENT ON COLUMN gis.flood_scores.event IS 'Flood event';
COMMENT ON COLUMN gis.flood_scores.method IS 'Method of simulation';
COMMENT ON COLUMN gis.flood_scores.reference IS 'What it was compared with';
COMMENT ON COLUMN gis.flood_scores.flood_at IS 'Time that was compared (UTC)';
COMMENT ON COLUMN gis.flood_scores.threshold_m IS 'Deeper than this is flooded';
COMMENT ON COLUMN gis.flood_scores.hits IS 'Flooded in both';
COMMENT ON COLUMN gis.flood_scores.misses IS 'Missed';
COMMENT ON COLUMN gis.flood_scores.false_alarms IS 'False alarms';
COMMENT ON COLUMN gis.flood_scores.correct_negatives IS 'Dry in both';
COMMENT ON COLUMN gis.flood_scores.csi IS 'Critical success index';
COMMENT ON COLUMN gis.flood_scores.pod IS 'Probability of detection';
COMMENT ON COLUMN gis.flood_scores.far IS 'False alarm ratio';
COMMENT ON COLUMN gis.flood_scores.brier IS 'Brier score of the probability';
COMMENT ON COLUMN gis.flood_scores.edge_distance_m IS 'Mean distance between the edges of the floods';
COMMENT ON COLUMN gis.flood_scores.terrain_sha256 IS 'SHA-256 of the terrain';
COMMENT ON COLUMN gis.flood_scores.version IS 'Version that simulated it';
COMMENT ON COLUMN gis.flood_scores.geom IS 'Geometry (EPSG:4326)';
COMMENT ON COLUMN gis.flood_scores.origin IS 'Where the row came from';
COMMENT ON COLUMN gis.flood_scores.simulated IS 'Simulated, not observed';

-- What detections gain on their way in, and what they are rolled up to.
-- New columns of gis.detections reach its partitions too.

ALTER TABLE gis.detections
    ADD COLUMN road_segment_code TEXT,
    ADD COLUMN segment_distance_m FLOAT,
    ADD COLUMN segment_fraction FLOAT,
    ADD COLUMN segment_side VARCHAR(40),
    ADD COLUMN ward_code TEXT,
    ADD COLUMN forest_zone_code TEXT,
    ADD CONSTRAINT ck_detections_segment_side CHECK (segment_side IN ('left', 'right', 'on'));

COMMENT ON COLUMN gis.detections.road_segment_code IS 'Code of the nearest road segment, where a camera saw it and one is near enough';
COMMENT ON COLUMN gis.detections.segment_distance_m IS 'Distance from the segment (EPSG:9214)';
COMMENT ON COLUMN gis.detections.segment_fraction IS 'Position along the segment in its drawn direction, from 0 to 1';
COMMENT ON COLUMN gis.detections.segment_side IS 'Left of, right of or on the segment, in its drawn direction';
COMMENT ON COLUMN gis.detections.ward_code IS 'Code of the ward or commune that it lies in';
COMMENT ON COLUMN gis.detections.forest_zone_code IS 'Code of the forest zone that it lies in';

CREATE TABLE gis.segment_counts (
    road_segment_code TEXT NOT NULL,
    hour_at TIMESTAMP WITH TIME ZONE NOT NULL,
    camera_code TEXT NOT NULL,
    subject TEXT NOT NULL,
    class_name TEXT NOT NULL,
    detections BIGINT NOT NULL,
    CONSTRAINT pk_segment_counts PRIMARY KEY (road_segment_code, hour_at, camera_code, subject, class_name)
)
 PARTITION BY RANGE (hour_at);

CREATE INDEX ix_segment_counts_hour_at ON gis.segment_counts (hour_at);

COMMENT ON COLUMN gis.segment_counts.road_segment_code IS 'Road segment; empty where none is near enough';
COMMENT ON COLUMN gis.segment_counts.hour_at IS 'Beginning of the hour (UTC)';
COMMENT ON COLUMN gis.segment_counts.camera_code IS 'Camera that saw them';
COMMENT ON COLUMN gis.segment_counts.subject IS 'Subject';
COMMENT ON COLUMN gis.segment_counts.class_name IS 'Class';
COMMENT ON COLUMN gis.segment_counts.detections IS 'Detections in all frames of the hour';

CREATE TABLE gis.camera_hours (
    camera_code TEXT NOT NULL,
    hour_at TIMESTAMP WITH TIME ZONE NOT NULL,
    frame_offsets_ms INTEGER[] NOT NULL,
    frames_seen INTEGER NOT NULL,
    reported BOOLEAN NOT NULL,
    simulated BOOLEAN NOT NULL,
    CONSTRAINT pk_camera_hours PRIMARY KEY (camera_code, hour_at)
)
 PARTITION BY RANGE (hour_at);

COMMENT ON COLUMN gis.camera_hours.camera_code IS 'Camera';
COMMENT ON COLUMN gis.camera_hours.hour_at IS 'Beginning of the hour (UTC)';
COMMENT ON COLUMN gis.camera_hours.frame_offsets_ms IS 'The frames known of this hour, in milliseconds after it began, ascending';
COMMENT ON COLUMN gis.camera_hours.frames_seen IS 'How many they are';
COMMENT ON COLUMN gis.camera_hours.reported IS 'Whether the detector reported the frames it analysed, those with nothing in them too';
COMMENT ON COLUMN gis.camera_hours.simulated IS 'Whether all that is known of this hour is simulated';

CREATE TABLE gis.hours_to_enrich (
    hour_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_hours_to_enrich PRIMARY KEY (hour_at)
);

COMMENT ON COLUMN gis.hours_to_enrich.hour_at IS 'Beginning of an hour (UTC) with detections that are not enriched and not rolled up yet';

CREATE TABLE gis.layer_versions (
    layer TEXT NOT NULL,
    version BIGINT NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_layer_versions PRIMARY KEY (layer)
);

COMMENT ON COLUMN gis.layer_versions.layer IS 'Layer';
COMMENT ON COLUMN gis.layer_versions.version IS 'Another number after every change of its rows';
COMMENT ON COLUMN gis.layer_versions.changed_at IS 'When its rows were changed (UTC)';

CREATE SEQUENCE gis.layer_version_numbers;

-- Detections that are there already are caught up by 'huegis detections enrich'.
INSERT INTO gis.hours_to_enrich (hour_at)
SELECT DISTINCT date_trunc('hour', detected_at, 'UTC') FROM gis.detections;

-- Findings with a direction only; and which solutions found a detection, and how sure its anchor is.

CREATE TABLE gis.bearings (
    id UUID NOT NULL,
    detected_at TIMESTAMP WITH TIME ZONE NOT NULL,
    camera_code TEXT NOT NULL,
    azimuth_deg FLOAT NOT NULL,
    azimuth_sigma_deg FLOAT NOT NULL,
    reason TEXT NOT NULL,
    subject VARCHAR(40) NOT NULL,
    class_name TEXT NOT NULL,
    confidence FLOAT,
    steward_agency TEXT NOT NULL,
    solutions TEXT[],
    anchor_u_px FLOAT NOT NULL,
    anchor_v_px FLOAT NOT NULL,
    frame_width_px INTEGER NOT NULL,
    frame_height_px INTEGER NOT NULL,
    calibration_id UUID,
    origin_key TEXT NOT NULL,
    geom geometry(POINT,4326) NOT NULL,
    origin TEXT NOT NULL,
    simulated BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT pk_bearings PRIMARY KEY (id),
    CONSTRAINT ck_bearings_subject CHECK (subject IN ('vehicle', 'traffic_violation', 'environmental_violation', 'wildlife', 'forest_fire', 'straw_burning', 'flooding', 'crowding', 'incident'))
);

CREATE INDEX idx_bearings_geom ON gis.bearings USING gist (geom);
CREATE INDEX ix_bearings_camera_code_detected_at ON gis.bearings (camera_code, detected_at);
CREATE INDEX ix_bearings_subject_detected_at ON gis.bearings (subject, detected_at);

COMMENT ON COLUMN gis.bearings.id IS 'Identifier, sorts by time';
COMMENT ON COLUMN gis.bearings.detected_at IS 'Time of detection (UTC)';
COMMENT ON COLUMN gis.bearings.camera_code IS 'Camera code';
COMMENT ON COLUMN gis.bearings.azimuth_deg IS 'Direction from the camera, clockwise from grid north (EPSG:9214)';
COMMENT ON COLUMN gis.bearings.azimuth_sigma_deg IS 'Standard error of the direction';
COMMENT ON COLUMN gis.bearings.reason IS 'Why there is no position on the ground';
COMMENT ON COLUMN gis.bearings.subject IS 'Subject';
COMMENT ON COLUMN gis.bearings.class_name IS 'Class that the detector gave';
COMMENT ON COLUMN gis.bearings.confidence IS 'Confidence';
COMMENT ON COLUMN gis.bearings.steward_agency IS 'Steward agency';
COMMENT ON COLUMN gis.bearings.solutions IS 'AI solutions that found it';
COMMENT ON COLUMN gis.bearings.anchor_u_px IS 'Anchor in the frame, from its left edge';
COMMENT ON COLUMN gis.bearings.anchor_v_px IS 'Anchor in the frame, from its upper edge';
COMMENT ON COLUMN gis.bearings.frame_width_px IS 'Width of the frame';
COMMENT ON COLUMN gis.bearings.frame_height_px IS 'Height of the frame';
COMMENT ON COLUMN gis.bearings.calibration_id IS 'Calibration that was used, in layer camera_calibrations; none stands for the stated pose';
COMMENT ON COLUMN gis.bearings.origin_key IS 'What the source calls the event';
COMMENT ON COLUMN gis.bearings.geom IS 'Geometry (EPSG:4326)';
COMMENT ON COLUMN gis.bearings.origin IS 'Where the row came from';
COMMENT ON COLUMN gis.bearings.simulated IS 'Simulated, not observed';

ALTER TABLE gis.detections
    ADD COLUMN anchor_sigma_u_px FLOAT,
    ADD COLUMN anchor_sigma_v_px FLOAT,
    ADD COLUMN solutions TEXT[];

COMMENT ON COLUMN gis.detections.anchor_sigma_u_px IS 'Standard error of the anchor across the frame';
COMMENT ON COLUMN gis.detections.anchor_sigma_v_px IS 'Standard error of the anchor down the frame';
COMMENT ON COLUMN gis.detections.solutions IS 'AI solutions that found it';

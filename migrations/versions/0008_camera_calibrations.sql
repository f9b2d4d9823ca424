-- What cameras were found to see, from when on; and the pixel and calibration behind each detection.

CREATE TABLE gis.camera_calibrations (
    id UUID NOT NULL,
    valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
    valid_to TIMESTAMP WITH TIME ZONE,
    camera_code TEXT NOT NULL,
    method VARCHAR(40) NOT NULL,
    point_count INTEGER NOT NULL,
    rms_m FLOAT NOT NULL,
    width_px INTEGER NOT NULL,
    height_px INTEGER NOT NULL,
    parameters TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    geom geometry(POINT, 4326) NOT NULL,
    origin TEXT NOT NULL,
    simulated BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT pk_camera_calibrations PRIMARY KEY (id),
    CONSTRAINT ck_camera_calibrations_method CHECK (method IN ('homography', 'pinhole'))
);

CREATE INDEX idx_camera_calibrations_geom ON gis.camera_calibrations USING gist (geom);
CREATE INDEX ix_camera_calibrations_camera_code_valid_from
    ON gis.camera_calibrations (camera_code, valid_from);

COMMENT ON COLUMN gis.camera_calibrations.id IS 'Identifier, sorts by time';
COMMENT ON COLUMN gis.camera_calibrations.valid_from IS 'In force from this time on (UTC)';
COMMENT ON COLUMN gis.camera_calibrations.valid_to IS 'In force until this time (UTC); none where it still is';
COMMENT ON COLUMN gis.camera_calibrations.camera_code IS 'Camera code';
COMMENT ON COLUMN gis.camera_calibrations.method IS 'Model';
COMMENT ON COLUMN gis.camera_calibrations.point_count IS 'Control points that were used';
COMMENT ON COLUMN gis.camera_calibrations.rms_m IS 'Root mean square error on the ground';
COMMENT ON COLUMN gis.camera_calibrations.width_px IS 'Width of the frame';
COMMENT ON COLUMN gis.camera_calibrations.height_px IS 'Height of the frame';
COMMENT ON COLUMN gis.camera_calibrations.parameters IS 'Parameters of the model with their covariance (JSON)';
COMMENT ON COLUMN gis.camera_calibrations.made_by IS 'Agency or account that made it';
COMMENT ON COLUMN gis.camera_calibrations.made_at IS 'When it was made (UTC)';
COMMENT ON COLUMN gis.camera_calibrations.geom IS 'Geometry (EPSG:4326)';
COMMENT ON COLUMN gis.camera_calibrations.origin IS 'Where the row came from';
COMMENT ON COLUMN gis.camera_calibrations.simulated IS 'Simulated, not observed';

ALTER TABLE gis.detections
    ADD COLUMN anchor_u_px FLOAT,
    ADD COLUMN anchor_v_px FLOAT,
    ADD COLUMN frame_width_px INTEGER,
    ADD COLUMN frame_height_px INTEGER,
    ADD COLUMN calibration_id UUID;

COMMENT ON COLUMN gis.detections.anchor_u_px IS 'Anchor in the frame, from its left edge';
COMMENT ON COLUMN gis.detections.anchor_v_px IS 'Anchor in the frame, from its upper edge';
COMMENT ON COLUMN gis.detections.frame_width_px IS 'Width of the frame';
COMMENT ON COLUMN gis.detections.frame_height_px IS 'Height of the frame';
COMMENT ON COLUMN gis.detections.calibration_id IS
    'Calibration that placed it, in layer camera_calibrations; none stands for the stated pose';

CREATE TABLE gis.camera_views (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    owner_agency TEXT NOT NULL,
    purpose TEXT NOT NULL,
    basis VARCHAR(40) NOT NULL,
    area_km2 FLOAT,
    calibration_id UUID,
    terrain_digest TEXT,
    inputs_digest TEXT,
    computed_at TIMESTAMP WITH TIME ZONE,
    geom geometry(MULTIPOLYGON, 4326) NOT NULL,
    origin TEXT NOT NULL,
    simulated BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT pk_camera_views PRIMARY KEY (code),
    CONSTRAINT fk_camera_views_code FOREIGN KEY (code) REFERENCES gis.cameras (code) ON DELETE CASCADE,
    CONSTRAINT ck_camera_views_basis CHECK (basis IN ('flat_cone', 'level_ground', 'homography', 'terrain'))
);

CREATE INDEX idx_camera_views_geom ON gis.camera_views USING gist (geom);

COMMENT ON COLUMN gis.camera_views.code IS 'Camera code';
COMMENT ON COLUMN gis.camera_views.name IS 'Name';
COMMENT ON COLUMN gis.camera_views.owner_agency IS 'Owner agency';
COMMENT ON COLUMN gis.camera_views.purpose IS 'Main purpose';
COMMENT ON COLUMN gis.camera_views.basis IS
    'Basis: flat cone (not computed yet), level ground, homography, or terrain with what hides it';
COMMENT ON COLUMN gis.camera_views.area_km2 IS 'Area seen (EPSG:9214)';
COMMENT ON COLUMN gis.camera_views.calibration_id IS
    'Calibration that was used; none stands for the stated pose';
COMMENT ON COLUMN gis.camera_views.terrain_digest IS 'SHA-256 of the terrain file that was used';
COMMENT ON COLUMN gis.camera_views.inputs_digest IS
    'SHA-256 of all inputs: pose, calibration, terrain, roads';
COMMENT ON COLUMN gis.camera_views.computed_at IS 'When it was computed (UTC)';
COMMENT ON COLUMN gis.camera_views.geom IS 'Geometry (EPSG:4326)';
COMMENT ON COLUMN gis.camera_views.origin IS 'Where the row came from';
COMMENT ON COLUMN gis.camera_views.simulated IS 'Simulated, not observed';

CREATE TABLE gis.segment_views (
    id TEXT NOT NULL,
    camera_code TEXT NOT NULL,
    segment_code TEXT NOT NULL,
    seen_length_m FLOAT NOT NULL,
    from_fraction FLOAT NOT NULL,
    to_fraction FLOAT NOT NULL,
    geom geometry(MULTILINESTRING, 4326) NOT NULL,
    origin TEXT NOT NULL,
    simulated BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT pk_segment_views PRIMARY KEY (id),
    CONSTRAINT fk_segment_views_camera_code FOREIGN KEY (camera_code)
        REFERENCES gis.cameras (code) ON DELETE CASCADE,
    CONSTRAINT fk_segment_views_segment_code FOREIGN KEY (segment_code)
        REFERENCES gis.road_segments (code) ON DELETE CASCADE
);

CREATE INDEX idx_segment_views_geom ON gis.segment_views USING gist (geom);
CREATE INDEX ix_segment_views_camera_code ON gis.segment_views (camera_code);
CREATE INDEX ix_segment_views_segment_code ON gis.segment_views (segment_code);

COMMENT ON COLUMN gis.segment_views.id IS 'Codes of camera and segment';
COMMENT ON COLUMN gis.segment_views.camera_code IS 'Camera code';
COMMENT ON COLUMN gis.segment_views.segment_code IS 'Segment code';
COMMENT ON COLUMN gis.segment_views.seen_length_m IS 'Length that is seen (EPSG:9214)';
COMMENT ON COLUMN gis.segment_views.from_fraction IS
    'Fraction of the segment at which the first seen part begins';
COMMENT ON COLUMN gis.segment_views.to_fraction IS 'Fraction of the segment at which the last seen part ends';
COMMENT ON COLUMN gis.segment_views.geom IS 'Geometry (EPSG:4326)';
COMMENT ON COLUMN gis.segment_views.origin IS 'Where the row came from';
COMMENT ON COLUMN gis.segment_views.simulated IS 'Simulated, not observed';

-- Every camera has a view: the flat cone, until what it sees is computed. Where its pose changes,
-- what it saw before says nothing any more.

CREATE FUNCTION gis.follow_camera() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO gis.camera_views (code, name, owner_agency, purpose, basis, geom, origin, simulated)
    VALUES (NEW.code, NEW.name, NEW.owner_agency, NEW.purpose, 'flat_cone', ST_Multi(NEW.view_cone),
            NEW.origin, NEW.simulated)
    ON CONFLICT (code) DO UPDATE
    SET name = EXCLUDED.name, owner_agency = EXCLUDED.owner_agency, purpose = EXCLUDED.purpose,
        origin = EXCLUDED.origin, simulated = EXCLUDED.simulated;
    IF TG_OP = 'UPDATE' AND (OLD.geom, OLD.mast_height_m, OLD.azimuth_deg, OLD.tilt_deg,
                             OLD.field_of_view_deg, OLD.range_m)
            IS DISTINCT FROM (NEW.geom, NEW.mast_height_m, NEW.azimuth_deg, NEW.tilt_deg,
                              NEW.field_of_view_deg, NEW.range_m) THEN
        UPDATE gis.camera_views
        SET basis = 'flat_cone', geom = ST_Multi(NEW.view_cone), area_km2 = NULL, calibration_id = NULL,
            terrain_digest = NULL, inputs_digest = NULL, computed_at = NULL
        WHERE code = NEW.code;
        DELETE FROM gis.segment_views WHERE camera_code = NEW.code;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER follow_camera AFTER INSERT OR UPDATE ON gis.cameras
    FOR EACH ROW EXECUTE FUNCTION gis.follow_camera();

INSERT INTO gis.camera_views (code, name, owner_agency, purpose, basis, geom, origin, simulated)
SELECT code, name, owner_agency, purpose, 'flat_cone', ST_Multi(view_cone), origin, simulated
FROM gis.cameras;

-- Positions that are little known are few; a box has to look for them far around itself.

CREATE INDEX ix_detections_wide_geom ON gis.detections USING gist (geom)
    WHERE cov_xx_m2 > 5000 OR cov_yy_m2 > 5000;

-- Back to 0003; what was computed from detections is lost and nothing else.

DROP TABLE gis.segment_counts, gis.camera_hours, gis.hours_to_enrich, gis.layer_versions;
DROP SEQUENCE gis.layer_version_numbers;

ALTER TABLE gis.detections
    DROP CONSTRAINT ck_detections_segment_side,
    DROP COLUMN road_segment_code,
    DROP COLUMN segment_distance_m,
    DROP COLUMN segment_fraction,
    DROP COLUMN segment_side,
    DROP COLUMN ward_code,
    DROP COLUMN forest_zone_code;

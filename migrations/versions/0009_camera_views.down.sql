-- What cameras see can be computed again.

DROP INDEX gis.ix_detections_wide_geom;
DROP TRIGGER follow_camera ON gis.cameras;
DROP FUNCTION gis.follow_camera();
DROP TABLE gis.segment_views;
DROP TABLE gis.camera_views;

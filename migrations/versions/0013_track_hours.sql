-- What tracks of vehicles say of road segments by the hour.

CREATE TABLE gis.track_hours (
    road_segment_code TEXT NOT NULL,
    hour_at TIMESTAMP WITH TIME ZONE NOT NULL,
    camera_code TEXT NOT NULL,
    class_name TEXT NOT NULL,
    tracks INTEGER NOT NULL,
    time_s FLOAT NOT NULL,
    distance_m FLOAT NOT NULL,
    area_m_s FLOAT,
    simulated BOOLEAN NOT NULL,
    CONSTRAINT pk_track_hours PRIMARY KEY (road_segment_code, hour_at, camera_code, class_name)
);

COMMENT ON COLUMN gis.track_hours.road_segment_code IS 'Road segment';
COMMENT ON COLUMN gis.track_hours.hour_at IS 'Beginning of the hour (UTC)';
COMMENT ON COLUMN gis.track_hours.camera_code IS 'Camera that tracked them';
COMMENT ON COLUMN gis.track_hours.class_name IS 'Class';
COMMENT ON COLUMN gis.track_hours.tracks IS 'Vehicles that were tracked on the segment';
COMMENT ON COLUMN gis.track_hours.time_s IS 'Time that they spent there together, seconds';
COMMENT ON COLUMN gis.track_hours.distance_m IS 'Distance that they went there together, metres';
COMMENT ON COLUMN gis.track_hours.area_m_s IS 'Length that the camera sees times the time it looked, metre seconds; none where not known';
COMMENT ON COLUMN gis.track_hours.simulated IS 'Whether the tracks are simulated';

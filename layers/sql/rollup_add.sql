-- What this transaction noted goes into the tables of all, in the order of the keys.
INSERT INTO gis.segment_counts AS kept
    (road_segment_code, hour_at, camera_code, subject, class_name, detections)
SELECT road_segment_code, hour_at, camera_code, subject, class_name, sum(detections)
FROM pg_temp.pending_counts
GROUP BY road_segment_code, hour_at, camera_code, subject, class_name
ORDER BY hour_at, camera_code, road_segment_code, subject, class_name
ON CONFLICT (road_segment_code, hour_at, camera_code, subject, class_name) DO UPDATE
SET detections = kept.detections + EXCLUDED.detections;

INSERT INTO gis.camera_hours AS kept
    (camera_code, hour_at, frame_offsets_ms, frames_seen, reported, simulated)
SELECT camera_code, hour_at, array_agg(DISTINCT offset_ms ORDER BY offset_ms), count(DISTINCT offset_ms), bool_or(reported),
       bool_and(simulated)
FROM pg_temp.pending_frames
GROUP BY camera_code, hour_at
ORDER BY hour_at, camera_code
ON CONFLICT (camera_code, hour_at) DO UPDATE
SET (frame_offsets_ms, frames_seen) = (
        SELECT array_agg(DISTINCT known ORDER BY known), count(DISTINCT known)
        FROM unnest(kept.frame_offsets_ms || EXCLUDED.frame_offsets_ms) AS known
    ),
    reported = kept.reported OR EXCLUDED.reported,
    simulated = kept.simulated AND EXCLUDED.simulated;

INSERT INTO gis.hours_to_enrich (hour_at)
SELECT DISTINCT hour_at FROM pg_temp.pending_hours ORDER BY hour_at
ON CONFLICT (hour_at) DO NOTHING;

TRUNCATE pg_temp.pending_counts, pg_temp.pending_frames, pg_temp.pending_hours, pg_temp.hours_to_recount;

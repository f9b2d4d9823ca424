-- Count the noted hours anew, under a lock that keeps everybody else out of these tables.
-- What this very transaction inserted is among the detections, and so is not added again.
-- Hours of months whose detections are archived keep what they have.
DELETE FROM pg_temp.hours_to_recount WHERE NOT hour_at = ANY(:hours);

DELETE FROM pg_temp.pending_counts AS pending USING pg_temp.hours_to_recount AS noted
WHERE pending.hour_at = noted.hour_at;

DELETE FROM gis.segment_counts AS kept USING pg_temp.hours_to_recount AS noted
WHERE kept.hour_at = noted.hour_at AND kept.hour_at >= :first AND kept.hour_at < :after;

INSERT INTO gis.segment_counts (road_segment_code, hour_at, camera_code, subject, class_name, detections)
SELECT coalesce(road_segment_code, ''), date_trunc('hour', detected_at, 'UTC') AS hour_at, camera_code, subject,
       class_name, count(*)
FROM gis.detections
WHERE camera_code IS NOT NULL AND subject = ANY(:subjects) AND detected_at >= :first AND detected_at < :after
  AND date_trunc('hour', detected_at, 'UTC') IN (SELECT hour_at FROM pg_temp.hours_to_recount)
GROUP BY coalesce(road_segment_code, ''), 2, camera_code, subject, class_name
ORDER BY coalesce(road_segment_code, ''), 2, camera_code, subject, class_name;

DELETE FROM gis.camera_hours AS kept USING pg_temp.hours_to_recount AS noted
WHERE kept.hour_at = noted.hour_at AND kept.hour_at >= :first AND kept.hour_at < :after
  AND (NOT kept.reported OR (kept.simulated AND noted.forget_simulated));

INSERT INTO gis.camera_hours AS kept (camera_code, hour_at, frame_offsets_ms, frames_seen, reported, simulated)
SELECT camera_code, hour_at, frame_offsets_ms, cardinality(frame_offsets_ms), false, simulated
FROM (
    SELECT camera_code, date_trunc('hour', detected_at, 'UTC') AS hour_at, bool_and(simulated) AS simulated,
           array_agg(DISTINCT offset_ms ORDER BY offset_ms) AS frame_offsets_ms
    FROM gis.detections, LATERAL (
        SELECT floor(extract(epoch FROM detected_at - date_trunc('hour', detected_at, 'UTC')) * 1000)::int
    ) AS frame (offset_ms)
    WHERE camera_code IS NOT NULL AND subject = ANY(:subjects) AND detected_at >= :first AND detected_at < :after
      AND date_trunc('hour', detected_at, 'UTC') IN (SELECT hour_at FROM pg_temp.hours_to_recount)
    GROUP BY 1, 2
    ORDER BY 1, 2
) AS counted
ON CONFLICT (camera_code, hour_at) DO UPDATE
SET (frame_offsets_ms, frames_seen) = (
        SELECT array_agg(DISTINCT known ORDER BY known), count(DISTINCT known)
        FROM unnest(kept.frame_offsets_ms || EXCLUDED.frame_offsets_ms) AS known
    ),
    simulated = kept.simulated AND EXCLUDED.simulated;

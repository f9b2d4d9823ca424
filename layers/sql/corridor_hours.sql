-- What the cameras of a corridor told, by segment (its place in the list) and hour.
-- Wherever a camera counted anything in an hour its frames of that hour are known too.
WITH views AS MATERIALIZED (
    SELECT * FROM unnest(
        CAST(:cameras AS text[]), CAST(:segments AS text[]), CAST(:places AS integer[]),
        CAST(:nominal_frames AS float[]), CAST(:seen_lengths_m AS float[])
    ) AS view (camera_code, segment_code, place, nominal_frames, seen_length_m)
),
counted AS (
    SELECT camera_code, hour_at, vehicles, pcu
    FROM views, LATERAL (
        -- In the order of the key: one camera's hours are summed as they are read.
        SELECT hour_at, CAST(sum(detections) AS float) AS vehicles,
               sum(detections * coalesce(
                   (CAST(:pcu AS float[]))[array_position(CAST(:classes AS text[]), lower(class_name COLLATE "C"))], 1
               )) AS pcu
        FROM gis.segment_counts AS kept
        WHERE kept.road_segment_code = views.segment_code AND kept.camera_code = views.camera_code
          AND subject = 'vehicle' AND hour_at >= :first AND hour_at < :after
        GROUP BY hour_at
    ) AS hours
)
SELECT place, CAST(extract(epoch FROM hour_at - :first) / 3600 AS integer) AS hour, count(*) AS cameras,
       coalesce(sum(vehicles), 0) AS vehicles, coalesce(sum(pcu), 0) AS pcu, sum(frames) AS frames,
       sum(seen_length_m) AS seen_length_m, sum(frames * seen_length_m) AS sampled_m,
       bool_and(reported) AS all_reported, bool_or(reported) AS any_reported, bool_or(simulated) AS simulated
FROM views JOIN gis.camera_hours USING (camera_code) LEFT JOIN counted USING (camera_code, hour_at),
     LATERAL (SELECT CASE WHEN reported THEN frames_seen ELSE nominal_frames END) AS known (frames)
WHERE camera_code = ANY(:cameras) AND hour_at >= :first AND hour_at < :after
  AND hour_at NOT IN (SELECT hour_at FROM gis.hours_to_enrich)
GROUP BY place, hour_at;

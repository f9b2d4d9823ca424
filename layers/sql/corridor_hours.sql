-- What the cameras of a corridor told, by segment (its place in the list) and hour.
-- Wherever a camera counted anything in an hour its frames of that hour are known too.
WITH views AS (
    SELECT * FROM unnest(
        CAST(:cameras AS text[]), CAST(:segments AS text[]), CAST(:places AS integer[]),
        CAST(:nominal_frames AS float[]), CAST(:seen_lengths_m AS float[])
    ) AS view (camera_code, segment_code, place, nominal_frames, seen_length_m)
),
counted AS (
    SELECT place, hour_at, sum(CAST(detections AS float)) AS vehicles,
           sum(detections * coalesce(
               (CAST(:pcu AS float[]))[array_position(CAST(:classes AS text[]), lower(class_name))], 1
           )) AS pcu
    FROM views JOIN gis.segment_counts AS kept
         ON segment_code = road_segment_code AND views.camera_code = kept.camera_code
    WHERE subject = 'vehicle' AND hour_at >= :first AND hour_at < :after
    GROUP BY place, hour_at
),
told AS (
    SELECT place, hour_at, count(*) AS cameras, sum(frames) AS frames, sum(seen_length_m) AS seen_length_m,
           sum(frames * seen_length_m) AS sampled_m, bool_and(reported) AS all_reported,
           bool_or(reported) AS any_reported, bool_or(simulated) AS simulated
    FROM gis.camera_hours JOIN views USING (camera_code),
         LATERAL (SELECT CASE WHEN reported THEN frames_seen ELSE nominal_frames END) AS known (frames)
    WHERE camera_code = ANY(:cameras) AND hour_at >= :first AND hour_at < :after
      AND hour_at NOT IN (SELECT hour_at FROM gis.hours_to_enrich)
    GROUP BY place, hour_at
)
SELECT place, CAST(extract(epoch FROM hour_at - :first) / 3600 AS integer) AS hour, cameras,
       coalesce(vehicles, 0) AS vehicles, coalesce(pcu, 0) AS pcu, frames, seen_length_m, sampled_m,
       all_reported, any_reported, simulated
FROM told LEFT JOIN counted USING (place, hour_at);

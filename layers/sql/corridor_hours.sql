-- What the cameras of a corridor told, by segment (its place in the list) and hour.
-- Wherever a camera counted anything in an hour its frames of that hour are known too.
WITH views AS MATERIALIZED (
    SELECT * FROM unnest(
        CAST(:cameras AS text[]), CAST(:segments AS text[]), CAST(:places AS integer[]),
        CAST(:nominal_frames AS float[]), CAST(:seen_lengths_m AS float[]),
        CAST(:tables AS integer[]), CAST(:marks AS bigint[])
    ) AS view (camera_code, segment_code, place, nominal_frames, seen_length_m, first_unit, mark)
),
counted AS (
    SELECT camera_code, hour_at, vehicles, pcu, pcu_squared
    FROM views, LATERAL (
        -- In the order of the key: one camera's hours are summed as they are read.
        SELECT hour_at, CAST(sum(detections) AS float) AS vehicles,
               sum(detections * unit) AS pcu, sum(detections * unit * unit) AS pcu_squared
        FROM gis.segment_counts AS kept, LATERAL (
            -- Each road's table of units stands in one array after the others; unknown classes are cars.
            -- OFFSET keeps the planner from working the unit out again wherever it is named.
            SELECT coalesce((CAST(:pcu AS float[]))[
                views.first_unit + array_position(CAST(:classes AS text[]), lower(class_name COLLATE "C"))
            ], 1) AS unit OFFSET 0
        ) AS car
        WHERE kept.road_segment_code = views.segment_code AND kept.camera_code = views.camera_code
          AND subject = 'vehicle' AND hour_at >= :first AND hour_at < :after
        GROUP BY hour_at
    ) AS hours
)
SELECT place, CAST(extract(epoch FROM hour_at - :first) / 3600 AS integer) AS hour, count(*) AS cameras,
       coalesce(sum(vehicles), 0) AS vehicles, coalesce(sum(pcu), 0) AS pcu,
       coalesce(sum(pcu_squared), 0) AS pcu_squared, sum(frames) AS frames, bit_or(mark) AS marks,
       sum(seen_length_m) AS seen_length_m, sum(frames * seen_length_m) AS sampled_m,
       bool_and(reported) AS all_reported, bool_or(reported) AS any_reported, bool_or(simulated) AS simulated
FROM views JOIN gis.camera_hours USING (camera_code) LEFT JOIN counted USING (camera_code, hour_at),
     LATERAL (SELECT CASE WHEN reported THEN frames_seen ELSE nominal_frames END) AS known (frames)
WHERE camera_code = ANY(:cameras) AND hour_at >= :first AND hour_at < :after
  AND hour_at NOT IN (SELECT hour_at FROM gis.hours_to_enrich)
GROUP BY place, hour_at;

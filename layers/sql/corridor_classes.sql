-- Vehicles by segment (its place in the list), bin (its number) and class, in hours of which
-- the frames are known.
SELECT place, CAST(floor(extract(epoch FROM hour_at - :first) / :bin_s) AS integer) AS bin,
       lower(class_name COLLATE "C") AS class_name, CAST(sum(detections) AS float) AS vehicles
FROM unnest(
        CAST(:cameras AS text[]), CAST(:segments AS text[]), CAST(:places AS integer[])
    ) AS view (camera_code, segment_code, place), LATERAL (
        SELECT hour_at, class_name, detections
        FROM gis.segment_counts AS kept
        WHERE kept.road_segment_code = view.segment_code AND kept.camera_code = view.camera_code
          AND subject = 'vehicle' AND hour_at >= :first AND hour_at < :after
    ) AS counted
WHERE hour_at NOT IN (SELECT hour_at FROM gis.hours_to_enrich)
GROUP BY place, bin, lower(class_name COLLATE "C")
ORDER BY place, bin, class_name;

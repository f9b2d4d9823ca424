-- The hours that hold simulated rows, before those are removed.
INSERT INTO pg_temp.hours_to_recount (hour_at, forget_simulated)
SELECT date_trunc('hour', detected_at, 'UTC'), true FROM gis.detections
WHERE simulated AND camera_code IS NOT NULL
UNION
SELECT hour_at, true FROM gis.camera_hours WHERE simulated
ON CONFLICT (hour_at) DO UPDATE SET forget_simulated = true;

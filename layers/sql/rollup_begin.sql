-- What this transaction adds to the roll-ups. The tables are of the session and emptied by every commit.
CREATE TEMPORARY TABLE IF NOT EXISTS pending_counts (
    road_segment_code text, hour_at timestamptz, camera_code text, subject text, class_name text,
    detections bigint
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS pending_frames (
    camera_code text, hour_at timestamptz, offset_ms integer, reported boolean, simulated boolean
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS pending_hours (hour_at timestamptz) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS hours_to_recount (
    hour_at timestamptz PRIMARY KEY, forget_simulated boolean
) ON COMMIT DELETE ROWS;

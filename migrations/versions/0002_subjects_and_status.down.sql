-- Back to 0001; the history of status changes is lost.

DROP TRIGGER forget_simulated_changes ON gis.detections;
DROP TRIGGER refuse_unrecorded_status ON gis.detections;
DROP TABLE gis.status_changes;
DROP FUNCTION gis.apply_status_change(), gis.refuse_unrecorded_status(), gis.keep_status_changes(),
    gis.forget_simulated_changes();

ALTER TABLE gis.detections
    DROP CONSTRAINT ck_detections_subject,
    DROP CONSTRAINT ck_detections_status,
    DROP COLUMN verified_by,
    DROP COLUMN verified_at,
    DROP COLUMN violation_kind,
    DROP COLUMN species,
    DROP COLUMN individual_count;

ALTER TABLE gis.detections
    ADD CONSTRAINT ck_detections_subject CHECK (subject IN ('vehicle', 'forest_fire', 'straw_burning', 'flooding')),
    ADD CONSTRAINT ck_detections_status CHECK (status IN ('observed', 'suspected', 'verified', 'refuted'));

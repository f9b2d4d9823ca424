-- Changes of gis.detections reach its partitions too, those that are there and those to come.

ALTER TABLE gis.detections
    DROP CONSTRAINT ck_detections_subject,
    DROP CONSTRAINT ck_detections_status,
    ADD COLUMN verified_by TEXT,
    ADD COLUMN verified_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN violation_kind TEXT,
    ADD COLUMN species TEXT,
    ADD COLUMN individual_count INTEGER;

ALTER TABLE gis.detections
    ADD CONSTRAINT ck_detections_subject CHECK (subject IN ('vehicle', 'traffic_violation', 'environmental_violation', 'wildlife', 'forest_fire', 'straw_burning', 'flooding', 'crowding', 'incident')),
    ADD CONSTRAINT ck_detections_status CHECK (status IN ('observed', 'suspected', 'verified', 'refuted', 'resolved'));

COMMENT ON COLUMN gis.detections.verified_by IS 'Agency or account that verified or refuted it';
COMMENT ON COLUMN gis.detections.verified_at IS 'When it was verified or refuted (UTC)';
COMMENT ON COLUMN gis.detections.violation_kind IS 'What the violation of traffic or environmental rules consists in';
COMMENT ON COLUMN gis.detections.species IS 'Species of wildlife, by its scientific name where known';
COMMENT ON COLUMN gis.detections.individual_count IS 'Number of animals or people seen';

CREATE TABLE gis.status_changes (
    id UUID NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    event_id UUID NOT NULL,
    detected_at TIMESTAMP WITH TIME ZONE NOT NULL,
    subject TEXT NOT NULL,
    from_status VARCHAR(40) NOT NULL,
    to_status VARCHAR(40) NOT NULL,
    changed_by TEXT NOT NULL,
    note TEXT,
    geom geometry(POINT,4326) NOT NULL,
    origin TEXT NOT NULL,
    simulated BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT pk_status_changes PRIMARY KEY (id),
    CONSTRAINT ck_status_changes_differs CHECK (from_status <> to_status),
    CONSTRAINT ck_status_changes_from_status CHECK (from_status IN ('observed', 'suspected', 'verified', 'refuted', 'resolved')),
    CONSTRAINT ck_status_changes_to_status CHECK (to_status IN ('observed', 'suspected', 'verified', 'refuted', 'resolved'))
);

CREATE INDEX idx_status_changes_geom ON gis.status_changes USING gist (geom);

CREATE UNIQUE INDEX ix_status_changes_event_id_changed_at ON gis.status_changes (event_id, changed_at);

COMMENT ON COLUMN gis.status_changes.id IS 'Identifier, sorts by time';
COMMENT ON COLUMN gis.status_changes.changed_at IS 'Time of the change (UTC)';
COMMENT ON COLUMN gis.status_changes.event_id IS 'Identifier in layer detections';
COMMENT ON COLUMN gis.status_changes.detected_at IS 'Time of detection (UTC)';
COMMENT ON COLUMN gis.status_changes.subject IS 'Subject';
COMMENT ON COLUMN gis.status_changes.from_status IS 'Status before';
COMMENT ON COLUMN gis.status_changes.to_status IS 'Status after';
COMMENT ON COLUMN gis.status_changes.changed_by IS 'Agency or account that made the change';
COMMENT ON COLUMN gis.status_changes.note IS 'Note';
COMMENT ON COLUMN gis.status_changes.geom IS 'Geometry (EPSG:4326)';
COMMENT ON COLUMN gis.status_changes.origin IS 'Where the row came from';
COMMENT ON COLUMN gis.status_changes.simulated IS 'Simulated, not observed';

-- A row of the history is the change: adding it changes the detection, whose latest row it then is.
-- A detection that is changed in any other way has a latest row that tells of something else.

CREATE FUNCTION gis.apply_status_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE gis.detections
    SET status = NEW.to_status,
        verified_by = CASE WHEN NEW.to_status IN ('verified', 'refuted') THEN NEW.changed_by
                           WHEN NEW.to_status = 'resolved' THEN verified_by END,
        verified_at = CASE WHEN NEW.to_status IN ('verified', 'refuted') THEN NEW.changed_at
                           WHEN NEW.to_status = 'resolved' THEN verified_at END
    WHERE id = NEW.event_id AND detected_at = NEW.detected_at AND status = NEW.from_status;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            MESSAGE = 'there is no detection ' || NEW.event_id || ' whose status is ' || NEW.from_status;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER apply_status_change AFTER INSERT ON gis.status_changes
    FOR EACH ROW EXECUTE FUNCTION gis.apply_status_change();

CREATE FUNCTION gis.refuse_unrecorded_status() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    latest gis.status_changes;
BEGIN
    SELECT * INTO latest FROM gis.status_changes
    WHERE event_id = NEW.id ORDER BY changed_at DESC LIMIT 1;
    IF (latest.from_status, latest.to_status) IS DISTINCT FROM (OLD.status, NEW.status) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            MESSAGE = 'the status of a detection is changed by a row of gis.status_changes, and not otherwise';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER refuse_unrecorded_status BEFORE UPDATE OF status, verified_by, verified_at ON gis.detections
    FOR EACH ROW
    WHEN ((OLD.status, OLD.verified_by, OLD.verified_at)
          IS DISTINCT FROM (NEW.status, NEW.verified_by, NEW.verified_at))
    EXECUTE FUNCTION gis.refuse_unrecorded_status();

-- The history of what was simulated goes with it; that of real detections stays, whatever becomes of them.

CREATE FUNCTION gis.keep_status_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.simulated THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
        MESSAGE = 'a change of status that is on record is neither altered nor removed';
END
$$;

CREATE TRIGGER keep_status_changes BEFORE UPDATE OR DELETE ON gis.status_changes
    FOR EACH ROW EXECUTE FUNCTION gis.keep_status_changes();

CREATE FUNCTION gis.forget_simulated_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM gis.status_changes USING gone
    WHERE gone.simulated AND status_changes.event_id = gone.id AND status_changes.simulated;
    RETURN NULL;
END
$$;

CREATE TRIGGER forget_simulated_changes AFTER DELETE ON gis.detections
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION gis.forget_simulated_changes();

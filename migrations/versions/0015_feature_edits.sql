CREATE TABLE gis.feature_edits (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    edited_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    layer TEXT NOT NULL,
    feature_id TEXT NOT NULL,
    action VARCHAR(40) NOT NULL,
    edited_by TEXT NOT NULL,
    before JSONB,
    after JSONB,
    CONSTRAINT pk_feature_edits PRIMARY KEY (id),
    CONSTRAINT ck_feature_edits_action CHECK (action IN ('create', 'replace', 'update', 'delete'))
);

COMMENT ON COLUMN gis.feature_edits.edited_at IS 'When it was edited (UTC)';
COMMENT ON COLUMN gis.feature_edits.layer IS 'Layer';
COMMENT ON COLUMN gis.feature_edits.feature_id IS 'Identifier of the feature in its layer';
COMMENT ON COLUMN gis.feature_edits.action IS 'What was done';
COMMENT ON COLUMN gis.feature_edits.edited_by IS 'Account that did it';
COMMENT ON COLUMN gis.feature_edits.before IS 'The row before; null where it was added';
COMMENT ON COLUMN gis.feature_edits.after IS 'The row afterwards; null where it was removed';

CREATE INDEX ix_feature_edits_layer_feature_id ON gis.feature_edits (layer, feature_id);

-- A history that can be altered proves nothing.

CREATE FUNCTION gis.keep_feature_edits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
        MESSAGE = 'an edit that is on record is neither altered nor removed';
END
$$;

CREATE TRIGGER keep_feature_edits BEFORE UPDATE OR DELETE ON gis.feature_edits
    FOR EACH ROW EXECUTE FUNCTION gis.keep_feature_edits();

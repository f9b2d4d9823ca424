-- Every transaction that changes a layer's table leaves a note; what is kept of the layer is good until then.

CREATE TABLE gis.layer_changes (
    table_name TEXT NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    transaction BIGINT NOT NULL,
    CONSTRAINT pk_layer_changes PRIMARY KEY (table_name, changed_at, transaction)
);

COMMENT ON COLUMN gis.layer_changes.table_name IS 'Table whose rows changed';
COMMENT ON COLUMN gis.layer_changes.changed_at IS 'When the transaction began that changed them';
COMMENT ON COLUMN gis.layer_changes.transaction IS 'Its number';

-- The notes that are visible go and one's own comes: after every commit there is a set of notes that never
-- was before. Notes that another transaction is removing are left to it, so that nobody waits.
-- Whoever may change a layer may note it, whatever other rights they have.

CREATE FUNCTION gis.note_layer_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    own CONSTANT bigint := pg_current_xact_id()::text::bigint;
BEGIN
    IF EXISTS (SELECT FROM gis.layer_changes
               WHERE table_name = TG_TABLE_NAME AND changed_at = now() AND transaction = own) THEN
        RETURN NULL;
    END IF;
    -- A transaction with a snapshot of its own could not remove what changed since.
    IF current_setting('transaction_isolation') = 'read committed' THEN
        DELETE FROM gis.layer_changes WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM gis.layer_changes WHERE table_name = TG_TABLE_NAME FOR UPDATE SKIP LOCKED));
    END IF;
    INSERT INTO gis.layer_changes (table_name, changed_at, transaction) VALUES (TG_TABLE_NAME, now(), own);
    RETURN NULL;
END
$$;

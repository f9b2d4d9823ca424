-- What comes in from others: the rows that could not go in, and how each source fares.

CREATE TABLE gis.collect_status (
    source TEXT NOT NULL,
    last_attempt_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_success_at TIMESTAMP WITH TIME ZONE,
    rows_in BIGINT NOT NULL,
    rows_refused BIGINT NOT NULL,
    latest_event_at TIMESTAMP WITH TIME ZONE,
    last_error TEXT,
    CONSTRAINT pk_collect_status PRIMARY KEY (source)
);

COMMENT ON COLUMN gis.collect_status.source IS 'Connector or pusher';
COMMENT ON COLUMN gis.collect_status.last_attempt_at IS 'When the source last brought something';
COMMENT ON COLUMN gis.collect_status.last_success_at IS 'When something of it last went in';
COMMENT ON COLUMN gis.collect_status.rows_in IS 'Rows that were new or changed, in all';
COMMENT ON COLUMN gis.collect_status.rows_refused IS 'Rows that went into quarantine, in all';
COMMENT ON COLUMN gis.collect_status.latest_event_at IS 'Time of the latest event that it brought';
COMMENT ON COLUMN gis.collect_status.last_error IS 'Why the last attempt failed, if it did';

CREATE TABLE gis.quarantine (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    received_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    source TEXT NOT NULL,
    document TEXT,
    layer TEXT NOT NULL,
    row_number INTEGER NOT NULL,
    content TEXT NOT NULL,
    content_chars INTEGER NOT NULL,
    crs TEXT,
    reason TEXT NOT NULL,
    replayed_at TIMESTAMP WITH TIME ZONE,
    digest TEXT NOT NULL,
    CONSTRAINT pk_quarantine PRIMARY KEY (id),
    CONSTRAINT uq_quarantine_digest UNIQUE (digest)
);

CREATE INDEX ix_quarantine_source ON gis.quarantine (source);

COMMENT ON COLUMN gis.quarantine.received_at IS 'When the row last came in';
COMMENT ON COLUMN gis.quarantine.source IS 'Connector or pusher that brought the row';
COMMENT ON COLUMN gis.quarantine.document IS 'File that held the row';
COMMENT ON COLUMN gis.quarantine.layer IS 'Layer that the row was meant for';
COMMENT ON COLUMN gis.quarantine.row_number IS 'Number of the row where it came from, from 1';
COMMENT ON COLUMN gis.quarantine.content IS 'The row as JSON, cut where it is very long';
COMMENT ON COLUMN gis.quarantine.content_chars IS 'Length of the whole row in characters';
COMMENT ON COLUMN gis.quarantine.crs IS 'CRS of the row''s coordinates, where it is not WGS 84';
COMMENT ON COLUMN gis.quarantine.reason IS 'Why the row could not go in';
COMMENT ON COLUMN gis.quarantine.replayed_at IS 'When the row went in after all';
COMMENT ON COLUMN gis.quarantine.digest IS 'Digest of source, layer and whole row';

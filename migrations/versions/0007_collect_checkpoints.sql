-- How far polled sources have been read, and when each is due.

ALTER TABLE gis.collect_status ADD COLUMN failures_in_a_row INTEGER DEFAULT 0 NOT NULL;
ALTER TABLE gis.collect_status ADD COLUMN next_due_at TIMESTAMP WITH TIME ZONE;

COMMENT ON COLUMN gis.collect_status.failures_in_a_row IS 'Attempts that failed since the last success';
COMMENT ON COLUMN gis.collect_status.next_due_at IS 'When the source is polled next, for those with a schedule';

CREATE TABLE gis.collect_checkpoints (
    source TEXT NOT NULL,
    request TEXT NOT NULL,
    etag TEXT,
    last_modified TEXT,
    content TEXT,
    since TIMESTAMP WITH TIME ZONE,
    saved_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_collect_checkpoints PRIMARY KEY (source)
);

COMMENT ON COLUMN gis.collect_checkpoints.source IS 'Connector that polls it';
COMMENT ON COLUMN gis.collect_checkpoints.request IS 'Digest of what was asked last: address without secrets, and settings';
COMMENT ON COLUMN gis.collect_checkpoints.etag IS 'ETag of the last answer';
COMMENT ON COLUMN gis.collect_checkpoints.last_modified IS 'Last-Modified of the last answer';
COMMENT ON COLUMN gis.collect_checkpoints.content IS 'Digest of the last answer''s body';
COMMENT ON COLUMN gis.collect_checkpoints.since IS 'Instant up to which the source has been read';
COMMENT ON COLUMN gis.collect_checkpoints.saved_at IS 'When this was noted';

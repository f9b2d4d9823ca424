CREATE TABLE gis.archive_months (
    layer TEXT NOT NULL,
    month DATE NOT NULL,
    rows BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    digest TEXT NOT NULL,
    path TEXT NOT NULL,
    first_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_at TIMESTAMP WITH TIME ZONE NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    restored BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT pk_archive_months PRIMARY KEY (layer, month)
);


COMMENT ON COLUMN gis.archive_months.layer IS 'Layer whose rows they are';
COMMENT ON COLUMN gis.archive_months.month IS 'First day of the month, in UTC';
COMMENT ON COLUMN gis.archive_months.rows IS 'Rows in the files';
COMMENT ON COLUMN gis.archive_months.bytes IS 'Size of the files';
COMMENT ON COLUMN gis.archive_months.digest IS 'Digest of all values of all rows, whatever their order';
COMMENT ON COLUMN gis.archive_months.path IS 'Folder of the daily folders, from the folder of the archive';
COMMENT ON COLUMN gis.archive_months.first_at IS 'Time of the first row';
COMMENT ON COLUMN gis.archive_months.last_at IS 'Time of the last row';
COMMENT ON COLUMN gis.archive_months.archived_at IS 'When the files were verified';
COMMENT ON COLUMN gis.archive_months.restored IS 'Whether the rows are in the database as well';

CREATE TABLE gis.process_jobs (
    id UUID NOT NULL,
    number BIGINT GENERATED ALWAYS AS IDENTITY,
    process TEXT NOT NULL,
    status VARCHAR(40) NOT NULL,
    progress SMALLINT DEFAULT 0 NOT NULL,
    message TEXT,
    error TEXT,
    inputs JSONB NOT NULL,
    outputs JSONB NOT NULL,
    response VARCHAR(40) NOT NULL,
    subscriber JSONB,
    waited_for BOOLEAN NOT NULL,
    asker TEXT NOT NULL,
    account TEXT,
    attempts SMALLINT DEFAULT 0 NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_process_jobs PRIMARY KEY (id),
    CONSTRAINT ck_process_jobs_status
        CHECK (status IN ('accepted', 'running', 'successful', 'failed', 'dismissed')),
    CONSTRAINT ck_process_jobs_response CHECK (response IN ('raw', 'document'))
);

COMMENT ON COLUMN gis.process_jobs.number IS 'Order in which jobs were accepted';
COMMENT ON COLUMN gis.process_jobs.process IS 'Process';
COMMENT ON COLUMN gis.process_jobs.status IS 'What has become of it';
COMMENT ON COLUMN gis.process_jobs.progress IS 'How far it is, percent';
COMMENT ON COLUMN gis.process_jobs.message IS 'What is being done, or why it failed';
COMMENT ON COLUMN gis.process_jobs.error IS 'Class of the error that it failed with';
COMMENT ON COLUMN gis.process_jobs.inputs IS 'Inputs, checked and with their defaults';
COMMENT ON COLUMN gis.process_jobs.outputs IS 'How each output that was asked for is transmitted';
COMMENT ON COLUMN gis.process_jobs.response IS 'How the results are given';
COMMENT ON COLUMN gis.process_jobs.subscriber IS 'Addresses that are told of the job';
COMMENT ON COLUMN gis.process_jobs.waited_for IS 'Whether a client waits for the answer';
COMMENT ON COLUMN gis.process_jobs.asker IS 'Digest of whose jobs are counted together';
COMMENT ON COLUMN gis.process_jobs.account IS 'Account that it belongs to; null where anybody may see it';
COMMENT ON COLUMN gis.process_jobs.attempts IS 'How often it was begun';
COMMENT ON COLUMN gis.process_jobs.created_at IS 'When it was accepted (UTC)';
COMMENT ON COLUMN gis.process_jobs.started_at IS 'When it was begun last (UTC)';
COMMENT ON COLUMN gis.process_jobs.updated_at IS 'When it last changed (UTC)';
COMMENT ON COLUMN gis.process_jobs.finished_at IS 'When it ended (UTC)';

CREATE INDEX ix_process_jobs_status_number ON gis.process_jobs (status, number);

CREATE TABLE gis.process_outputs (
    job_id UUID NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    content BYTEA NOT NULL,
    CONSTRAINT pk_process_outputs PRIMARY KEY (job_id, name),
    CONSTRAINT fk_process_outputs_job_id_process_jobs FOREIGN KEY (job_id)
        REFERENCES gis.process_jobs (id) ON DELETE CASCADE
);

COMMENT ON COLUMN gis.process_outputs.job_id IS 'Job';
COMMENT ON COLUMN gis.process_outputs.name IS 'Output';
COMMENT ON COLUMN gis.process_outputs.media_type IS 'Its media type';
COMMENT ON COLUMN gis.process_outputs.content IS 'Its value, encoded by its media type';

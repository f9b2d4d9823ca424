-- Layers that are added while the service runs: what is said of each; its rows are in a table of its own,
-- which is made with it. The one row of the state changes with every change of the list.

CREATE TABLE gis.added_layers (
    name TEXT NOT NULL,
    place BIGINT GENERATED ALWAYS AS IDENTITY,
    table_name TEXT NOT NULL,
    declaration JSONB NOT NULL,
    source TEXT NOT NULL,
    added_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_added_layers PRIMARY KEY (name),
    CONSTRAINT uq_added_layers_table_name UNIQUE (table_name)
);

COMMENT ON COLUMN gis.added_layers.name IS 'Layer';
COMMENT ON COLUMN gis.added_layers.place IS 'Place in the list of layers';
COMMENT ON COLUMN gis.added_layers.table_name IS 'Table of its rows';
COMMENT ON COLUMN gis.added_layers.declaration IS 'Title, steward, style and columns';
COMMENT ON COLUMN gis.added_layers.source IS 'File that its rows came from';
COMMENT ON COLUMN gis.added_layers.added_at IS 'When it was added (UTC)';
COMMENT ON COLUMN gis.added_layers.changed_at IS 'When it was changed last (UTC)';

CREATE TABLE gis.added_layers_state (
    only_row BOOLEAN DEFAULT true NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT pk_added_layers_state PRIMARY KEY (only_row),
    CONSTRAINT ck_added_layers_state_only_row CHECK (only_row)
);

COMMENT ON COLUMN gis.added_layers_state.version IS 'Another number after every change of the list';

INSERT INTO gis.added_layers_state (version) VALUES (0);

CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE asset (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name VARCHAR(1500) NOT NULL, 
	uri VARCHAR(1500) NOT NULL, 
	"group" VARCHAR(1500) NOT NULL, 
	extra JSON NOT NULL, 
	created_at TIMESTAMP NOT NULL, 
	updated_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX idx_asset_name_uri_unique ON asset (name, uri);
CREATE TABLE asset_active (
	name VARCHAR(1500) NOT NULL, 
	uri VARCHAR(1500) NOT NULL, 
	CONSTRAINT asset_active_pkey PRIMARY KEY (name, uri));
CREATE UNIQUE INDEX idx_asset_active_name_unique ON asset_active (name);
CREATE UNIQUE INDEX idx_asset_active_uri_unique ON asset_active (uri);
CREATE TABLE asset_event (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	asset_id INTEGER NOT NULL, 
	extra JSON NOT NULL, 
	source_task_id VARCHAR(250), 
	source_dag_id VARCHAR(250), 
	source_run_id VARCHAR(250), 
	source_map_index INTEGER DEFAULT -1, 
	timestamp TIMESTAMP NOT NULL
);
CREATE INDEX idx_asset_id_timestamp ON asset_event (asset_id, timestamp);
CREATE TABLE dag (
	dag_id VARCHAR(250) NOT NULL, 
	is_paused BOOLEAN, 
	is_stale BOOLEAN, 
	last_parsed_time TIMESTAMP, 
	last_expired TIMESTAMP, 
	fileloc VARCHAR(2000), 
	relative_fileloc VARCHAR(2000), 
	bundle_name VARCHAR(250), 
	bundle_version VARCHAR(200), 
	owners VARCHAR(2000), 
	dag_display_name VARCHAR(2000), 
	description TEXT, 
	timetable_summary TEXT, 
	timetable_description VARCHAR(1000), 
	asset_expression JSON, 
	max_active_tasks INTEGER NOT NULL, 
	max_active_runs INTEGER, 
	max_consecutive_failed_dag_runs INTEGER NOT NULL, 
	has_task_concurrency_limits BOOLEAN NOT NULL, 
	has_import_errors BOOLEAN DEFAULT '0', 
	next_dagrun TIMESTAMP, 
	next_dagrun_data_interval_start TIMESTAMP, 
	next_dagrun_data_interval_end TIMESTAMP, 
	next_dagrun_create_after TIMESTAMP, 
	CONSTRAINT dag_pkey PRIMARY KEY (dag_id));
CREATE INDEX idx_next_dagrun_create_after ON dag (next_dagrun_create_after);
CREATE TABLE dag_run (
	id INTEGER NOT NULL, 
	dag_id VARCHAR(250) NOT NULL, 
	queued_at TIMESTAMP, 
	logical_date TIMESTAMP, 
	start_date TIMESTAMP, 
	end_date TIMESTAMP, 
	state VARCHAR(50), 
	run_id VARCHAR(250) NOT NULL, 
	creating_job_id INTEGER, 
	run_type VARCHAR(50) NOT NULL, 
	triggered_by VARCHAR(50), 
	conf JSON, 
	data_interval_start TIMESTAMP, 
	data_interval_end TIMESTAMP, 
	run_after TIMESTAMP NOT NULL, 
	last_scheduling_decision TIMESTAMP, 
	log_template_id INTEGER, 
	updated_at TIMESTAMP, 
	clear_number INTEGER DEFAULT '0' NOT NULL, 
	backfill_id INTEGER, 
	bundle_version VARCHAR(250), 
	scheduled_by_job_id INTEGER, 
	context_carrier JSON, 
	span_status VARCHAR(250) DEFAULT 'not_started' NOT NULL, 
	created_dag_version_id CHAR(32), 
	CONSTRAINT dag_run_pkey PRIMARY KEY (id), 
	CONSTRAINT dag_run_dag_id_run_id_key UNIQUE (dag_id, run_id), 
	CONSTRAINT dag_run_dag_id_logical_date_key UNIQUE (dag_id, logical_date));
CREATE INDEX dag_id_state ON dag_run (dag_id, state);
CREATE INDEX idx_dag_run_dag_id ON dag_run (dag_id);
CREATE INDEX idx_dag_run_queued_dags ON dag_run (state, dag_id) WHERE state='queued';
CREATE INDEX idx_dag_run_run_after ON dag_run (run_after);
CREATE INDEX idx_dag_run_running_dags ON dag_run (state, dag_id) WHERE state='running';
CREATE TABLE dag_tag (
	name VARCHAR(100) NOT NULL, 
	dag_id VARCHAR(250) NOT NULL, 
	CONSTRAINT dag_tag_pkey PRIMARY KEY (name, dag_id));
CREATE INDEX idx_dag_tag_dag_id ON dag_tag (dag_id);
CREATE TABLE import_error (
	id INTEGER NOT NULL, 
	timestamp TIMESTAMP, 
	filename VARCHAR(1024), 
	bundle_name VARCHAR(250), 
	stacktrace TEXT, 
	CONSTRAINT import_error_pkey PRIMARY KEY (id)
);
CREATE TABLE job (
	id INTEGER NOT NULL, 
	dag_id VARCHAR(250), 
	state VARCHAR(20), 
	job_type VARCHAR(30), 
	start_date TIMESTAMP, 
	end_date TIMESTAMP, 
	latest_heartbeat TIMESTAMP, 
	executor_class VARCHAR(500), 
	hostname VARCHAR(500), 
	unixname VARCHAR(1000), 
	CONSTRAINT job_pkey PRIMARY KEY (id)
);
CREATE INDEX idx_job_dag_id ON job (dag_id);
CREATE INDEX idx_job_state_heartbeat ON job (state, latest_heartbeat);
CREATE INDEX job_type_heart ON job (job_type, latest_heartbeat);
CREATE TABLE rendered_task_instance_fields (
	dag_id VARCHAR(250) NOT NULL, 
	task_id VARCHAR(250) NOT NULL, 
	run_id VARCHAR(250) NOT NULL, 
	map_index INTEGER DEFAULT -1 NOT NULL, 
	rendered_fields JSON NOT NULL, 
	k8s_pod_yaml JSON, 
	CONSTRAINT rendered_task_instance_fields_pkey PRIMARY KEY (dag_id, task_id, run_id, map_index));
CREATE TABLE slot_pool (
	id INTEGER NOT NULL, 
	pool VARCHAR(256), 
	slots INTEGER, 
	description TEXT, 
	include_deferred BOOLEAN NOT NULL, 
	CONSTRAINT slot_pool_pkey PRIMARY KEY (id), 
	CONSTRAINT slot_pool_pool_uq UNIQUE (pool)
);
CREATE TABLE task_instance (
	id VARCHAR(36) NOT NULL, 
	task_id VARCHAR(250) NOT NULL, 
	dag_id VARCHAR(250) NOT NULL, 
	run_id VARCHAR(250) NOT NULL, 
	map_index INTEGER DEFAULT -1 NOT NULL, 
	start_date TIMESTAMP, 
	end_date TIMESTAMP, 
	duration FLOAT, 
	state VARCHAR(20), 
	try_number INTEGER, 
	max_tries INTEGER DEFAULT -1, 
	hostname VARCHAR(1000), 
	unixname VARCHAR(1000), 
	pool VARCHAR(256) NOT NULL, 
	pool_slots INTEGER NOT NULL, 
	queue VARCHAR(256), 
	priority_weight INTEGER, 
	operator VARCHAR(1000), 
	custom_operator_name VARCHAR(1000), 
	queued_dttm TIMESTAMP, 
	scheduled_dttm TIMESTAMP, 
	queued_by_job_id INTEGER, 
	last_heartbeat_at TIMESTAMP, 
	pid INTEGER, 
	executor VARCHAR(1000), 
	executor_config BLOB, 
	updated_at TIMESTAMP, 
	rendered_map_index VARCHAR(250), 
	context_carrier JSON, 
	span_status VARCHAR(250) DEFAULT 'not_started' NOT NULL, 
	external_executor_id VARCHAR(250), 
	trigger_id INTEGER, 
	trigger_timeout TIMESTAMP, 
	next_method VARCHAR(1000), 
	next_kwargs JSON, 
	task_display_name VARCHAR(2000), 
	dag_version_id CHAR(32), 
	CONSTRAINT task_instance_pkey PRIMARY KEY (id), 
	CONSTRAINT task_instance_composite_key UNIQUE (dag_id, task_id, run_id, map_index));
CREATE INDEX ti_dag_run ON task_instance (dag_id, run_id);
CREATE INDEX ti_dag_state ON task_instance (dag_id, state);
CREATE INDEX ti_heartbeat ON task_instance (last_heartbeat_at);
CREATE INDEX ti_pool ON task_instance (pool, state, priority_weight);
CREATE INDEX ti_state ON task_instance (state);
CREATE INDEX ti_state_lkp ON task_instance (dag_id, task_id, run_id, state);
CREATE INDEX ti_trigger_id ON task_instance (trigger_id);
CREATE TABLE xcom (
	dag_run_id INTEGER NOT NULL, 
	task_id VARCHAR(250) NOT NULL, 
	map_index INTEGER DEFAULT -1 NOT NULL, 
	"key" VARCHAR(512) NOT NULL, 
	dag_id VARCHAR(250) NOT NULL, 
	run_id VARCHAR(250) NOT NULL, 
	value JSON, 
	timestamp TIMESTAMP NOT NULL, 
	CONSTRAINT xcom_pkey PRIMARY KEY (dag_run_id, task_id, map_index, "key"));
CREATE INDEX idx_xcom_key ON xcom ("key");
CREATE INDEX idx_xcom_task_instance ON xcom (dag_id, task_id, run_id, map_index);
INSERT INTO alembic_version VALUES ('fe199e1abd77');

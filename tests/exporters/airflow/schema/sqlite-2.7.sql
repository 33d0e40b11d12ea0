CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE dag (
	dag_id VARCHAR(250) NOT NULL, 
	root_dag_id VARCHAR(250), 
	is_paused BOOLEAN, 
	is_subdag BOOLEAN, 
	is_active BOOLEAN, 
	last_parsed_time TIMESTAMP, 
	last_pickled TIMESTAMP, 
	last_expired TIMESTAMP, 
	scheduler_lock BOOLEAN, 
	pickle_id INTEGER, 
	fileloc VARCHAR(2000), 
	processor_subdir VARCHAR(2000), 
	owners VARCHAR(2000), 
	description TEXT, 
	default_view VARCHAR(25), 
	schedule_interval TEXT, 
	timetable_description VARCHAR(1000), 
	max_active_tasks INTEGER NOT NULL, 
	max_active_runs INTEGER, 
	has_task_concurrency_limits BOOLEAN NOT NULL, 
	has_import_errors BOOLEAN DEFAULT '0', 
	next_dagrun TIMESTAMP, 
	next_dagrun_data_interval_start TIMESTAMP, 
	next_dagrun_data_interval_end TIMESTAMP, 
	next_dagrun_create_after TIMESTAMP, 
	CONSTRAINT dag_pkey PRIMARY KEY (dag_id)
);
CREATE INDEX idx_next_dagrun_create_after ON dag (next_dagrun_create_after);
CREATE INDEX idx_root_dag_id ON dag (root_dag_id);
CREATE TABLE dag_run (
	id INTEGER NOT NULL, 
	dag_id VARCHAR(250) NOT NULL, 
	queued_at TIMESTAMP, 
	execution_date TIMESTAMP NOT NULL, 
	start_date TIMESTAMP, 
	end_date TIMESTAMP, 
	state VARCHAR(50), 
	run_id VARCHAR(250) NOT NULL, 
	creating_job_id INTEGER, 
	external_trigger BOOLEAN, 
	run_type VARCHAR(50) NOT NULL, 
	conf BLOB, 
	data_interval_start TIMESTAMP, 
	data_interval_end TIMESTAMP, 
	last_scheduling_decision TIMESTAMP, 
	dag_hash VARCHAR(32), 
	log_template_id INTEGER, 
	updated_at TIMESTAMP, 
	CONSTRAINT dag_run_pkey PRIMARY KEY (id), 
	CONSTRAINT dag_run_dag_id_execution_date_key UNIQUE (dag_id, execution_date), 
	CONSTRAINT dag_run_dag_id_run_id_key UNIQUE (dag_id, run_id));
CREATE INDEX dag_id_state ON dag_run (dag_id, state);
CREATE INDEX idx_dag_run_dag_id ON dag_run (dag_id);
CREATE INDEX idx_dag_run_queued_dags ON dag_run (state, dag_id) WHERE state='queued';
CREATE INDEX idx_dag_run_running_dags ON dag_run (state, dag_id) WHERE state='running';
CREATE INDEX idx_last_scheduling_decision ON dag_run (last_scheduling_decision);
CREATE TABLE dag_tag (
	name VARCHAR(100) NOT NULL, 
	dag_id VARCHAR(250) NOT NULL, 
	CONSTRAINT dag_tag_pkey PRIMARY KEY (name, dag_id));
CREATE TABLE dataset (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	uri VARCHAR(3000) NOT NULL, 
	extra JSON NOT NULL, 
	created_at TIMESTAMP NOT NULL, 
	updated_at TIMESTAMP NOT NULL, 
	is_orphaned BOOLEAN DEFAULT '0' NOT NULL
);
CREATE UNIQUE INDEX idx_uri_unique ON dataset (uri);
CREATE TABLE dataset_event (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	dataset_id INTEGER NOT NULL, 
	extra JSON NOT NULL, 
	source_task_id VARCHAR(250), 
	source_dag_id VARCHAR(250), 
	source_run_id VARCHAR(250), 
	source_map_index INTEGER DEFAULT -1, 
	timestamp TIMESTAMP NOT NULL
);
CREATE INDEX idx_dataset_id_timestamp ON dataset_event (dataset_id, timestamp);
CREATE TABLE import_error (
	id INTEGER NOT NULL, 
	timestamp TIMESTAMP, 
	filename VARCHAR(1024), 
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
	job_id INTEGER, 
	pool VARCHAR(256) NOT NULL, 
	pool_slots INTEGER NOT NULL, 
	queue VARCHAR(256), 
	priority_weight INTEGER, 
	operator VARCHAR(1000), 
	custom_operator_name VARCHAR(1000), 
	queued_dttm TIMESTAMP, 
	queued_by_job_id INTEGER, 
	pid INTEGER, 
	executor_config BLOB, 
	updated_at TIMESTAMP, 
	external_executor_id VARCHAR(250), 
	trigger_id INTEGER, 
	trigger_timeout DATETIME, 
	next_method VARCHAR(1000), 
	next_kwargs JSON, 
	CONSTRAINT task_instance_pkey PRIMARY KEY (dag_id, task_id, run_id, map_index));
CREATE INDEX ti_dag_run ON task_instance (dag_id, run_id);
CREATE INDEX ti_dag_state ON task_instance (dag_id, state);
CREATE INDEX ti_job_id ON task_instance (job_id);
CREATE INDEX ti_pool ON task_instance (pool, state, priority_weight);
CREATE INDEX ti_state ON task_instance (state);
CREATE INDEX ti_state_incl_start_date ON task_instance (dag_id, task_id, state);
CREATE INDEX ti_state_lkp ON task_instance (dag_id, task_id, run_id, state);
CREATE INDEX ti_trigger_id ON task_instance (trigger_id);
CREATE TABLE xcom (
	dag_run_id INTEGER NOT NULL, 
	task_id VARCHAR(250) NOT NULL, 
	map_index INTEGER DEFAULT -1 NOT NULL, 
	"key" VARCHAR(512) NOT NULL, 
	dag_id VARCHAR(250) NOT NULL, 
	run_id VARCHAR(250) NOT NULL, 
	value BLOB, 
	timestamp TIMESTAMP NOT NULL, 
	CONSTRAINT xcom_pkey PRIMARY KEY (dag_run_id, task_id, map_index, "key"));
CREATE INDEX idx_xcom_key ON xcom ("key");
CREATE INDEX idx_xcom_task_instance ON xcom (dag_id, task_id, run_id, map_index);
INSERT INTO alembic_version VALUES ('405de8318b3a');

-- A made-up past of Airflow 3, in a database of the schema 3.3. :dags, :hours and :tasks are put in.
-- Run h * :dags + d is the one of DAG d in hour h; the last hour is the one that goes on.
CREATE TABLE made AS
SELECT d, h, h * :dags + d AS id, 'dag_' || lpad(d::text, 4, '0') AS dag_id,
       now() - (:hours - h) * interval '1 hour' + d * interval '1 second' AS due,
       CASE WHEN h = :hours - 1 AND d % 10 = 3 THEN 'running'
            WHEN h = :hours - 1 AND d % 10 = 4 THEN 'queued'
            WHEN (h + d) % 10 = 0 THEN 'failed' ELSE 'success' END AS state
FROM generate_series(0, :hours - 1) h, generate_series(1, :dags) d
WHERE d % 20 > 0 OR h <= :hours - 72;

ALTER TABLE made ADD run_id text;

UPDATE made SET run_id = 'scheduled__' || to_char(due, 'YYYY-MM-DD"T"HH24:MI:SS');

INSERT INTO dag (dag_id, is_paused, is_stale, bundle_name, owners, timetable_type, timetable_summary,
                 timetable_periodic, partition_mapper_info, max_active_tasks, max_consecutive_failed_dag_runs,
                 has_task_concurrency_limits, next_dagrun_create_after)
SELECT 'dag_' || lpad(d::text, 4, '0'), d % 7 = 0, false, 'dags', 'ann, bob', 'CronTriggerTimetable', '0 * * * *',
       true, '{}', 16, 0, false, now() + interval '30 minutes'
FROM generate_series(1, :dags) d;

INSERT INTO dag_tag SELECT name, dag_id FROM dag, unnest(ARRAY['ml', 'team-' || length(dag_id)]) name;

INSERT INTO dag_run (id, dag_id, run_id, state, run_type, queued_at, logical_date, run_after, created_at, updated_at,
                     start_date, end_date, conf, clear_number, span_status)
SELECT id, dag_id, run_id, state, 'scheduled', due, due, due, due,
       CASE WHEN state IN ('success', 'failed') THEN due + interval '10 minutes' ELSE now() END,
       CASE WHEN state <> 'queued' THEN due + interval '5 seconds' END,
       CASE WHEN state IN ('success', 'failed') THEN due + interval '10 minutes' END,
       CASE WHEN d % 10 = 0 THEN jsonb_build_object('model_name', 'model-' || h % 5) ELSE '{}' END, 0, 'not_started'
FROM made ORDER BY id;

INSERT INTO task_instance (id, task_id, dag_id, run_id, map_index, start_date, end_date, duration, state, try_number,
                           max_tries, hostname, unixname, pool, pool_slots, queue, priority_weight, operator,
                           queued_dttm, updated_at, span_status)
SELECT lpad(to_hex(id::bigint * :tasks + t), 32, '0')::uuid, 'task_' || t, dag_id, run_id, -1,
       due + t * interval '30 seconds',
       CASE WHEN state IN ('success', 'failed') THEN due + (t + 1) * interval '30 seconds' END,
       CASE WHEN state IN ('success', 'failed') THEN 30 END,
       CASE WHEN state = 'running' THEN CASE t WHEN 1 THEN 'running' WHEN 2 THEN 'queued' END
            WHEN state = 'failed' AND t = 5 THEN 'failed'
            WHEN state = 'failed' AND t > 5 THEN 'upstream_failed'
            WHEN state <> 'queued' THEN 'success' END,
       CASE WHEN (id + t) % 50 = 0 THEN 2 ELSE 1 END, 1, 'worker', 'airflow', 'pool_' || d % 20, 1, 'default', 1,
       CASE WHEN d % 25 = 1 AND t = :tasks THEN 'TriggerDagRunOperator' ELSE 'PythonOperator' END,
       due + t * interval '29 seconds', due + (t + 1) * interval '30 seconds', 'not_started'
FROM made, generate_series(1, :tasks) t ORDER BY id, t;

INSERT INTO xcom (dag_run_id, task_id, map_index, key, dag_id, run_id, value, timestamp)
SELECT id, 'task_1', -1, 'return_value', dag_id, run_id, '{"rows": 1}', due FROM made;

-- DAG d triggers DAG d + 1, whose run of this hour is the one that began a second later.
INSERT INTO xcom (dag_run_id, task_id, map_index, key, dag_id, run_id, value, timestamp)
SELECT id, 'task_' || :tasks, -1, 'trigger_run_id', dag_id, run_id,
       to_jsonb('scheduled__' || to_char(due + interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS')), due
FROM made WHERE d % 25 = 1;

INSERT INTO rendered_task_instance_fields (dag_id, task_id, run_id, map_index, rendered_fields)
SELECT dag_id, 'task_' || :tasks, run_id, -1,
       json_build_object('trigger_dag_id', 'dag_' || lpad((d + 1)::text, 4, '0'))
FROM made WHERE d % 25 = 1 AND h > :hours - 30;

INSERT INTO slot_pool SELECT n, 'pool_' || n, 128, NULL, n % 2 = 0, NULL FROM generate_series(0, 19) n;

INSERT INTO job (id, state, job_type, latest_heartbeat)
SELECT n, 'running', (ARRAY['SchedulerJob', 'DagProcessorJob', 'TriggererJob'])[n], now() FROM generate_series(1, 3) n;

INSERT INTO import_error SELECT n, now(), 'broken_' || n || '.py', 'dags', 'Traceback' FROM generate_series(1, 3) n;

INSERT INTO asset SELECT n, 'asset-' || n, 's3://bucket/' || n, 'asset', '{}', now(), now()
FROM generate_series(1, 100) n;

INSERT INTO asset_active SELECT name, uri FROM asset;

INSERT INTO asset_event SELECT row_number() OVER (ORDER BY id), 1 + d % 100, '{}', 'task_1', dag_id, run_id, -1, due
FROM made WHERE d <= 100;

DROP TABLE made;

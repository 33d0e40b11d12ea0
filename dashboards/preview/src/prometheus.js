// A data source that asks Prometheus what Grafana's own would ask, and answers with frames of the same form.
import { DataSourceApi, FieldType, toDataFrame } from '@grafana/data';
import { getTemplateSrv } from '@grafana/runtime';
import { from } from 'rxjs';

const SCRAPE_INTERVAL = 15;

/** The value of a variable as it stands in a matcher: several values become one regular expression. */
function matched(value) {
  return Array.isArray(value) ? `(${value.join('|')})` : value;
}

/** Prometheus writes numbers as text: NaN and +Inf among them. */
function number(text) {
  return Number(text.replace('Inf', 'Infinity'));
}

function seconds(time) {
  return Math.floor(time.valueOf() / 1000);
}

export class PrometheusPreview extends DataSourceApi {
  constructor(settings) {
    super(settings);
    this.url = settings.url;
  }

  query(request) {
    return from(this.answers(request));
  }

  async answers(request) {
    const frames = await Promise.all(request.targets.map((target) => this.frames(target, request)));
    return { data: frames.flat() };
  }

  async frames(target, request) {
    const range = { from: seconds(request.range.from), to: seconds(request.range.to) };
    const step = Math.max(SCRAPE_INTERVAL, Math.ceil(request.intervalMs / 1000));
    const query = this.interpolated(target.expr, request.scopedVars, step, range.to - range.from);
    const asked = target.instant
      ? { path: 'query', query, time: range.to }
      : { path: 'query_range', query, start: range.from - (range.from % step), end: range.to, step };
    const answer = await this.ask(asked);
    const notes = [...(answer.warnings ?? []), ...(answer.infos ?? [])];
    if (notes.length) throw new Error(`${target.refId}: ${notes.join('; ')}`);
    const several = request.targets.length > 1;
    return target.format === 'table'
      ? [tableFrame(target, answer.data.result, several)]
      : answer.data.result.map((series) => seriesFrame(target, series));
  }

  interpolated(expr, scopedVars, step, span) {
    const rate = `${Math.max(step + SCRAPE_INTERVAL, 4 * SCRAPE_INTERVAL)}s`;
    const durations = { __rate_interval: rate, __interval: `${step}s`, __range: `${span}s` };
    const own = Object.fromEntries(Object.entries(durations).map(([name, text]) => [name, { text, value: text }]));
    return getTemplateSrv().replace(expr, { ...scopedVars, ...own }, matched);
  }

  async ask({ path, ...parameters }) {
    const answer = await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const body = await answer.json();
    if (body.status !== 'success') throw new Error(body.error);
    return body;
  }

  /** What `label_values(selector, label)` of a variable gives. */
  async metricFindQuery(query, options) {
    const [, selector, label] = /^label_values\((.+), *(\w+)\)$/.exec(query.query ?? query);
    const match = getTemplateSrv().replace(selector, options?.scopedVars, matched);
    const body = await this.ask({ path: `label/${label}/values`, 'match[]': match });
    return body.data.map((text) => ({ text }));
  }

  async testDatasource() {
    return { status: 'success', message: '' };
  }
}

function seriesFrame(target, { metric, values, value }) {
  const points = values ?? [value];
  const named = target.legendFormat.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => metric[label] ?? '');
  const config = target.legendFormat === '__auto' ? {} : { displayNameFromDS: named };
  return toDataFrame({
    refId: target.refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: points.map(([time]) => time * 1000) },
      { name: 'Value', type: FieldType.number, labels: metric, config, values: points.map(([, text]) => number(text)) },
    ],
  });
}

function tableFrame(target, result, several) {
  const labels = [...new Set(result.flatMap((series) => Object.keys(series.metric)))].sort();
  const fields = [
    { name: 'Time', type: FieldType.time, values: result.map((series) => series.value[0] * 1000) },
    ...labels.map((name) => ({
      name,
      type: FieldType.string,
      config: { filterable: true },
      values: result.map((series) => series.metric[name] ?? ''),
    })),
    {
      name: several ? `Value #${target.refId}` : 'Value',
      type: FieldType.number,
      values: result.map((series) => number(series.value[1])),
    },
  ];
  return toDataFrame({ refId: target.refId, fields: result.length ? fields : [] });
}

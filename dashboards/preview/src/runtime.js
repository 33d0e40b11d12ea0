// Stands in for what a Grafana server gives its pages: registries, one data source, variables in queries.
import * as data from '@grafana/data';
import {
  setAppEvents,
  setBackendSrv,
  setDataSourceSrv,
  setPluginImportUtils,
  setRunRequest,
  setTemplateSrv,
} from '@grafana/runtime';
import { sceneGraph } from '@grafana/scenes';
import { from, map } from 'rxjs';

import { PrometheusPreview } from './prometheus';

const UID = 'prometheus';

function fieldProperty(id, process) {
  return { id, path: id, name: id, process, editor: () => null, override: () => null, shouldApply: () => true, settings: {} };
}

function registerFieldConfig() {
  data.standardEditorsRegistry.setInit(() => []);
  data.standardFieldConfigEditorRegistry.setInit(() => [
    fieldProperty('unit', data.unitOverrideProcessor),
    ...['min', 'max', 'decimals'].map((id) => fieldProperty(id, data.numberOverrideProcessor)),
    fieldProperty('displayName', data.displayNameOverrideProcessor),
    fieldProperty('noValue', data.stringOverrideProcessor),
    fieldProperty('color', data.identityOverrideProcessor),
    fieldProperty('thresholds', data.thresholdsOverrideProcessor),
    fieldProperty('mappings', data.valueMappingsOverrideProcessor),
    fieldProperty('links', data.dataLinksOverrideProcessor),
  ]);
}

function registerTransformations() {
  const unique = new Map(Object.values(data.standardTransformers).map((transformer) => [transformer.id, transformer]));
  data.standardTransformersRegistry.setInit(() =>
    [...unique.values()].map(({ id, name, ...rest }) => ({
      id,
      name,
      transformation: async () => ({ id, name, ...rest }),
      editor: () => null,
    }))
  );
}

function registerDataSource(url) {
  const meta = { id: UID, name: 'Prometheus', metrics: true, info: { logos: {} } };
  const settings = { id: 1, uid: UID, name: 'Prometheus', type: UID, url, meta, jsonData: {}, access: 'proxy' };
  const source = new PrometheusPreview(settings);
  source.meta = meta;
  setDataSourceSrv({
    get: async () => source,
    getInstanceSettings: () => settings,
    getList: () => [settings],
    reload: () => {},
  });
}

/** Grafana's own does more: live streams, time shifts, several answers of one query. */
function runRequest(source, request) {
  return from(source.answers(request).catch((error) => ({ data: [], error: { message: String(error) } }))).pipe(
    map(({ data: series, error }) => ({
      series,
      error,
      errors: error && [error],
      state: error ? data.LoadingState.Error : data.LoadingState.Done,
      timeRange: request.range,
      request,
    }))
  );
}

function interpolate(text, scopedVars, format) {
  const scene = scopedVars?.__sceneObject?.value?.valueOf();
  return scene ? sceneGraph.interpolate(scene, text, scopedVars, format) : text;
}

async function unknownPanel(id) {
  throw new Error(`the preview has no panel of type ${id}`);
}

export function startRuntime(url) {
  registerFieldConfig();
  registerTransformations();
  registerDataSource(url);
  setAppEvents(new data.EventBusSrv());
  setBackendSrv({});
  setPluginImportUtils({ getPanelPluginFromCache: () => undefined, importPanelPlugin: unknownPanel });
  setRunRequest(runRequest);
  setTemplateSrv({
    replace: interpolate,
    getVariables: () => [],
    containsTemplate: (text) => /\$/.test(text ?? ''),
    updateTimeRange: () => {},
  });
}

// What became of each panel, for the program that drives the browser.
import { LoadingState } from '@grafana/data';
import { SceneGridRow, SceneQueryRunner, VizPanel, sceneGraph } from '@grafana/scenes';

const FINISHED = [LoadingState.Done, LoadingState.Error];

function isHidden(panel) {
  const row = panel.parent.parent;
  return row instanceof SceneGridRow && row.state.isCollapsed;
}

function panelsOf(scene) {
  return sceneGraph.findAllObjects(scene, (object) => object instanceof VizPanel && !isHidden(object));
}

function answered(panel) {
  return panel.state.$data instanceof SceneQueryRunner ? panel.state.$data : panel.state.$data.state.$data;
}

function element(panel) {
  return document.querySelector(`[data-viz-panel-key="${panel.state.key}"]`);
}

/** Queries that brought at least one value. */
function filled(series) {
  return [...new Set(series.filter((frame) => frame.length > 0).map((frame) => frame.refId))];
}

/** Whether the panel's own component has drawn: a stat is text, the others have an element of their own. */
function isDrawn(panel, shown) {
  const text = shown?.innerText.replace(panel.state.title, '').trim();
  if (!text || text.startsWith('Loading')) return false;
  return panel.state.pluginId === 'stat' || Boolean(shown.querySelector('canvas, [role=row], [data-drawn], [data-empty]'));
}

function described(panel) {
  const asked = answered(panel).state.data;
  const drawn = panel.state.$data.state.data;
  const shown = element(panel);
  return {
    title: panel.state.title,
    type: panel.state.pluginId,
    refs: answered(panel).state.queries.map((query) => query.refId),
    filled: filled(asked?.series ?? []),
    finished: FINISHED.includes(drawn?.state),
    errors: [asked, drawn].flatMap((result) => (result?.errors ?? []).map((error) => error.message)),
    loadError: panel.state._pluginLoadError ?? '',
    alerts: [...(shown?.querySelectorAll('[role=alert]') ?? [])].map((alert) => alert.textContent),
    text: shown?.innerText ?? '',
    noValue: panel.state.fieldConfig.defaults.noValue,
    empty: Boolean(shown?.querySelector('[data-empty]')),
    drawn: isDrawn(panel, shown),
  };
}

export function report(scene) {
  return panelsOf(scene).map(described);
}

// A dashboard as Grafana saves it, as the scene that Grafana makes of it.
import {
  ConstantVariable,
  DataSourceVariable,
  EmbeddedScene,
  QueryVariable,
  SceneDataTransformer,
  SceneGridItem,
  SceneGridLayout,
  SceneGridRow,
  SceneQueryRunner,
  SceneRefreshPicker,
  SceneControlsSpacer,
  SceneTimePicker,
  SceneTimeRange,
  SceneVariableSet,
  VariableValueSelectors,
  VizPanel,
} from '@grafana/scenes';

const HIDDEN = 2;

function variable({ type, name, label, query, datasource, hide, current, multi, includeAll, allValue, refresh }) {
  const common = { name, label, hide };
  if (type === 'datasource') return new DataSourceVariable({ ...common, pluginId: query });
  if (type === 'constant') return new ConstantVariable({ ...common, value: current.value, hide: HIDDEN });
  return new QueryVariable({
    ...common,
    query,
    datasource,
    refresh,
    isMulti: multi,
    includeAll,
    allValue,
    defaultToAll: true,
    value: current.value,
    text: current.text,
  });
}

function runner(panel) {
  const queries = new SceneQueryRunner({ datasource: panel.datasource, queries: panel.targets });
  const { transformations } = panel;
  return transformations ? new SceneDataTransformer({ $data: queries, transformations }) : queries;
}

function item(panel) {
  const { x, y, w, h } = panel.gridPos;
  const body = new VizPanel({
    key: `panel-${panel.id}`,
    pluginId: panel.type,
    title: panel.title,
    description: panel.description,
    options: panel.options,
    fieldConfig: panel.fieldConfig,
    $data: runner(panel),
  });
  return new SceneGridItem({ x, y, width: w, height: h, body });
}

function row(panel, children, isCollapsed) {
  return new SceneGridRow({ x: 0, y: panel.gridPos.y, title: panel.title, isCollapsible: true, isCollapsed, children });
}

function lowered(panel, lines) {
  return { ...panel, gridPos: { ...panel.gridPos, y: panel.gridPos.y + lines } };
}

/** The panels as they stand when every row is open: what a collapsed row holds moves down all that is below it. */
function withOpenRows(panels) {
  let lines = 0;
  return panels.map((panel) => {
    const moved = { ...lowered(panel, lines), panels: (panel.panels ?? []).map((inside) => lowered(inside, lines)) };
    const bottom = Math.max(0, ...(panel.panels ?? []).map(({ gridPos }) => gridPos.y + gridPos.h));
    if (panel.collapsed) lines += bottom - panel.gridPos.y - 1;
    return { ...moved, collapsed: false };
  });
}

/** Rows with the panels that stand below them; a collapsed row brings its own. */
function grid(panels) {
  const children = [];
  let headline;
  for (const panel of panels) {
    if (panel.type === 'row') {
      headline = { panel, inside: (panel.panels ?? []).map(item) };
      children.push(headline);
    } else if (headline) headline.inside.push(item(panel));
    else children.push(item(panel));
  }
  return children.map((child) => (child.panel ? row(child.panel, child.inside, child.panel.collapsed) : child));
}

export function scene(dashboard, { from, to, opened }) {
  return new EmbeddedScene({
    $timeRange: new SceneTimeRange({ from, to, timeZone: 'utc' }),
    $variables: new SceneVariableSet({ variables: dashboard.templating.list.map(variable) }),
    controls: [
      new VariableValueSelectors({}),
      new SceneControlsSpacer(),
      new SceneTimePicker({ isOnCanvas: true }),
      new SceneRefreshPicker({ isOnCanvas: true }),
    ],
    body: new SceneGridLayout({ children: grid(opened ? withOpenRows(dashboard.panels) : dashboard.panels) }),
  });
}

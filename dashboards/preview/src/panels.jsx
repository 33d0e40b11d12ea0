// The panel types that the dashboards use. Grafana does not publish its panels, only the components that they are made
// of: this puts those together as the panels do. The components of bar chart and state timeline are not published either.
import { PanelPlugin, cacheFieldDisplayNames, getFieldDisplayValues, identityOverrideProcessor } from '@grafana/data';
import { sceneUtils } from '@grafana/scenes';
import { BigValue, TimeSeries, TooltipPlugin2, VizRepeater, useTheme2 } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';

import { Bars } from './bars';
import { Timeline } from './timeline';

const GRAPH = ['drawStyle', 'fillOpacity', 'lineInterpolation', 'lineStyle', 'lineWidth', 'showPoints', 'spanNulls'];
const CUSTOM = {
  barchart: ['axisSoftMin', 'fillOpacity', 'gradientMode', 'lineWidth'],
  stat: [],
  table: ['align', 'cellOptions', 'filterable', 'inspect', 'minWidth', 'width'],
  timeseries: [...GRAPH, 'scaleDistribution', 'stacking', 'thresholdsStyle'],
  'state-timeline': ['fillOpacity', 'lineWidth'],
};

function isEmpty(series) {
  return series.every((frame) => frame.length === 0);
}

function Nothing({ text, width, height }) {
  return (
    <div data-empty style={{ width, height, display: 'grid', placeItems: 'center', textAlign: 'center' }}>
      {text}
    </div>
  );
}

/** Draws `Drawn`, or the panel's own text when there is nothing to draw. */
function orNothing(Drawn) {
  return function Panel(props) {
    const text = props.fieldConfig.defaults.noValue;
    return isEmpty(props.data.series) ? <Nothing {...props} text={text} /> : <Drawn {...props} />;
  };
}

function Stat({ data, fieldConfig, options, replaceVariables, timeZone, width, height }) {
  const theme = useTheme2();
  const getValues = () =>
    getFieldDisplayValues({
      data: data.series,
      fieldConfig,
      reduceOptions: options.reduceOptions,
      replaceVariables,
      theme,
      timeZone,
    });
  const renderValue = (props) => (
    <BigValue
      value={props.value.display}
      width={props.width}
      height={props.height}
      theme={theme}
      colorMode={options.colorMode}
      graphMode={options.graphMode}
      justifyMode={options.justifyMode}
      textMode={options.textMode}
    />
  );
  return (
    <VizRepeater
      getValues={getValues}
      renderValue={renderValue}
      source={data}
      width={width}
      height={height}
      orientation={options.orientation}
      renderCounter={0}
    />
  );
}

function Lines({ data, options, timeRange, timeZone, width, height }) {
  return (
    <TimeSeries
      frames={data.series}
      legend={options.legend}
      timeRange={timeRange}
      timeZone={timeZone}
      width={width}
      height={height}
    >
      {(config) => <TooltipPlugin2 config={config} hoverMode={0} render={() => null} />}
    </TimeSeries>
  );
}

function Table({ data, options, fieldConfig, timeRange, width, height }) {
  cacheFieldDisplayNames(data.series);
  return (
    <TableNG
      data={data.series[0]}
      sortBy={options.sortBy}
      cellHeight={options.cellHeight}
      noHeader={!options.showHeader}
      noValue={fieldConfig.defaults.noValue}
      fieldConfig={fieldConfig}
      timeRange={timeRange}
      structureRev={1}
      width={width}
      height={height}
    />
  );
}

const DRAWN = {
  barchart: orNothing(Bars),
  stat: Stat,
  table: orNothing(Table),
  timeseries: orNothing(Lines),
  'state-timeline': orNothing(Timeline),
};

function custom(builder, names) {
  for (const name of names) {
    builder.addCustomEditor({
      id: name,
      path: name,
      name,
      editor: () => null,
      override: () => null,
      process: identityOverrideProcessor,
      shouldApply: () => true,
    });
  }
}

export function registerPanels() {
  for (const [pluginId, Drawn] of Object.entries(DRAWN)) {
    const plugin = new PanelPlugin(Drawn);
    plugin.useFieldConfig({ useCustomConfig: (builder) => custom(builder, CUSTOM[pluginId]) });
    sceneUtils.registerRuntimePanelPlugin({ pluginId, plugin });
  }
}

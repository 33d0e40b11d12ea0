// Makes, from Grafana's own packages, what the dashboards are checked against without Node:
// the JSON Schema of a dashboard with the options of every panel type, and the ids that Grafana's registries know.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createGenerator } from 'ts-json-schema-generator';

const here = import.meta.dirname;
const output = path.resolve(here, '../mlvitals_dashboards/schema');
const types = path.join(here, 'node_modules/@grafana/schema/dist/types');
const panels = path.join(types, 'raw/composable');
const entry = path.join(here, 'kinds.generated.ts');

const PANEL_TYPES = [
  'bargauge', 'barchart', 'gauge', 'heatmap', 'histogram', 'piechart', 'stat', 'statetimeline', 'statushistory', 'table',
  'text', 'timeseries',
];

function names(panel) {
  const source = readFileSync(path.join(panels, panel, 'panelcfg/x/types.gen.d.ts'), 'utf8');
  return [...source.matchAll(/^export interface (Options|FieldConfig)\b/gm)].map((match) => match[1]);
}

// Every panel calls its types Options and FieldConfig: an alias of our own keeps them apart. A panel merges what is
// written with its defaults, so nothing is required of these two.
function source() {
  const lines = [
    `import { Dashboard, Panel, RowPanel } from './node_modules/@grafana/schema/dist/types/raw/dashboard/x/types.gen';`,
    `import { DataQuery } from './node_modules/@grafana/schema/dist/types/common/common.gen';`,
    // The Prometheus data source's query model is in no package of types; these are its documented fields.
    `export interface PrometheusTarget extends DataQuery { expr: string; instant?: boolean; range?: boolean;`,
    `  exemplar?: boolean; format?: 'time_series' | 'table' | 'heatmap'; legendFormat?: string; interval?: string;`,
    `  editorMode?: 'code' | 'builder' }`,
  ];
  const fields = ['dashboard: Dashboard', 'panel: Panel', 'row: RowPanel', 'target: PrometheusTarget'];
  for (const panel of PANEL_TYPES) {
    const file = `./node_modules/@grafana/schema/dist/types/raw/composable/${panel}/panelcfg/x/types.gen`;
    for (const name of names(panel)) {
      lines.push(`import { ${name} as ${panel}_${name} } from '${file}';`);
      fields.push(`${panel}_${name}: Partial<${panel}_${name}>`);
    }
  }
  return [...lines, `export interface Kinds { ${fields.join('; ')} }`, ''].join('\n');
}

function schema() {
  writeFileSync(entry, source());
  try {
    return createGenerator({
      path: entry, tsconfig: path.join(here, 'tsconfig.json'), type: 'Kinds',
      skipTypeCheck: true, jsDoc: 'none', additionalProperties: false,
    }).createSchema('Kinds');
  } finally {
    rmSync(entry);
  }
}

function ids() {
  // @grafana/data looks at the browser; a `window` would make it believe that there is one.
  Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'node', language: 'en', languages: ['en'] }, configurable: true });
  const data = createRequire(import.meta.url)('@grafana/data');
  const units = data.getValueFormats().flatMap((group) => group.submenu.map((unit) => unit.value));
  return {
    units: [...new Set(units)].sort(),
    calculations: data.fieldReducers.list().map((reducer) => reducer.id).sort(),
    transformations: [...new Set(Object.values(data.standardTransformers).map((transformer) => transformer.id))].sort(),
    field_properties: Object.values(data.FieldConfigProperty).sort(),
  };
}

function write(name, value) {
  writeFileSync(path.join(output, name), JSON.stringify(value) + '\n');
}

write('dashboard.schema.json', schema());
for (const [name, list] of Object.entries(ids())) {
  console.log(`${name}: ${list.length}`);
  write(`${name}.json`, list);
}

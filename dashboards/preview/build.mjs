// Bundles src/ with Grafana's components, icons and font into the folder named: index.html and what it loads.
import { build } from 'esbuild';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const output = process.argv[2];
const modules = path.resolve('node_modules');
const icons = path.join(modules, '@grafana/ui/dist/public/img/icons');
const font = path.join(modules, '@fontsource-variable/inter/files/inter-latin-wght-normal.woff2');
const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Preview</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="main.css"></head>
<body><div id="root"></div><script src="main.js"></script></body></html>
`;

await build({
  entryPoints: ['src/main.jsx'],
  outdir: output,
  bundle: true,
  minify: true,
  jsx: 'automatic',
  loader: { '.ttf': 'dataurl', '.woff2': 'dataurl', '.svg': 'dataurl' },
  define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
  logLevel: 'error',
});
cpSync(icons, path.join(output, 'public/build/img/icons'), { recursive: true });
// Where Grafana's style sheet looks for the two weights that it uses; one variable font has both.
mkdirSync(path.join(output, 'public/fonts/inter'), { recursive: true });
for (const weight of ['Regular', 'Medium']) cpSync(font, path.join(output, `public/fonts/inter/Inter-${weight}.woff2`));
writeFileSync(path.join(output, 'index.html'), page);

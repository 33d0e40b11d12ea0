import { question } from './boot';

import 'uplot/dist/uPlot.min.css';
import '@grafana/react-data-grid/lib/styles.css';

import { ThemeContext, getThemeById } from '@grafana/data';
import { initPluginTranslations } from '@grafana/i18n';
import { loadResources } from '@grafana/scenes';
import { GlobalStyles, PortalContainer } from '@grafana/ui';
import { createRoot } from 'react-dom/client';
import { MemoryRouter } from 'react-router-dom';

import { registerPanels } from './panels';
import { report } from './report';
import { startRuntime } from './runtime';
import { scene } from './scene';

function Page({ shown, title, theme }) {
  return (
    <MemoryRouter>
      <ThemeContext.Provider value={theme}>
        <GlobalStyles />
        <main style={{ padding: '8px 16px 16px' }}>
          <h1 style={{ fontSize: 20, margin: '8px 0' }}>{title}</h1>
          <shown.Component model={shown} />
        </main>
        <PortalContainer />
      </ThemeContext.Provider>
    </MemoryRouter>
  );
}

async function main() {
  await initPluginTranslations('grafana-scenes', [loadResources]);
  const { dashboard } = question;
  startRuntime(question.prometheus);
  registerPanels();
  const shown = scene(dashboard, question);
  const theme = getThemeById(question.theme);
  document.body.style.background = theme.colors.background.canvas;
  createRoot(document.getElementById('root')).render(<Page shown={shown} title={dashboard.title} theme={theme} />);
  window.preview = { report: () => report(shown) };
}

main();

// Has to be imported before Grafana's packages, which read these when they are loaded. The program that drives the
// browser sets `previewedDashboard`; the rest of the question stands in the address.
const asked = new URLSearchParams(window.location.search);

export const question = {
  dashboard: window.previewedDashboard,
  prometheus: asked.get('prometheus'),
  theme: asked.get('theme') ?? 'light',
  from: asked.get('from') ?? 'now-1h',
  to: asked.get('to') ?? 'now',
  opened: asked.has('opened'),
};

window.grafanaBootData = { user: { theme: question.theme, timezone: 'utc' }, settings: {}, navTree: [] };
window.__grafana_public_path__ = 'public/';

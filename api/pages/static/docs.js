// The API viewer, with this server's OpenAPI document.

const viewer = document.getElementById('viewer');

window.SwaggerUIBundle({
  url: viewer.dataset.url,
  domNode: viewer,
  deepLinking: true,
  docExpansion: 'none',
  defaultModelsExpandDepth: -1,
  tryItOutEnabled: true,
  requestSnippetsEnabled: true,
  validatorUrl: null,
  // Highlighting a long answer takes seconds on a phone, and its colours are too pale to read.
  syntaxHighlight: false,
  supportedSubmitMethods: ['get', 'post', 'patch'],
  onComplete: () => { viewer.dataset.ready = 'yes'; },
});

// Repairs accessibility of the viewer: missing names, keyboard focus, links inside buttons.
const mend = () => {
  for (const each of viewer.querySelectorAll('textarea:not([aria-label])')) each.setAttribute('aria-label', viewer.dataset.body);
  for (const each of viewer.querySelectorAll('.opblock-summary-control a[href]')) each.removeAttribute('href');
  for (const each of viewer.querySelectorAll('select:not([aria-label])')) each.setAttribute('aria-label', viewer.dataset.choice);
  for (const each of viewer.querySelectorAll('pre:not([tabindex])')) each.setAttribute('tabindex', '0');
};
new MutationObserver(mend).observe(viewer, { childList: true, subtree: true });

// The viewer of the API, over this server's own document.

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
  // Colours of a long answer take seconds on a telephone, and are too pale to read.
  syntaxHighlight: false,
  supportedSubmitMethods: ['get', 'post', 'patch'],
  onComplete: () => { viewer.dataset.ready = 'yes'; },
});

// What the viewer leaves without a name, out of the keyboard's reach, or as a link in a button.
const mend = () => {
  for (const each of viewer.querySelectorAll('textarea:not([aria-label])')) each.setAttribute('aria-label', viewer.dataset.body);
  for (const each of viewer.querySelectorAll('.opblock-summary-control a[href]')) each.removeAttribute('href');
  for (const each of viewer.querySelectorAll('select:not([aria-label])')) each.setAttribute('aria-label', viewer.dataset.choice);
  for (const each of viewer.querySelectorAll('pre:not([tabindex])')) each.setAttribute('tabindex', '0');
};
new MutationObserver(mend).observe(viewer, { childList: true, subtree: true });

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
  supportedSubmitMethods: ['get', 'post', 'patch'],
  onComplete: () => { viewer.dataset.ready = 'yes'; },
});

// What the viewer leaves without a name, or out of the keyboard's reach.
const mend = () => {
  for (const each of viewer.querySelectorAll('select:not([aria-label])')) each.setAttribute('aria-label', 'Ví dụ, kiểu (example, type)');
  for (const each of viewer.querySelectorAll('pre:not([tabindex])')) each.setAttribute('tabindex', '0');
};
new MutationObserver(mend).observe(viewer, { childList: true, subtree: true });

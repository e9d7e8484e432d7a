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

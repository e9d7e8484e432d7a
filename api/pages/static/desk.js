// Enhancements of all desk pages, which also work without scripts.

// Submit a form once, however often its button is pressed.
for (const form of document.forms) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = 'yes';
  });
}
// Forms may be submitted again after returning to a page from the back/forward cache.
addEventListener('pageshow', () => { for (const form of document.forms) delete form.dataset.sent; });

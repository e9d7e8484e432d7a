// What all pages of the desk do with scripts; without them they work as well.

// A form is sent once, however often its button is pressed.
for (const form of document.forms) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = 'yes';
  });
}
// Coming back to a page from the browser's memory, its forms may be sent again.
addEventListener('pageshow', () => { for (const form of document.forms) delete form.dataset.sent; });

// The page to try addresses: drag and drop of a file, examples, and a message while it works.

import { _ } from './ui.js';

const [form, text, file, drop, example, working] = ['try', 'text', 'file', 'drop', 'example', 'working'].map((id) => document.getElementById(id));

example.hidden = false;
example.addEventListener('click', () => { text.value = text.placeholder; file.value = ''; text.focus(); });
text.addEventListener('input', () => { file.value = ''; });

for (const name of ['dragover', 'dragleave', 'drop']) {
  form.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle('over', name === 'dragover');
    if (name === 'drop' && event.dataTransfer.files.length) file.files = event.dataTransfer.files;
  });
}

form.addEventListener('submit', ({ submitter }) => {
  if (submitter?.value === 'table') working.textContent = _('Checking…');
});

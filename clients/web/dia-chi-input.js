/*! dia-chi-input: a field for an address in Viet Nam. Apache-2.0. */
// One file, no dependency: <script src="REGISTER/static/dia-chi-input.js" defer></script>, then
// <dia-chi-input><input name="address" required></dia-chi-input> in a form. The input inside serves
// pages that cannot load this file. README.md has the rest.
(() => {
  'use strict';

  const HOME = document.currentScript?.src ? new URL(document.currentScript.src).origin : location.origin;
  const PAUSE_MS = 60;
  const PATIENCE_MS = 3000;
  const MOST = 300;
  const LINES = 6;
  const WORDS = {
    vi: {
      label: 'Địa chỉ', count: (n) => `${n} gợi ý`, none: 'Không có gợi ý', checking: 'Đang kiểm tra…', missing: 'Vui lòng điền địa chỉ.',
      keep: 'Dùng địa chỉ tôi đã gõ', choose: 'Chọn tỉnh, xã', province: 'Tỉnh, thành phố', commune: 'Xã, phường', street: 'Đường, thôn', number: 'Số nhà', use: 'Dùng địa chỉ này',
      pick: '— chọn —', ask: 'Vui lòng trả lời câu hỏi về địa chỉ.', yes: 'Đúng', code: 'Mã địa chỉ', silent: 'Chưa kiểm tra được địa chỉ; vẫn dùng địa chỉ bạn đã gõ.',
      rewritten: 'Địa chỉ đã viết lại như trên. Vui lòng xem lại rồi gửi.', old: 'Cách viết cũ', former: 'Phường, xã cũ',
    },
    en: {
      label: 'Address', count: (n) => `${n} suggestion${n === 1 ? '' : 's'}`, none: 'No suggestions', checking: 'Checking…', missing: 'Please fill in the address.',
      keep: 'Keep it as typed', choose: 'Choose province and commune', province: 'Province', commune: 'Commune', street: 'Street or hamlet', number: 'House number', use: 'Use this address',
      pick: '— choose —', ask: 'Please answer the question about the address.', yes: 'Yes', code: 'Address code', silent: 'The address could not be checked; it is taken as typed.',
      rewritten: 'The address was rewritten as shown above. Please review it, then submit.', old: 'By the old map', former: 'Former commune',
    },
  };
  const STYLE = `
    :host { display: block; position: relative; font: var(--dia-chi-font, inherit); color: var(--dia-chi-color, inherit); }
    :host([hidden]) { display: none; }
    * { box-sizing: border-box; font: inherit; color: inherit; }
    input, select { width: 100%; min-height: 2.75rem; padding: .4rem .75rem; background: var(--dia-chi-background, #fff); color: var(--dia-chi-color, #1b2733); border: 1px solid var(--dia-chi-border, #8795a1); border-radius: var(--dia-chi-radius, .4rem); }
    :focus-visible { outline: 3px solid var(--dia-chi-focus, #f0a202); outline-offset: 1px; }
    ul { list-style: none; margin: 0; padding: .25rem; }
    .list { position: absolute; z-index: 9; left: 0; right: 0; max-height: 20rem; overflow: auto; background: var(--dia-chi-background, #fff); color: var(--dia-chi-color, #1b2733); border: 1px solid var(--dia-chi-border, #8795a1); border-radius: var(--dia-chi-radius, .4rem); box-shadow: 0 6px 20px rgb(20 40 60 / .18); }
    .list li { padding: .5rem .6rem; border-radius: .3rem; cursor: pointer; line-height: 1.35; overflow-wrap: anywhere; }
    .list [aria-selected=true], .list li:hover { background: var(--dia-chi-accent, #14418b); color: var(--dia-chi-on-accent, #fff); }
    small { display: block; font-size: .8125em; opacity: .85; }
    .said { margin: .4rem 0 0; overflow-wrap: anywhere; }
    .said:empty { display: none; }
    .choices { display: flex; flex-wrap: wrap; gap: .4rem; padding: .4rem 0 0; }
    button { min-height: 2.75rem; padding: .35rem .75rem; text-align: left; cursor: pointer; background: var(--dia-chi-background, #fff); color: var(--dia-chi-accent, #14418b); border: 1px solid currentColor; border-radius: var(--dia-chi-radius, .4rem); }
    button.plain { min-height: 1.75rem; border: 0; padding: .25rem 0; background: none; text-decoration: underline; }
    .code { font-weight: 600; white-space: nowrap; }
    .parts { display: grid; gap: .5rem; margin-top: .5rem; }
    .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    [hidden] { display: none !important; }
  `;

  let sheet;
  const pickers = new Map();

  /** An element; text is text, whatever the register says. */
  function make(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
      else if (value !== false && value != null) made.setAttribute(key, value === true ? '' : value);
    }
    made.append(...children.filter((child) => child != null));
    return made;
  }

  const text = (value) => (typeof value === 'string' ? value : '');
  const lines = (value) => (Array.isArray(value) ? value.filter((each) => text(each?.label)) : []);

  class DiaChiInput extends HTMLElement {
    static formAssociated = true;
    static observedAttributes = ['placeholder', 'required', 'disabled', 'lang', 'aria-label', 'value'];

    #internals = this.attachInternals();
    #root = this.attachShadow({ mode: 'open', delegatesFocus: true });
    #input; #list; #said; #choices; #live; #parts; #more;
    #shown = []; #active = -1; #timer = 0; #asking = null; #checking = null; #form = null;
    #checked = null; // { for, answer } of what was checked last
    #chosen = null; // a label that was picked
    #kept = null; // what the shopper insists on
    #confirmed = null; // a label that the shopper was asked about and picked
    #former = ''; // code of the commune of before that was picked
    #original = null; // the shopper's own text, where the field shows a rewritten one
    #typed = 0; // counts changes: an answer to something older is dropped
    #disabledByForm = false;

    constructor() {
      super();
      sheet ??= new CSSStyleSheet();
      if (!sheet.cssRules.length) sheet.replaceSync(STYLE);
      this.#root.adoptedStyleSheets = [sheet];
      this.#input = make('input', {
        part: 'input', type: 'text', role: 'combobox', autocomplete: 'off', spellcheck: 'false', maxlength: MOST, enterkeyhint: 'next',
        'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': 'list', 'aria-describedby': 'said',
      });
      this.#list = make('ul', { id: 'list', part: 'list', class: 'list', role: 'listbox', hidden: true });
      this.#said = make('p', { id: 'said', part: 'message', class: 'said', role: 'status' });
      this.#choices = make('ul', { class: 'choices', part: 'choices', hidden: true });
      this.#live = make('div', { class: 'unseen', role: 'status' });
      this.#parts = make('div', { class: 'parts', part: 'parts', hidden: true });
      this.#more = make('button', { type: 'button', class: 'plain', part: 'more', 'aria-expanded': 'false', onclick: () => this.#openParts() });
      const inner = make('slot', { hidden: true });
      inner.addEventListener('slotchange', () => this.#adopt());
      this.#root.append(this.#input, this.#list, this.#said, this.#choices, this.#live, this.#more, this.#parts, inner);
      this.#input.addEventListener('input', () => this.#changed());
      this.#input.addEventListener('keydown', (event) => this.#key(event));
      this.#input.addEventListener('blur', (event) => {
        this.#close();
        // A press on a submit button is checked when it submits: nobody could read the answer in between.
        const submits = event.relatedTarget?.type === 'submit' && event.relatedTarget.form === this.form;
        if (this.value.trim() && !submits) this.#check();
      });
      this.#list.addEventListener('mousedown', (event) => event.preventDefault());
    }

    // What a form and a script see.

    get value() { return this.#input.value; }
    set value(given) { this.#input.value = text(given).slice(0, MOST); this.#forget(); this.#tell(); }
    get name() { return this.getAttribute('name') ?? ''; }
    get form() { return this.#internals.form; }
    get type() { return this.localName; }
    get validity() { return this.#internals.validity; }
    get validationMessage() { return this.#internals.validationMessage; }
    get willValidate() { return this.#internals.willValidate; }
    checkValidity() { return this.#internals.checkValidity(); }
    reportValidity() { return this.#internals.reportValidity(); }
    /** What the register says of the address as it stands; null before it was asked. */
    get answer() { return this.#checked?.for === this.value ? this.#checked.answer : null; }
    get code() { return text(this.#accepted?.code); }
    /** The answer, unless it is a guess: one that still asks, or that the shopper refused. */
    get #accepted() { return !this.#isKept && this.#isSettled() ? this.answer : null; }
    get #isKept() { return this.#kept !== null && this.#kept === this.value; }

    /** Replaces the plain input inside, with what it has and what was typed before this file came. */
    #adopt() {
      const plain = this.querySelector('input');
      if (!plain) return;
      const { value } = plain;
      const focused = plain === document.activeElement;
      plain.remove();
      for (const name of ['id', 'name', 'placeholder', 'required', 'disabled', 'aria-label', 'value']) {
        if (plain.hasAttribute(name) && !this.hasAttribute(name)) this.setAttribute(name, plain.getAttribute(name));
      }
      if (value && value !== this.value) this.value = value;
      this.#dress();
      if (focused) this.focus();
    }

    connectedCallback() {
      if (this.hasAttribute('value') && !this.#input.value) this.#input.value = this.getAttribute('value').slice(0, MOST);
      this.#dress();
      this.#tell();
    }

    attributeChangedCallback(name, before, now) {
      if (name === 'value' && now !== null && !this.#typed) this.#input.value = now.slice(0, MOST);
      this.#dress();
      this.#tell();
    }

    formAssociatedCallback(form) {
      this.#form?.removeEventListener('submit', this.#submitted, true);
      this.#form = form;
      form?.addEventListener('submit', this.#submitted, true);
    }

    formDisabledCallback(disabled) { this.#disabledByForm = disabled; this.#dress(); }
    formResetCallback() { this.value = this.getAttribute('value') ?? ''; }
    formStateRestoreCallback(state) { if (typeof state === 'string') this.value = state; }

    get #t() { return WORDS[(this.closest('[lang]')?.lang ?? 'vi').toLowerCase().startsWith('en') ? 'en' : 'vi']; }
    get #register() { return (this.getAttribute('register') || HOME).replace(/\/+$/, ''); }

    #dress() {
      const labels = [...this.#internals.labels].map((label) => label.textContent.trim()).filter(Boolean);
      this.#input.setAttribute('aria-label', this.getAttribute('aria-label') || labels.join(' ') || this.#t.label);
      this.#input.placeholder = this.getAttribute('placeholder') ?? '';
      this.#input.disabled = this.#disabledByForm || this.hasAttribute('disabled');
      this.#input.required = this.hasAttribute('required');
      this.#list.setAttribute('aria-label', this.#input.getAttribute('aria-label'));
      this.#more.textContent = this.#t.choose;
      this.#more.hidden = this.hasAttribute('no-parts') || this.#input.disabled;
    }

    /** The form's values, whether it may be sent, and the fields of the page that follow. */
    #tell() {
      const answer = this.#accepted ?? {};
      const scheme = this.getAttribute('scheme');
      const said = {
        label: this.value, code: text(answer.code), commune: text(answer.commune?.code), province: text(answer.province?.code),
        verdict: this.#checked?.for === this.value ? text(this.answer?.verdict) || 'unchecked' : '',
        'commune-name': text(answer.commune?.name), 'province-name': text(answer.province?.name), postcode: text(answer.postcode),
        'commune-id': text(answer.commune?.ids?.[scheme]), 'province-id': text(answer.province?.ids?.[scheme]),
        ...this.#old(answer.label_on),
      };
      if (this.name) {
        const values = new FormData();
        values.append(this.name, this.value);
        const ids = scheme ? ['commune-id', 'province-id'] : [];
        const old = this.hasAttribute('wording') ? ['old-label', 'old-commune', 'old-district', 'old-province', 'old-known-by'] : [];
        for (const part of ['code', 'commune', 'province', 'verdict', ...ids, ...old]) values.append(this.getAttribute(`${part}-name`) || `${this.name}_${part.replaceAll('-', '_')}`, said[part]);
        this.#internals.setFormValue(values, this.value);
      }
      for (const [part, value] of Object.entries(said)) this.#fill(this.getAttribute(`fill-${part}`), value);
      const empty = this.hasAttribute('required') && !this.value.trim();
      if (empty) this.#internals.setValidity({ valueMissing: true }, this.#t.missing, this.#input);
      else this.#internals.setValidity({});
    }

    /** What of the answer is for the carrier. */
    #asked() {
      const given = [...['wording', 'scheme'].map((name) => [name, this.getAttribute(name)]), ['former_commune', this.#former]];
      return Object.fromEntries(given.filter(([, value]) => value));
    }

    /** The address by the map that the attribute `wording` names; empty where the register does not know it. */
    #old(before) {
      const parts = { 'old-label': text(before?.label), 'old-door': text(before?.door), 'old-known-by': text(before?.known_by) };
      for (const part of ['commune', 'district', 'province']) {
        const unit = text(before?.label) ? before[part] : null;
        const scheme = this.getAttribute('scheme');
        parts[`old-${part}`] = text(scheme ? unit?.ids?.[scheme] : unit?.code);
        parts[`old-${part}-name`] = text(unit?.name);
      }
      return parts;
    }

    /** Fields of the page that some system has of its own: text, or a list in which one is chosen. */
    #fill(selector, value) {
      if (!selector) return;
      for (const field of document.querySelectorAll(selector)) {
        let written = value;
        if (field instanceof HTMLSelectElement) {
          const plain = (word) => word.normalize('NFD').replace(/\p{M}/gu, '').replace(/đ/gi, 'd').toLowerCase().replace(/^(thanh pho|tinh)\s+/, '').trim();
          written = [...field.options].find((option) => option.value === value || plain(option.text) === plain(value))?.value;
          if (written === undefined || !value) continue;
        }
        if (field.value === written) continue;
        field.value = written;
        for (const kind of ['input', 'change']) field.dispatchEvent(new Event(kind, { bubbles: true }));
      }
    }

    #announce() {
      const { value, answer } = this;
      this.dispatchEvent(new CustomEvent('dia-chi-change', { bubbles: true, composed: true, detail: { value, answer, code: this.code, commune: this.#accepted?.commune ?? null, verdict: answer?.verdict ?? null } }));
      this.dispatchEvent(new Event('change', { bubbles: true }));
    }

    // Suggestions.

    #forget() {
      this.#typed += 1;
      this.#chosen = this.#kept = this.#confirmed = this.#original = null;
      this.#former = '';
      this.#checking?.abort();
      this.#ask('');
    }

    #changed() {
      this.#forget();
      this.#tell();
      clearTimeout(this.#timer);
      this.#asking?.abort();
      if (this.value.trim().length < 2) return this.#close();
      this.#timer = setTimeout(() => this.#suggest(), PAUSE_MS);
    }

    async #suggest() {
      const asked = this.#typed;
      this.#asking = new AbortController();
      const query = new URLSearchParams({ q: this.value.slice(0, 200), limit: LINES });
      if (this.getAttribute('within')) query.set('within', this.getAttribute('within'));
      try {
        const answer = await fetch(`${this.#register}/v1/autocomplete?${query}`, { signal: this.#asking.signal });
        const found = answer.ok ? lines((await answer.json()).suggestions).slice(0, LINES) : [];
        if (asked === this.#typed && this.#root.activeElement === this.#input) this.#open(found);
      } catch {
        if (asked === this.#typed) this.#close(); // no suggestions: one can type all the same
      }
    }

    #open(found) {
      this.#shown = found;
      this.#active = -1;
      this.#list.replaceChildren(...found.map((line, number) => make('li', { id: `o${number}`, part: 'option', role: 'option', 'aria-selected': 'false', onclick: () => this.#take(line) },
        line.label, text(line.former_name) && make('small', {}, line.former_name))));
      this.#list.hidden = !found.length;
      this.#input.setAttribute('aria-expanded', String(found.length > 0));
      this.#input.removeAttribute('aria-activedescendant');
      this.#live.textContent = found.length ? this.#t.count(found.length) : this.#t.none;
    }

    #close() {
      clearTimeout(this.#timer);
      this.#asking?.abort();
      this.#open([]);
      this.#live.textContent = '';
    }

    #move(to) {
      this.#active = (to + this.#shown.length) % this.#shown.length;
      [...this.#list.children].forEach((option, number) => option.setAttribute('aria-selected', String(number === this.#active)));
      this.#input.setAttribute('aria-activedescendant', `o${this.#active}`);
      this.#list.children[this.#active].scrollIntoView({ block: 'nearest' });
    }

    #key(event) {
      const open = this.#shown.length > 0;
      if (event.isComposing) return;
      if (event.key === 'Escape' && open) this.#close();
      else if (event.key === 'ArrowDown' && open) this.#move(this.#active + 1);
      else if (event.key === 'ArrowUp' && open) this.#move(this.#active < 0 ? -1 : this.#active - 1);
      else if (event.key === 'ArrowDown') this.#suggest();
      else if (event.key === 'Enter' && this.#active >= 0) this.#take(this.#shown[this.#active]);
      else if (event.key === 'Enter' && this.form) this.form.requestSubmit();
      else return;
      event.preventDefault();
    }

    #take(line) {
      this.#input.value = text(line.text) || line.label;
      this.#forget();
      this.#close();
      this.#tell();
      this.#input.focus();
      if (this.value.trimEnd().endsWith(',')) return this.#suggest(); // more is needed
      this.#chosen = this.value;
      return this.#check();
    }

    // The verdict.

    #submitted = (event) => {
      if (this.#input.disabled || !this.value.trim() || this.#isSettled()) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      this.#close();
      const { submitter } = event;
      const pressed = this.value;
      this.#check().then(() => {
        // Sent only as it was seen: a rewritten address waits for another press.
        if (this.#isSettled() && this.value === pressed) this.form?.requestSubmit(submitter?.form === this.form ? submitter : undefined);
        else this.#input.focus();
      });
    };

    /** Whether the order may go: the register is content, or silent, or the shopper insists. */
    #isSettled() {
      return this.#isKept || this.#confirmed === this.value || (this.#checked?.for === this.value && !this.#asks(this.#checked.answer));
    }

    #asks(answer) { return text(answer?.next_action).startsWith('ask'); }

    async #check(fields = null) {
      const given = this.value;
      if (!fields && this.#checked?.for === given) return;
      this.#checking?.abort();
      const mine = this.#checking = new AbortController();
      const late = setTimeout(() => mine.abort(), PATIENCE_MS);
      const asked = this.#typed;
      this.setAttribute('aria-busy', 'true');
      let answer = null;
      try {
        const response = await fetch(`${this.#register}/v1/validate`, {
          method: 'POST', headers: { 'Content-Type': 'application/json' }, signal: mine.signal,
          body: JSON.stringify({ ...(fields ?? { address: given, ...(this.#chosen === given && { chosen: true }) }), ...this.#asked() }),
        });
        const said = await response.json();
        if (response.ok && text(said?.verdict)) answer = said;
      } catch { /* silent: the order is taken as it is, and looked at later */ }
      clearTimeout(late);
      if (this.#checking === mine) this.removeAttribute('aria-busy');
      if (asked !== this.#typed) return;
      const incomplete = answer?.next_action === 'ask_missing';
      if (answer && text(answer.label) && (fields || incomplete || !this.#asks(answer))) this.#rewrite(answer.label);
      if (incomplete) this.#input.setSelectionRange(0, 0); // what is missing comes first
      this.#checked = { for: this.value, answer };
      this.#question(answer);
      this.#tell();
      this.#announce();
    }

    #rewrite(label) {
      if (label === this.value) return;
      this.#original ??= this.value;
      this.#input.value = label;
    }

    #question(answer) {
      if (!answer) return this.#ask(this.#t.silent);
      if (!this.#asks(answer)) {
        const rewritten = this.#original !== null;
        this.#ask(rewritten ? `${this.#t.rewritten} ` : '', [], rewritten);
        if (text(answer.code_display)) this.#said.append(`${this.#t.code}: `, make('span', { class: 'code' }, answer.code_display));
        if (text(answer.label_on?.label)) this.#said.append(make('small', { part: 'old' }, `${this.#t.old}: ${answer.label_on.label}`));
        else this.#askFormer(answer.label_on?.communes);
        return undefined;
      }
      const choices = answer.next_action === 'ask_yes_no' ? [{ label: answer.label, name: answer.name }] : lines(answer.question?.choices);
      return this.#ask(text(answer.question?.text) || this.#t.ask, lines(choices), true);
    }

    /** A question with its choices, and a way to insist. */
    #ask(said, choices = [], insist = false) {
      const buttons = choices.slice(0, 12).map((choice) => make('button', { type: 'button', part: 'choice', onclick: () => this.#pick(choice.label) }, text(choice.name) ? `${choice.name}, ${choice.label}` : choice.label));
      if (insist && !this.hasAttribute('strict')) buttons.push(make('button', { type: 'button', class: 'plain', part: 'keep', onclick: () => this.#keep() }, this.#t.keep));
      this.#said.textContent = said;
      this.#choices.replaceChildren(...buttons.map((button) => make('li', {}, button)));
      this.#choices.hidden = !buttons.length;
    }

    /** Which of several communes of before it was, where the register does not know; nobody has to say. */
    #askFormer(communes) {
      if (!Array.isArray(communes) || communes.length < 2 || this.#former) return;
      const option = (unit) => make('option', { value: text(unit?.code) }, text(unit?.name));
      const which = make('select', { part: 'former', 'aria-label': this.#t.former, onchange: () => this.#ofFormer(which.value) },
        make('option', { value: '' }, `${this.#t.former} ${this.#t.pick}`), ...communes.map(option));
      this.#choices.prepend(make('li', {}, which));
      this.#choices.hidden = false;
    }

    #ofFormer(code) {
      this.#former = code;
      this.#checked = null;
      this.#input.focus();
      return this.#check();
    }

    async #pick(label) {
      this.#input.value = label;
      this.#forget();
      this.#checked = null;
      this.#chosen = this.value;
      this.#input.focus();
      await this.#check();
      // Asked once is enough.
      if (this.value === label && this.#asks(this.answer) && this.answer.label === label) this.#confirm();
    }

    #confirm() {
      this.#confirmed = this.value;
      this.#ask('');
      this.#tell();
      this.#announce();
    }

    /** The shopper's own words, without what the register made of them. */
    #keep() {
      const original = this.#original ?? this.value;
      this.#forget();
      this.#input.value = this.#kept = original;
      if (this.#checked) this.#checked.for = this.value;
      this.#ask('');
      this.#tell();
      this.#announce();
    }

    // Province, commune, street, number: for who would rather choose than type.

    async #openParts() {
      const opening = this.#parts.hidden;
      this.#parts.hidden = !opening;
      this.#more.setAttribute('aria-expanded', String(opening));
      if (!opening || this.#parts.children.length) return;
      const t = this.#t;
      const field = (kind, name) => make(kind, { 'aria-label': t[name], ...(kind === 'input' && { placeholder: t[name], maxlength: 100 }) });
      const [province, commune, street, number] = [field('select', 'province'), field('select', 'commune'), field('input', 'street'), field('input', 'number')];
      const use = make('button', { type: 'button', onclick: () => this.#useParts(province, commune, street, number) }, t.use);
      const option = (unit) => make('option', { value: text(unit.code) }, text(unit.name));
      const units = await this.#units();
      if (!units.length) { this.#parts.replaceChildren(make('p', { class: 'said' }, t.silent)); return; }
      province.append(make('option', { value: '' }, `${t.province} ${t.pick}`), ...units.map(option));
      province.onchange = () => commune.replaceChildren(make('option', { value: '' }, `${t.commune} ${t.pick}`), ...(units.find((unit) => unit.code === province.value)?.communes ?? []).map(option));
      province.onchange();
      this.#parts.replaceChildren(province, commune, street, number, use);
      province.focus();
    }

    #units() {
      const from = this.#register;
      if (!pickers.has(from)) {
        pickers.set(from, fetch(`${from}/v1/units/picker`, { signal: AbortSignal.timeout(PATIENCE_MS) })
          .then((answer) => answer.json()).then((said) => (Array.isArray(said?.provinces) ? said.provinces : []))
          .catch(() => { pickers.delete(from); return []; }));
      }
      return pickers.get(from);
    }

    #useParts(province, commune, street, number) {
      const fields = { province: province.value, commune: commune.value, street: street.value.trim(), house_number: number.value.trim() };
      for (const [name, value] of Object.entries(fields)) if (!value) delete fields[name];
      if (!Object.keys(fields).length) return undefined;
      const name = (list) => (list.value ? list.selectedOptions[0].text : '');
      this.#input.value = [[fields.house_number, fields.street].filter(Boolean).join(' '), name(commune), name(province)].filter(Boolean).join(', ');
      this.#forget();
      this.#checked = null;
      return this.#check(fields);
    }
  }

  if (!customElements.get('dia-chi-input')) customElements.define('dia-chi-input', DiaChiInput);
})();

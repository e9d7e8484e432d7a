/** A form field for an address in Viet Nam; what each attribute does: README.md. */

export type Verdict = 'accept' | 'correct' | 'confirm' | 'complete' | 'unverified' | 'reject';

export interface Unit {
  code: string;
  name: string;
  /** Only with the attribute `scheme`. */
  ids?: Record<string, string>;
}

/** The address by the map of another day, where the attribute `wording` asks for it. */
export interface OldWording {
  day: string;
  /** Null where the register does not know in which of `communes` it was. */
  label: string | null;
  door: string | null;
  communes: Unit[];
  commune: Unit | null;
  district: Unit | null;
  province: Unit | null;
  known_by: 'register' | 'street' | 'text' | 'point' | null;
  door_known: boolean;
}

/** The register's answer; described in docs/reference/api.md. */
export interface Answer {
  verdict: Verdict;
  next_action: string;
  label: string | null;
  code: string | null;
  code_display: string | null;
  commune: Unit | null;
  province: Unit | null;
  postcode: string | null;
  label_on?: OldWording;
  question: { text: string; choices: { label: string; name?: string }[] } | null;
  [member: string]: unknown;
}

/** `detail` of the event `dia-chi-change`: what stands in the field, and what the register says. */
export interface DiaChiChange {
  value: string;
  /** Null where the register did not answer. */
  answer: Answer | null;
  code: string;
  commune: Unit | null;
  verdict: Verdict | null;
}

export interface DiaChiInput extends HTMLElement {
  value: string;
  readonly answer: Answer | null;
  readonly code: string;
  readonly name: string;
  readonly form: HTMLFormElement | null;
  readonly validity: ValidityState;
  readonly validationMessage: string;
  readonly willValidate: boolean;
  checkValidity(): boolean;
  reportValidity(): boolean;
}

declare global {
  interface HTMLElementTagNameMap {
    'dia-chi-input': DiaChiInput;
  }
  interface HTMLElementEventMap {
    'dia-chi-change': CustomEvent<DiaChiChange>;
  }
}

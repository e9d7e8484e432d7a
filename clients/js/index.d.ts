import type { Client, ClientOptions } from 'openapi-fetch';

import type { paths } from './api.js';

export type { components, operations, paths } from './api.js';

export interface RegisterOptions extends Omit<ClientOptions, 'baseUrl' | 'headers'> {
  /** Of a server of yours; pages ask without one. */
  key?: string;
  headers?: Record<string, string>;
}

/** `GET`, `POST` … of every path of the API; each resolves to `data`, or to `error` with its `code`. */
export type Register = Client<paths>;

export function createRegister(url: string, options?: RegisterOptions): Register;

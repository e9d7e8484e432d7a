import createClient from 'openapi-fetch';

export function createRegister(url, { key, ...options } = {}) {
  const headers = key ? { Authorization: `Bearer ${key}`, ...options.headers } : options.headers;
  return createClient({ ...options, headers, baseUrl: url });
}

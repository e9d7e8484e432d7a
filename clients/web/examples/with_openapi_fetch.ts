// What a shop asks, by openapi-fetch and the types of this package:
// node with_openapi_fetch.js http://127.0.0.1:8000 1H6X-XH2V '27 Láng, Hà Nội'
import createClient from 'openapi-fetch';

import type { paths } from './api';

const [register, code, address] = process.argv.slice(2) as [string, string, string];
const client = createClient<paths>({ baseUrl: register });

async function main(): Promise<Record<string, unknown>> {
  const door = await client.GET('/v1/addresses/{address_code}', {
    params: { path: { address_code: code } },
  });
  const nobody = await client.GET('/v1/addresses/{address_code}', {
    params: { path: { address_code: '0000-0000' } },
  });
  const found = await client.GET('/v1/geocode', { params: { query: { q: address } } });
  const verdict = await client.POST('/v1/validate', { body: { address } });
  const batch = await client.POST('/v1/batch/{operation}', {
    params: { path: { operation: 'geocode' } },
    body: { rows: [address, ''].map((q, order) => ({ order, q })) },
  });
  const report = await client.POST('/v1/reports', { body: { kind: 'confirmed', code } });
  return {
    lookup: door.data?.label,
    problem: nobody.error?.code,
    geocode: found.data?.features[0]?.properties.code,
    validate: verdict.data?.verdict,
    batch: batch.data?.rows.map((row) => [row['order'], row.result.status]),
    report: report.data?.kind,
  };
}

main().then((answers) => console.log(JSON.stringify(answers)));

// The same with what `openapi-ts -i http://127.0.0.1:8000/openapi.json -o generated` made.
import {
  fileReport,
  geocode,
  getAddress,
  runBatch,
  validateAddress,
} from './generated/sdk.gen';
import { client } from './generated/client.gen';

const [register, code, address] = process.argv.slice(2) as [string, string, string];
client.setConfig({ baseUrl: register });

async function main(): Promise<Record<string, unknown>> {
  const door = await getAddress({ path: { address_code: code } });
  const nobody = await getAddress({ path: { address_code: '0000-0000' } });
  const found = await geocode({ query: { q: address } });
  const verdict = await validateAddress({ body: { address } });
  const batch = await runBatch({
    path: { operation: 'geocode' },
    body: { rows: [address, ''].map((q, order) => ({ order, q })) },
  });
  const report = await fileReport({ body: { kind: 'confirmed', code } });
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

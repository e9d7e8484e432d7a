// A shop that shows where the parcel goes: VITE_REGISTER=http://127.0.0.1:8000 npx vite
/// <reference types="vite/client" />
import { createRegister } from '@diachiso/client';
import '@diachiso/input';

const register = createRegister(import.meta.env['VITE_REGISTER']);
const field = document.querySelector('dia-chi-input')!;
const shown = document.querySelector('output')!;

field.addEventListener('dia-chi-change', async ({ detail }) => {
  if (!detail.code) return;
  const { data, error } = await register.GET('/v1/addresses/{address_code}', {
    params: { path: { address_code: detail.code } },
  });
  shown.value = data ? `${data.code_display}: ${data.label}` : (error?.code ?? '');
});

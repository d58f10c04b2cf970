import { ApiFailure, call, UNREACHABLE } from '../../../api';
import { here } from '../../../kit';

/** Sends a table to the server and gives the address under which an operation finds it. */
export async function sendTable(text: string): Promise<string> {
  const { Url } = await call('CreateUploadUrl', {});
  let answer: Response;
  try {
    answer = await fetch(here(Url), { method: 'PUT', body: new Blob([text], { type: 'text/csv' }) });
  } catch (error) {
    throw new ApiFailure(UNREACHABLE, String(error), 0, '');
  }
  if (answer.ok) return Url;
  throw new ApiFailure(`HTTP ${answer.status}`, await answer.text(), answer.status, '');
}

// The codes of the thing protocol's answers, explained.
import { text } from './texts';

/** What a code means; nothing for codes that are the device's own. */
export function explained(code: number): string | undefined {
  switch (code) {
    case 0:
      return text('code.c0');
    case 400:
      return text('code.c400');
    case 403:
      return text('code.c403');
    case 404:
      return text('code.c404');
    case 405:
      return text('code.c405');
    case 406:
      return text('code.c406');
    case 503:
      return text('code.c503');
    default:
      return undefined;
  }
}

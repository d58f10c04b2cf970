// Files that the browser stores: behind a signed address, or made here of a text.

/** Fetches what a signed address names. The server says that it is a file to be stored, so the page stays. Only the path and
 * the signature count: the console is reached under a name that works, the address was made with the configured one. */
export function download(address: string): void {
  const { pathname, search } = new URL(address, location.href);
  follow(pathname + search, '');
}

/** Stores a text as a file. */
export function saveText(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/octet-stream' }));
  follow(address, name);
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

function follow(address: string, name: string): void {
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}

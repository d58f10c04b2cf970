import { expect, test } from 'vitest';

import { messagesIn } from './connection';

test('an event stream is read however it is cut into pieces', () => {
  const first = messagesIn('data: {"Id":1,"Ready":{}}\n\n:\n\ndata: {"Id":1,"Eve');
  expect(first.messages).toEqual([{ Id: 1, Ready: {} }]);
  const second = messagesIn(`${first.left}nts":[],"Lost":3}\n\n`);
  expect(second).toEqual({ messages: [{ Id: 1, Events: [], Lost: 3 }], left: '' });
});

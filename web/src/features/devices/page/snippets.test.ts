import { expect, test } from 'vitest';

import { readModel } from '../../../kit';
import { needs, sampleParams, snippet, TOOLS, waysOf, type Login, type Target } from './snippets';

const login: Login = {
  MqttPort: 1883,
  MqttsPort: 8883,
  WsPort: 8080,
  WssPort: 8443,
  Certificate: false,
  ClientId: 'DEMOPROD01dev001',
  UserName: 'DEMOPROD01dev001;21010406;HELLO;2147483647',
  Password: 'abc;hmacsha256',
  PskIdentity: 'DEMOPROD01dev001',
  PskHex: '0a0b',
  DevicePsk: 'Cgs=',
  CaCertificate: 'PEM',
};
const target: Target = {
  login,
  host: 'hub.example',
  productId: 'DEMOPROD01',
  deviceName: 'dev001',
  params: '{"power":1}',
};

test('every program has who it is, where to go and the topic of its first report', () => {
  const ways = waysOf(login);
  for (const tool of TOOLS) {
    for (const way of ways[tool]) {
      const program = snippet(tool, way, target);
      expect(program, `${tool} ${way}`).toContain('DEMOPROD01dev001;21010406;HELLO;2147483647');
      expect(program, `${tool} ${way}`).toContain('hub.example');
      expect(program, `${tool} ${way}`).toContain('$thing/up/property/DEMOPROD01/dev001');
      const port = { tcp: '1883', ws: '8080', wss: '8443', tls: '8883', psk: '8883', certificate: '8883' }[
        way
      ];
      expect(program, `${tool} ${way}`).toContain(port);
      expect(program.includes('ca.pem'), `${tool} ${way}`).toBe(needs(tool, way).ca);
    }
  }
});

test('a device with a certificate is shown its certificate and no password', () => {
  const certified = { ...login, Certificate: true, Password: '', PskHex: '', DevicePsk: '' };
  expect(new Set(Object.values(waysOf(certified)).flat())).toEqual(new Set(['certificate']));
  const program = snippet('node', 'certificate', { ...target, login: certified });
  expect(program).toContain('dev001.key.pem');
  expect(program).not.toContain('password');
});

test('the first report is a value that the model takes', () => {
  const property = (id: string, define: object) => ({ id, name: id, mode: 'rw', define });
  const model = readModel(
    JSON.stringify({
      properties: [
        property('name', { type: 'string' }),
        property('level', { type: 'int', min: '5', max: '9' }),
      ],
    }),
  );
  expect(sampleParams(model)).toBe('{"level":5}');
  expect(sampleParams(undefined)).toBe('{}');
});

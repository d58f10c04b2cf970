// Programs that report a first value, with everything filled in. Pure: what is known goes in, text comes out, so that the
// tests can look at each. What is put between quotes are ids, names and base64, which hold no quotes.
import type { Answer } from '../../../api';
import { startValues, type ThingModel } from '../../../kit';

export type Login = Answer<'DescribeDeviceLogin'>;

/** Ways to the server. */
export const TRANSPORTS = ['tcp', 'psk', 'tls', 'ws', 'wss', 'certificate'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** What a snippet is for. */
export const TOOLS = ['python', 'node', 'mosquitto', 'c'] as const;
export type Tool = (typeof TOOLS)[number];

export interface Target {
  login: Login;
  /** The name or address under which the device reaches the server. */
  host: string;
  productId: string;
  deviceName: string;
  /** What the first message reports, as JSON. */
  params: string;
}

/** The transports that the device can use, with the tools that can speak them. */
export function waysOf(login: Login): Record<Tool, Transport[]> {
  if (login.Certificate) {
    const only: Transport[] = ['certificate'];
    return { python: only, node: only, mosquitto: only, c: only };
  }
  return {
    python: ['tcp', 'tls', 'ws', 'wss'],
    node: ['tcp', 'tls', 'psk', 'ws', 'wss'],
    mosquitto: ['tcp', 'psk', 'tls'],
    c: ['tcp', 'psk', 'tls'],
  };
}

/** A first value for a device of this model: the first plain property, at a value that fits. */
export function sampleParams(model: ThingModel | undefined): string {
  const plain = model?.properties.find(
    ({ mode, type }) => mode !== 'w' && ['bool', 'int', 'float', 'enum'].includes(type.kind),
  );
  if (!plain) return '{}';
  return JSON.stringify(plain.type.kind === 'bool' ? { [plain.id]: 1 } : startValues([plain]));
}

function portOf(login: Login, transport: Transport): number {
  switch (transport) {
    case 'tcp':
      return login.MqttPort;
    case 'ws':
      return login.WsPort;
    case 'wss':
      return login.WssPort;
    default:
      return login.MqttsPort;
  }
}

const usesCa = (transport: Transport) =>
  transport === 'tls' || transport === 'wss' || transport === 'certificate';

/** What has to be installed or saved before. */
export function needs(tool: Tool, transport: Transport): { command: string; ca: boolean } {
  const commands: Record<Tool, string> = {
    python: 'pip install paho-mqtt',
    node: 'npm install mqtt',
    mosquitto: 'apt install mosquitto-clients',
    c: 'apt install libmosquitto-dev',
  };
  return { command: commands[tool], ca: usesCa(transport) };
}

/** The program. */
export function snippet(tool: Tool, transport: Transport, target: Target): string {
  switch (tool) {
    case 'python':
      return python(transport, target);
    case 'node':
      return node(transport, target);
    case 'mosquitto':
      return mosquitto(transport, target);
    case 'c':
      return c(transport, target);
  }
}

const topicOf = (way: 'up' | 'down', { productId, deviceName }: Target) =>
  `$thing/${way}/property/${productId}/${deviceName}`;

function python(transport: Transport, target: Target): string {
  const { login, host, params, deviceName } = target;
  const web = transport === 'ws' || transport === 'wss';
  const lines = [
    'import json, time',
    'import paho.mqtt.client as mqtt',
    '',
    `UP = "${topicOf('up', target)}"`,
    `DOWN = "${topicOf('down', target)}"`,
    `state = json.loads('${params}')`,
    '',
    'def report(client):',
    '    client.publish(UP, json.dumps({"method": "report", "clientToken": str(time.time()), "params": state}), qos=1)',
    '',
    'def on_connect(client, userdata, flags, reason, properties):',
    '    print("connected:", reason)',
    '    client.subscribe(DOWN, qos=1)',
    '    report(client)',
    '',
    'def on_message(client, userdata, message):',
    '    body = json.loads(message.payload)',
    '    print("received:", body)',
    '    if body.get("method") == "control":',
    '        state.update(body["params"])',
    '        reply = {"method": "control_reply", "clientToken": body["clientToken"], "code": 0, "status": "ok"}',
    '        client.publish(UP, json.dumps(reply), qos=1)',
    '        report(client)',
    '',
    `client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="${login.ClientId}"${web ? ', transport="websockets"' : ''})`,
    transport === 'certificate'
      ? `client.username_pw_set("${login.UserName}")`
      : `client.username_pw_set("${login.UserName}", "${login.Password}")`,
  ];
  if (web) lines.push('client.ws_set_options(path="/mqtt")');
  if (transport === 'tls' || transport === 'wss') lines.push('client.tls_set(ca_certs="ca.pem")');
  if (transport === 'certificate') {
    lines.push(
      `client.tls_set(ca_certs="ca.pem", certfile="${deviceName}.cert.pem", keyfile="${deviceName}.key.pem")`,
    );
  }
  lines.push(
    'client.on_connect = on_connect',
    'client.on_message = on_message',
    `client.connect("${host}", ${portOf(login, transport)}, keepalive=60)`,
    'client.loop_forever()',
    '',
  );
  return lines.join('\n');
}

function node(transport: Transport, target: Target): string {
  const { login, host, params, deviceName } = target;
  const port = portOf(login, transport);
  const scheme = { tcp: 'mqtt', psk: 'mqtts', tls: 'mqtts', certificate: 'mqtts', ws: 'ws', wss: 'wss' }[
    transport
  ];
  const path = transport === 'ws' || transport === 'wss' ? '/mqtt' : '';
  const options = [
    `  clientId: '${login.ClientId}',`,
    `  username: '${login.UserName}',`,
    transport === 'certificate' ? '' : `  password: '${login.Password}',`,
    '  protocolVersion: 4,',
    '  keepalive: 60,',
    usesCa(transport) ? "  ca: fs.readFileSync('ca.pem')," : '',
    transport === 'certificate'
      ? `  cert: fs.readFileSync('${deviceName}.cert.pem'),\n  key: fs.readFileSync('${deviceName}.key.pem'),`
      : '',
    transport === 'psk'
      ? [
          "  ciphers: 'PSK-AES128-GCM-SHA256',",
          "  maxVersion: 'TLSv1.2',",
          "  minVersion: 'TLSv1.2',",
          '  checkServerIdentity: () => undefined,',
          `  pskCallback: () => ({ identity: '${login.PskIdentity}', psk: Buffer.from('${login.PskHex}', 'hex') }),`,
        ].join('\n')
      : '',
  ].filter((line) => line !== '');
  return [
    ...(usesCa(transport) ? ["const fs = require('node:fs');"] : []),
    "const mqtt = require('mqtt');",
    '',
    `const up = '${topicOf('up', target)}';`,
    `const down = '${topicOf('down', target)}';`,
    `let state = ${params};`,
    '',
    `const client = mqtt.connect('${scheme}://${host}:${port}${path}', {`,
    ...options,
    '});',
    'const say = (body) => client.publish(up, JSON.stringify(body), { qos: 1 });',
    "const report = () => say({ method: 'report', clientToken: String(Date.now()), params: state });",
    "client.on('connect', () => {",
    "  console.log('connected');",
    '  client.subscribe(down, { qos: 1 }, report);',
    '});',
    "client.on('message', (topic, payload) => {",
    '  const body = JSON.parse(payload);',
    "  console.log('received:', body);",
    "  if (body.method !== 'control') return;",
    '  state = { ...state, ...body.params };',
    "  say({ method: 'control_reply', clientToken: body.clientToken, code: 0, status: 'ok' });",
    '  report();',
    '});',
    "client.on('error', (error) => console.error(error.message));",
    '',
  ].join('\n');
}

/** A word for a shell, whatever is in it. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

function mosquitto(transport: Transport, target: Target): string {
  const { login, host, params, deviceName } = target;
  const proof: Record<Transport, string> = {
    tcp: `-P '${login.Password}'`,
    psk: `--psk-identity ${login.PskIdentity} --psk ${login.PskHex}`,
    tls: `--cafile ca.pem -P '${login.Password}'`,
    certificate: `--cafile ca.pem --cert ${deviceName}.cert.pem --key ${deviceName}.key.pem`,
    ws: '',
    wss: '',
  };
  const message = `{"method":"report","clientToken":"1","params":${params}}`;
  return [
    `mosquitto_pub -h ${host} -p ${portOf(login, transport)} -V mqttv311 -q 1 \\`,
    `  -i ${login.ClientId} -u '${login.UserName}' \\`,
    `  ${proof[transport]} \\`,
    `  -t '${topicOf('up', target)}' \\`,
    `  -m ${quoted(message)}`,
    '',
  ].join('\n');
}

/** Text inside a C string. */
const inC = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');

function c(transport: Transport, target: Target): string {
  const { login, host, params, deviceName } = target;
  const message = `{"method":"report","clientToken":"1","params":${params}}`;
  const tls: Partial<Record<Transport, string>> = {
    psk: `    mosquitto_tls_psk_set(m, "${login.PskHex}", "${login.PskIdentity}", NULL);`,
    tls: '    mosquitto_tls_set(m, "ca.pem", NULL, NULL, NULL, NULL);',
    certificate: `    mosquitto_tls_set(m, "ca.pem", NULL, "${deviceName}.cert.pem", "${deviceName}.key.pem", NULL);`,
  };
  const password = transport === 'tcp' || transport === 'tls' ? `"${login.Password}"` : 'NULL';
  return [
    '/* cc device.c -lmosquitto -o device && ./device */',
    '#include <mosquitto.h>',
    '#include <stdio.h>',
    '#include <string.h>',
    '',
    `static const char *UP = "${topicOf('up', target)}";`,
    `static const char *DOWN = "${topicOf('down', target)}";`,
    '',
    'static void on_connect(struct mosquitto *m, void *it, int code) {',
    '    printf("connected: %s\\n", mosquitto_connack_string(code));',
    '    if (code != 0) return;',
    '    mosquitto_subscribe(m, NULL, DOWN, 1);',
    `    const char *report = "${inC(message)}";`,
    '    mosquitto_publish(m, NULL, UP, (int)strlen(report), report, 1, false);',
    '}',
    '',
    'static void on_message(struct mosquitto *m, void *it, const struct mosquitto_message *message) {',
    '    printf("received: %.*s\\n", message->payloadlen, (char *)message->payload);',
    '}',
    '',
    'int main(void) {',
    '    mosquitto_lib_init();',
    `    struct mosquitto *m = mosquitto_new("${login.ClientId}", true, NULL);`,
    `    mosquitto_username_pw_set(m, "${login.UserName}", ${password});`,
    ...(tls[transport] ? [tls[transport]] : []),
    '    mosquitto_connect_callback_set(m, on_connect);',
    '    mosquitto_message_callback_set(m, on_message);',
    `    int result = mosquitto_connect(m, "${host}", ${portOf(login, transport)}, 60);`,
    '    if (result == MOSQ_ERR_SUCCESS) result = mosquitto_loop_forever(m, -1, 1);',
    '    fprintf(stderr, "%s\\n", mosquitto_strerror(result));',
    '    return result;',
    '}',
    '',
  ].join('\n');
}

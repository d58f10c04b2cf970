// Bringing the device online: a program with everything filled in, and the five steps of its connection as they happen,
// with the one that failed named and what to do about it.
import { useState } from 'react';

import { useOperation } from '../../../api';
import {
  Button,
  CodeBlock,
  Facts,
  FailureNote,
  icons,
  Id,
  Input,
  saveText,
  Secret,
  Segmented,
  Select,
  Skeleton,
} from '../../../kit';
import { useTexts } from '../texts';
import { Checklist } from './Checklist';
import { keyOf, type DeviceView } from './device';
import {
  needs,
  sampleParams,
  snippet,
  TOOLS,
  waysOf,
  type Login,
  type Tool,
  type Transport,
} from './snippets';

export default function ConnectTab({ view }: { view: DeviceView }) {
  const { data, error } = useOperation('DescribeDeviceLogin', keyOf(view));
  return (
    <div className="devices-columns">
      <section>
        {data ? (
          <Programs view={view} login={data} />
        ) : error ? (
          <FailureNote error={error} />
        ) : (
          <Skeleton active />
        )}
      </section>
      <section>
        <Checklist view={view} />
      </section>
    </div>
  );
}

function Programs({ view, login }: { view: DeviceView; login: Login }) {
  const t = useTexts();
  const [tool, setTool] = useState<Tool>('python');
  const [wanted, setWanted] = useState<Transport>('tcp');
  const [host, setHost] = useState(location.hostname);
  const ways = waysOf(login)[tool];
  const transport = ways.includes(wanted) ? wanted : (ways[0] ?? 'tcp');
  const { command, ca } = needs(tool, transport);
  const target = {
    login,
    host: host.trim() || location.hostname,
    productId: view.ProductId,
    deviceName: view.DeviceName,
    params: sampleParams(view.model),
  };
  return (
    <>
      <div className="devices-connect-choices">
        <Segmented<Tool>
          aria-label={t('connect.tool')}
          value={tool}
          onChange={setTool}
          options={TOOLS.map((each) => ({ value: each, label: t(`connect.tools.${each}`) }))}
        />
        <Select<Transport>
          aria-label={t('transportTitle')}
          value={transport}
          onChange={setWanted}
          options={ways.map((way) => ({ value: way, label: t(`connect.way.${way}`) }))}
          style={{ minWidth: 200 }}
        />
        <Input
          aria-label={t('connect.host')}
          prefix={<span className="kit-faint">{t('connect.host')}</span>}
          value={host}
          onChange={(event) => setHost(event.target.value)}
          style={{ maxWidth: 260 }}
        />
      </div>
      <CodeBlock text={command} label={t('connect.install')} />
      {ca && (
        <p>
          {t('connect.ca')}{' '}
          <Button
            size="small"
            icon={<icons.DownloadOutlined />}
            onClick={() => saveText('ca.pem', login.CaCertificate)}
          >
            ca.pem
          </Button>
        </p>
      )}
      {transport === 'certificate' && <p className="kit-faint">{t('connect.certificate')}</p>}
      <CodeBlock text={snippet(tool, transport, target)} label={t('connect.program')} maxHeight={480} />
      <p className="kit-faint">{t('connect.keyInside')}</p>
      <h2 className="devices-subtitle">{t('connect.fields')}</h2>
      <Facts
        facts={[
          { label: 'MQTT', value: <Id value={`${host}:${login.MqttPort}`} /> },
          { label: 'MQTT · TLS', value: <Id value={`${host}:${login.MqttsPort}`} /> },
          { label: 'WebSocket', value: <Id value={`ws://${host}:${login.WsPort}/mqtt`} />, wide: true },
          {
            label: 'WebSocket · TLS',
            value: <Id value={`wss://${host}:${login.WssPort}/mqtt`} />,
            wide: true,
          },
          { label: t('connect.clientId'), value: <Id value={login.ClientId} />, wide: true },
          { label: t('connect.userName'), value: <Id value={login.UserName} />, wide: true },
          login.Password !== '' && {
            label: t('connect.password'),
            value: <Secret value={login.Password} label={t('connect.password')} />,
            wide: true,
          },
        ]}
      />
    </>
  );
}

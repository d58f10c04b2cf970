// "Show as API": what the page has asked the server, as a program would ask it. It shows what really happened, so no page
// has to describe its calls.
import { ApiOutlined } from '@ant-design/icons';
import { Button, Collapse, Drawer, Segmented } from 'antd';
import { useState } from 'react';

import { useRecordedCalls } from '../api';
import { CodeBlock } from './CodeBlock';
import { useTexts } from './texts';

type Form = 'token' | 'sdk';

const hidden = /password|secret|code$|psk|token/i;

/** Members that are nobody's business stand as their name. */
function withoutSecrets(request: unknown): unknown {
  return JSON.parse(
    JSON.stringify(request, (name, value: unknown) =>
      hidden.test(name) && typeof value === 'string' && value !== '' ? `<${name}>` : value,
    ) ?? '{}',
  );
}

const shellQuoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

function asCurl(name: string, request: unknown): string {
  return [
    `curl -sS --fail-with-body ${location.origin}/api/v1/${name} \\`,
    `  -H "Authorization: Bearer $TOKEN" \\`,
    `  -d ${shellQuoted(JSON.stringify(request))}`,
  ].join('\n');
}

/** Python writes the constants of JSON differently. */
function asPython(name: string, request: unknown): string {
  return [
    'import json, os',
    'from tencentcloud.common.common_client import CommonClient',
    'from tencentcloud.common.credential import Credential',
    'from tencentcloud.common.profile.client_profile import ClientProfile',
    'from tencentcloud.common.profile.http_profile import HttpProfile',
    '',
    'key = Credential(os.environ["TENCENTCLOUD_SECRET_ID"], os.environ["TENCENTCLOUD_SECRET_KEY"])',
    `http = HttpProfile(protocol="${location.protocol.replace(':', '')}", endpoint="${location.host}")`,
    'client = CommonClient("iotexplorer", "2026-11-01", key, "ap-guangzhou", ClientProfile(httpProfile=http))',
    `request = json.loads(${JSON.stringify(JSON.stringify(request))})`,
    `print(client.call_json("${name}", request)["Response"])`,
  ].join('\n');
}

export function ShowAsApi() {
  const t = useTexts();
  const [open, setOpen] = useState(false);
  const [form, setForm] = useState<Form>('token');
  return (
    <>
      <Button icon={<ApiOutlined />} onClick={() => setOpen(true)}>
        {t('api.open')}
      </Button>
      <Drawer title={t('api.title')} open={open} onClose={() => setOpen(false)} size="large" destroyOnHidden>
        <p>{t('api.intro')}</p>
        <Segmented<Form>
          value={form}
          onChange={setForm}
          options={[
            { value: 'token', label: t('api.token') },
            { value: 'sdk', label: t('api.sdk') },
          ]}
        />
        <Calls form={form} />
        <p className="kit-faint">{t('api.secret')}</p>
      </Drawer>
    </>
  );
}

function Calls({ form }: { form: Form }) {
  const t = useTexts();
  const calls = useRecordedCalls((recorded) => recorded.calls);
  if (calls.length === 0) return <p>{t('api.none')}</p>;
  return (
    <Collapse
      className="kit-api-calls"
      defaultActiveKey={calls[0]?.name}
      items={calls.map(({ name, request }) => {
        const shown = withoutSecrets(request);
        return {
          key: name,
          label: <span className="kit-code">{name}</span>,
          children: <CodeBlock text={form === 'token' ? asCurl(name, shown) : asPython(name, shown)} />,
        };
      })}
    />
  );
}

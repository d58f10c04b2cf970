// An open tab notices that the server was upgraded: the console that it shows belongs to the old one.
import { useQuery } from '@tanstack/react-query';
import { Alert, Button } from 'antd';
import { useState } from 'react';

import { send } from '../api';
import { useTexts } from './texts';

const EVERY_MS = 60_000;

interface Meta {
  Version: string;
  Build: string;
}

export function NewerServer() {
  const t = useTexts();
  const { data } = useQuery({
    queryKey: ['meta'],
    queryFn: ({ signal }) => send<Meta>('GET', '/api/meta', undefined, signal),
    refetchInterval: EVERY_MS,
    retry: false,
  });
  const [first, setFirst] = useState<string>();
  if (data && first === undefined) setFirst(data.Build);
  if (!data || first === undefined || data.Build === first) return null;
  return (
    <Alert
      banner
      type="info"
      title={t('newer.text')}
      action={
        <Button size="small" onClick={() => location.reload()}>
          {t('newer.reload')}
        </Button>
      }
    />
  );
}

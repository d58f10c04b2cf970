// The certificates of the server, and the authority's for whoever has to trust them.
import { useOperation, type Answer } from '../../api';
import {
  Alert,
  Button,
  Empty,
  icons,
  Id,
  ResourceTable,
  Status,
  Tag,
  Time,
  useNow,
  type Column,
  type Tone,
} from '../../kit';
import { saveText } from './download';
import { SystemPage } from './SystemPage';
import { useTexts } from './texts';
import './system.css';

type Certificate = Answer<'DescribeServerCertificates'>['Certificates'][number];

const MONTH = 30 * 24 * 3_600_000;

export default function CertificatesPage() {
  const t = useTexts();
  const now = useNow();
  const answer = useOperation('DescribeServerCertificates', {});
  const state = ({ NotBefore, NotAfter }: Certificate): [Tone, string] => {
    if (now < NotBefore) return ['warn', t('certificates.early')];
    if (now > NotAfter) return ['bad', t('certificates.ended')];
    return NotAfter - now < MONTH ? ['warn', t('certificates.soon')] : ['good', t('certificates.valid')];
  };
  const roles: Record<string, string> = {
    authority: t('certificates.authority'),
    rsa: t('certificates.rsa'),
    ecdsa: t('certificates.ecdsa'),
  };
  const columns: Column<Certificate>[] = [
    {
      key: 'role',
      title: t('certificates.role'),
      fixed: true,
      render: (certificate) => roles[certificate.Role] ?? certificate.Role,
    },
    {
      key: 'state',
      title: t('certificates.state'),
      fixed: true,
      render: (certificate) => {
        const [tone, word] = state(certificate);
        return <Status tone={tone}>{word}</Status>;
      },
    },
    {
      key: 'until',
      title: t('certificates.until'),
      render: (certificate) => <Time at={certificate.NotAfter} />,
    },
    {
      key: 'from',
      title: t('certificates.from'),
      extra: true,
      render: (certificate) => <Time at={certificate.NotBefore} />,
    },
    { key: 'name', title: t('certificates.name'), render: (certificate) => certificate.CommonName },
    {
      key: 'names',
      title: t('certificates.names'),
      render: (certificate) => (
        <div className="system-meaning">
          {certificate.Names.map((name) => (
            <Tag key={name}>{name}</Tag>
          ))}
        </div>
      ),
    },
    {
      key: 'fingerprint',
      title: t('certificates.fingerprint'),
      render: (certificate) => (
        <div className="system-meaning">
          <Id value={certificate.Fingerprint} />
        </div>
      ),
    },
    {
      key: 'serial',
      title: t('certificates.serial'),
      extra: true,
      render: (certificate) => <Id value={certificate.Serial} />,
    },
  ];
  return (
    <SystemPage
      part="certificates"
      about={t('certificates.about')}
      actions={
        <Button
          type="primary"
          icon={<icons.DownloadOutlined />}
          disabled={!answer.data}
          onClick={() => answer.data && saveText('ca.pem', answer.data.CaPem)}
        >
          {t('certificates.download')}
        </Button>
      }
    >
      {answer.data && (
        <Alert
          type="info"
          title={t('certificates.caAbout', { file: answer.data.CaFile })}
          description={t('certificates.namesAbout')}
        />
      )}
      <ResourceTable
        id="certificates"
        label={t('certificates.title')}
        columns={columns}
        rows={answer.data?.Certificates}
        rowKey={(certificate) => certificate.Role}
        loading={answer.isPending}
        error={answer.error}
        refresh={() => void answer.refetch()}
        empty={<Empty title={t('certificates.empty')} />}
      />
    </SystemPage>
  );
}

import { defineTexts } from '../../../texts/define';

export const { useTexts } = defineTexts('products.certificates', {
  en: {
    keyTitle: 'Devices of this product sign in with keys',
    keyText:
      'They need no certificate. Over TLS they can use their key itself (TLS-PSK), or check this server against its authority and sign in with their key.',
    serverCa: 'Authority of this server',
    serverCaText: 'What devices check this server against. It goes into their firmware.',
    trusted: 'Who vouches for devices',
    trustedInstallation:
      'The authority of this installation: each device gets its certificate and private key when it is made here.',
    trustedOwn:
      'An authority of your own: certificates that it signs for PRODUCTIDdevice-name let a device in, so keys never have to leave your factory.',
    since: 'Valid from',
    until: 'Valid until',
    subject: 'Subject',
    issuer: 'Issuer',
    serial: 'Serial number',
    choose: 'Use an authority of your own',
    use: 'Use',
    stop: 'Use the installation’s authority again',
    stopTitle: 'Stop trusting {{name}}?',
    stopText_one:
      'Devices with certificates of this authority can no longer connect. The product has {{count}} device.',
    stopText_other:
      'Devices with certificates of this authority can no longer connect. The product has {{count}} devices.',
    changed: 'The authority of the product is changed.',
    own: 'All authorities of the account',
    name: 'Name',
  },
  zh: {
    keyTitle: '该产品的设备使用密钥认证',
    keyText: '设备不需要证书。使用 TLS 时，可直接用密钥（TLS-PSK），或校验服务器证书后用密钥登录。',
    serverCa: '服务器 CA',
    serverCaText: '设备用它校验本服务器，需烧录到固件中。',
    trusted: '设备证书的签发者',
    trustedInstallation: '本平台的 CA：在此创建设备时，平台为每个设备生成证书和私钥。',
    trustedOwn: '您的私有 CA：由它签发、通用名称为“产品 ID 加设备名称”的证书即可接入，私钥无需离开工厂。',
    since: '生效时间',
    until: '到期时间',
    subject: '主题',
    issuer: '颁发者',
    serial: '序列号',
    choose: '使用私有 CA',
    use: '使用',
    stop: '改用本平台的 CA',
    stopTitle: '不再信任 {{name}}？',
    stopText_other: '使用该 CA 所签证书的设备将无法连接。该产品下有 {{count}} 个设备。',
    changed: '产品的 CA 已修改。',
    own: '账号的全部私有 CA',
    name: '名称',
  },
});

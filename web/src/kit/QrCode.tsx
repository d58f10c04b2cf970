import { QRCodeSVG } from 'qrcode.react';

/** A QR code: dark on white in every theme, because not every reader takes it the other way round. */
export function QrCode({ text, label, size = 160 }: { text: string; label: string; size?: number | string }) {
  return (
    <span className="kit-qr" style={{ inlineSize: size }}>
      <QRCodeSVG value={text} level="M" marginSize={4} size={256} title={label} role="img" />
    </span>
  );
}

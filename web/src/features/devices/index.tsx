import type { Feature } from '../../app/feature';
import { call } from '../../api';
import { icons } from '../../kit';
import { deviceAddress } from './address';
import { text } from './texts';

const MOST_FOUND = 6;

/** Devices: the list, making and importing them, and the page of one. */
export const feature: Feature = {
  id: 'devices',
  pages: [
    {
      path: '/devices',
      load: () => import('./list/DevicesPage'),
      title: () => text('title'),
      menu: { section: 'devices', order: 2, icon: <icons.MobileOutlined /> },
      needs: ['SearchDevices'],
    },
    {
      path: '/devices/import',
      load: () => import('./make/ImportPage'),
      title: () => text('import.title'),
      needs: ['PreviewImportDevices', 'ImportDevices'],
    },
    {
      path: '/devices/$productId/$deviceName',
      load: () => import('./page/DevicePage'),
      title: () => text('device'),
      needs: ['DescribeDeviceState'],
      example: '/devices/DEMOPROD01/dev001',
    },
  ],
  find: async (typed, signal) => {
    if (typed.trim().length < 2) return [];
    const request = { Selection: { NamePart: typed.trim() }, Limit: MOST_FOUND };
    const { Devices } = await call('SearchDevices', request, signal);
    return Devices.map((device) => ({
      key: `device ${device.ProductId}/${device.DeviceName}`,
      title: device.DeviceName,
      hint: `${text('device')} · ${device.ProductName}`,
      run: (go) => go(deviceAddress(device.ProductId, device.DeviceName)),
    }));
  },
  actions: () => [
    { key: 'devices new', title: text('create.title'), run: (go) => go('/devices?make=true') },
    { key: 'devices import', title: text('import.title'), run: (go) => go('/devices/import') },
  ],
};
